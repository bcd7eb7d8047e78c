"""What operations decide and count: holds, changes of the plan, flow by the hour."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.db.tables.base import at, document, metadata, one_of

HOLD_KINDS = ("destination", "type", "site")
CHANGE_STATES = ("proposed", "applied", "refused", "undone")

holds = Table(
    "holds",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("held_by", Text, nullable=False, comment="login"),
    at("held_at", now=True),
    Column("released_by", Text),
    at("released_at", nullable=True),
    Column(
        "is_settled",
        Boolean,
        nullable=False,
        server_default="true",
        comment="its deliveries were held, or given back",
    ),
    one_of("kind", HOLD_KINDS),
    Index(
        "uq_holds_open",
        "kind",
        "value",
        unique=True,
        postgresql_where=text("released_at IS NULL"),
    ),
    comment="Deliveries that wait because somebody said so",
)

dispatchers = Table(
    "dispatchers",
    metadata,
    Column("name", Text, primary_key=True, comment="host and process"),
    Column("destinations", ARRAY(Text), nullable=False),
    at("lives_until", comment="unless it tells again before"),
    comment="Dispatch processes and the destinations that each knows",
)

plan_changes = Table(
    "plan_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("type", Text, nullable=False, comment="of documents"),
    Column("fund", Text, nullable=False, server_default="", comment="empty: every fund"),
    Column("changes", JSONB, nullable=False, comment="pole, destination, delay_days; as the plan"),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="proposed"),
    Column("proposed_by", BigInteger, ForeignKey("people.id"), nullable=False),
    at("proposed_at", now=True),
    Column("decided_by", BigInteger, ForeignKey("people.id")),
    at("decided_at", nullable=True),
    Column("undone_by", BigInteger, ForeignKey("people.id")),
    at("undone_at", nullable=True),
    Column(
        "is_settled",
        Boolean,
        nullable=False,
        server_default="true",
        comment="the documents that are here follow",
    ),
    Column(
        "without",
        JSONB,
        comment="undone: what the plan says of the type without it, by fund, empty: any other",
    ),
    one_of("state", CHANGE_STATES),
    Index("ix_plan_changes_state", "state", "proposed_at"),
    comment="Changes of the plan on top of plan.toml; two people each",
)

plan_change_documents = Table(
    "plan_change_documents",
    metadata,
    Column("change_id", BigInteger, ForeignKey("plan_changes.id"), primary_key=True),
    document(primary_key=True),
    Column("before", JSONB, nullable=False, comment="pole, destination, due_on: for undoing"),
    Column("is_back", Boolean, nullable=False, server_default="false", comment="undone"),
    comment="Waiting documents that a change has moved",
)

flow = Table(
    "flow",
    metadata,
    at("hour", primary_key=True),
    Column("site", Text, primary_key=True),
    Column("pole", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("received", Integer, nullable=False, server_default="0", comment="documents"),
    Column("pages", Integer, nullable=False, server_default="0"),
    Column("straight", Integer, nullable=False, server_default="0"),
    Column("to_name", Integer, nullable=False, server_default="0"),
    Column("to_key", Integer, nullable=False, server_default="0"),
    Column("delivered", Integer, nullable=False, server_default="0", comment="in that hour"),
    Column("delivered_late", Integer, nullable=False, server_default="0", comment="after due_on"),
    Column("named", Integer, nullable=False, server_default="0", comment="by people"),
    Column("keyed", Integer, nullable=False, server_default="0", comment="documents, by people"),
    Column("returned", Integer, nullable=False, server_default="0", comment="by pôles"),
    Index("ix_flow_site", "site", "hour"),
    comment="Counts by the hour, made from the other tables; may be made again from them",
)
