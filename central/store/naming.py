"""What people decide of a document's type and pages; each act is kept and audited.

An act needs the person's lease, and changes what it says in one transaction. A page is never
dropped: it is turned, marked, or moved to another document of the same lot.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person
from central.domain.catalogue import TypeEntry
from central.domain.keying import missing, tasks
from central.domain.lifecycle import DocumentState, may_become
from central.errors import InputInvalid, LeaseLost, NotFound
from central.store import audit, leases, rescans, upkeep, work
from central.store.engine import transaction
from central.store.tables import documents, fields, namings, pages

_c, _f, _p, _n = documents.c, fields.c, pages.c, namings.c
_URGENT = 1
_FIELDS_OF_A_PAGE = 500


def name(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry: TypeEntry,
    *,
    due_on: dt.date,
    seconds: float | None = None,
) -> DocumentState:
    """Say what a document is; it goes to keying when something of it must be keyed, else on.

    Args:
        engine: The database.
        person: Who says so; holds the document.
        document_id: Which.
        entry: The type, for the document's fund.
        due_on: By when its pôle must have it, counted from receipt.
        seconds: From shown to sent.

    Raises:
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        if row.type != entry.code:
            _replace_fields(connection, document_id, entry)
        connection.execute(
            documents.update()
            .where(_c.id == document_id)
            .values(
                type=entry.code,
                type_confidence=1.0,
                runner_up=row.type if row.type != entry.code else row.runner_up,
                layout=row.layout if row.type == entry.code else None,
                pole=entry.pole,
                destination=entry.destination,
                process=entry.process,
                retention=entry.retention,
                due_on=due_on,
                key_pass=1,
            )
        )
        _keep(connection, person, row, "named", entry.code, seconds=seconds)
        has_tasks = _has_tasks(connection, document_id, entry)
        leases.end(connection, document_id)
        if has_tasks:
            _move(connection, document_id, row.state, DocumentState.TO_KEY)
            return DocumentState.TO_KEY
        upkeep.send(connection, person.actor, document_id, entry.destination)
        return DocumentState.READY


def turn(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int, quarters: int
) -> None:
    """Turn a page clockwise by quarters; boxes of the fields on it no longer hold.

    Raises:
        LeaseLost: somebody else holds the document.
        NotFound: it has no such page.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        is_it = (_p.document_id == document_id, _p.number == number)
        found = connection.execute(
            sa.select(_p.rotation, _p.width_mm, _p.height_mm).where(*is_it)
        ).one_or_none()
        if found is None:
            raise NotFound(f"page {number}")
        width, height = found.width_mm, found.height_mm
        if quarters % 2:
            width, height = height, width
        connection.execute(
            pages.update()
            .where(*is_it)
            .values(
                rotation=(found.rotation + 90 * quarters) % 360,
                skew_deg=0.0,
                width_mm=width,
                height_mm=height,
            )
        )
        connection.execute(
            fields.update()
            .where(_f.document_id == document_id, _f.page == number)
            .values(box_mm=None)
        )
        _keep(connection, person, row, "turned", row.type, page=number, quarters=quarters)


def mark_blank(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int, *, is_blank: bool
) -> None:
    """Say that nothing stands on a page, or that something does.

    Raises:
        LeaseLost: somebody else holds the document.
        NotFound: it has no such page.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        changed = connection.execute(
            pages.update()
            .where(_p.document_id == document_id, _p.number == number)
            .values(role="blank" if is_blank else "front")
        )
        if not changed.rowcount:
            raise NotFound(f"page {number}")
        act = "blanked" if is_blank else "unblanked"
        _keep(connection, person, row, act, row.type, page=number)


