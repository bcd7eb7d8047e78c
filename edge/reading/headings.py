"""Which lines of a page may be headings: a title by itself, whole or broken in two lines.

The last line of a paragraph may be as short as a title, and say the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from edge.reading.text import plain
from edge.results import BoxPx, TextLine

_ENDS_SENTENCE = re.compile(r"^\W*[a-zà-ÿ].*[.,;]\s*$")
_CAPITAL = re.compile(r"^\W*[A-ZÀ-Ý]")
_ALIKE, _LEADING = 0.75, 1.5  # height of a paragraph's lines, and their distance
_BESIDE = 4  # lines that may stand between the two halves of a title, to its side


@dataclass(frozen=True, slots=True)
class Said:
    """What stands on a page, in plain letters.

    ``apart`` are the lines that end no sentence; ``headings`` those, and what is broken into two
    lines; ``begins`` those that go on no other line.
    """

    lines: tuple[str, ...]
    apart: tuple[str, ...]
    headings: tuple[str, ...]
    begins: tuple[str, ...]


def said(lines: Sequence[TextLine]) -> Said:
    """Sort the lines of an upright page."""
    apart = [line for line in lines if not _ENDS_SENTENCE.search(line.text)]
    begins = [
        bool(_CAPITAL.match(line.text)) or not any(_goes_on(line.box, one.box) for one in lines)
        for line in apart
    ]
    broken = [
        (i, f"{line.text} {other.text}")
        for i, line in enumerate(apart)
        for other in apart[i + 1 : i + 1 + _BESIDE]
        if _is_right_below(other.box, line.box)
    ]
    single = [(i, line.text) for i, line in enumerate(apart)]
    headings = [(i, plain(text)) for i, text in (*single, *broken)]
    return Said(
        tuple(plain(line.text) for line in lines),
        tuple(text for _, text in headings[: len(apart)]),
        tuple(text for _, text in headings),
        tuple(text for i, text in headings if begins[i]),
    )


def _goes_on(box: BoxPx, above: BoxPx) -> bool:
    """Whether a line may be the next of a paragraph: close, as high, as far left, no longer."""
    return (
        0 < box.top - above.top <= _LEADING * above.height
        and abs(box.left - above.left) <= box.height
        and box.width <= above.width
        and _ALIKE * above.height <= box.height <= above.height / _ALIKE
    )


def _is_right_below(box: BoxPx, above: BoxPx) -> bool:
    gap = box.top - above.top - above.height
    overlap = min(box.left + box.width, above.left + above.width) - max(box.left, above.left)
    return abs(gap) <= max(box.height, above.height) and overlap > 0
