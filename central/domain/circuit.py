"""A circuit per destination: after some failures in a row, leave it alone for a while.

``closed → open`` after ``opens_after`` failures; ``open → half_open`` when its time has
passed: one trial goes through; ``half_open → closed`` if it succeeds, ``→ open`` if not.
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
class Circuit:
    """One destination's circuit; ``failures`` in a row."""

    state: State = State.CLOSED
    failures: int = 0
    open_until: dt.datetime | None = None


def may_try(circuit: Circuit, now: dt.datetime) -> bool:
    """Whether a delivery may be tried now."""
    return circuit.state is State.CLOSED or circuit.open_until is None or now >= circuit.open_until


def succeeded() -> Circuit:
    """The circuit after the destination answered, with yes or with no."""
    return Circuit()


def failed(circuit: Circuit, now: dt.datetime, *, opens_after: int, stays_open_s: float) -> Circuit:
    """The circuit after the destination could not be reached."""
    failures = circuit.failures + 1
    if circuit.state is State.CLOSED and failures < opens_after:
        return Circuit(State.CLOSED, failures, None)
    return Circuit(State.OPEN, failures, now + dt.timedelta(seconds=stays_open_s))
