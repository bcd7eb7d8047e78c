"""What stations sent and what pôles receive.

States are text with a CHECK, spelled out here once. ``documents``, ``pages`` and ``fields`` are
partitioned by month through the document's UUIDv7 (central/db/migrate.py),
so rows of one document always lie in partitions of the same month.
"""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.db.tables.base import at, document, metadata, one_of

CHANNELS = ("scanner", "mailbox", "platform", "upload")
ROLES = ("front", "back", "attachment", "blank", "separator", "replaced")
LAYOUTS = ("verified", "unverified")
SOURCES = ("machine", "person")
REASONS = ("illegible", "absent", "wrong_on_paper")
CHECKS = ("ok", "repaired", "failed", "none")
ROUTES = ("straight", "name", "key")
DOCUMENT_STATES = (
    "ready",
    "to_name",
    "to_key",
    "to_rescan",
    "delivered",
    "dead",
    "discarded",
)
DELIVERY_STATES = ("waiting", "claimed", "delivered", "dead", "held", "discarded", "returned")
CIRCUIT_STATES = ("closed", "open", "half_open")

NOTIFY_CHANNEL = "vaguemestre_deliveries"
"""Told in the transaction that makes a delivery due."""

sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    at("first_seen_at", now=True),
    comment="Scanning sites that have spoken with a valid certificate",
)

stations = Table(
    "stations",
    metadata,
    Column("site", Text, ForeignKey("sites.site"), primary_key=True),
    Column("station", Text, primary_key=True),
    Column("versions", JSONB, nullable=False, server_default=text("'{}'")),
    at("connected_at", nullable=True),
    at("heartbeat_at", nullable=True),
    Column("backlog_documents", BigInteger, nullable=False, server_default="0"),
    Column("backlog_bytes", BigInteger, nullable=False, server_default="0"),
    Column("free_disk_bytes", BigInteger, nullable=False, server_default="0"),
    Column("pages_per_minute", Float, nullable=False, server_default="0"),
    Column("lots_open", Integer, nullable=False, server_default="0"),
    Column("lots_incomplete", Integer, nullable=False, server_default="0"),
    Column(
        "rated_pages_per_minute",
        Float,
        nullable=False,
        server_default="0",
        comment="of its scanner, from its settings; 0: not told",
    ),
    at("certificate_until", nullable=True),
    comment="What each station last told of itself",
)

lots = Table(
    "lots",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("site", Text, ForeignKey("sites.site"), nullable=False),
    Column("station", Text, nullable=False),
    Column("channel", Text, nullable=False),
    at("received_at"),
    Column("fund", Text, nullable=False),
    Column("process", Text, nullable=False, server_default=""),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("expected_pages", Integer, comment="counted by the scanner: header sheet or index"),
    Column("counted_pages", Integer, comment="counted by the station; null until it reports"),
    Column("documents", Integer, comment="sent by the station; null until it reports"),
    Column("document_pages", Integer),
    Column("loose_pages", Integer),
    Column("set_aside", JSONB, nullable=False, server_default=text("'[]'")),
    Column("state", Text, nullable=False, server_default="arriving"),
    at("first_seen_at", now=True),
    at("reported_at", nullable=True),
    one_of("channel", CHANNELS),
    Index("ix_lots_site_received_at", "site", "received_at"),
    Index("ix_lots_received_at", "received_at", "id"),
    Index("ix_lots_name", "name", postgresql_ops={"name": "text_pattern_ops"}),
    Index("ix_lots_arriving", "site", "received_at", postgresql_where=text("state = 'arriving'")),
    comment="A lot appears with its first document; the station's report completes it",
)