def split(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    number: int,
    new_id: uuid.UUID,
    lease_s: float,
) -> None:
    """Cut a document before a page: that page and those after it become one of their own.

    The new document is to be named, by the same person.

    Args:
        engine: The database.
        person: Who cuts; holds the document.
        document_id: Which.
        number: The first page of the new document; not the first of this one.
        new_id: A UUIDv7 for the new one.
        lease_s: How long the person holds the new one as well.

    Raises:
        InputInvalid: nothing would remain, or nothing would go.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        numbers = [
            page.number
            for page in work.pages_of(connection, document_id)
            if page.role != "replaced"
        ]
        if number not in numbers[1:]:
            raise InputInvalid("page")
        told = {column.name: getattr(row, column.name) for column in documents.columns}
        told |= {
            "id": new_id,
            "split_from": document_id,
            "page_count": 0,
            "type": "unknown",
            "type_confidence": 0.0,
            "runner_up": None,
            "layout": None,
            "route": "name",
            "route_reasons": ["split"],
        }
        for clock in ("state_at", "stored_at"):
            del told[clock]
        connection.execute(documents.insert().values(**told))
        connection.execute(
            pages.update()
            .where(_p.document_id == document_id, _p.number >= number)
            .values(document_id=new_id, number=_p.number - number)
        )
        connection.execute(fields.delete().where(_f.document_id == document_id, _f.page >= number))
        leases.hold(connection, new_id, person.id, "name", lease_s)
        _keep(connection, person, row, "split", row.type, page=number, into=str(new_id))
        audit.record(connection, person.actor, "document_split", str(new_id), by=str(document_id))


def join(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, *, into_previous: bool
) -> uuid.UUID:
    """Put two neighbours of a lot together: this one to the one before, or the next to this.

    The pages of the later one follow those of the earlier; the later one is done with.

    Returns:
        The document that holds all pages now.

    Raises:
        LeaseLost: somebody else holds one of them.
        NotFound: there is no neighbour, or it has left already.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        other = _neighbour(connection, row, is_before=into_previous)
        if leases.is_anothers(connection, other.id, person.id):
            raise LeaseLost(str(other.id))
        first, second = (other, row) if into_previous else (row, other)
        follows = connection.scalar(
            sa.select(sa.func.max(_p.number) + 1).where(_p.document_id == first.id)
        )
        connection.execute(
            pages.update()
            .where(_p.document_id == second.id)
            .values(document_id=first.id, number=_p.number + (follows or 0))
        )
        connection.execute(fields.delete().where(_f.document_id == second.id))
        leases.end(connection, second.id)
        _move(connection, second.id, second.state, DocumentState.DISCARDED, joined_into=first.id)
        _keep(connection, person, second, "joined", first.type, into=str(first.id))
        return uuid.UUID(str(first.id))


def discard_duplicate(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, original: uuid.UUID
) -> None:
    """Say that a document came twice; the other must be there, and not given up itself.

    Raises:
        InputInvalid: the other one is none.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        state = connection.scalar(sa.select(_c.state).where(_c.id == original))
        if original == document_id or state in (None, DocumentState.DISCARDED):
            raise InputInvalid("original")
        leases.end(connection, document_id)
        _move(connection, document_id, row.state, DocumentState.DISCARDED)
        _keep(connection, person, row, "duplicate", row.type, original=str(original))


def discard_blank(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Give a document up that holds blank pages only; they stay, and can be brought back.

    Raises:
        InputInvalid: something stands on one of its pages.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        if any(
            page.role not in ("blank", "replaced")
            for page in work.pages_of(connection, document_id)
        ):
            raise InputInvalid("pages")
        leases.end(connection, document_id)
        _move(connection, document_id, row.state, DocumentState.DISCARDED)
        _keep(connection, person, row, "blank", row.type)


def rescan(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, queue: str, reason: str
) -> None:
    """Ask the station to scan a document again; the answer comes back to the same document.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, queue)
        rescans.ask(connection, document_id, person.id, person.actor, reason)
        _keep(connection, person, row, "rescan", row.type)


