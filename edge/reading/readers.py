"""The narrow door through which recognition comes in.

Everything in ``edge.reading`` works on arrays and on these calls; which networks
stand behind them is the business of ``edge.inference``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]  # height × width, 0 black .. 255 white


class Alphabet(Enum):
    """Which characters an answer may hold."""

    TEXT = "text"
    DIGITS = "0123456789"
    DATE = "0123456789/.-"
    NIR = "0123456789AB"
    AMOUNT = "0123456789,."
    CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class Care(Enum):
    """How much an answer may cost.

    ``SKIM``: the quick reader alone, for telling what a page is. ``TEXT``: running text; the
    careful reader reads what the quick one cannot. ``VALUE``: somebody may be paid by it; the
    careful reader is asked unless the quick one has no doubt at all.
    """

    SKIM = "skim"
    TEXT = "text"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners of a line in pixels: upper left, upper right, lower right, lower left."""

    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class LineReading:
    """What a reader saw in one line.

    ``confidences`` has one value a character of ``text``; ``alternatives`` one tuple a character:
    its best few ``(character, probability)``, best first, so that a check key can choose.
    """

    text: str
    confidence: float
    confidences: tuple[float, ...] = ()
    alternatives: tuple[tuple[tuple[str, float], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """A window around a tick's box, and its plan (``edge.reading.tickpatch``).

    ``blank`` is what the form shows there without anybody's ink (``edge.reading.tickblank``); None:
    nobody measured it, or the page resembles none of those that were.
    """

    picture: Gray
    plan: Gray
    blank: Gray | None = None


@dataclass(frozen=True, slots=True)
class TickChances:
    """Of a box: that it is empty, that it is ticked, that only a person can say; together 1."""

    empty: float
    ticked: float
    doubtful: float


class Readers(Protocol):
    """Recognition, as the pure reading code sees it."""

    @property
    def versions(self) -> Mapping[str, str]:
        """Name and digest of each model in use."""
        ...

    def find_lines(self, page: Gray) -> list[Quad]:
        """Find the text lines of a page, in reading order, whatever its orientation."""
        ...

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: Care = Care.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order.

        ``skimmed`` are the answers that ``Care.SKIM`` gave for these crops, when they are known.
        """
        ...

    def by_hand(self, crops: Sequence[Gray]) -> list[float]:
        """The chance that each upright line was written by hand, not printed or typed."""
        ...

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        """Read the characters of one comb, one a piece, left to right.

        The answer has one character a piece. Probabilities are among all that a cell may hold:
        what a character's alternatives lack to 1 is the chance that it is no character of the
        alphabet (struck out, written over, two in one cell).
        """
        ...

    def judge_ticks(self, patches: Sequence[Patch]) -> list[TickChances]:
        """Whether boxes are ticked, one answer each, in order."""
        ...
