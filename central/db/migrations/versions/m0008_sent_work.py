"""What people have just sent, as it was before.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sent_work",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, comment="French, as the page tells it"),
        sa.Column(
            "sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("document", JSONB(), nullable=False, comment="its row before"),
        sa.Column("fields", JSONB(), nullable=False, comment="their rows before"),
        sa.CheckConstraint("queue IN ('name', 'key', 'control')", name=op.f("ck_sent_work_queue")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_sent_work_document_id_documents")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sent_work_person_id_people")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_sent_work")),
        comment="So that what was just sent can come back; kept for a day",
    )
    op.create_index("ix_sent_work_person_id", "sent_work", ["person_id", "sent_at"], unique=False)
