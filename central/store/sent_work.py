"""What somebody has just sent, and how it comes back to them.

Beside each document that a person sends lies how it was before. While nothing else has happened to
it, it comes back as it was. Its delivery waits a while for that; one that the pôle has is given
back with a reason, and goes there again as a new round.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person
from central.domain.lifecycle import DeliveryState, DocumentState, Step, may_become
from central.domain.returns import Cause, ReturnNote
from central.errors import DeliveryUnderWay, LeaseLost
from central.store import audit, leases, plan, rescans, returns
from central.store.engine import transaction
from central.store.steps import settle_document, share_routes, take
from central.store.tables import deliveries, documents, lots, remarks, sent_work

_d, _s, _c = deliveries.c, sent_work.c, documents.c
KEPT = dt.timedelta(days=1)
_ACTS_OF_PEOPLE = (
    "type", "type_confidence", "runner_up", "layout", "pole", "destination", "process",
    "retention", "due_on", "key_pass", "keyed_twice", "route_reasons",
)  # fmt: skip
_REMEMBER = sa.text("""
INSERT INTO sent_work (document_id, person_id, queue, what, sent_at, document, fields)
SELECT d.id, :person, :queue, :what, now(), to_jsonb(d),
    (SELECT coalesce(jsonb_agg(to_jsonb(f)), '[]') FROM fields f WHERE f.document_id = d.id)
FROM documents d WHERE d.id = :id
ON CONFLICT (document_id) DO UPDATE SET person_id = excluded.person_id, queue = excluded.queue,
    what = excluded.what, sent_at = excluded.sent_at, document = excluded.document,
    fields = excluded.fields
""")
_FIELDS_BACK = sa.text("""
INSERT INTO fields SELECT found.* FROM sent_work, jsonb_populate_recordset(null::fields, fields)
AS found WHERE sent_work.document_id = :id
""")
_DOCUMENT_BACK = sa.text(f"""
UPDATE documents SET ({", ".join(_ACTS_OF_PEOPLE)}, state, state_at) =
    (SELECT {", ".join(f"was.{name}" for name in _ACTS_OF_PEOPLE)}, was.state, now()
    FROM sent_work, jsonb_populate_record(null::documents, document) AS was
    WHERE sent_work.document_id = :id)
WHERE id = :id
""")  # noqa: S608 (our own column names)


@dataclass(frozen=True, slots=True)
class Sent:
    """One document that somebody sent."""

    document_id: uuid.UUID
    queue: str
    what: str
    lot_name: str
    number: int
    is_delivered: bool


def remember(
    connection: sa.Connection, person: Person, document_id: uuid.UUID, queue: str, what: str
) -> None:
    """Keep how a document is, before what somebody sends of it changes it."""
    told = {"id": document_id, "person": person.id, "queue": queue, "what": what}
    connection.execute(_REMEMBER, told)


def wait(connection: sa.Connection, document_id: uuid.UUID, seconds: float) -> None:
    """Let the delivery of what was just sent wait, so that it can come back."""
    if seconds > 0:
        connection.execute(
            deliveries.update()
            .where(_d.document_id == document_id, _d.state == DeliveryState.WAITING)
            .values(next_at=sa.func.now() + dt.timedelta(seconds=seconds))
        )


def take_back(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, lease_s: float, reason: str = ""
) -> str:
    """Give a document back to who sent it; returns the queue where it lies now.

    Args:
        engine: The database.
        person: Who sent it.
        document_id: Which.
        lease_s: As of any other document.
        reason: Why; needed when a pôle has it already. Then it is named and keyed anew.

    Returns:
        ``name`` or ``key``; empty: the pôle has it, and no reason was given.

    Raises:
        LeaseLost: somebody else has it, or it has gone on by what others did.
        DeliveryUnderWay: it is being handed over at this moment.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        share_routes(connection)
        before = _sent_by(connection, person, document_id)
        row = connection.execute(
            sa.select(documents).where(_c.id == document_id).with_for_update()
        ).one()
        if leases.is_anothers(connection, document_id, person.id):
            raise LeaseLost(str(document_id))
        if row.state == DocumentState.DELIVERED:
            return _give_back(connection, person, row, lease_s, reason)
        if row.state_at not in (before.sent_at, before.state_at):
            raise LeaseLost(str(document_id))
        state = _undone(connection, person, row)
        if state != before.state and not may_become(state, DocumentState(before.state)):
            raise LeaseLost(str(document_id))
        connection.execute(sa.text("DELETE FROM fields WHERE document_id = :id"), {"id": row.id})
        connection.execute(_FIELDS_BACK, {"id": row.id})
        connection.execute(_DOCUMENT_BACK, {"id": row.id})
        _follow_plan(connection, row, before.queue)
        connection.execute(sent_work.delete().where(_s.document_id == row.id))
        connection.execute(
            remarks.update().where(remarks.c.document_id == row.id).values(is_open=False)
        )
        leases.hold(connection, row.id, person.id, before.queue, lease_s)
        audit.record(connection, person.actor, "document_taken_back", str(row.id))
        return str(before.queue)


