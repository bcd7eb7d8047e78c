"""Documents in the database: as stations sent them, and as people see and work on them.

The rows of a document that a station sent; its pages, fields and remarks for somebody to work on;
the drafts of what they type. A look at a document is written to the audit trail, once in a while.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import Person, Role, Scope
from central.db import audit
from central.db.engine import transaction
from central.db.tables import audit as audit_table
from central.db.tables import (
    documents,
    drafts,
    fields,
    keyings,
    leases,
    lots,
    pages,
    people,
    remarks,
    rescans,
    returns,
)
from central.documents import lease_store
from central.documents.rules import KeyedValue, KeyPass, KeyReason, ReadField
from central.errors import Forbidden, LeaseLost, NotFound
from vaguemestre.model.document import NEGATIVE, Document, ImageRef
from vaguemestre.model.lot import DocumentRecord

_r, _p = remarks.c, people.c


def of(
    connection: sa.Connection, document_id: uuid.UUID, since: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """What people said of a document, oldest first, with their names.

    Args:
        connection: Of the caller's transaction.
        document_id: Which.
        since: Only what was said from then on.
    """
    to = people.alias("receivers")
    query = (
        sa.select(
            *(_r.way, _r.remark, _r.written_at, _r.to_skill),
            *(_p.name, to.c.name.label("to_name")),
        )
        .join(people, _p.id == _r.person_id)
        .outerjoin(to, to.c.id == _r.to_person_id)
        .where(_r.document_id == document_id)
        .order_by(_r.id)
    )
    if since is not None:
        query = query.where(_r.written_at >= since)
    return [dict(row) for row in connection.execute(query).mappings()]


Row = dict[str, Any]


def document_row(record: DocumentRecord) -> Row:
    """The document's own row, but for its state."""
    lot, document = record.lot, record.document
    route = document.route
    return {
        "id": record.id,
        "lot_id": uuid.UUID(lot.id),
        "position": record.position,
        "site": record.site,
        "station": record.station,
        "channel": lot.channel,
        "received_at": lot.received_at,
        "received_on": lot.received_on,
        "fund": lot.fund,
        "type": document.type,
        "type_confidence": document.type_confidence,
        "runner_up": document.runner_up,
        "layout": document.layout,
        "route": route.kind,
        "route_reasons": list(route.reasons),
        "process": route.process,
        "pole": route.pole,
        "destination": route.destination,
        "due_on": route.due_on,
        "retention": route.retention,
        "marks": list(document.marks),
        "versions": dict(record.versions),
        "priority": lot.priority,
        "page_count": len(document.pages),
    }


def page_rows(record: DocumentRecord) -> list[Row]:
    """A row for each page, in order."""
    return [
        {
            "document_id": record.id,
            "number": number,
            **_image_columns(page.ref),
            "role": page.role,
            "rotation": page.rotation,
            "skew_deg": page.skew_deg,
            "dpi": page.dpi,
            "width_mm": page.width_mm,
            "height_mm": page.height_mm,
            "blur": page.blur,
            "text": page.text,
            "marks": list(page.marks),
            **_twin_columns(page.twin),
        }
        for number, page in enumerate(record.document.pages)
    ]


def _image_columns(ref: ImageRef) -> Row:
    return {"file": ref.file, "file_index": ref.index, "sha256": bytes.fromhex(ref.sha256)}


def _twin_columns(twin: ImageRef | None) -> Row:
    return {
        "twin_file": twin.file if twin else None,
        "twin_index": twin.index if twin else None,
        "twin_sha256": bytes.fromhex(twin.sha256) if twin else None,
    }


def field_rows(record: DocumentRecord) -> list[Row]:
    """A row for each field, in order."""
    return [
        {
            "document_id": record.id,
            "position": position,
            "name": field.name,
            "value": field.value,
            "raw": field.raw,
            "confidence": field.confidence,
            "accepted": field.accepted,
            "check_result": field.check,
            "page": field.page,
            "box_mm": list(field.box_mm) if field.box_mm else None,
        }
        for position, field in enumerate(record.document.fields)
    ]


def source_digests(document: Document) -> frozenset[bytes]:
    """The SHA-256 of every source file of a document, as the tables hold them."""
    return frozenset(map(bytes.fromhex, document.digests))


_ONE_LOOK = dt.timedelta(minutes=10)
_VIEWED = "document_viewed"
SEE_ANY = (Role.SUPERVISOR, Role.OPERATIONS)
"""Who sees pages of documents that they do not hold."""


