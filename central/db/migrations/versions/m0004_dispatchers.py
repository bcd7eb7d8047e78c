"""Which destinations each dispatch process knows.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; each dispatch process writes its row when it starts."""
    op.create_table(
        "dispatchers",
        sa.Column("name", sa.Text(), nullable=False, comment="host and process"),
        sa.Column("destinations", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "lives_until",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="unless it tells again before",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_dispatchers")),
        comment="Dispatch processes and the destinations that each knows",
    )