def set_urgent(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Let a document pass before others, here and at dispatch.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        connection.execute(documents.update().where(_c.id == document_id).values(priority=_URGENT))
        _keep(connection, person, row, "urgent", row.type)


def twins(engine: sa.Engine, document_id: uuid.UUID, limit: int = 5) -> list[Mapping[str, Any]]:
    """Other documents that hold the same image as one of this one's pages, newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    mine, other = pages.alias("mine"), pages.alias("other")
    found = (
        sa.select(other.c.document_id)
        .join(
            mine,
            sa.and_(
                mine.c.sha256 == other.c.sha256,
                mine.c.file_index == other.c.file_index,
                other.c.document_id != mine.c.document_id,
            ),
        )
        .where(mine.c.document_id == document_id)
        .distinct()
    )
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_c.id, _c.type, _c.state, _c.site, _c.stored_at)
            .where(_c.id.in_(found), _c.state != "discarded")
            .order_by(_c.id.desc())
            .limit(limit)
        ).mappings()
        return [dict(row) for row in rows]


def _neighbour(connection: sa.Connection, row: sa.Row[Any], *, is_before: bool) -> sa.Row[Any]:
    """The nearest document of the lot that is still here; those joined or cut off count too."""
    order = (_c.position, _c.id)
    here = (row.position, row.id)
    is_beside = (
        sa.tuple_(*order) < sa.tuple_(*here) if is_before else sa.tuple_(*order) > sa.tuple_(*here)
    )
    found = connection.execute(
        sa.select(documents)
        .where(_c.lot_id == row.lot_id, is_beside, _c.joined_into.is_(None))
        .order_by(*(o.desc() if is_before else o for o in order))
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if found is None or not may_become(DocumentState(found.state), DocumentState.DISCARDED):
        raise NotFound("neighbour")
    if found.state not in (DocumentState.TO_NAME, DocumentState.TO_KEY):
        raise NotFound("neighbour")
    return found


def _replace_fields(connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry) -> None:
    """The fields of another type: what was read of the old one says nothing of the new."""
    connection.execute(fields.delete().where(_f.document_id == document_id))
    add_fields(connection, document_id, entry)


def add_fields(connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry) -> None:
    """Make rows for what a type must have and nobody has read."""
    known = work.fields_of(connection, document_id)
    position = max((f.position for f in known), default=-1) + 1
    rows = [
        {
            "document_id": document_id,
            "position": position + i,
            "name": spec.name,
            "value": None,
            "raw": "",
            "confidence": 0.0,
            "accepted": False,
            "check_result": "none",
            "page": 0,
            "box_mm": list(spec.box_mm) if spec.box_mm else None,
        }
        for i, spec in enumerate(missing(entry, known)[:_FIELDS_OF_A_PAGE])
    ]
    if rows:
        connection.execute(fields.insert(), rows)


def _has_tasks(connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry) -> bool:
    add_fields(connection, document_id, entry)
    row = connection.execute(
        sa.select(_c.layout, _c.route_reasons).where(_c.id == document_id)
    ).one()
    known = work.fields_of(connection, document_id)
    return bool(tasks(entry, known, layout=row.layout, reasons=row.route_reasons))


def _move(
    connection: sa.Connection,
    document_id: uuid.UUID,
    state: str,
    wanted: DocumentState,
    **values: Any,
) -> None:
    if state == wanted.value:
        return
    if not may_become(DocumentState(state), wanted):
        raise LeaseLost(f"{document_id}: {state}")
    connection.execute(
        documents.update()
        .where(_c.id == document_id)
        .values(state=wanted.value, state_at=sa.func.now(), **values)
    )


def _keep(
    connection: sa.Connection,
    person: Person,
    row: sa.Row[Any],
    act: str,
    type_after: str,
    *,
    seconds: float | None = None,
    **detail: Any,
) -> None:
    """Remember an act, for the document's page, the reports and the trail."""
    connection.execute(
        namings.insert().values(
            document_id=row.id,
            person_id=person.id,
            act=act,
            type_before=row.type,
            type_after=type_after,
            detail=detail,
            seconds=seconds,
        )
    )
    audit.record(
        connection, person.actor, f"document_{act}", str(row.id), type=type_after, **detail
    )


def usual_types(engine: sa.Engine, days: int = 7) -> list[str]:
    """Types by how often people named them in the last days.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    since = sa.func.now() - dt.timedelta(days=days)
    with transaction(engine) as connection:
        return list(
            connection.scalars(
                sa.select(_n.type_after)
                .where(_n.named_at > since, _n.act == "named")
                .group_by(_n.type_after)
                .order_by(sa.func.count().desc())
                .limit(20)
            )
        )
