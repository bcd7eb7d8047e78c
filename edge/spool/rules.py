"""What the spool decides without a disk, a journal or a clock; pure.

* *Counts*: what a lot announces beside what was found in it.
* *Ids* that sort in the order in which they were given, even when the clock goes back.
* *Names*: which lots are the same lot to the operator, and how one is written in a file's name.
* *Room*: whether one more lot may be claimed. When it may not, claiming stops and lots wait in the
  scanner's own folder: nothing is dropped, and claiming resumes by itself once the centre has
  acknowledged or space was made.
* *States* of lots and documents, and every step that may change one. No step is taken anywhere that
  these two tables do not hold.

``sighted → claimed → read → spooled → sent → acknowledged → reaped``, or ``set_aside``. A lot
stays ``read`` only while it is short of its count; normally reading and spooling are one
transaction. A document is ``sent`` only in the uplink's memory: after a restart it is sent again.
"""

import unicodedata
from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from vaguemestre.model.lot import LotHeader


class CountResult(StrEnum):
    """How found and announced compare."""

    MET = "met"
    SHORT = "short"
    OVER = "over"


class Unit(StrEnum):
    """What is counted; the French word that operators read."""

    PAGES = "pages"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Count:
    """A count announced beside the count found."""

    found: int
    expected: int
    unit: Unit

    @property
    def result(self) -> CountResult:
        """Met, short or over."""
        if self.found == self.expected:
            return CountResult.MET
        return CountResult.SHORT if self.found < self.expected else CountResult.OVER


def compare_counts(
    header: LotHeader | None,
    *,
    to_verify: int | None,
    known: int | None,
    images: int,
    documents: int,
) -> Count | None:
    """Choose the count that a read lot must meet; None when nothing was announced.

    Args:
        header: The header sheet's announcement, if there was one.
        to_verify: Images that the index announces and that only reading could count.
        known: Images that the index announces, counted before the lot was claimed or not; a
            header that only repeats it asks nothing more.
        images: Images found by reading, twins of sides included.
        documents: Documents made of them.
    """
    if to_verify is not None:
        return Count(images, to_verify, Unit.PAGES)
    if header is None:
        return None
    if header.expected_pages is not None and header.expected_pages != known:
        return Count(images, header.expected_pages, Unit.PAGES)
    if header.expected_documents is not None:
        return Count(documents, header.expected_documents, Unit.DOCUMENTS)
    return None


_RANDOM_B = (1 << 62) - 1
_MILLISECOND = 1 << 80


def next_id(previous: str, fresh: UUID) -> UUID:
    """Return ``fresh`` if it sorts after ``previous``, else the next UUIDv7 after ``previous``.

    Args:
        previous: The last id given, or an empty string.
        fresh: A new UUIDv7 of the clock's time.
    """
    if not previous or str(fresh) > previous:
        return fresh
    last = UUID(previous).int
    if last & _RANDOM_B < _RANDOM_B:
        return UUID(int=last + 1)
    # The random part is used up: borrow the next millisecond, keep version and variant.
    return UUID(int=((last + _MILLISECOND) & ~_RANDOM_B) | (fresh.int & _RANDOM_B))


ENDINGS = (".tif", ".tiff", ".pdf", ".jpg", ".jpeg", ".png")


def without_ending(name: str) -> str:
    """Drop an image's ending, in any case; other endings and bare ones stay."""
    for ending in ENDINGS:
        if len(name) > len(ending) and name[-len(ending) :].lower() == ending:
            return name[: -len(ending)]
    return name


def composed(name: str) -> str:
    """Spell accents as one code point each: macOS writes two for what Windows writes as one."""
    return unicodedata.normalize("NFC", name)


def normal(name: str) -> str:
    """Fold a name so that spellings which people take for one are equal: case and accents."""
    return composed(unicodedata.normalize("NFD", name).casefold())


def lot_key(name: str) -> str:
    """Fold a lot's name: ``LOT0012.TIF``, ``lot0012.pdf`` and ``LOT0012`` are one."""
    return normal(without_ending(name))


_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "_"))
_LONGEST_BYTES = 120  # state and counts follow, and 255 is the most that file systems take


def label_of(name: str) -> str:
    """Make a lot's name fit for a file name; never empty, never hidden."""
    shown = without_ending(name).translate(_FORBIDDEN)
    cleaned = "".join(c if c.isprintable() else "_" for c in shown)
    shortened = cleaned.encode("utf-8", "replace")[:_LONGEST_BYTES].decode("utf-8", "ignore")
    return shortened.strip(" .") or "lot"


def distinct(label: str, taken: Container[str]) -> str:
    """Add a number in brackets when another lot has this label already."""
    number = 1
    candidate = label
    while candidate in taken:
        number += 1
        candidate = f"{label} ({number})"
    return candidate


