"""Deliveries: each claimed by one worker at a time, finished once; and the destinations' circuits.

``claim_next`` selects and marks in one statement (FOR UPDATE SKIP LOCKED), so any number of workers
on any number of machines never hold the same delivery. Finishing checks that the claim still
holds: a worker that was too slow changes nothing. Every change of state is a step of
central/documents/rules.py, and takes the document along.

The circuits (rules: central/delivery/rules.py) are rows that all dispatch processes share; a
destination that does not answer is left alone but for one trial at a time.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.db import audit
from central.db.engine import transaction
from central.db.tables import circuits, deliveries
from central.delivery import content_store
from central.delivery.rules import (
    CLOSED,
    Arrival,
    Circuit,
    CircuitPolicy,
    CircuitState,
    Claim,
    Delivery,
    after_failure,
    arrival,
    may_start_trial,
    trial_started,
)
from central.documents.rules import DeliveryStep
from central.documents.state_store import apply_step, idempotency_key, sync_document_state


def record_answer(engine: sa.Engine, destination: str) -> bool:
    """The destination answered, with yes or with no; True when that closed its circuit.

    Raises:
        StoreUnavailable: nothing was written.
    """
    c = circuits.c
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(c.state, c.failures).where(c.destination == destination)
        ).one_or_none()
        if row is None or (row.state == CircuitState.CLOSED and row.failures == 0):
            return False  # nearly always: nothing to write
        _write(connection, destination, CLOSED, "")
    return bool(row.state != CircuitState.CLOSED)


def record_unreachable(
    engine: sa.Engine, destination: str, policy: CircuitPolicy, code: str
) -> bool:
    """Count a failure; True when that opened the circuit.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            insert(circuits).values(destination=destination).on_conflict_do_nothing()
        )
        before = _locked(connection, destination)
        after = after_failure(before, _now(connection), policy)
        if before.state is CircuitState.OPEN:
            return False  # of a delivery that was under way when it opened
        _write(connection, destination, after, code)
    return after.state is CircuitState.OPEN


