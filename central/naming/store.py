"""What people decide of a document: what it is, that it came twice, that it is urgent.

An act needs the person's lease, and changes what it says in one transaction.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import documents, fields, lots, namings, pages
from central.delivery import failure_store
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import DocumentState
from central.documents.state_store import change_state, lock_routing_shared, record_act
from central.errors import InputInvalid
from central.keying import store as keying_store
from central.keying.rules import keying_tasks
from central.keying.store import add_fields
from central.plan import store as plan_store
from central.rescans import store as rescans_store
from central.sent_work import store as sent_work_store
from vaguemestre.model.lot import UNTOLD, AskedSheet
from vaguemestre.model.plan import DocumentType

_c, _f, _p, _n = documents.c, fields.c, pages.c, namings.c
_URGENT = 1


def name_document(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    entry: DocumentType,
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
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        sent_work_store.remember(
            connection, person, document_id, "name", f"{entry.title} → {entry.pole}"
        )
        if row.type != entry.code:
            _replace_fields(connection, document_id, entry)
        elif keying_store.has_wrong_value(connection, document_id):
            keying_store.require_rekeying(connection, row, entry)
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
        destination = plan_store.apply_plan_to_named(connection, document_id)
        record_act(connection, person, row, "named", entry.code, seconds=seconds)
        has_tasks = _has_tasks(connection, document_id, entry)
        lease_store.end_lease(connection, document_id)
        if has_tasks:
            change_state(connection, document_id, row.state, DocumentState.TO_KEY)
            return DocumentState.TO_KEY
        failure_store.send_to(connection, person.actor, document_id, destination)
        sent_work_store.wait(connection, document_id, wait_s)
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
        lock_routing_shared(connection)
        # Both are locked, in one order: two people may call two copies each other's duplicate.
        both = sa.select(_c.id).where(_c.id.in_((document_id, original))).order_by(_c.id)
        connection.execute(both.with_for_update())
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        is_it = (_c.id == original, *scope_conditions(person.scope, _c.site, _c.pole))
        state = connection.scalar(sa.select(_c.state).where(*is_it))
        if original == document_id or state in (None, DocumentState.DISCARDED):
            raise InputInvalid("original")
        sent_work_store.remember(connection, person, document_id, "name", "Écarté comme doublon")
        lease_store.end_lease(connection, document_id)
        change_state(connection, document_id, row.state, DocumentState.DISCARDED)
        record_act(connection, person, row, "duplicate", row.type, original=str(original))


def discard_blank(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Give a document up that holds blank pages only; they stay, and can be brought back.

    Raises:
        InputInvalid: something stands on one of its pages.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        if any(
            page.role not in ("blank", "replaced")
            for page in documents_store.pages_of(connection, document_id)
        ):
            raise InputInvalid("pages")
        sent_work_store.remember(connection, person, document_id, "name", "Écarté : pages blanches")
        lease_store.end_lease(connection, document_id)
        change_state(connection, document_id, row.state, DocumentState.DISCARDED)
        record_act(connection, person, row, "blank", row.type)


def ask_rescan(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    queue: str,
    reason: str,
    sheet: AskedSheet = UNTOLD,
) -> None:
    """Ask the station to scan a document again; the answer comes back to the same document.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, queue)
        sent_work_store.remember(connection, person, document_id, queue, "À renumériser")
        rescans_store.request_rescan(
            connection, document_id, person.id, person.actor, reason, sheet
        )
        record_act(connection, person, row, "rescan", row.type)


def set_urgent(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    """Let a document pass before others, here and at dispatch.

    Raises:
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        connection.execute(documents.update().where(_c.id == document_id).values(priority=_URGENT))
        record_act(connection, person, row, "urgent", row.type)


def same_image_documents(
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
                *scope_conditions(person.scope, _c.site, _c.pole),
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


def _replace_fields(connection: sa.Connection, document_id: uuid.UUID, entry: DocumentType) -> None:
    """The fields of another type: what was read of the old one says nothing of the new."""
    connection.execute(fields.delete().where(_f.document_id == document_id))
    add_fields(connection, document_id, entry)


def _has_tasks(connection: sa.Connection, document_id: uuid.UUID, entry: DocumentType) -> bool:
    add_fields(connection, document_id, entry)
    row = connection.execute(
        sa.select(_c.layout, _c.route_reasons).where(_c.id == document_id)
    ).one()
    known = documents_store.fields_of(connection, document_id)
    return bool(keying_tasks(entry, known, layout=row.layout, reasons=row.route_reasons))
