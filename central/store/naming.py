"""What people decide of a document: what it is, that it came twice, that it is urgent.

An act needs the person's lease, and changes what it says in one transaction.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person
from central.domain.keying import missing, tasks
from central.domain.lifecycle import DocumentState
from central.errors import InputInvalid
from central.store import leases, passing_on, plan, rescans, sent_work, upkeep, work, wrong_values
from central.store.acts import keep, move
from central.store.engine import transaction
from central.store.limits import within
from central.store.passing_on import Way
from central.store.rescans import Sheet
from central.store.steps import share_routes
from central.store.tables import documents, fields, lots, namings, pages
from vaguemestre.model.catalogue import TypeEntry

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
    wait_s: float = 0.0,
) -> DocumentState:
    """Say what a document is; it goes to keying when something of it must be keyed, else on.

    Args:
        engine: The database.
        person: Who says so; holds the document.
        document_id: Which.
        entry: The type, for the document's fund, as the pack has it; what was changed of the plan
            is read here, as it holds when this is stored.
        due_on: By when its pôle must have it, counted from receipt, as the pack has it.
        seconds: From shown to sent.
        wait_s: How long its delivery waits, so that it can be taken back.

    Raises:
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        sent_work.remember(connection, person, document_id, "name", f"{entry.title} → {entry.pole}")
        if row.type != entry.code:
            _replace_fields(connection, document_id, entry)
        elif wrong_values.is_told(connection, document_id):
            wrong_values.doubt(connection, row, entry)
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
        destination = plan.catch_up(connection, document_id)
        keep(connection, person, row, "named", entry.code, seconds=seconds)
        has_tasks = _has_tasks(connection, document_id, entry)
        leases.end(connection, document_id)
        if has_tasks:
            move(connection, document_id, row.state, DocumentState.TO_KEY)
            return DocumentState.TO_KEY
        upkeep.send(connection, person.actor, document_id, destination)
        sent_work.wait(connection, document_id, wait_s)
        return DocumentState.READY


def discard_duplicate(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, original: uuid.UUID
) -> None:
    """Say that a document came twice; the other must be there, and not given up itself.

    Raises:
        InputInvalid: the other one is none, or none of the person's business.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        share_routes(connection)
        # Both are locked, in one order: two people may call two copies each other's duplicate.
        both = sa.select(_c.id).where(_c.id.in_((document_id, original))).order_by(_c.id)
        connection.execute(both.with_for_update())
        row = leases.demand(connection, person.id, document_id, "name")
        is_it = (_c.id == original, *within(person, _c.site, _c.pole))
        state = connection.scalar(sa.select(_c.state).where(*is_it))
        if original == document_id or state in (None, DocumentState.DISCARDED):
            raise InputInvalid("original")
        sent_work.remember(connection, person, document_id, "name", "Écarté comme doublon")
        leases.end(connection, document_id)
        move(connection, document_id, row.state, DocumentState.DISCARDED)
        keep(connection, person, row, "duplicate", row.type, original=str(original))


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
        sent_work.remember(connection, person, document_id, "name", "Écarté : pages blanches")
        leases.end(connection, document_id)
        move(connection, document_id, row.state, DocumentState.DISCARDED)
        keep(connection, person, row, "blank", row.type)


def rescan(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    queue: str,
    reason: str,
    sheet: Sheet = rescans.UNTOLD,
) -> None:
    """Ask the station to scan a document again; the answer comes back to the same document.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, queue)
        sent_work.remember(connection, person, document_id, queue, "À renumériser")
        rescans.ask(connection, document_id, person.id, person.actor, reason, sheet)
        keep(connection, person, row, "rescan", row.type)


def pass_on(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, queue: str, way: Way
) -> None:
    """Let a document go to others, with a remark (``central.store.passing_on``).

    Raises:
        InputInvalid: the way needs a remark or somebody, or they may not see the document.
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, queue)
        passing_on.pass_on(connection, person, row, queue, way)


def set_urgent(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Let a document pass before others, here and at dispatch.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = leases.demand(connection, person.id, document_id, "name")
        connection.execute(documents.update().where(_c.id == document_id).values(priority=_URGENT))
        keep(connection, person, row, "urgent", row.type)


def twins(
    engine: sa.Engine, document_id: uuid.UUID, person: Person, limit: int = 5
) -> list[Mapping[str, Any]]:
    """Other documents with the same image as one of this one's pages, newest first.

    Only those that the person may see.

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
            sa.select(
                _c.id,
                _c.type,
                _c.state,
                _c.site,
                _c.stored_at,
                _c.position,
                lots.c.name.label("lot_name"),
            )
            .join(lots, lots.c.id == _c.lot_id)
            .where(
                _c.id.in_(found),
                _c.state != "discarded",
                *within(person, _c.site, _c.pole),
            )
            .order_by(_c.id.desc())
            .limit(limit)
        ).mappings()
        return [dict(row) for row in rows]


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