@dataclass(frozen=True, slots=True)
class SeenPage:
    """Which image a page is, and how it is turned; lengths in millimetres."""

    sha256: bytes
    index: int
    rotation: int
    skew_deg: float
    width_mm: float
    height_mm: float
    is_negative: bool = False  # of dark paper and light ink: it is shown turned over

    @property
    def version(self) -> str:
        """Names what is seen: part of its address, so that no stale image is shown."""
        return image_version(self.sha256, self.index, self.rotation)


def image_version(sha256: bytes, index: int, rotation: int) -> str:
    """Name one image as it is turned."""
    return f"{sha256.hex()[:12]}-{index}-{rotation}"


def viewable_page(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int
) -> SeenPage:
    """Find a page that somebody wants to see.

    Who only keys sees what they hold: an id is no reason to read mail.

    Raises:
        Forbidden: it is of another site or pôle, or a keyer does not hold it.
        NotFound: there is none.
        StoreUnavailable: the database does not answer.
    """
    p = pages.c
    with transaction(engine) as connection:
        require_visible(connection, person.scope, document_id)
        row = connection.execute(
            sa.select(
                p.sha256, p.file_index, p.rotation, p.skew_deg, p.width_mm, p.height_mm, p.marks
            ).where(p.document_id == document_id, p.number == number)
        ).one_or_none()
        if row is None:
            raise NotFound(f"page {number}")
        is_held = sa.exists().where(
            leases.c.document_id == document_id, leases.c.person_id == person.id
        )
        if not person.has_any(SEE_ANY) and not connection.scalar(sa.select(is_held)):
            raise Forbidden(str(document_id))
        audit_view(connection, person, document_id, "image")
    return SeenPage(
        bytes(row.sha256),
        row.file_index,
        row.rotation,
        row.skew_deg,
        row.width_mm,
        row.height_mm,
        NEGATIVE in row.marks,
    )


def audit_view(connection: sa.Connection, person: Person, document_id: uuid.UUID, why: str) -> None:
    """Audit that somebody looks at a document, unless they have a moment ago."""
    a = audit_table.c
    is_known = connection.scalar(
        sa.select(
            sa.exists().where(
                a.subject == str(document_id),
                a.actor == person.actor,
                a.action == _VIEWED,
                a.at > sa.func.now() - _ONE_LOOK,
            )
        )
    )
    if not is_known:
        audit.record(connection, person.actor, _VIEWED, str(document_id), why=why)


_c = documents.c


@dataclass(frozen=True, slots=True)
class WorkPage:
    """One page; ``number`` names it in its document and never changes while it is there."""

    number: int
    sha256: bytes
    file_index: int
    role: str
    rotation: int
    skew_deg: float
    width_mm: float
    height_mm: float
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """A document with its pages, fields and what others said of it."""

    document: Mapping[str, Any]
    pages: tuple[WorkPage, ...]
    fields: tuple[ReadField, ...]
    draft: Mapping[str, Any]
    returned: Mapping[str, Any] | None
    rescan: Mapping[str, Any] | None
    remarks: Sequence[Mapping[str, Any]] = ()


def load_document(engine: sa.Engine, person: Person, document_id: uuid.UUID, why: str) -> Work:
    """Read a document for somebody to work on; the look is audited.

    Args:
        engine: The database.
        person: Who looks.
        document_id: Which.
        why: ``name``, ``key``, …, for the audit trail.

    Raises:
        NotFound: there is none of that id.
        Forbidden: it is of another site or pôle.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = _seen(connection, person, document_id, why)
        return Work(
            document=row,
            pages=pages_of(connection, document_id),
            fields=fields_of(connection, document_id),
            draft=draft_of(connection, document_id, person.id),
            returned=_latest(connection, returns, returns.c.id, document_id),
            rescan=_latest(connection, rescans, rescans.c.asked_at, document_id),
            remarks=_remarks(connection, row, why),
        )


def _remarks(
    connection: sa.Connection, row: Mapping[str, Any], why: str
) -> Sequence[Mapping[str, Any]]:
    """What people said; of what is keyed blind only what they said since that began."""
    if why not in ("name", "key"):
        return ()
    is_blind = why == "key" and row["key_pass"] > 1
    return of(connection, row["id"], row["state_at"] if is_blind else None)


def load_header(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, why: str
) -> Mapping[str, Any]:
    """``load_document``'s document alone, where neither its pages nor its fields are wanted.

    Raises:
        NotFound, Forbidden, StoreUnavailable: as ``load_document``.
    """
    with transaction(engine) as connection:
        return _seen(connection, person, document_id, why)


def _seen(
    connection: sa.Connection, person: Person, document_id: uuid.UUID, why: str
) -> Mapping[str, Any]:
    row = require_visible(connection, person.scope, document_id)
    audit_view(connection, person, document_id, why)
    return row


def require_visible(
    connection: sa.Connection, scope: Scope, document_id: uuid.UUID, *, lock: bool = False
) -> dict[str, Any]:
    """Read a document's row with its lot's name, if its mail may be seen; every look begins here.

    Args:
        connection: Of the caller's transaction.
        scope: Who asks may see that much.
        document_id: Which.
        lock: Until the transaction ends nobody else changes it.

    Raises:
        NotFound: there is none of that id.
        Forbidden: it is of another site or pôle.
    """
    query = (
        sa.select(documents, lots.c.name.label("lot_name"))
        .join(lots, lots.c.id == _c.lot_id)
        .where(_c.id == document_id)
    )
    if lock:
        query = query.with_for_update(of=documents)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(str(document_id))
    if not scope.may_see(row["site"], row["pole"]):
        raise Forbidden(str(document_id))
    return dict(row)


def check_visible(engine: sa.Engine, scope: Scope, document_id: uuid.UUID) -> None:
    """See that a document's mail may be seen.

    Raises:
        NotFound, Forbidden: as ``require_visible``.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        require_visible(connection, scope, document_id)


