"""The first schema.

Generated from ``central.db.tables`` when it was first written, then frozen: later changes are
migrations of their own.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_PARTITIONED = ("documents", "pages", "fields")


def upgrade() -> None:
    """Create every table, the default partitions, and the guard of the audit trail."""
    _create_tables()
    for table in _PARTITIONED:
        op.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    op.execute(
        """
        CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
        FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
        """
    )


def _create_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False, comment="station, process or person"),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column(
            "subject", sa.Text(), nullable=False, comment="a document's, lot's or delivery's id"
        ),
        sa.Column("detail", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        comment="Append-only, enforced by a trigger; never holds what a page says",
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column(
            "stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("length(sha256) = 32", name=op.f("ck_blobs_sha256")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
        comment="Source files that are durably in the blob store",
    )
    op.create_table(
        "circuits",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="closed", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False, comment="in a row"),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('closed', 'open', 'half_open')", name=op.f("ck_circuits_state")
        ),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_circuits")),
        comment="Shared by all dispatch processes",
    )
    op.create_table(
        "sites",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_sites")),
        comment="Scanning sites that have spoken with a valid certificate",
    )
    op.create_table(
        "lots",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column(
            "expected_pages",
            sa.Integer(),
            nullable=True,
            comment="counted by the scanner: header sheet or index",
        ),
        sa.Column(
            "counted_pages",
            sa.Integer(),
            nullable=True,
            comment="counted by the station; null until it reports",
        ),
        sa.Column(
            "documents",
            sa.Integer(),
            nullable=True,
            comment="sent by the station; null until it reports",
        ),
        sa.Column("document_pages", sa.Integer(), nullable=True),
        sa.Column("loose_pages", sa.Integer(), nullable=True),
        sa.Column("set_aside", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("state", sa.Text(), server_default="arriving", nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "channel IN ('scanner', 'mailbox', 'platform', 'upload')", name=op.f("ck_lots_channel")
        ),
        sa.ForeignKeyConstraint(["site"], ["sites.site"], name=op.f("fk_lots_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        comment="A lot appears with its first document; the station's report completes it",
    )
    op.create_index("ix_lots_site_received_at", "lots", ["site", "received_at"], unique=False)
    op.create_table(
        "stations",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("versions", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("connected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heartbeat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backlog_documents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("backlog_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("free_disk_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("pages_per_minute", sa.Float(), server_default="0", nullable=False),
        sa.Column("lots_open", sa.Integer(), server_default="0", nullable=False),
        sa.Column("lots_incomplete", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.site"], name=op.f("fk_stations_site")),
        sa.PrimaryKeyConstraint("site", "station", name=op.f("pk_stations")),
        comment="What each station last told of itself",
    )
    op.create_table(
        "documents",
        sa.Column(
            "id", sa.Uuid(), nullable=False, comment="UUIDv7 given by the station; partition key"
        ),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("fund", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("type_confidence", sa.Float(), nullable=False),
        sa.Column("runner_up", sa.Text(), nullable=True),
        sa.Column("layout", sa.Text(), nullable=True),
        sa.Column("route", sa.Text(), nullable=False, comment="as decided at the edge"),
        sa.Column("route_reasons", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("pole", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("retention", sa.Text(), nullable=False),
        sa.Column("marks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("versions", JSONB(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column(
            "state_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "channel IN ('scanner', 'mailbox', 'platform', 'upload')",
            name=op.f("ck_documents_channel"),
        ),
        sa.CheckConstraint(
            "layout IN ('verified', 'unverified')", name=op.f("ck_documents_layout")
        ),
        sa.CheckConstraint("route IN ('straight', 'name', 'key')", name=op.f("ck_documents_route")),
        sa.CheckConstraint(
            "state IN ('ready', 'to_name', 'to_key', 'delivered', 'dead', 'discarded')",
            name=op.f("ck_documents_state"),
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_documents_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_documents_lot_id", "documents", ["lot_id"], unique=False)
    op.create_index("ix_documents_site_stored_at", "documents", ["site", "stored_at"], unique=False)
    op.create_index(
        "ix_documents_state_stored_at", "documents", ["state", "stored_at"], unique=False
    )
    op.create_table(
        "deliveries",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column(
            "round",
            sa.SmallInteger(),
            server_default="1",
            nullable=False,
            comment="2 after a return",
        ),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("last_code", sa.Text(), nullable=True),
        sa.Column("last_reason", sa.Text(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'claimed', 'delivered', 'dead', 'held', 'discarded', 'returned')",
            name=op.f("ck_deliveries_state"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_deliveries_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "destination", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_deliveries_idempotency_key")),
        comment="One row for each document and destination",
    )
    op.create_index(
        "ix_deliveries_claimed",
        "deliveries",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'claimed'"),
    )
    op.create_index(
        "ix_deliveries_destination_state", "deliveries", ["destination", "state"], unique=False
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        [sa.literal_column("priority DESC"), "next_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "fields",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False, comment="order on the form"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True, comment="null: unread"),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("check_result", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column(
            "box_mm",
            sa.ARRAY(sa.Float()),
            nullable=True,
            comment="left, top, width, height in the upright frame",
        ),
        sa.CheckConstraint(
            "check_result IN ('ok', 'repaired', 'failed', 'none')",
            name=op.f("ck_fields_check_result"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_fields_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "position", name=op.f("pk_fields")),
        postgresql_partition_by="RANGE (document_id)",
    )
    op.create_table(
        "pages",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, comment="from 0 in the document"),
        sa.Column(
            "file",
            sa.Text(),
            nullable=False,
            comment="as the scanner named it, relative to the lot",
        ),
        sa.Column("file_index", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("rotation", sa.SmallInteger(), nullable=False),
        sa.Column("skew_deg", sa.Float(), nullable=False),
        sa.Column("dpi", sa.Float(), nullable=False),
        sa.Column("width_mm", sa.Float(), nullable=False),
        sa.Column("height_mm", sa.Float(), nullable=False),
        sa.Column("blur", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("marks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("twin_file", sa.Text(), nullable=True),
        sa.Column("twin_index", sa.Integer(), nullable=True),
        sa.Column("twin_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "role IN ('front', 'back', 'attachment', 'blank', 'separator')",
            name=op.f("ck_pages_role"),
        ),
        sa.CheckConstraint("rotation IN (0, 90, 180, 270)", name=op.f("ck_pages_rotation")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_pages_document_id")
        ),
        sa.PrimaryKeyConstraint("document_id", "number", name=op.f("pk_pages")),
        postgresql_partition_by="RANGE (document_id)",
    )
    op.create_index("ix_pages_sha256", "pages", ["sha256"], unique=False)
    op.create_table(
        "returns",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column(
            "comment",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="for who names it anew",
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column(
            "returned_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "channel IN ('http', 'folder', 'console')", name=op.f("ck_returns_channel")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_returns_document_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        comment="Misrouted documents that a pôle gave back",
    )
    op.create_index("ix_returns_returned_at", "returns", ["returned_at"], unique=False)
    op.create_index(
        "uq_returns_delivery", "returns", ["document_id", "destination", "round"], unique=True
    )
