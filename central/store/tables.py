"""Every table of the centre, in SQLAlchemy Core; migrations are tested to equal this.

States are text with a CHECK, spelled out here once. ``documents``, ``pages`` and ``fields`` are
partitioned by month through the document's UUIDv7 (central/store/partitions.py),
so rows of one document always lie in partitions of the same month.
"""

from collections.abc import Iterable

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

CHANNELS = ("scanner", "mailbox", "platform", "upload")
ROLES = ("front", "back", "attachment", "blank", "separator")
LAYOUTS = ("verified", "unverified")
CHECKS = ("ok", "repaired", "failed", "none")
ROUTES = ("straight", "name", "key")
DOCUMENT_STATES = ("ready", "to_name", "to_key", "delivered", "dead", "discarded")
DELIVERY_STATES = ("waiting", "claimed", "delivered", "dead", "held", "discarded", "returned")
CIRCUIT_STATES = ("closed", "open", "half_open")

NOTIFY_CHANNEL = "vaguemestre_deliveries"
"""Told in the transaction that makes a delivery due."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _at(name: str, *, nullable: bool = False, now: bool = False) -> Column[object]:
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=default)


def _document(*, primary_key: bool = False) -> Column[object]:
    return Column(
        "document_id", Uuid, ForeignKey("documents.id"), primary_key=primary_key, nullable=False
    )


sites = Table(
    "sites",
    metadata,
    Column("site", Text, primary_key=True),
    _at("first_seen_at", now=True),
    comment="Scanning sites that have spoken with a valid certificate",
)

stations = Table(
    "stations",
    metadata,
    Column("site", Text, ForeignKey("sites.site"), primary_key=True),
    Column("station", Text, primary_key=True),
    Column("versions", JSONB, nullable=False, server_default=text("'{}'")),
    _at("connected_at", nullable=True),
    _at("heartbeat_at", nullable=True),
    Column("backlog_documents", BigInteger, nullable=False, server_default="0"),
    Column("backlog_bytes", BigInteger, nullable=False, server_default="0"),
    Column("free_disk_bytes", BigInteger, nullable=False, server_default="0"),
    Column("pages_per_minute", Float, nullable=False, server_default="0"),
    Column("lots_open", Integer, nullable=False, server_default="0"),
    Column("lots_incomplete", Integer, nullable=False, server_default="0"),
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
    _at("received_at"),
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
    _at("first_seen_at", now=True),
    _at("reported_at", nullable=True),
    _one_of("channel", CHANNELS),
    Index("ix_lots_site_received_at", "site", "received_at"),
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
    _at("received_at"),
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
    Column("page_count", Integer, nullable=False),
    Column("state", Text, nullable=False),
    _at("state_at", now=True),
    _at("stored_at", now=True),
    _one_of("channel", CHANNELS),
    _one_of("layout", LAYOUTS),
    _one_of("route", ROUTES),
    _one_of("state", DOCUMENT_STATES),
    Index("ix_documents_lot_id", "lot_id"),
    Index("ix_documents_state_stored_at", "state", "stored_at"),
    Index("ix_documents_site_stored_at", "site", "stored_at"),
    postgresql_partition_by="RANGE (id)",
)

pages = Table(
    "pages",
    metadata,
    _document(primary_key=True),
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
    _one_of("role", ROLES),
    CheckConstraint("rotation IN (0, 90, 180, 270)", name="rotation"),
    Index("ix_pages_sha256", "sha256"),
    postgresql_partition_by="RANGE (document_id)",
)

fields = Table(
    "fields",
    metadata,
    _document(primary_key=True),
    Column("position", Integer, primary_key=True, comment="order on the form"),
    Column("name", Text, nullable=False),
    Column("value", Text, comment="null: unread"),
    Column("raw", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("check_result", Text, nullable=False),
    Column("page", Integer, nullable=False),
    Column("box_mm", ARRAY(Float), comment="left, top, width, height in the upright frame"),
    _one_of("check_result", CHECKS),
    postgresql_partition_by="RANGE (document_id)",
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("size", BigInteger, nullable=False),
    _at("stored_at", now=True),
    CheckConstraint("length(sha256) = 32", name="sha256"),
    comment="Source files that are durably in the blob store",
)

deliveries = Table(
    "deliveries",
    metadata,
    _document(primary_key=True),
    Column("destination", Text, primary_key=True),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("round", SmallInteger, nullable=False, server_default="1", comment="2 after a return"),
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("priority", SmallInteger, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _at("created_at", now=True),
    _at("next_at", now=True),
    _at("lease_until", nullable=True),
    Column("claimed_by", Text),
    Column("last_code", Text),
    Column("last_reason", Text),
    _at("delivered_at", nullable=True),
    Column("receipt", Text),
    _one_of("state", DELIVERY_STATES),
    Index(
        "ix_deliveries_waiting",
        text("priority DESC"),
        "next_at",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index("ix_deliveries_claimed", "lease_until", postgresql_where=text("state = 'claimed'")),
    Index("ix_deliveries_destination_state", "destination", "state"),
    comment="One row for each document and destination",
)

returns = Table(
    "returns",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _document(),
    Column("destination", Text, nullable=False),
    Column("round", SmallInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("comment", Text, nullable=False, server_default="", comment="for who names it anew"),
    Column("channel", Text, nullable=False),
    _at("returned_at", now=True),
    _one_of("channel", ("http", "folder", "console")),
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
    _at("open_until", nullable=True),
    _at("changed_at", now=True),
    Column("last_code", Text),
    _one_of("state", CIRCUIT_STATES),
    comment="Shared by all dispatch processes",
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _at("at", now=True),
    Column("actor", Text, nullable=False, comment="station, process or person"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="a document's, lot's or delivery's id"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Index("ix_audit_subject", "subject"),
    Index("ix_audit_at", "at"),
    comment="Append-only, enforced by a trigger; never holds what a page says",
)

PARTITIONED = ("documents", "pages", "fields")
"""Their partitions are named ``<table>_p<YYYYMM>`` and ``<table>_default``."""
