"""Which content was handed to a pôle under which key.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; what was handed over before has no row in it."""
    op.create_table(
        "handed_over",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("round", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column(
            "content_sha256",
            sa.LargeBinary(),
            nullable=False,
            comment="of all that its package tells",
        ),
        sa.Column(
            "parts",
            JSONB(),
            nullable=False,
            comment="a short salted digest of each part, no values",
        ),
        sa.Column(
            "handed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_handed_over_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "destination", "round", name=op.f("pk_handed_over")),
        comment="Which content an idempotency key stands for, written before it is handed over",
    )