documents = Table(
    "documents",
    metadata,
    Column("id", Uuid, primary_key=True, comment="UUIDv7 given by the station; partition key"),
    Column("lot_id", Uuid, ForeignKey("lots.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("site", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("channel", Text, nullable=False),
    at("received_at"),
    Column("received_on", Date, nullable=False),
    Column("fund", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("type_confidence", Float, nullable=False),
    Column("runner_up", Text),
    Column("layout", Text),
    Column("route", Text, nullable=False, comment="as decided at the edge"),
    Column("route_reasons", ARRAY(Text), nullable=False),
    Column("process", Text, nullable=False),
    Column("pole", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("due_on", Date),
    Column("retention", Text, nullable=False),
    Column("marks", ARRAY(Text), nullable=False),
    Column("versions", JSONB, nullable=False),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column(
        "page_count", Integer, nullable=False, comment="as the station sent it; 0: made by people"
    ),
    Column("split_from", Uuid, comment="the document that a person cut it off"),
    Column("joined_into", Uuid, comment="the document that a person joined it to, or it answers"),
    Column(
        "key_pass", SmallInteger, nullable=False, server_default="1", comment="1, 2; 3: arbitration"
    ),
    Column("keyed_twice", ARRAY(Integer), comment="positions that look 1 left to looks 2 and 3"),
    Column("state", Text, nullable=False),
    at("state_at", now=True),
    at("stored_at", now=True),
    one_of("channel", CHANNELS),
    one_of("layout", LAYOUTS),
    one_of("route", ROUTES),
    one_of("state", DOCUMENT_STATES),
    Index("ix_documents_lot_id", "lot_id"),
    Index("ix_documents_state_stored_at", "state", "stored_at"),
    Index("ix_documents_site_stored_at", "site", "stored_at"),
    Index(
        "ix_documents_work",
        "state",
        text("priority DESC"),
        "due_on",
        "stored_at",
        postgresql_where=text("state IN ('to_name', 'to_key')"),
    ),
    Index(
        "ix_documents_due_on",
        "due_on",
        postgresql_where=text("state NOT IN ('delivered', 'discarded')"),
    ),
    Index("ix_documents_stored_at", "stored_at"),
    Index("ix_documents_received_on", "received_on", "id"),
    Index("ix_documents_site_received_on", "site", "received_on", "id"),
    Index("ix_documents_type_received_on", "type", "received_on", "id"),
    Index("ix_documents_pole_type_received_on", "pole", "type", "received_on", "id"),
    postgresql_partition_by="RANGE (id)",
)

pages = Table(
    "pages",
    metadata,
    document(primary_key=True),
    Column("number", Integer, primary_key=True, comment="from 0 in the document"),
    Column("file", Text, nullable=False, comment="as the scanner named it, relative to the lot"),
    Column("file_index", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("role", Text, nullable=False),
    Column("rotation", SmallInteger, nullable=False),
    Column("skew_deg", Float, nullable=False),
    Column("dpi", Float, nullable=False),
    Column("width_mm", Float, nullable=False),
    Column("height_mm", Float, nullable=False),
    Column("blur", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("marks", ARRAY(Text), nullable=False),
    Column("twin_file", Text),
    Column("twin_index", Integer),
    Column("twin_sha256", LargeBinary),
    one_of("role", ROLES),
    CheckConstraint("rotation IN (0, 90, 180, 270)", name="rotation"),
    Index("ix_pages_sha256", "sha256"),
    postgresql_partition_by="RANGE (document_id)",
)

fields = Table(
    "fields",
    metadata,
    document(primary_key=True),
    Column("position", Integer, primary_key=True, comment="order on the form"),
    Column("name", Text, nullable=False),
    Column("value", Text, comment="null: unread"),
    Column("raw", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("check_result", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("box_mm", ARRAY(Float), comment="left, top, width, height in the upright frame"),
    Column("source", Text, nullable=False, server_default="machine"),
    Column("reason", Text, comment="why a person left it empty"),
    one_of("check_result", CHECKS),
    one_of("source", SOURCES),
    one_of("reason", REASONS),
    Index("ix_fields_nir", "value", postgresql_where=text("name IN ('nir', 'insured_nir')")),
    postgresql_partition_by="RANGE (document_id)",
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    at("stored_at", now=True),
    CheckConstraint("length(sha256) = 32", name="sha256"),
    comment="Source files that are durably in the blob store",
)

blob_sites = Table(
    "blob_sites",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("site", Text, primary_key=True),
    comment="Which site has sent which source file: a document names its own site's alone",
)

deliveries = Table(
    "deliveries",
    metadata,
    document(primary_key=True),
    Column("destination", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("round", SmallInteger, nullable=False, server_default="1", comment="2 after a return"),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    at("created_at", now=True),
    at("next_at", now=True),
    at("lease_until", nullable=True),
    Column("claimed_by", Text),
    Column("last_code", Text),
    Column("last_reason", Text),
    at("delivered_at", nullable=True),
    Column("receipt", Text),
    Column(
        "doubts",
        Integer,
        nullable=False,
        server_default="0",
        comment="tries that the application may have taken without our knowing",
    ),
    one_of("state", DELIVERY_STATES),
    Index(
        "ix_deliveries_waiting",
        text("priority DESC"),
        "next_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_deliveries_claimed", "lease_until", postgresql_where=text("state = 'claimed'")),
    Index("ix_deliveries_destination_state", "destination", "state"),
    Index(
        "ix_deliveries_stuck",
        "created_at",
        "document_id",
        postgresql_where=text("state IN ('dead', 'held')"),
    ),
    Index("ix_deliveries_delivered_at", "delivered_at"),
    Index(
        "ix_deliveries_unfinished",
        "destination",
        "state",
        "created_at",
        postgresql_where=text("state IN ('waiting', 'claimed', 'held', 'dead')"),
    ),
    comment="One row for each document and destination",
)

returns = Table(
    "returns",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    document(),
    Column("destination", Text, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("comment", Text, nullable=False, server_default="", comment="for who names it anew"),
    Column("channel", Text, nullable=False),
    at("returned_at", now=True),
    one_of("channel", ("http", "folder", "console")),
    Index("uq_returns_delivery", "document_id", "destination", "round", unique=True),
    Index("ix_returns_returned_at", "returned_at"),
    comment="Misrouted documents that a pôle gave back",
)

circuits = Table(
    "circuits",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="closed"),
    Column("failures", Integer, nullable=False, server_default="0", comment="in a row"),
    at("open_until", nullable=True),
    at("changed_at", now=True),
    Column("last_code", Text),
    one_of("state", CIRCUIT_STATES),
    comment="Shared by all dispatch processes",
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    at("at", now=True),
    Column("actor", Text, nullable=False, comment="station, process or person"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="a document's, lot's or delivery's id"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor", "actor", "at"),
    Index("ix_audit_action", "action", "at"),
    comment="Append-only, enforced by a trigger; never holds what a page says",
)

PARTITIONED = ("documents", "pages", "fields")
"""Their partitions are named ``<table>_p<YYYYMM>`` and ``<table>_default``."""