@dataclass(frozen=True, slots=True)
class HasRoom:
    """There is room."""


@dataclass(frozen=True, slots=True)
class NoRoom:
    """There is none; ``why`` has the numbers, ``forever`` means that waiting cannot help."""

    why: str
    forever: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used and what may be; all in bytes."""

    used: int
    max_bytes: int
    free: int
    min_free_bytes: int

    @property
    def is_full(self) -> bool:
        """Claiming has stopped, or stops at the next lot."""
        return self.used >= self.max_bytes or self.free < self.min_free_bytes


def decide_room(usage: Usage, *, incoming_bytes: int, copied: bool) -> HasRoom | NoRoom:
    """Choose between claiming a lot and leaving it where it is.

    Args:
        usage: What is used now.
        incoming_bytes: The lot's size.
        copied: The lot comes from another file system, so that its bytes use free space;
            a rename on the same one uses none.
    """
    if incoming_bytes > usage.max_bytes:
        why = f"the lot has {incoming_bytes} bytes, the spool holds {usage.max_bytes}"
        return NoRoom(why, forever=True)
    if usage.used + incoming_bytes > usage.max_bytes:
        return NoRoom(f"the spool holds {usage.used} of {usage.max_bytes} bytes")
    if usage.free - (incoming_bytes if copied else 0) < usage.min_free_bytes:
        return NoRoom(f"{usage.free} bytes are free, {usage.min_free_bytes} must stay so")
    return HasRoom()


class SpoolState(StrEnum):
    """Where something stands."""

    SIGHTED = "sighted"
    CLAIMED = "claimed"
    READ = "read"
    SPOOLED = "spooled"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    REAPED = "reaped"
    SET_ASIDE = "set_aside"


class SpoolStep(StrEnum):
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


Transitions = Mapping[tuple[SpoolState, SpoolStep], SpoolState]

LOT: Transitions = MappingProxyType(
    {
        (SpoolState.SIGHTED, SpoolStep.CLAIM): SpoolState.CLAIMED,
        (SpoolState.SIGHTED, SpoolStep.SET_ASIDE): SpoolState.SET_ASIDE,
        (SpoolState.CLAIMED, SpoolStep.JOIN): SpoolState.SIGHTED,
        (SpoolState.CLAIMED, SpoolStep.HOLD): SpoolState.READ,
        (SpoolState.CLAIMED, SpoolStep.SPOOL): SpoolState.SPOOLED,
        (SpoolState.CLAIMED, SpoolStep.SET_ASIDE): SpoolState.SET_ASIDE,
        (SpoolState.READ, SpoolStep.JOIN): SpoolState.SIGHTED,
        (SpoolState.READ, SpoolStep.SPOOL): SpoolState.SPOOLED,
        (SpoolState.SPOOLED, SpoolStep.ANSWER): SpoolState.SENT,
        (SpoolState.SENT, SpoolStep.ACKNOWLEDGE): SpoolState.ACKNOWLEDGED,
        (SpoolState.SENT, SpoolStep.REPLAY): SpoolState.SPOOLED,
        (SpoolState.ACKNOWLEDGED, SpoolStep.REPLAY): SpoolState.SPOOLED,
        (SpoolState.ACKNOWLEDGED, SpoolStep.REAP): SpoolState.REAPED,
        (SpoolState.SET_ASIDE, SpoolStep.REPLAY): SpoolState.CLAIMED,
        (SpoolState.SET_ASIDE, SpoolStep.REAP): SpoolState.REAPED,
    }
)

DOCUMENT: Transitions = MappingProxyType(
    {
        (SpoolState.SPOOLED, SpoolStep.ACKNOWLEDGE): SpoolState.ACKNOWLEDGED,
        (SpoolState.SPOOLED, SpoolStep.SET_ASIDE): SpoolState.SET_ASIDE,
        (SpoolState.SET_ASIDE, SpoolStep.REPLAY): SpoolState.SPOOLED,
        (SpoolState.SET_ASIDE, SpoolStep.ACKNOWLEDGE): SpoolState.ACKNOWLEDGED,
        (SpoolState.SET_ASIDE, SpoolStep.REAP): SpoolState.REAPED,
        (SpoolState.ACKNOWLEDGED, SpoolStep.REPLAY): SpoolState.SPOOLED,
        (SpoolState.ACKNOWLEDGED, SpoolStep.REAP): SpoolState.REAPED,
    }
)


class IllegalStep(ValueError):
    """A step that the table does not hold: a defect in the caller."""


def next_state(table: Transitions, state: SpoolState, step: SpoolStep) -> SpoolState:
    """Return the state that a step leads to.

    Raises:
        IllegalStep: the table holds no such step.
    """
    try:
        return table[state, step]
    except KeyError:
        raise IllegalStep(f"{step} is no step from {state}") from None
