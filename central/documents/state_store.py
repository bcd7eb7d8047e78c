"""Steps of deliveries and changes of documents' states, in the caller's transaction.

A step, its document's state and its line in the audit trail exist together or not at all. Whatever
makes a delivery wait to be claimed goes through here, and what an open hold covers is held in the
same transaction. A hold, or a change of the plan, locks the routes (``lock_routing``); everything
that makes a delivery wait shares them (``lock_routing_shared``). So a hold comes before a delivery,
which then sees it, or after, and then sees the delivery: none is missed (decision 12).

``in_batches`` changes many at once, a thousand in each transaction. The keys are read first and
without a lock; each batch locks its rows in one order and looks again: what changed meanwhile is
left alone. A batch waits for a lock for less time than PostgreSQL takes to detect a deadlock, and
is tried again, so that it gives way to whoever changes a single one.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import Person
from central.db import audit
from central.db.engine import transaction
from central.db.tables import NOTIFY_CHANNEL, deliveries, documents, handed_over, holds, namings
from central.documents.rules import (
    ONLY_WHAT_NEVER_LEFT,
    DeliveryState,
    DeliveryStep,
    DocumentState,
    document_after,
    end_state,
    may_change,
    states_before,
)
from central.errors import LeaseLost, StoreUnavailable

_c = documents.c


def record_act(
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


def change_state(
    connection: sa.Connection,
    document_id: uuid.UUID,
    state: str,
    wanted: DocumentState,
    **values: Any,
) -> None:
    """Take a document to another state, with what else changes.

    Raises:
        LeaseLost: it cannot go there from where it is: somebody was faster.
    """
    if state == wanted.value:
        return
    if not may_change(DocumentState(state), wanted):
        raise LeaseLost(f"{document_id}: {state}")
    connection.execute(
        documents.update()
        .where(_c.id == document_id)
        .values(state=wanted.value, state_at=sa.func.now(), **values)
    )


HELD = ("hold", "Retenue par l'exploitation.")
UNKNOWN = ("destination_unknown", "Destination inconnue du centre.")
_ROUTES = 0x7661_6775  # of the advisory lock; no other of ours has this number
_steps_d, _h = deliveries.c, holds.c


def lock_routing_shared(connection: sa.Connection) -> None:
    """Keep holds and the plan as they are until the end of the transaction.

    Who will make deliveries wait calls this before anything that locks rows: one who owns the
    routes may want those rows.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_ROUTES)))


def lock_routing(connection: sa.Connection) -> None:
    """Wait for all who share the routes; others wait for the end of this transaction."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ROUTES)))


def apply_step(
    connection: sa.Connection, step: DeliveryStep, *where: sa.ColumnElement[bool], **values: Any
) -> Sequence[sa.Row[Any]]:
    """Take a step with every delivery that matches and may take it; returns them, changed.

    What would wait and is covered by a hold is held instead. What its application may have is not
    ended as if it had never left.
    """
    if step in ONLY_WHAT_NEVER_LEFT:
        where = (*where, ~is_in_doubt())
    will_wait = end_state(step) is DeliveryState.WAITING
    if will_wait:
        lock_routing_shared(connection)
    changed = connection.execute(
        deliveries.update()
        .where(_steps_d.state.in_([state.value for state in states_before(step)]), *where)
        .values(state=end_state(step).value, **values)
        .returning(deliveries)
    ).all()
    if will_wait and changed:
        hold_covered(connection, _steps_d.document_id.in_({row.document_id for row in changed}))
    return changed


def hold_covered(connection: sa.Connection, *of: sa.ColumnElement[bool]) -> int:
    """Hold what waits among some deliveries and an open hold covers; returns how many."""
    code, reason = HELD
    return len(
        apply_step(
            connection, DeliveryStep.HOLD, *of, is_covered(), last_code=code, last_reason=reason
        )
    )


def is_in_doubt() -> sa.ColumnElement[bool]:
    """Whether a delivery's application may have the document, and nobody is asking it just now."""
    return sa.and_(
        _steps_d.doubts > 0,
        _steps_d.state.in_(
            [one.value for one in (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.DEAD)]
        ),
    )


