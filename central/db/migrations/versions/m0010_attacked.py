"""Tries to sign in by address, source files by site, dates of receipt within bounds."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two tables, fill the second from what is stored, and mend impossible dates."""
    op.execute("SET LOCAL statement_timeout = 0")  # of months of documents it takes its time
    op.create_table(
        "sign_in_tries",
        sa.Column("login", sa.Text(), nullable=False, comment="as it was typed, in lower case"),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column(
            "failures",
            sa.Integer(),
            nullable=False,
            comment="in a row; counted before they are seen",
        ),
        sa.Column(
            "tried_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("login", "address", name=op.f("pk_sign_in_tries")),
        comment=(
            "Wrong passwords and codes: who guesses waits, the account's owner elsewhere does not"
        ),
    )
    op.create_index("ix_sign_in_tries_tried_at", "sign_in_tries", ["tried_at"])
    op.alter_column("people", "failures", comment="0.3.0 alone", existing_comment="in a row")
    for column in ("sites", "poles"):
        op.alter_column("people", column, comment="*: all", existing_comment="empty: all")
        op.execute(f"UPDATE people SET {column} = '{{*}}' WHERE cardinality({column}) = 0")  # noqa: S608
    op.create_table(
        "blob_sites",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "site", name=op.f("pk_blob_sites")),
        comment="Which site has sent which source file: a document names its own site's alone",
    )
    op.execute(
        """
        INSERT INTO blob_sites (sha256, site)
        SELECT DISTINCT p.sha256, d.site FROM pages p JOIN documents d ON d.id = p.document_id
        UNION
        SELECT DISTINCT p.twin_sha256, d.site FROM pages p JOIN documents d ON d.id = p.document_id
        WHERE p.twin_sha256 IS NOT NULL
        """
    )
    # A wrong clock put lots before all others in every list; they came when they were first seen.
    op.execute(
        """
        UPDATE lots SET received_at = first_seen_at
        WHERE received_at > first_seen_at + interval '2 days' OR received_at < '2000-01-01'
        """
    )
    op.execute(
        """
        UPDATE documents SET received_at = stored_at, received_on = CAST(stored_at AS date)
        WHERE received_on > CAST(stored_at AS date) + 2 OR received_on < '2000-01-01'
          OR received_at > stored_at + interval '2 days'
        """
    )