def pages_of(connection: sa.Connection, document_id: uuid.UUID) -> tuple[WorkPage, ...]:
    """A document's pages in order."""
    p = pages.c
    rows = connection.execute(
        sa.select(
            p.number, p.sha256, p.file_index, p.role, p.rotation, p.skew_deg,
            p.width_mm, p.height_mm, p.text,
        )
        .where(p.document_id == document_id)
        .order_by(p.number)
    )  # fmt: skip
    return tuple(WorkPage(r[0], bytes(r[1]), *r[2:]) for r in rows)


def fields_of(connection: sa.Connection, document_id: uuid.UUID) -> tuple[ReadField, ...]:
    """A document's fields in the order of the form."""
    f = fields.c
    rows = connection.execute(
        sa.select(fields).where(f.document_id == document_id).order_by(f.position)
    )
    return tuple(
        ReadField(
            position=r.position,
            name=r.name,
            value=r.value,
            raw=r.raw,
            confidence=r.confidence,
            accepted=r.accepted,
            check=r.check_result,
            page=r.page,
            box_mm=(r.box_mm[0], r.box_mm[1], r.box_mm[2], r.box_mm[3]) if r.box_mm else None,
            source=r.source,
            reason=r.reason,
        )
        for r in rows
    )


def keyed_values(
    connection: sa.Connection, document_id: uuid.UUID, key_pass: KeyPass
) -> dict[int, KeyedValue]:
    """What somebody keyed at one look, the last time if there were several, by field."""
    k = keyings.c
    rows = connection.execute(
        sa.select(k.position, k.value, k.reason)
        .where(k.document_id == document_id, k["pass"] == key_pass)
        .order_by(k.id)
    )
    return {
        r.position: KeyedValue(r.value, KeyReason(r.reason) if r.reason else None) for r in rows
    }


def save_draft(
    engine: sa.Engine, person_id: int, document_id: uuid.UUID, queue: str, content: Any
) -> None:
    """Remember what somebody has typed into a document that they hold.

    Raises:
        LeaseLost: they do not hold it: it was sent, or somebody else has it.
        StoreUnavailable: it is not remembered.
    """
    told = {"queue": queue, "content": content, "saved_at": sa.func.now()}
    statement = insert(drafts).values(document_id=document_id, person_id=person_id, **told)
    with transaction(engine) as connection:
        if not connection.scalar(sa.select(lease_store.is_held_by(person_id, document_id))):
            raise LeaseLost(str(document_id))
        connection.execute(
            statement.on_conflict_do_update(index_elements=["document_id", "person_id"], set_=told)
        )


def draft_of(
    connection: sa.Connection, document_id: uuid.UUID, person_id: int
) -> Mapping[str, Any]:
    """What somebody has typed into a document and not sent yet."""
    d = drafts.c
    found: Mapping[str, Any] | None = connection.scalar(
        sa.select(d.content).where(d.document_id == document_id, d.person_id == person_id)
    )
    return found or {}


def _latest(
    connection: sa.Connection, table: sa.Table, order: Any, document_id: uuid.UUID
) -> Mapping[str, Any] | None:
    row = (
        connection.execute(
            sa.select(table)
            .where(table.c.document_id == document_id)
            .order_by(order.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else dict(row)
