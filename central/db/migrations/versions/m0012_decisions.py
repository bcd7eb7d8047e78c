"""What people decided of pages can be undone, one decision of a document after the other.

Also the letters that people chose for commands.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give each decision a row of its own, and each person their letters."""
    op.drop_constraint(op.f("pk_sent_work"), "sent_work", type_="primary")
    op.add_column(
        "sent_work", sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False)
    )
    op.create_primary_key(op.f("pk_sent_work"), "sent_work", ["id"])
    op.add_column(
        "sent_work",
        sa.Column(
            "decision",
            sa.Uuid(),
            nullable=False,
            server_default=sa.text("gen_random_uuid()"),
            comment="the same for what was decided at once",
        ),
    )
    op.alter_column("sent_work", "decision", server_default=None)
    op.add_column(
        "sent_work",
        sa.Column(
            "again_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a later decision was undone then: this one holds again",
        ),
    )
    op.add_column(
        "sent_work",
        sa.Column("pages", JSONB(), comment="their rows before; null: they did not change"),
    )
    op.alter_column(
        "sent_work",
        "document",
        nullable=True,
        comment="its row before; null: the decision made it",
        existing_comment="its row before",
    )
    op.alter_column(
        "sent_work",
        "fields",
        server_default=sa.text("'[]'"),
        comment="before",
        existing_comment="their rows before",
    )
    op.create_table_comment(
        "sent_work",
        "So that what was just decided can be undone; kept for a day",
        existing_comment="So that what was just sent can come back; kept for a day",
    )
    op.create_index("ix_sent_work_document_id", "sent_work", ["document_id", "id"])
    op.create_index("ix_sent_work_decision", "sent_work", ["decision"])
    op.create_index("ix_sent_work_sent_at", "sent_work", ["sent_at"])
    op.add_column(
        "people",
        sa.Column(
            "letters",
            JSONB(),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="of commands, where they chose others than usual",
        ),
    )
