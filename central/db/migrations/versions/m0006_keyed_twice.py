"""Which fields of a document a second person keys, as the first look left them.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of documents between two looks the pack says it, as before."""
    op.add_column(
        "documents",
        sa.Column(
            "keyed_twice",
            sa.ARRAY(sa.Integer()),
            nullable=True,
            comment="positions that look 1 left to looks 2 and 3",
        ),
    )
