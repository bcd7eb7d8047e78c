"""The states of documents and deliveries, and every step that may change them; pure.

A delivery is one (document, destination)::

    waiting → claimed → delivered → returned → waiting (named anew for it: next round)
       ↕         ↓ ↘ waiting (later, or its worker died)   ↘ discarded (for another)
      held      dead → waiting (replayed)        dead, held → discarded
    waiting, held, dead → discarded (the plan sends its document elsewhere)
    waiting, held → discarded (whoever sent its document took it back)
    waiting, held, dead → delivered (its worker, or its pôle, says so late)

What was handed over and neither confirmed nor surely refused is in doubt. It waits, is held or dead
like any other, but takes no step of ``ONLY_WHAT_NEVER_LEFT`` until its application answers or its
pôle returns it.

A document waits for a person (``to_name``, ``to_key``) or for its station (``to_rescan``) until it
is ``ready``; from then on its state follows from those of its deliveries (``document_after``), so
the two cannot disagree.

Beside them: the values of fields as read and as keyed, and the causes of a return.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from vaguemestre.model.document import DeliveryField, DeliveryPage


@dataclass(frozen=True, slots=True)
class DeliverableDocument:
    """All that a package tells of a document."""

    id: uuid.UUID
    type: str
    type_confidence: float
    runner_up: str | None
    layout: str | None
    route: str
    route_reasons: tuple[str, ...]
    pole: str
    process: str
    site: str
    station: str
    channel: str
    lot_id: uuid.UUID
    lot_name: str
    position: int
    fund: str
    received_at: dt.datetime
    received_on: dt.date
    due_on: dt.date | None
    retention: str
    priority: int
    marks: tuple[str, ...]
    versions: Mapping[str, str]
    pages: tuple[DeliveryPage, ...]
    fields: tuple[DeliveryField, ...]


class KeyReason(StrEnum):
    """Why a person keys no value."""

    ILLEGIBLE = "illegible"
    ABSENT = "absent"
    WRONG_ON_PAPER = "wrong_on_paper"  # written so, and it cannot be: its key or calendar fails


class KeyPass(StrEnum):
    """Which look at a field an entry was."""

    FIRST = "first"
    SECOND = "second"
    ARBITRATION = "arbitration"
    CONTROL = "control"
    CONTROL_ARBITRATION = "control_arbitration"


PASSES = (KeyPass.FIRST, KeyPass.SECOND, KeyPass.ARBITRATION)


@dataclass(frozen=True, slots=True)
class ReadField:
    """A field as it stands in the database."""

    position: int
    name: str
    value: str | None
    raw: str
    confidence: float
    accepted: bool
    check: str
    page: int
    box_mm: tuple[float, float, float, float] | None
    source: str = "machine"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KeyedValue:
    """What one person said of one field."""

    value: str | None
    reason: KeyReason | None = None


class DeliveryState(StrEnum):
    """A delivery's state."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    DEAD = "dead"
    HELD = "held"
    DISCARDED = "discarded"
    RETURNED = "returned"


