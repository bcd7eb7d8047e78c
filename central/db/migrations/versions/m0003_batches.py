"""Holds whose deliveries follow in batches.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was placed or released before is finished."""
    op.add_column(
        "holds",
        sa.Column(
            "is_settled",
            sa.Boolean(),
            server_default="true",
            nullable=False,
            comment="its deliveries were held, or given back",
        ),
    )