def _ready_for_trial(
    connection: sa.Connection, destinations: Collection[str]
) -> Iterator[tuple[str, Circuit]]:
    """Lock and list the circuits that have been open long enough for one delivery to be tried."""
    c = circuits.c
    now = _now(connection)
    rows = connection.execute(
        sa.select(circuits)
        .where(c.state != CircuitState.CLOSED.value, c.destination.in_(destinations))
        .order_by(c.open_until)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        circuit = Circuit(CircuitState(row.state), row.failures, row.open_until)
        if may_start_trial(circuit, now):
            yield row.destination, circuit


def _start_trial(
    connection: sa.Connection, destination: str, circuit: Circuit, answer_within_s: float
) -> None:
    """Remember that one delivery is tried; another may be once its answer is overdue."""
    trial = trial_started(circuit, _now(connection), answer_within_s=answer_within_s)
    _write(connection, destination, trial, None)


def _locked(connection: sa.Connection, destination: str) -> Circuit:
    row = connection.execute(
        sa.select(circuits).where(circuits.c.destination == destination).with_for_update()
    ).one()
    return Circuit(CircuitState(row.state), row.failures, row.open_until)


def _write(connection: sa.Connection, destination: str, circuit: Circuit, code: str | None) -> None:
    connection.execute(
        circuits.update()
        .where(circuits.c.destination == destination)
        .values(
            state=circuit.state.value,
            failures=circuit.failures,
            open_until=circuit.open_until,
            changed_at=sa.func.now(),
            **({} if code is None else {"last_code": code}),
        )
    )


def _now(connection: sa.Connection) -> dt.datetime:
    """Read the server's clock: the only one that all processes share."""
    now: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now


_d = deliveries.c


def claim_next(
    engine: sa.Engine, worker: str, destinations: Collection[str], lease_s: float
) -> Delivery | None:
    """Claim the next due delivery: urgent first, oldest first.

    Destinations whose circuit is not closed are left alone, but for one delivery at a time once
    their circuit has been open long enough.

    Args:
        engine: The database.
        worker: Unlike any other's on any machine.
        destinations: Which this process serves.
        lease_s: After which the sweeper may take the claim back.

    Raises:
        StoreUnavailable: nothing was claimed.
    """
    if not destinations:
        return None
    is_closed = ~sa.exists().where(
        circuits.c.destination == _d.destination, circuits.c.state != "closed"
    )
    with transaction(engine) as connection:
        is_trial = False
        row = _claim(connection, worker, lease_s, _d.destination.in_(destinations), is_closed)
        if row is None:
            for name, circuit in _ready_for_trial(connection, destinations):
                if row := _claim(connection, worker, lease_s, _d.destination == name):
                    _start_trial(connection, name, circuit, lease_s)
                    is_trial = True
                    break
        if row is None:
            return None
        document = content_store.load_for_delivery(connection, row.document_id)
        now = content_store.begin(connection, row, document)
        made = Claim(
            document_id=row.document_id,
            destination=row.destination,
            idempotency_key=now.idempotency_key,
            worker=worker,
            attempts=row.attempts,
            is_trial=is_trial,
            round=now.number,
        )
        return Delivery(made, document, now.content, now.supersedes)


def _claim(
    connection: sa.Connection, worker: str, lease_s: float, *where: sa.ColumnElement[bool]
) -> sa.Row[Any] | None:
    due = (
        sa.select(_d.document_id, _d.destination)
        .where(_d.state == "waiting", _d.next_at <= sa.func.now(), *where)
        .order_by(_d.priority.desc(), _d.next_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=deliveries)
        .cte("due")
    )
    rows = apply_step(
        connection,
        DeliveryStep.CLAIM,
        _d.document_id == due.c.document_id,
        _d.destination == due.c.destination,
        claimed_by=worker,
        attempts=_d.attempts + 1,
        doubts=_d.doubts + 1,  # until an outcome tells that this try did not arrive
        lease_until=sa.func.now() + dt.timedelta(seconds=lease_s),
    )
    return rows[0] if rows else None


def renew(engine: sa.Engine, held: Collection[Claim], lease_s: float) -> int:
    """Let claims last from now on; returns how many are still held.

    Raises:
        StoreUnavailable: nothing was renewed.
    """
    ours = [(c.document_id, c.destination, c.worker, c.attempts) for c in held]
    with transaction(engine) as connection:
        renewed = connection.execute(
            deliveries.update()
            .where(
                _d.state == "claimed",
                sa.tuple_(_d.document_id, _d.destination, _d.claimed_by, _d.attempts).in_(ours),
            )
            .values(lease_until=sa.func.clock_timestamp() + dt.timedelta(seconds=lease_s))
        )
    return renewed.rowcount


def record_delivered(engine: sa.Engine, held: Claim, receipt: str) -> bool:
    """Record that the application has it; False when that no longer matters.

    An answer that comes after the claim was lost counts all the same, as long as nobody else is
    handing the delivery over or has sent its document another way, and the document still tells
    the same: the application has what its key stands for, and not what was changed since.
    """
    values = {"delivered_at": sa.func.now(), "receipt": receipt}
    return _finish(engine, held, DeliveryStep.DELIVER, **values) or _finish(
        engine, held, DeliveryStep.DELIVER_LATE, **values
    )


def record_dead(engine: sa.Engine, held: Claim, code: str, reason: str) -> bool:
    """Record a dead letter; False when the claim was lost meanwhile."""
    return _finish(
        engine,
        held,
        DeliveryStep.GIVE_UP,
        last_code=code,
        last_reason=reason,
        doubts=_doubts_after(code),
    )


def postpone(
    engine: sa.Engine,
    held: Claim,
    delay_s: float,
    code: str,
    reason: str,
    *,
    counts: bool | None = None,
    begins_round: bool = False,
) -> bool:
    """Put it back for later; False when the claim was lost meanwhile.

    A failed trial of a destination known to be away, or a package that the centre could not make,
    says nothing of the document: unless ``counts`` says otherwise it does not count among its
    attempts, so that an outage of days makes no dead letters. With ``begins_round`` the next try
    has a key of its own: the application holds other content under this one.
    """
    key = idempotency_key(_d.document_id, held.destination, sa.literal(held.round + 1))
    anew = {"round": held.round + 1, "idempotency_key": key} if begins_round else {}
    return _finish(
        engine,
        held,
        DeliveryStep.POSTPONE,
        attempts=held.attempts - (held.is_trial if counts is None else not counts),
        next_at=sa.func.now() + dt.timedelta(seconds=delay_s),
        last_code=code,
        last_reason=reason,
        doubts=_doubts_after(code),
        **anew,
    )


def _doubts_after(code: str) -> sa.ColumnElement[int]:
    """How many tries may have arrived, once the last one's outcome is known."""
    match arrival(code):
        case Arrival.REFUSED:
            return sa.literal(0)
        case Arrival.NOT_THIS_TIME:
            return sa.func.greatest(_d.doubts - 1, 0)
        case Arrival.POSSIBLE:
            return sa.func.greatest(_d.doubts, 1)


def _finish(engine: sa.Engine, held: Claim, step: DeliveryStep, **values: Any) -> bool:
    is_it = [_d.document_id == held.document_id, _d.destination == held.destination]
    if step is DeliveryStep.DELIVER_LATE:
        is_it.append(_d.idempotency_key == held.idempotency_key)
    else:
        is_it += [_d.claimed_by == held.worker, _d.attempts == held.attempts]
    with transaction(engine) as connection:
        if step is DeliveryStep.DELIVER_LATE and not content_store.is_still_told(
            connection, held.document_id, held.destination, held.round
        ):
            return False
        changed = apply_step(
            connection,
            step,
            *is_it,
            claimed_by=None,
            lease_until=None,
            **values,
        )
        if changed and step is not DeliveryStep.POSTPONE:
            sync_document_state(connection, held.document_id)
            audit.record(
                connection,
                f"dispatch:{held.worker}",
                f"delivery_{changed[0].state}",
                str(held.document_id),
                destination=held.destination,
                attempts=held.attempts,
            )
    return bool(changed)


def seconds_to_next(engine: sa.Engine, destinations: Collection[str]) -> float | None:
    """Tell when something becomes due that is not yet; None when nothing will by itself."""
    later = sa.select(sa.func.min(_d.next_at).label("at")).where(
        _d.state == "waiting", _d.next_at > sa.func.now(), _d.destination.in_(destinations)
    )
    trials = sa.select(sa.func.min(circuits.c.open_until)).where(
        circuits.c.state != "closed", circuits.c.open_until > sa.func.now()
    )
    both = later.union_all(trials).subquery()
    with transaction(engine) as connection:
        at, now = connection.execute(
            sa.select(sa.func.min(both.c.at), sa.func.clock_timestamp())
        ).one()
    return None if at is None else max(0.0, float((at - now).total_seconds()))
