"""Documents that people passed on, and what they said of them.

Generated from ``central.db.tables`` when it was first written, then frozen.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_WAYS = ("give_back", "skip", "colleague", "skill", "supervisor")


def upgrade() -> None:
    """Make the table."""
    ways = ", ".join(f"'{way}'" for way in _WAYS)
    op.create_table(
        "remarks",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column(
            "remark",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="French, by the person",
        ),
        sa.Column("to_person_id", sa.BigInteger(), nullable=True),
        sa.Column("to_skill", sa.Text(), nullable=True, comment="a type: who treats it"),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "is_open",
            sa.Boolean(),
            server_default="false",
            nullable=False,
            comment="the document waits for whom it was sent to",
        ),
        sa.CheckConstraint(f"way IN ({ways})", name=op.f("ck_remarks_way")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_remarks_document_id_documents")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_remarks_person_id_people")
        ),
        sa.ForeignKeyConstraint(
            ["to_person_id"], ["people.id"], name=op.f("fk_remarks_to_person_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
        comment="Documents that a person passed on, and what they said of them",
    )
    op.create_index("ix_remarks_document_id", "remarks", ["document_id"], unique=False)
    op.create_index(
        "ix_remarks_open",
        "remarks",
        ["document_id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
