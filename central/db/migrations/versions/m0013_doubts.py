"""Which deliveries their application may have without our knowing.

What was tried before and not surely refused counts as one that it may have. Older versions wrote
one code for a connection that was never made and for one that fell silent.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count; one for whatever was tried and is not done."""
    op.add_column(
        "deliveries",
        sa.Column(
            "doubts",
            sa.Integer(),
            server_default=sa.text("0"),
            nullable=False,
            comment="tries that the application may have taken without our knowing",
        ),
    )
    op.execute("""
        UPDATE deliveries SET doubts = 1
        WHERE state IN ('waiting', 'claimed', 'held', 'dead')
            AND (
                state = 'claimed'
                OR last_code ~ '^(http_|folder_unavailable$|worker_lost$)'
                OR (attempts > 0 AND coalesce(last_code, 'hold') IN ('hold', 'destination_unknown'))
            )
            AND (state = 'claimed' OR coalesce(last_code, '') !~ '^(http_tls|http_4(?!08)..)$')
    """)