class DeliveryStep(StrEnum):
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
_STEPS: Mapping[tuple[DeliveryState, DeliveryStep], DeliveryState] = MappingProxyType(
    {
        (_D.WAITING, DeliveryStep.CLAIM): _D.CLAIMED,
        (_D.WAITING, DeliveryStep.HOLD): _D.HELD,
        (_D.HELD, DeliveryStep.RELEASE): _D.WAITING,
        (_D.HELD, DeliveryStep.DISCARD): _D.DISCARDED,
        (_D.CLAIMED, DeliveryStep.DELIVER): _D.DELIVERED,
        (_D.WAITING, DeliveryStep.DELIVER_LATE): _D.DELIVERED,
        (_D.HELD, DeliveryStep.DELIVER_LATE): _D.DELIVERED,
        (_D.DEAD, DeliveryStep.DELIVER_LATE): _D.DELIVERED,
        (_D.CLAIMED, DeliveryStep.POSTPONE): _D.WAITING,
        (_D.CLAIMED, DeliveryStep.EXPIRE): _D.WAITING,
        (_D.CLAIMED, DeliveryStep.GIVE_UP): _D.DEAD,
        (_D.DEAD, DeliveryStep.REPLAY): _D.WAITING,
        (_D.DEAD, DeliveryStep.DISCARD): _D.DISCARDED,
        (_D.DELIVERED, DeliveryStep.GIVE_BACK): _D.RETURNED,
        (_D.RETURNED, DeliveryStep.SUPERSEDE): _D.DISCARDED,
        (_D.RETURNED, DeliveryStep.REROUTE): _D.WAITING,
        (_D.DISCARDED, DeliveryStep.REROUTE): _D.WAITING,
        (_D.WAITING, DeliveryStep.TAKE_BACK): _D.DISCARDED,
        (_D.HELD, DeliveryStep.TAKE_BACK): _D.DISCARDED,
        (_D.WAITING, DeliveryStep.MOVE): _D.DISCARDED,
        (_D.HELD, DeliveryStep.MOVE): _D.DISCARDED,
        (_D.DEAD, DeliveryStep.MOVE): _D.DISCARDED,
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

ONLY_WHAT_NEVER_LEFT = frozenset({DeliveryStep.MOVE, DeliveryStep.TAKE_BACK, DeliveryStep.DISCARD})
"""Steps that end a delivery for good: not one whose application may have the document already."""
WAITING_FOR_A_PERSON = (DocumentState.TO_NAME, DocumentState.TO_KEY)
UNFINISHED = frozenset({DeliveryState.WAITING, DeliveryState.CLAIMED, DeliveryState.HELD})


def next_state(state: DeliveryState, step: DeliveryStep) -> DeliveryState | None:
    """Give a delivery's state after a step; None when it may not be taken."""
    return _STEPS.get((state, step))


def states_before(step: DeliveryStep) -> frozenset[DeliveryState]:
    """Give the states in which a step may be taken."""
    return frozenset(state for state, taken in _STEPS if taken is step)


def end_state(step: DeliveryStep) -> DeliveryState:
    """Give the one state that a step ends in, wherever it was taken."""
    return next(state for (_, taken), state in _STEPS.items() if taken is step)


def may_change(state: DocumentState, wanted: DocumentState) -> bool:
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


MAX_COMMENT_CHARACTERS = 500


class ReturnCause(StrEnum):
    """The causes that are counted; anything else is ``other``."""

    WRONG_POLE = "wrong_pole"
    WRONG_TYPE = "wrong_type"
    UNREADABLE = "unreadable"
    INCOMPLETE = "incomplete"
    DUPLICATE = "duplicate"
    WRONG_VALUE = "wrong_value"  # a field says another thing than the paper
    OTHER = "other"


_CUT = " […]"
_MOST_ROUNDS = 32_767


@dataclass(frozen=True, slots=True)
class ReturnNote:
    """What a pôle says with a document that it gives back.

    ``is_cut``: its comment was longer than what is kept, and ends in a sign that says so.
    """

    cause: ReturnCause
    comment: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Which:
    """Which delivery of a document a pôle gives back.

    Applications of the first contract name no ``round``. They mean one that they had when they
    spoke (``said_at``; None: unknown): what was delivered later cannot be what they mean.
    """

    round: int | None = None
    said_at: dt.datetime | None = None


def round_of(told: object) -> int | None:
    """Check the round that a pôle names; None: no round that could be."""
    if isinstance(told, bool) or not isinstance(told, int):
        return None
    return told if 1 <= told <= _MOST_ROUNDS else None


def read_note(cause: object, comment: object) -> ReturnNote | None:
    """Check what a pôle wrote; None when the cause is none of ours or the comment no text.

    The comment loses control characters (a database's text holds no NUL) and what is too long.
    """
    if not isinstance(cause, str) or not isinstance(comment, str | None):
        return None
    try:
        known = ReturnCause(cause)
    except ValueError:
        return None
    clean = "".join(c if c.isprintable() else " " for c in comment or "").strip()
    is_cut = len(clean) > MAX_COMMENT_CHARACTERS
    if is_cut:
        clean = clean[: MAX_COMMENT_CHARACTERS - len(_CUT)] + _CUT
    return ReturnNote(known, clean, is_cut)
