"""Where a document stands at the centre, and every step that may change it.

``ready → delivered``, or ``→ dead`` when its application refuses it or stays away too long;
``to_name`` and ``to_key`` wait for a person; a pôle gives a misrouted document back:
``delivered → returned``, which waits for naming too.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DocumentState(StrEnum):
    """A document's state."""

    READY = "ready"
    TO_NAME = "to_name"
    TO_KEY = "to_key"
    DELIVERED = "delivered"
    DEAD = "dead"
    RETURNED = "returned"
    DISCARDED = "discarded"


class Step(StrEnum):
    """What happens to it."""

    DELIVER = "deliver"
    GIVE_UP = "give_up"
    REPLAY = "replay"
    DISCARD = "discard"
    GIVE_BACK = "give_back"


_STEPS: Mapping[tuple[DocumentState, Step], DocumentState] = MappingProxyType(
    {
        (DocumentState.READY, Step.DELIVER): DocumentState.DELIVERED,
        (DocumentState.READY, Step.GIVE_UP): DocumentState.DEAD,
        (DocumentState.DEAD, Step.REPLAY): DocumentState.READY,
        (DocumentState.DEAD, Step.DISCARD): DocumentState.DISCARDED,
        (DocumentState.DELIVERED, Step.GIVE_BACK): DocumentState.RETURNED,
    }
)


def after(state: DocumentState, step: Step) -> DocumentState | None:
    """The state after a step; None when it may not be taken."""
    return _STEPS.get((state, step))


def before(step: Step) -> frozenset[DocumentState]:
    """The states in which a step may be taken."""
    return frozenset(state for state, taken in _STEPS if taken is step)
