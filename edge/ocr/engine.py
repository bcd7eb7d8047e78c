"""Recognition as the pure reading code sees it: ``OcrEngine`` and the values that pass through it.

Everything in ``edge.extraction`` works on arrays and on these calls; which networks stand behind
them is the business of ``edge.inference``.

``read_with_fallback`` puts two readers together: the fast one reads every line, the general one
those of which the fast one is not sure. Where both saw the same letters they confirm each other;
where they differ the general one is believed, and doubted the more, the surer the fast one was.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CHARSET = (
    "0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    "ÀÂÄÆÇÈÉÊËÎÏÔÖÙÛÜŸŒàâäæçèéêëîïôöùûüÿœ"
    "!\"#$%&'()*+,-./:;<=>?@[\\]_`{|}~"
    "«»’‘“”–—…€£§°²³·•½×±☐☑"
)


Gray = NDArray[np.uint8]  # height × width, 0 black .. 255 white


class Alphabet(Enum):
    """Which characters an answer may hold."""

    TEXT = "text"
    DIGITS = "0123456789"
    DATE = "0123456789/.-"
    NIR = "0123456789AB"
    AMOUNT = "0123456789,."
    CODE = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


class ReadMode(Enum):
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
    """A window around a tick's box, and its plan (``edge.extraction.ticks``).

    ``blank`` is what the form shows there without anybody's ink (``edge.extraction.tick_blank``);
    None: nobody measured it, or the page resembles none of those that were.
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


class OcrEngine(Protocol):
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
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        """Read upright line crops of any height, one answer each, in order.

        ``skimmed`` are the answers that ``ReadMode.SKIM`` gave for these crops, when they are
        known.
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


Read = Callable[[Sequence[Gray], Alphabet], list[LineReading]]

_PLAIN_SPACE = 0.95  # confidence of a space from which one reader's word is enough


def least_sure(reading: LineReading) -> float:
    """The confidence of the least sure character, spaces included; 0 of nothing."""
    return min(reading.confidences, default=0.0)


def read_with_fallback(
    crops: Sequence[Gray],
    alphabet: Alphabet,
    quick: Sequence[LineReading],
    careful: Read,
    is_sure: Callable[[LineReading], bool],
) -> list[LineReading]:
    """Have the careful reader read the lines that the quick one is not sure of.

    Args:
        crops: Upright lines.
        alphabet: Which characters the answers may hold.
        quick: The quick reader's answers.
        careful: The other reader.
        is_sure: Of the quick reader's answer; then the careful one is not asked.
    """
    answers = list(quick)
    doubtful = [i for i, answer in enumerate(answers) if not is_sure(answer)]
    second = careful([crops[i] for i in doubtful], alphabet)
    for i, answer in zip(doubtful, second, strict=True):
        answers[i] = combine_readings(answers[i], answer)
    return answers


def combine_readings(quick: LineReading, careful: LineReading) -> LineReading:
    """What two readings of one line say together.

    The text is the careful reader's, with the quick one's spaces where only spaces differ: the
    careful reader was taught languages that have none. A space that the quick reader was not sure
    of, and that the careful one does not see, stays doubtful.
    """
    if not careful.text or len(careful.confidences) != len(careful.text):
        return careful
    if _letters(quick.text) != _letters(careful.text):
        held_against = max(0.0, 2 * least_sure(quick) - 1.0)
        lowered = tuple(c * (1.0 - held_against) for c in careful.confidences)
        return replace(careful, confidences=lowered)
    has_same_words = quick.text.split() == careful.text.split()
    sure = iter([c for c, ch in zip(careful.confidences, careful.text, strict=True) if ch != " "])
    confidences = []
    for chance, char in zip(quick.confidences, quick.text, strict=True):
        if char != " ":
            confidences.append(1.0 - (1.0 - chance) * (1.0 - next(sure)))
        elif has_same_words or chance >= _PLAIN_SPACE:
            confidences.append(max(chance, _PLAIN_SPACE))
        else:
            confidences.append(0.5 * chance)
    return replace(
        quick,
        confidences=tuple(confidences),
        confidence=max(quick.confidence, careful.confidence),
    )


def _letters(text: str) -> str:
    return text.replace(" ", "")