def is_covered(but: int | None = None) -> sa.ColumnElement[bool]:
    """Whether an open hold covers a delivery: its destination, its document's type or site.

    Args:
        but: A hold that does not count, as if it were released.
    """
    about = documents.alias("covered")
    value = sa.case(
        (_h.kind == "destination", _steps_d.destination),
        (_h.kind == "type", about.c.type),
        else_=about.c.site,
    )
    return (
        sa.select(_h.id)
        .select_from(holds.join(about, about.c.id == _steps_d.document_id))
        .where(
            _h.released_at.is_(None),
            _h.value == value,
            *([] if but is None else [_h.id != but]),
        )
        .correlate(deliveries)
        .exists()
    )


def enqueue(
    connection: sa.Connection, document_ids: Collection[uuid.UUID], destination: str
) -> None:
    """Make a delivery of each document to a destination wait, and wake dispatch at the commit.

    To an application that gave a document back it is another delivery, with a key of its own. To
    one that never confirmed an earlier try it is the same, so that it cannot arrive twice, as
    long as it tells the same (central/delivery/content_store.py).
    """
    if not document_ids:
        return
    lock_routing_shared(connection)
    c = documents.c
    new = sa.select(
        c.id, sa.literal(destination), idempotency_key(c.id, destination, sa.literal(1)), c.priority
    ).where(c.id.in_(document_ids))
    made = connection.scalars(
        insert(deliveries)
        .from_select(["document_id", "destination", "idempotency_key", "priority"], new)
        .on_conflict_do_nothing()
        .returning(_steps_d.document_id)
    ).all()
    if again := set(document_ids) - set(made):
        next_round = sa.case((_is_spent(), _steps_d.round + 1), else_=_steps_d.round)
        apply_step(
            connection,
            DeliveryStep.REROUTE,
            _steps_d.document_id.in_(again),
            _steps_d.destination == destination,
            round=next_round,
            idempotency_key=idempotency_key(_steps_d.document_id, destination, next_round),
            attempts=0,
            next_at=sa.func.now(),
            delivered_at=None,
            receipt=None,
        )
    if made:
        hold_covered(connection, _steps_d.document_id.in_(made))
    notify_dispatch(connection, destination)


def _is_spent() -> sa.ColumnElement[bool]:
    """Whether a delivery's key may not be used again, or nobody knows what it stands for.

    Nobody does where it was tried by a version that did not write down what it handed over.
    """
    was_tried = sa.or_(_steps_d.attempts > 0, _steps_d.last_code.not_in((HELD[0], UNKNOWN[0])))
    is_known = sa.exists().where(
        handed_over.c.document_id == _steps_d.document_id,
        handed_over.c.destination == _steps_d.destination,
        handed_over.c.round == _steps_d.round,
    )
    return sa.or_(_steps_d.delivered_at.is_not(None), sa.and_(was_tried, ~is_known))


def idempotency_key(
    document_id: sa.ColumnElement[Any], destination: str, delivery_round: sa.ColumnElement[int]
) -> sa.ColumnElement[str]:
    """Name one delivery for the application that receives it; the same at every attempt."""
    return sa.func.concat(
        sa.cast(document_id, sa.Text), "-", destination, "-", sa.cast(delivery_round, sa.Text)
    )


def notify_dispatch(connection: sa.Connection, why: str) -> None:
    """Wake the dispatch processes, at the commit."""
    connection.execute(sa.select(sa.func.pg_notify(NOTIFY_CHANNEL, why)))


def sync_document_state(connection: sa.Connection, document_id: uuid.UUID) -> DocumentState:
    """Bring a document's state in line with its deliveries'; returns it."""
    return sync_document_states(connection, [document_id])[document_id]


