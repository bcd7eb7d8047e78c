"""Deliveries: claimed by one worker at a time, finished once.

``claim`` picks and marks in one statement (FOR UPDATE SKIP LOCKED), so any number of workers on
any number of machines never hold the same delivery. Finishing checks that the claim is still
ours: a worker that was too slow changes nothing. Every change of state is a step of
central/domain/lifecycle.py, and takes the document along.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from central.domain.arrival import Arrival, arrival
from central.domain.document import Claim, Delivery
from central.domain.lifecycle import Step
from central.store import audit, circuits, handed, packages
from central.store.engine import transaction
from central.store.steps import key_of, settle_document, take
from central.store.tables import circuits as circuits_table
from central.store.tables import deliveries

_d = deliveries.c


def claim(
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
        circuits_table.c.destination == _d.destination, circuits_table.c.state != "closed"
    )
    with transaction(engine) as connection:
        is_trial = False
        row = _claim(connection, worker, lease_s, _d.destination.in_(destinations), is_closed)
        if row is None:
            for name, circuit in circuits.ready_for_trial(connection, destinations):
                if row := _claim(connection, worker, lease_s, _d.destination == name):
                    circuits.start_trial(connection, name, circuit, lease_s)
                    is_trial = True
                    break
        if row is None:
            return None
        document = packages.load(connection, row.document_id)
        now = handed.begin(connection, row, document)
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
    rows = take(
        connection,
        Step.CLAIM,
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


def delivered(engine: sa.Engine, held: Claim, receipt: str) -> bool:
    """Record that the application has it; False when that no longer matters.

    An answer that comes after the claim was lost counts all the same, as long as nobody else is
    handing the delivery over or has sent its document another way, and the document still tells
    the same: the application has what its key stands for, and not what was changed since.
    """
    values = {"delivered_at": sa.func.now(), "receipt": receipt}
    return _finish(engine, held, Step.DELIVER, **values) or _finish(
        engine, held, Step.DELIVER_LATE, **values
    )


def dead(engine: sa.Engine, held: Claim, code: str, reason: str) -> bool:
    """Record a dead letter; False when the claim was lost meanwhile."""
    return _finish(
        engine, held, Step.GIVE_UP, last_code=code, last_reason=reason, doubts=_doubts_after(code)
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
    key = key_of(_d.document_id, held.destination, sa.literal(held.round + 1))
    anew = {"round": held.round + 1, "idempotency_key": key} if begins_round else {}
    return _finish(
        engine,
        held,
        Step.POSTPONE,
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


def _finish(engine: sa.Engine, held: Claim, step: Step, **values: Any) -> bool:
    is_it = [_d.document_id == held.document_id, _d.destination == held.destination]
    if step is Step.DELIVER_LATE:
        is_it.append(_d.idempotency_key == held.idempotency_key)
    else:
        is_it += [_d.claimed_by == held.worker, _d.attempts == held.attempts]
    with transaction(engine) as connection:
        if step is Step.DELIVER_LATE and not handed.is_still_told(
            connection, held.document_id, held.destination, held.round
        ):
            return False
        changed = take(
            connection,
            step,
            *is_it,
            claimed_by=None,
            lease_until=None,
            **values,
        )
        if changed and step is not Step.POSTPONE:
            settle_document(connection, held.document_id)
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
    trials = sa.select(sa.func.min(circuits_table.c.open_until)).where(
        circuits_table.c.state != "closed", circuits_table.c.open_until > sa.func.now()
    )
    both = later.union_all(trials).subquery()
    with transaction(engine) as connection:
        at, now = connection.execute(
            sa.select(sa.func.min(both.c.at), sa.func.clock_timestamp())
        ).one()
    return None if at is None else max(0.0, float((at - now).total_seconds()))
