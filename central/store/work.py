"""A document as somebody works on it, and what they have typed so far."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.access import Person
from central.domain.keying import Entry, KeyPass, KeyReason, ReadField
from central.errors import Forbidden, LeaseLost, NotFound
from central.store import leases, views
from central.store import remarks as store_remarks
from central.store.engine import transaction
from central.store.tables import documents, drafts, fields, keyings, lots, pages, rescans, returns

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


def load(engine: sa.Engine, person: Person, document_id: uuid.UUID, why: str) -> Work:
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
    return store_remarks.of(connection, row["id"], row["state_at"] if is_blind else None)


def facts(engine: sa.Engine, person: Person, document_id: uuid.UUID, why: str) -> Mapping[str, Any]:
    """``load``'s document alone, where neither its pages nor its fields are wanted.

    Raises:
        NotFound, Forbidden, StoreUnavailable: as ``load``.
    """
    with transaction(engine) as connection:
        return _seen(connection, person, document_id, why)


def _seen(
    connection: sa.Connection, person: Person, document_id: uuid.UUID, why: str
) -> Mapping[str, Any]:
    row = (
        connection.execute(
            sa.select(documents, lots.c.name.label("lot_name"))
            .join(lots, lots.c.id == _c.lot_id)
            .where(_c.id == document_id)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(str(document_id))
    if not person.may_see(row["site"], row["pole"]):
        raise Forbidden(str(document_id))
    views.looked(connection, person, document_id, why)
    return dict(row)


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


def keyed(connection: sa.Connection, document_id: uuid.UUID, key_pass: KeyPass) -> dict[int, Entry]:
    """What somebody keyed at one look, the last time if there were several, by field."""
    k = keyings.c
    rows = connection.execute(
        sa.select(k.position, k.value, k.reason)
        .where(k.document_id == document_id, k["pass"] == key_pass)
        .order_by(k.id)
    )
    return {r.position: Entry(r.value, KeyReason(r.reason) if r.reason else None) for r in rows}


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
        if not connection.scalar(sa.select(leases.is_held_by(person_id, document_id))):
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
