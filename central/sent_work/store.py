"""What somebody has just decided, and how it is undone.

Beside each document that a person sends, cuts apart, joins or gives up lies how it was before.
While nothing else has happened to it, it comes back as it was; what moved pages between documents
is undone for all of them or for none. A delivery waits a while for that; a document that the pôle
has is given back with a reason, and goes there again as a new round.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from central.accounts.rules import Person
from central.db import audit
from central.db.engine import transaction
from central.db.tables import (
    deliveries,
    documents,
    fields,
    lots,
    namings,
    pages,
    remarks,
    sent_work,
)
from central.documents import lease_store
from central.documents.rules import (
    DeliveryState,
    DeliveryStep,
    DocumentState,
    ReturnCause,
    ReturnNote,
    may_change,
)
from central.documents.state_store import (
    apply_step,
    is_in_doubt,
    lock_routing_shared,
    sync_document_state,
)
from central.errors import AlreadyDelivered, DeliveryInDoubt, DeliveryUnderWay, LeaseLost
from central.plan import store as plan_store
from central.rescans import store as rescans_store
from central.returns import store as returns_store

_d, _s, _c, _n = deliveries.c, sent_work.c, documents.c, namings.c
_MAYBE_THERE = (
    "Le document a peut-être déjà été reçu par {}, qui n'a pas répondu."
    " Réessayez une fois sa livraison aboutie, ou voyez avec l'exploitation."
)
KEPT = dt.timedelta(days=1)
_ACTS_OF_PEOPLE = (
    "type", "type_confidence", "runner_up", "layout", "pole", "destination", "process",
    "retention", "due_on", "key_pass", "keyed_twice", "route_reasons", "joined_into",
)  # fmt: skip
_REMEMBER = sa.text("""
INSERT INTO sent_work (decision, document_id, person_id, queue, what, document, fields, pages)
SELECT :decision, d.id, :person, :queue, :what, to_jsonb(d),
    (SELECT coalesce(jsonb_agg(to_jsonb(f)), '[]') FROM fields f WHERE f.document_id = d.id),
    CASE WHEN :with_pages THEN
        (SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') FROM pages p WHERE p.document_id = d.id)
    END
FROM documents d WHERE d.id = :id
""")
_BEFORE_AT = sa.cast(_s.document["state_at"].astext, sa.DateTime(timezone=True))
_ROWS_BACK = """
INSERT INTO {table} SELECT found.* FROM sent_work, jsonb_populate_recordset(null::{table}, {table})
AS found WHERE sent_work.id = ANY(:rows)
"""
_DOCUMENTS_BACK = sa.text(f"""
UPDATE documents SET ({", ".join(_ACTS_OF_PEOPLE)}, state, state_at) =
    (SELECT {", ".join(f"was.{name}" for name in _ACTS_OF_PEOPLE)}, was.state, now()
    FROM jsonb_populate_record(null::documents, sent_work.document) AS was)
FROM sent_work WHERE sent_work.id = ANY(:rows) AND documents.id = sent_work.document_id
    AND sent_work.document IS NOT NULL
""")  # noqa: S608 (our own column names)
_MADE_BACK = sa.text("""
UPDATE documents SET state = 'discarded', state_at = now(), joined_into = split_from
FROM sent_work WHERE sent_work.id = ANY(:rows) AND documents.id = sent_work.document_id
    AND sent_work.document IS NULL
""")
# A page keeps its files whatever is done to it: by them it is found again.
_PAGES_BEFORE = sa.text("""
SELECT page ->> 'sha256', page ->> 'file', page ->> 'file_index'
FROM sent_work, jsonb_array_elements(pages) AS page WHERE sent_work.id = ANY(:rows)
""")
_PAGES_NOW = sa.text("""
SELECT to_jsonb(sha256) #>> '{}', file, CAST(file_index AS text) FROM pages
WHERE document_id IN (SELECT document_id FROM sent_work WHERE id = ANY(:rows))
""")


@dataclass(frozen=True, slots=True)
class Sent:
    """One decision of somebody; ``document_ids`` are those to name in order to undo it."""

    document_ids: tuple[uuid.UUID, ...]
    queue: str
    what: str
    lot_name: str
    number: int


@dataclass(frozen=True, slots=True)
class Back:
    """What came back.

    ``queue`` is where the document lies now; empty: the pôle has it, and no reason was given.
    ``document_id`` is what the decision was about, ``others`` what else it had changed or made.
    """

    queue: str
    document_id: uuid.UUID
    others: tuple[uuid.UUID, ...] = ()


def remember(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    queue: str,
    what: str,
    *,
    decision: uuid.UUID | None = None,
    with_pages: bool = False,
) -> uuid.UUID:
    """Keep how a document is, before what somebody decides of it changes it.

    Args:
        connection: Of the caller's transaction.
        person: Who decides.
        document_id: Of which document.
        queue: Where they had it.
        what: French, as their page tells it.
        decision: Names what was decided at once; None: this document alone.
        with_pages: Its pages change, too: it comes back together with all others of the decision.

    Returns:
        The name of the decision.
    """
    told = {
        "decision": decision or uuid.uuid4(),
        "id": document_id,
        "person": person.id,
        "queue": queue,
        "what": what,
        "with_pages": with_pages,
    }
    connection.execute(_REMEMBER, told)
    return uuid.UUID(str(told["decision"]))


def remember_made(
    connection: sa.Connection,
    person: Person,
    document_id: uuid.UUID,
    decision: uuid.UUID,
    what: str,
) -> None:
    """Keep that a decision made a document: it was not there before."""
    connection.execute(
        sent_work.insert().values(
            decision=decision,
            document_id=document_id,
            person_id=person.id,
            queue="name",
            what=what,
        )
    )


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
) -> Back:
    """Undo what somebody decided last of a document; they hold it again.

    Args:
        engine: The database.
        person: Who decided.
        document_id: Of which.
        lease_s: As of any other document.
        reason: Why; needed when a pôle has it already. Then it is named and keyed anew.

    Raises:
        AlreadyDelivered: pages moved between documents, and a pôle has one of them.
        DeliveryInDoubt: a pôle may have it, and did not say so.
        DeliveryUnderWay: it is being handed over at this moment.
        LeaseLost: somebody else has it, or it has gone on by what others did.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        lock_routing_shared(connection)
        kept = _decided(connection, person, document_id)
        ids = [one.document_id for one in kept]
        query = sa.select(documents).where(_c.id.in_(ids)).order_by(_c.id).with_for_update()
        now = {row.id: row for row in connection.execute(query)}
        if any(lease_store.is_held_by_other(connection, one, person.id) for one in ids):
            raise LeaseLost(str(document_id))
        if any(row.state == DocumentState.DELIVERED for row in now.values()):
            if len(kept) > 1:
                raise AlreadyDelivered(str(document_id))
            queue = _give_back(connection, person, now[document_id], lease_s, reason)
            return Back(queue, document_id)
        for one in kept:
            _demand_untouched(connection, person, one, now[one.document_id])
        _restore(connection, kept)
        for one in kept:
            if one.state is not None:
                _follow_plan(connection, one, now[one.document_id])
        for one in kept:
            if len(kept) > 1:
                lease_store.end_lease(connection, one.document_id)
            audit.record(
                connection,
                person.actor,
                "document_taken_back",
                str(one.document_id),
                undone=one.what,
            )
        about = min(kept, key=lambda one: int(one.id))
        lease_store.assign(connection, about.document_id, person.id, about.queue, lease_s)
        others = tuple(one for one in ids if one != about.document_id)
        return Back(str(about.queue), about.document_id, others)


def last(engine: sa.Engine, person: Person, limit: int = 3) -> list[Sent]:
    """What somebody decided last, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    ids = sa.func.array_agg(aggregate_order_by(_s.document_id, _s.id))
    newest = (
        sa.select(
            ids.label("ids"),
            sa.func.min(_s.queue).label("queue"),
            sa.func.min(_s.what).label("what"),
            sa.func.max(_s.sent_at).label("sent_at"),
            sa.func.bool_or(_moves_pages()).label("is_one"),
        )
        .where(_s.person_id == person.id)
        .group_by(_s.decision)
        .order_by(sa.func.max(_s.sent_at).desc())
        .limit(limit)
        .subquery()
    )
    n = newest.c
    query = (
        sa.select(n.ids, n.is_one, n.queue, n.what, lots.c.name, _c.position, _c.state)
        .join(documents, _c.id == n.ids[1])
        .join(lots, lots.c.id == _c.lot_id)
        .order_by(n.sent_at.desc())
    )
    with transaction(engine) as connection:
        return [
            Sent(
                tuple(row.ids[:1] if row.is_one else row.ids),
                *(row.queue, row.what, row.name, row.position + 1),
            )
            for row in connection.execute(query)
        ]


def forget(connection: sa.Connection) -> int:
    """Delete what was sent long ago; returns how many."""
    return connection.execute(sent_work.delete().where(_s.sent_at < sa.func.now() - KEPT)).rowcount


def _decided(
    connection: sa.Connection, person: Person, document_id: uuid.UUID
) -> Sequence[sa.Row[Any]]:
    """The last decision of a document, if it was this person's: what is undone together."""
    newest = connection.execute(
        sa.select(_s.decision, _s.person_id, _moves_pages().label("moves_pages"))
        .where(_s.document_id == document_id)
        .order_by(_s.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if newest is None or newest.person_id != person.id:
        raise LeaseLost(str(document_id))
    where = [_s.decision == newest.decision]
    if not newest.moves_pages:  # others that were sent at once with it stand by themselves
        where.append(_s.document_id == document_id)
    query = (
        sa.select(
            *(_s.id, _s.document_id, _s.queue, _s.what, _s.sent_at, _s.again_at),
            *(_s.document["state"].astext.label("state"), _BEFORE_AT.label("state_at")),
            _s.pages.is_not(None).label("has_pages"),
        )
        .where(*where)
        .order_by(_s.document_id)
    )
    return connection.execute(query.with_for_update()).all()


def _demand_untouched(
    connection: sa.Connection, person: Person, one: sa.Row[Any], row: sa.Row[Any]
) -> None:
    """End what a document was sent to.

    Raises:
        DeliveryInDoubt: a pôle may have it, and did not say so.
        DeliveryUnderWay: it is being handed over.
        LeaseLost: something else has happened to it since.
    """
    is_decided_since = sa.exists().where(_s.document_id == row.id, _s.id > one.id)
    is_changed_since = sa.exists().where(
        _n.document_id == row.id, _n.named_at > one.sent_at, _n.person_id != person.id
    )
    if row.state_at not in (one.sent_at, one.state_at, one.again_at) or connection.scalar(
        sa.select(is_decided_since | is_changed_since)
    ):
        raise LeaseLost(str(row.id))
    state = _undone(connection, person, row)
    wanted = DocumentState(one.state or DocumentState.DISCARDED)
    if state is not wanted and not may_change(state, wanted):
        raise LeaseLost(str(row.id))


def _restore(connection: sa.Connection, kept: Sequence[sa.Row[Any]]) -> None:
    """Put documents, fields and pages back as they were, and forget the decision."""
    told: dict[str, Any] = {
        "rows": [one.id for one in kept],
        "ids": [one.document_id for one in kept],
    }
    if any(one.has_pages for one in kept):
        before, now = (connection.execute(one, told).all() for one in (_PAGES_BEFORE, _PAGES_NOW))
        if sorted(map(tuple, before)) != sorted(map(tuple, now)):
            raise LeaseLost(str(kept[0].document_id))  # pages have come, or gone to another one
        _put_back(connection, pages, told)
    _put_back(connection, fields, told)
    connection.execute(_DOCUMENTS_BACK, told)
    connection.execute(_MADE_BACK, told)
    connection.execute(
        remarks.update().where(remarks.c.document_id.in_(told["ids"])).values(is_open=False)
    )
    connection.execute(sent_work.delete().where(_s.id.in_(told["rows"])))
    for one in kept:  # what was decided before may be undone next
        if one.state_at is None:
            continue
        is_next = sa.literal(one.state_at).in_([_s.sent_at, _BEFORE_AT, _s.again_at])
        connection.execute(
            sent_work.update()
            .where(_s.document_id == one.document_id, is_next)
            .values(again_at=sa.func.now())
        )


def _put_back(connection: sa.Connection, table: sa.Table, told: Mapping[str, Any]) -> None:
    connection.execute(table.delete().where(table.c.document_id.in_(told["ids"])))
    connection.execute(sa.text(_ROWS_BACK.format(table=table.name)), told)


def _undone(connection: sa.Connection, person: Person, row: sa.Row[Any]) -> DocumentState:
    """End what the document was sent to; its state then."""
    if row.state == DocumentState.TO_RESCAN:
        rescans_store.withdraw_of(connection, row.id, person.actor)
        return DocumentState.TO_NAME
    if row.state != DocumentState.READY:
        return DocumentState(row.state)
    is_its = _d.document_id == row.id
    in_hand = sa.exists().where(is_its, _d.state == DeliveryState.CLAIMED)
    if connection.scalar(sa.select(in_hand)):
        raise DeliveryUnderWay(str(row.id))
    if who := connection.scalars(sa.select(_d.destination).where(is_its, is_in_doubt())).first():
        raise DeliveryInDoubt(str(row.id), hint=_MAYBE_THERE.format(who))
    apply_step(connection, DeliveryStep.TAKE_BACK, is_its)
    return sync_document_state(connection, row.id)


def _follow_plan(connection: sa.Connection, one: sa.Row[Any], now: sa.Row[Any]) -> None:
    """Let what came back go where the plan says now, not where it said when it was decided.

    Keying and what moves pages leave the way of a document alone: if it differs, a change of the
    plan was applied or undone meanwhile. Naming gives it another one, and a document that was given
    up follows no plan: what these had before follows what holds now.
    """
    if one.queue == "key" or (one.has_pages and now.state != DocumentState.DISCARDED):
        way = {"pole": now.pole, "destination": now.destination, "due_on": now.due_on}
        connection.execute(documents.update().where(_c.id == now.id).values(**way))
    else:
        plan_store.apply_plan_to_named(connection, now.id)


def _give_back(
    connection: sa.Connection, person: Person, row: sa.Row[Any], lease_s: float, reason: str
) -> str:
    """Correct what a pôle has: it is given back in our own name, and named anew."""
    if not reason:
        return ""
    note = ReturnNote(ReturnCause.WRONG_VALUE, reason)
    returns_store.accept_return_in(
        connection, person.actor, row.id, row.destination, note, "console"
    )
    lease_store.assign(connection, row.id, person.id, "name", lease_s)
    # What moved pages from or to it cannot be undone any more: forgotten for the others, too.
    moved = sa.select(_s.decision).where(_s.document_id == row.id, _moves_pages())
    is_over = sa.or_(_s.document_id == row.id, sa.and_(_s.decision.in_(moved), _moves_pages()))
    connection.execute(sent_work.delete().where(is_over))
    return "name"


def _moves_pages() -> sa.ColumnElement[bool]:
    return sa.or_(_s.pages.is_not(None), _s.document.is_(None))
