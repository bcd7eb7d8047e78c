"""Changes of the plan whose documents follow in batches.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what was applied or undone before is finished."""
    op.add_column(
        "plan_changes",
        sa.Column(
            "is_settled",
            sa.Boolean(),
            server_default="true",
            nullable=False,
            comment="the documents that are here follow",
        ),
    )
    op.add_column(
        "plan_changes",
        sa.Column(
            "without",
            JSONB(),
            nullable=True,
            comment="undone: what the plan says of the type without it, by fund, empty: any other",
        ),
    )
    op.add_column(
        "plan_change_documents",
        sa.Column(
            "is_back", sa.Boolean(), server_default="false", nullable=False, comment="undone"
        ),
    )
