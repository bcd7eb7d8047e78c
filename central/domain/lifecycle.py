"""Where documents and deliveries stand, and every step that may change it.

A delivery is one (document, destination)::

    waiting → claimed → delivered → returned → waiting (named anew for it: next round)
       ↕         ↓ ↘ waiting (later, or its worker died)   ↘ discarded (for another)
      held      dead → waiting (replayed)        dead, held → discarded
    waiting, held, dead → discarded (the plan sends its document elsewhere)
    waiting, held → discarded (who sent its document has it back)
    waiting, held, dead → delivered (its worker, or its pôle, says so late)

What was handed over and neither confirmed nor surely refused is in doubt. It waits, is held or dead
like any other, but takes no step of ``ONLY_WHAT_NEVER_LEFT`` until its application answers or its
pôle gives it back.

A document waits for a person (``to_name``, ``to_key``) or for its station (``to_rescan``) until it
is ``ready``; from then on its state follows from those of its deliveries (``document_after``), so
the two cannot disagree.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType


class DeliveryState(StrEnum):
    """A delivery's state."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DEAD = "dead"
    HELD = "held"
    DISCARDED = "discarded"
    RETURNED = "returned"


class Step(StrEnum):
    """What happens to a delivery."""

    CLAIM = "claim"
    DELIVER = "deliver"
    DELIVER_LATE = "deliver_late"  # its worker was believed lost, and had handed it over
    POSTPONE = "postpone"  # the destination cannot take it now
    EXPIRE = "expire"  # its worker died or hangs
    GIVE_UP = "give_up"
    HOLD = "hold"  # its destination is not configured, or somebody holds what it is of
    RELEASE = "release"
    REPLAY = "replay"
    DISCARD = "discard"
    GIVE_BACK = "give_back"
    REROUTE = "reroute"  # named anew for this destination
    SUPERSEDE = "supersede"  # named anew for another
    TAKE_BACK = "take_back"  # who sent its document wants it back
    MOVE = "move"  # a change of the plan sends its document elsewhere


class DocumentState(StrEnum):
    """A document's state."""

    TO_NAME = "to_name"
    TO_KEY = "to_key"
    TO_RESCAN = "to_rescan"  # its station was asked to scan it again
    READY = "ready"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


_D = DeliveryState
_STEPS: Mapping[tuple[DeliveryState, Step], DeliveryState] = MappingProxyType(
    {
        (_D.WAITING, Step.CLAIM): _D.CLAIMED,
        (_D.WAITING, Step.HOLD): _D.HELD,
        (_D.HELD, Step.RELEASE): _D.WAITING,
        (_D.HELD, Step.DISCARD): _D.DISCARDED,
        (_D.CLAIMED, Step.DELIVER): _D.DELIVERED,
        (_D.WAITING, Step.DELIVER_LATE): _D.DELIVERED,
        (_D.HELD, Step.DELIVER_LATE): _D.DELIVERED,
        (_D.DEAD, Step.DELIVER_LATE): _D.DELIVERED,
        (_D.CLAIMED, Step.POSTPONE): _D.WAITING,
        (_D.CLAIMED, Step.EXPIRE): _D.WAITING,
        (_D.CLAIMED, Step.GIVE_UP): _D.DEAD,
        (_D.DEAD, Step.REPLAY): _D.WAITING,
        (_D.DEAD, Step.DISCARD): _D.DISCARDED,
        (_D.DELIVERED, Step.GIVE_BACK): _D.RETURNED,
        (_D.RETURNED, Step.SUPERSEDE): _D.DISCARDED,
        (_D.RETURNED, Step.REROUTE): _D.WAITING,
        (_D.DISCARDED, Step.REROUTE): _D.WAITING,
        (_D.WAITING, Step.TAKE_BACK): _D.DISCARDED,
        (_D.HELD, Step.TAKE_BACK): _D.DISCARDED,
        (_D.WAITING, Step.MOVE): _D.DISCARDED,
        (_D.HELD, Step.MOVE): _D.DISCARDED,
        (_D.DEAD, Step.MOVE): _D.DISCARDED,
    }
)

_S = DocumentState
_DOCUMENT_STEPS: Mapping[DocumentState, frozenset[DocumentState]] = MappingProxyType(
    {
        _S.TO_NAME: frozenset({_S.TO_KEY, _S.TO_RESCAN, _S.READY, _S.DISCARDED}),
        _S.TO_KEY: frozenset({_S.TO_NAME, _S.TO_RESCAN, _S.READY, _S.DISCARDED}),
        _S.TO_RESCAN: frozenset({_S.TO_NAME, _S.TO_KEY, _S.DISCARDED}),
        _S.READY: frozenset({_S.DELIVERED, _S.DEAD, _S.DISCARDED}),
        _S.DEAD: frozenset({_S.READY, _S.DELIVERED, _S.DISCARDED}),
        _S.DELIVERED: frozenset({_S.TO_NAME}),
        _S.DISCARDED: frozenset({_S.READY, _S.TO_NAME, _S.TO_KEY}),
    }
)

ONLY_WHAT_NEVER_LEFT = frozenset({Step.MOVE, Step.TAKE_BACK, Step.DISCARD})
"""Steps that end a delivery for good: not one whose application may have the document already."""
WAITING_FOR_A_PERSON = frozenset({DocumentState.TO_NAME, DocumentState.TO_KEY})
UNFINISHED = frozenset({DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.HELD})


def after(state: DeliveryState, step: Step) -> DeliveryState | None:
    """Give a delivery's state after a step; None when it may not be taken."""
    return _STEPS.get((state, step))


def before(step: Step) -> frozenset[DeliveryState]:
    """Give the states in which a step may be taken."""
    return frozenset(state for state, taken in _STEPS if taken is step)


def leads_to(step: Step) -> DeliveryState:
    """Give the one state that a step ends in, wherever it was taken."""
    return next(state for (_, taken), state in _STEPS.items() if taken is step)


def may_become(state: DocumentState, wanted: DocumentState) -> bool:
    """Whether a document may go from one state to another."""
    return wanted in _DOCUMENT_STEPS[state]


def document_after(deliveries: Collection[DeliveryState]) -> DocumentState | None:
    """Tell a document's state from those of its deliveries; None when it has none.

    A delivery that a pôle gave back asks for a person before all else; a dead one hides behind
    nothing but that; the document is delivered once every one that was not discarded is.
    """
    states = set(deliveries)
    if not states:
        return None
    if DeliveryState.RETURNED in states:
        return DocumentState.TO_NAME
    if DeliveryState.DEAD in states:
        return DocumentState.DEAD
    if states & UNFINISHED:
        return DocumentState.READY
    return DocumentState.DELIVERED if DeliveryState.DELIVERED in states else DocumentState.DISCARDED
