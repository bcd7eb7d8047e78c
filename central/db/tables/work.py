"""What people do with documents: hold, name, key, control, ask for again."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from central.db.tables.base import at, document, metadata, one_of

WAYS = ("give_back", "skip", "colleague", "skill", "supervisor")
QUEUES = ("name", "key", "control")
PASSES = ("first", "second", "arbitration", "control", "control_arbitration")
REASONS = ("illegible", "absent", "wrong_on_paper")
CONTROL_CAUSES = ("sample", "new_form", "first_weeks")
CONTROL_STATES = ("waiting", "disputed", "done")
RESCAN_STATES = ("asked", "told", "answered", "impossible", "withdrawn")


def _person(name: str = "person_id", *, nullable: bool = False) -> Column[object]:
    return Column(name, BigInteger, ForeignKey("people.id"), nullable=nullable)


leases = Table(
    "leases",
    metadata,
    document(primary_key=True),
    Column("queue", Text, nullable=False),
    _person(),
    at("taken_at", now=True),
    at("lease_until"),
    Column(
        "is_ahead",
        Boolean,
        nullable=False,
        server_default="false",
        comment="loaded but not shown yet: goes to whoever has nothing to do",
    ),
    one_of("queue", QUEUES),
    Index("ix_leases_person_id", "person_id"),
    Index("ix_leases_lease_until", "lease_until"),
    comment="Who works on what; at most one person a document",
)

drafts = Table(
    "drafts",
    metadata,
    document(primary_key=True),
    Column("person_id", BigInteger, ForeignKey("people.id"), primary_key=True),
    Column("queue", Text, nullable=False),
    Column("content", JSONB, nullable=False, comment="what was typed and not sent yet"),
    at("saved_at", now=True),
    one_of("queue", QUEUES),
    comment="So that a reload, a cut or a restart loses nothing typed",
)

sent_work = Table(
    "sent_work",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("decision", Uuid, nullable=False, comment="the same for what was decided at once"),
    document(),
    _person(),
    Column("queue", Text, nullable=False),
    Column("what", Text, nullable=False, comment="French, as the page tells it"),
    at("sent_at", now=True),
    at("again_at", nullable=True, comment="a later decision was undone then: this one holds again"),
    Column("document", JSONB, comment="its row before; null: the decision made it"),
    Column("fields", JSONB, nullable=False, server_default=text("'[]'"), comment="before"),
    Column("pages", JSONB, comment="their rows before; null: they did not change"),
    one_of("queue", QUEUES),
    Index("ix_sent_work_document_id", "document_id", "id"),
    Index("ix_sent_work_decision", "decision"),
    Index("ix_sent_work_person_id", "person_id", "sent_at"),
    Index("ix_sent_work_sent_at", "sent_at"),
    comment="So that what was just decided can be undone; kept for a day",
)

remarks = Table(
    "remarks",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    document(),
    _person(),
    Column("way", Text, nullable=False),
    Column("remark", Text, nullable=False, server_default="", comment="French, by the person"),
    _person("to_person_id", nullable=True),
    Column("to_skill", Text, nullable=True, comment="a type: who treats it"),
    at("written_at", now=True),
    Column(
        "is_open",
        Boolean,
        nullable=False,
        server_default="false",
        comment="the document waits for whom it was sent to",
    ),
    one_of("way", WAYS),
    Index("ix_remarks_document_id", "document_id"),
    Index("ix_remarks_open", "document_id", postgresql_where=text("is_open")),
    comment="Documents that a person passed on, and what they said of them",
)

keyings = Table(
    "keyings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    document(),
    Column("position", Integer, nullable=False, comment="of the field in its document"),
    Column("name", Text, nullable=False),
    Column("pass", Text, nullable=False),
    _person(),
    Column("value", Text, comment="null: the reason says why"),
    Column("reason", Text),
    Column("machine_value", Text, comment="what the edge had read"),
    Column("machine_confidence", Float),
    Column("machine_accepted", Boolean, nullable=False, server_default="false"),
    Column("seconds", Float, comment="from shown to sent"),
    at("keyed_at", now=True),
    one_of("pass", PASSES),
    one_of("reason", REASONS),
    Index("ix_keyings_document_id", "document_id", "position"),
    Index("ix_keyings_keyed_at", "keyed_at"),
    Index("ix_keyings_person_id", "person_id", "keyed_at"),
    comment="Everything that a person keyed, once, never changed; personal data",
)

namings = Table(
    "namings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    document(),
    _person(),
    Column("act", Text, nullable=False, comment="named, split, joined, turned, ..."),
    Column("type_before", Text, nullable=False),
    Column("type_after", Text, nullable=False),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    Column("seconds", Float, comment="from shown to sent"),
    at("named_at", now=True),
    Index("ix_namings_document_id", "document_id"),
    Index("ix_namings_named_at", "named_at"),
    Index("ix_namings_person_id", "person_id", "named_at"),
    comment="What people decided about documents' types and pages, never changed",
)

controls = Table(
    "controls",
    metadata,
    document(primary_key=True),
    Column("cause", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("type", Text, nullable=False),
    Column("site", Text, nullable=False),
    at("drawn_at", now=True),
    _person(nullable=True),
    at("keyed_at", nullable=True),
    at("done_at", nullable=True),
    Column("fields", Integer, nullable=False, server_default="0", comment="compared"),
    Column("machine_wrong", Integer, nullable=False, server_default="0"),
    Column("person_wrong", Integer, nullable=False, server_default="0"),
    one_of("cause", CONTROL_CAUSES),
    one_of("state", CONTROL_STATES),
    Index("ix_controls_state", "state", "drawn_at"),
    Index("ix_controls_done_at", "done_at"),
    comment="Straight-through documents, keyed blind to measure what the machine misses",
)

straight_types = Table(
    "straight_types",
    metadata,
    Column("type", Text, primary_key=True),
    at("since", now=True),
    comment="Since when documents of a type go through without a person",
)

rescans = Table(
    "rescans",
    metadata,
    Column("id", Uuid, primary_key=True),
    document(),
    Column("site", Text, nullable=False),
    Column("station", Text, nullable=False),
    Column("lot_name", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="French, for the operator"),
    Column("state", Text, nullable=False, server_default="asked"),
    _person(),
    at("asked_at", now=True),
    at("told_at", nullable=True),
    at("answered_at", nullable=True),
    Column("answer", Text, nullable=False, server_default="", comment="why it is impossible"),
    Column("type_title", Text, nullable=False, server_default="", comment="French, when asked"),
    Column("page", Integer, nullable=False, server_default="0", comment="from 1; 0: not told"),
    Column("page_count", Integer, nullable=False, server_default="0"),
    Column("picture", LargeBinary, nullable=True, comment="JPEG, small; none once it is over"),
    one_of("state", RESCAN_STATES),
    Index(
        "ix_rescans_open",
        "site",
        "station",
        postgresql_where=text("state IN ('asked', 'told')"),
    ),
    Index("ix_rescans_document_id", "document_id"),
    comment="Documents to scan again; the answer joins the same document",
)