def last(engine: sa.Engine, person: Person, limit: int = 3) -> list[Sent]:
    """What somebody sent last, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = (
        sa.select(_s.document_id, _s.queue, _s.what, lots.c.name, _c.position, _c.state)
        .join(documents, _c.id == _s.document_id)
        .join(lots, lots.c.id == _c.lot_id)
        .where(_s.person_id == person.id)
        .order_by(_s.sent_at.desc())
        .limit(limit)
    )
    with transaction(engine) as connection:
        return [
            Sent(r.document_id, r.queue, r.what, r.name, r.position + 1, r.state == "delivered")
            for r in connection.execute(query)
        ]


def forget(connection: sa.Connection) -> int:
    """Delete what was sent long ago; returns how many."""
    return connection.execute(sent_work.delete().where(_s.sent_at < sa.func.now() - KEPT)).rowcount


def _sent_by(connection: sa.Connection, person: Person, document_id: uuid.UUID) -> sa.Row[Any]:
    row = connection.execute(
        sa.select(
            *(_s.queue, _s.sent_at, _s.document["state"].astext.label("state")),
            sa.cast(_s.document["state_at"].astext, sa.DateTime(timezone=True)).label("state_at"),
        )
        .where(_s.document_id == document_id, _s.person_id == person.id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise LeaseLost(str(document_id))
    return row


def _undone(connection: sa.Connection, person: Person, row: sa.Row[Any]) -> DocumentState:
    """End what the document was sent to; its state then."""
    if row.state == DocumentState.TO_RESCAN:
        rescans.withdraw_of(connection, row.id, person.actor)
        return DocumentState.TO_NAME
    if row.state != DocumentState.READY:
        return DocumentState(row.state)
    is_its = _d.document_id == row.id
    in_hand = sa.exists().where(is_its, _d.state == DeliveryState.CLAIMED)
    if connection.scalar(sa.select(in_hand)):
        raise DeliveryUnderWay(str(row.id))
    take(connection, Step.TAKE_BACK, is_its)
    return settle_document(connection, row.id)


def _follow_plan(connection: sa.Connection, now: sa.Row[Any], queue: str) -> None:
    """Let what came back go where the plan says now, not where it said when it was sent.

    Keying leaves the way of a document alone: if it differs, a change of the plan was applied or
    undone meanwhile. Naming gives it another one, and what it had before follows what holds now.
    """
    if queue == "key":
        way = {"pole": now.pole, "destination": now.destination, "due_on": now.due_on}
        connection.execute(documents.update().where(_c.id == now.id).values(**way))
    else:
        plan.catch_up(connection, now.id)


def _give_back(
    connection: sa.Connection, person: Person, row: sa.Row[Any], lease_s: float, reason: str
) -> str:
    """Correct what a pôle has: it is given back in our own name, and named anew."""
    if not reason:
        return ""
    note = ReturnNote(Cause.WRONG_VALUE, reason)
    returns.take_back(connection, person.actor, row.id, row.destination, note, "console")
    leases.hold(connection, row.id, person.id, "name", lease_s)
    connection.execute(sent_work.delete().where(_s.document_id == row.id))
    return "name"