def sync_document_states(
    connection: sa.Connection, document_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, DocumentState]:
    """Bring documents' states in line with their deliveries'; returns them.

    The documents' rows are locked before their deliveries are looked at: of two deliveries that
    are finished at once the later one sees both.
    """
    c = documents.c
    locked = connection.execute(
        sa.select(c.id, c.state).where(c.id.in_(document_ids)).order_by(c.id).with_for_update()
    ).all()
    found: dict[uuid.UUID, set[DeliveryState]] = defaultdict(set)
    for row in connection.execute(
        sa.select(_steps_d.document_id, _steps_d.state).where(
            _steps_d.document_id.in_(document_ids)
        )
    ):
        found[row.document_id].add(DeliveryState(row.state))
    settled = {}
    changed: dict[DocumentState, list[uuid.UUID]] = defaultdict(list)
    for row in locked:
        current, wanted = DocumentState(row.state), document_after(found[row.id])
        settled[row.id] = current
        if wanted is not None and may_change(current, wanted):
            settled[row.id] = wanted
            changed[wanted].append(row.id)
    for state, ids in changed.items():
        connection.execute(
            documents.update()
            .where(c.id.in_(ids))
            .values(state=state.value, state_at=sa.func.now())
        )
    return settled


BATCH = 1_000
_LOCK_WAIT_MS, _TRIES = 500, 20
K = TypeVar("K")
_batches_d = deliveries.c

Act = Callable[[sa.Connection, sa.ColumnElement[bool]], int]
"""Takes a step with the deliveries that meet a condition; returns how many it changed."""


@dataclass(frozen=True, slots=True)
class Batches:
    """What was done: how many deliveries changed, and whether none was left for lack of time."""

    changed: int
    is_complete: bool


def in_batches(
    engine: sa.Engine,
    step: DeliveryStep,
    where: Sequence[sa.ColumnElement[bool]],
    act: Act,
    *,
    within_s: float | None = None,
) -> Batches:
    """Let ``act`` take a step with all deliveries that match and may take it.

    Args:
        engine: The database.
        step: Which; deliveries in other states are not looked at.
        where: Which deliveries, as they are at the start.
        act: Called for each batch; it checks again what may have changed.
        within_s: No batch begins later; None: all are done.

    Raises:
        StoreUnavailable: the batches before were done.
    """

    def locked(connection: sa.Connection, some: Sequence[tuple[uuid.UUID, str]]) -> int:
        is_one = sa.tuple_(_batches_d.document_id, _batches_d.destination).in_(some)
        connection.execute(
            sa.select(_batches_d.document_id)
            .where(is_one)
            .order_by(_batches_d.document_id, _batches_d.destination)
            .with_for_update()
        )
        return act(connection, is_one)

    return each(engine, _keys(engine, step, where), locked, within_s=within_s)


def each(
    engine: sa.Engine,
    keys: Sequence[K],
    act: Callable[[sa.Connection, Sequence[K]], int],
    *,
    within_s: float | None = None,
) -> Batches:
    """Let ``act`` have all keys, a thousand in each transaction; it locks what it changes at once.

    Args:
        engine: The database.
        keys: Of rows.
        act: Returns how many it changed; called again for the same keys when it had to give way.
        within_s: No batch begins later; None: all are done.

    Raises:
        StoreUnavailable: the batches before were done.
    """
    started, changed = time.monotonic(), 0
    for first in range(0, len(keys), BATCH):
        if within_s is not None and time.monotonic() - started > within_s:
            return Batches(changed, is_complete=False)
        changed += _in_turn(engine, keys[first : first + BATCH], act)
    return Batches(changed, is_complete=True)


def _in_turn(
    engine: sa.Engine, some: Sequence[K], act: Callable[[sa.Connection, Sequence[K]], int]
) -> int:
    for left in reversed(range(_TRIES)):
        try:
            with transaction(engine) as connection:
                connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_MS}ms'"))
                lock_routing_shared(connection)
                return act(connection, some)
        except StoreUnavailable as error:
            if not left or str(error) != "LockNotAvailable":
                raise
    raise AssertionError("unreachable")


def _keys(
    engine: sa.Engine, step: DeliveryStep, where: Sequence[sa.ColumnElement[bool]]
) -> list[tuple[uuid.UUID, str]]:
    query = (
        sa.select(_batches_d.document_id, _batches_d.destination)
        .where(_batches_d.state.in_([state.value for state in states_before(step)]), *where)
        .order_by(_batches_d.document_id, _batches_d.destination)
    )
    with transaction(engine) as connection:
        return [(row.document_id, row.destination) for row in connection.execute(query)]
