"""A circuit per destination: after some failures in a row, leave it alone for a while.

``closed → open`` after ``opens_after`` failures in a row; ``open → half_open`` once its time has
passed, and then one delivery alone is tried; ``half_open → closed`` if it goes through, ``→ open``
if not. A trial whose worker died counts for nothing: the next one may start after a while.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Whether deliveries go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens, and for how many seconds it stays so."""

    opens_after: int
    stays_open_s: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """One destination's circuit.

    ``failures`` are in a row. ``open_until`` is when the next trial may start: of an open circuit,
    or of a half-open one whose trial was never heard of again.
    """

    state: State = State.CLOSED
    failures: int = 0
    open_until: dt.datetime | None = None


CLOSED = Circuit()


def may_start_trial(circuit: Circuit, now: dt.datetime) -> bool:
    """Whether one delivery may be tried on a circuit that is not closed."""
    return circuit.state is not State.CLOSED and (
        circuit.open_until is None or now >= circuit.open_until
    )


def trial_started(circuit: Circuit, now: dt.datetime, *, answer_within_s: float) -> Circuit:
    """Give the circuit while one delivery is tried; no other is until its answer is overdue."""
    return Circuit(State.HALF_OPEN, circuit.failures, now + dt.timedelta(seconds=answer_within_s))


def failed(circuit: Circuit, now: dt.datetime, policy: CircuitPolicy) -> Circuit:
    """Give the circuit after the destination could not be reached."""
    failures = circuit.failures + 1
    if circuit.state is State.CLOSED and failures < policy.opens_after:
        return Circuit(State.CLOSED, failures)
    return Circuit(State.OPEN, failures, now + dt.timedelta(seconds=policy.stays_open_s))
