"""Circuits of the destinations, shared by all dispatch processes (central/domain/circuit.py)."""

import datetime as dt
from collections.abc import Collection, Iterator

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.circuit import (
    CLOSED,
    Circuit,
    CircuitPolicy,
    State,
    failed,
    may_start_trial,
    trial_started,
)
from central.store.engine import transaction
from central.store.tables import circuits


def answered(engine: sa.Engine, destination: str) -> bool:
    """The destination answered, with yes or with no; True when that closed its circuit.

    Raises:
        StoreUnavailable: nothing was written.
    """
    c = circuits.c
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(c.state, c.failures).where(c.destination == destination)
        ).one_or_none()
        if row is None or (row.state == State.CLOSED and row.failures == 0):
            return False  # nearly always: nothing to write
        _write(connection, destination, CLOSED, "")
    return bool(row.state != State.CLOSED)


def unreachable(engine: sa.Engine, destination: str, policy: CircuitPolicy, code: str) -> bool:
    """Count a failure; True when that opened the circuit.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            insert(circuits).values(destination=destination).on_conflict_do_nothing()
        )
        before = _locked(connection, destination)
        after = failed(before, _now(connection), policy)
        if before.state is State.OPEN:
            return False  # of a delivery that was under way when it opened
        _write(connection, destination, after, code)
    return after.state is State.OPEN


def ready_for_trial(
    connection: sa.Connection, destinations: Collection[str]
) -> Iterator[tuple[str, Circuit]]:
    """Lock and list the circuits that have been open long enough for one delivery to be tried."""
    c = circuits.c
    now = _now(connection)
    rows = connection.execute(
        sa.select(circuits)
        .where(c.state != State.CLOSED.value, c.destination.in_(destinations))
        .order_by(c.open_until)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        circuit = Circuit(State(row.state), row.failures, row.open_until)
        if may_start_trial(circuit, now):
            yield row.destination, circuit


def start_trial(
    connection: sa.Connection, destination: str, circuit: Circuit, answer_within_s: float
) -> None:
    """Remember that one delivery is tried; another may be once its answer is overdue."""
    trial = trial_started(circuit, _now(connection), answer_within_s=answer_within_s)
    _write(connection, destination, trial, None)


def _locked(connection: sa.Connection, destination: str) -> Circuit:
    row = connection.execute(
        sa.select(circuits).where(circuits.c.destination == destination).with_for_update()
    ).one()
    return Circuit(State(row.state), row.failures, row.open_until)


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
