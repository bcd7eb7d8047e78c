"""Which sheet a request to scan again means.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; requests of before tell no sheet."""
    for column in (
        sa.Column(
            "type_title", sa.Text(), server_default="", nullable=False, comment="French, when asked"
        ),
        sa.Column(
            "page",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="from 1; 0: not told",
        ),
        sa.Column("page_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "picture",
            sa.LargeBinary(),
            nullable=True,
            comment="JPEG, small; none once it is over",
        ),
    ):
        op.add_column("rescans", column)
