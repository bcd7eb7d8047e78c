"""Where a lot or a document stands, and every step that may change it.

``sighted → claimed → read → spooled → sent → acknowledged → reaped``, or ``set_aside``. A lot
stays ``read`` only while it is short of its count; normally reading and spooling are one
transaction. A document is ``sent`` only in the uplink's memory: after a restart it is sent
again. No step is taken anywhere that these two tables do not hold.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where something stands."""

    SIGHTED = "sighted"
    CLAIMED = "claimed"
    READ = "read"
    SPOOLED = "spooled"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REAPED = "reaped"
    SET_ASIDE = "set_aside"


class Step(StrEnum):
    """What happens to it."""

    CLAIM = "claim"  # its files are ours, named by digest
    JOIN = "join"  # further files of a lot arrive: it was incomplete, or a file of it grew
    HOLD = "hold"  # read, but short of its count
    SPOOL = "spool"  # its documents have their ids
    ANSWER = "answer"  # the centre answered for each of its documents
    ACKNOWLEDGE = "acknowledge"
    REAP = "reap"
    SET_ASIDE = "set_aside"
    REPLAY = "replay"


Transitions = Mapping[tuple[State, Step], State]

LOT: Transitions = MappingProxyType(
    {
        (State.SIGHTED, Step.CLAIM): State.CLAIMED,
        (State.SIGHTED, Step.SET_ASIDE): State.SET_ASIDE,
        (State.CLAIMED, Step.JOIN): State.SIGHTED,
        (State.CLAIMED, Step.HOLD): State.READ,
        (State.CLAIMED, Step.SPOOL): State.SPOOLED,
        (State.CLAIMED, Step.SET_ASIDE): State.SET_ASIDE,
        (State.READ, Step.JOIN): State.SIGHTED,
        (State.READ, Step.SPOOL): State.SPOOLED,
        (State.SPOOLED, Step.ANSWER): State.SENT,
        (State.SENT, Step.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.SENT, Step.REPLAY): State.SPOOLED,
        (State.ACKNOWLEDGED, Step.REPLAY): State.SPOOLED,
        (State.ACKNOWLEDGED, Step.REAP): State.REAPED,
        (State.SET_ASIDE, Step.REPLAY): State.CLAIMED,
        (State.SET_ASIDE, Step.REAP): State.REAPED,
    }
)

DOCUMENT: Transitions = MappingProxyType(
    {
        (State.SPOOLED, Step.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.SPOOLED, Step.SET_ASIDE): State.SET_ASIDE,
        (State.SET_ASIDE, Step.REPLAY): State.SPOOLED,
        (State.SET_ASIDE, Step.ACKNOWLEDGE): State.ACKNOWLEDGED,
        (State.SET_ASIDE, Step.REAP): State.REAPED,
        (State.ACKNOWLEDGED, Step.REPLAY): State.SPOOLED,
        (State.ACKNOWLEDGED, Step.REAP): State.REAPED,
    }
)


class IllegalStep(ValueError):
    """A step that the table does not hold: a defect in the caller."""


def after(table: Transitions, state: State, step: Step) -> State:
    """Return the state that a step leads to.

    Raises:
        IllegalStep: the table holds no such step.
    """
    try:
        return table[state, step]
    except KeyError:
        raise IllegalStep(f"{step} is no step from {state}") from None
