"""Whether what is written goes on beyond the ends of its comb or of its line.

Whoever writes a cell too far to the right leaves 19,20 as 1,92 in the cells and a nought beside
them; where the total is written as far aside, the sum holds as well. So what stands in the cell
that is not there, like the characters in the others and in line with them, is a character of the
same number. Letters that follow each other closer than cells do are a word in the field beside it.

A printer that was set a little aside writes the first letters of a name left of its line, upon the
label. What stands as near to the line's first letter as letters of one word do, and is as high, is
one of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.pixels import pieces
from edge.reading import ink, strokes
from edge.reading.comb import bounds
from edge.reading.readers import Gray
from edge.reading.registration import Registration
from vaguemestre.model.document import BoxMm

_REACH = 1.2  # cells beyond the ends that are looked at, and between two characters of a number
_BESIDE = 0.1  # of a cell: what stands so near to the comb's end may still be in its last cell
_TALL_MM = 1.3  # no character is lower
_FRAME = 0.95  # of a cell's height: what is higher is the comb's frame
_WORD = (0.35, 0.75)  # cells from letter to letter of what is typed beside the comb
_ALIKE = 0.35  # of the characters' height, by which their tops and feet may differ
_SEPARATOR = (0.2, 0.3)  # how near to the comb's end, and how narrow, in cells, its end line is
_OFF, _SOME = 0.28, 4  # of a cell's height, and of how many characters
_ALIKE_COMBS = 2
_ASIDE_MM = 2.0  # how far beyond a line letters are looked for
_WITHIN_MM = 10.0  # and of how much of it the letters' height is known
_OVER_MM = 0.7  # and over and under it
_LETTER_MM = 0.9  # what is lower is an accent, a dot or dust
_NEXT = 0.5  # of the letters' height: the widest gap within a word
_AS_HIGH, _IN_LINE = (0.7, 1.3), 0.25  # of the letters' height; how much higher or lower


@dataclass(frozen=True, slots=True)
class Place:
    """Where the characters of a comb stand.

    ``goes_on`` when one stands right before the first cell or right after the last; ``is_aside``
    when most stand too high or too low.
    """

    goes_on: bool = False
    is_aside: bool = False


def place_of(gray: Gray, where: Registration, cells: Sequence[BoxMm]) -> Place:
    """Look where the characters of a comb stand, within it and beside it.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        cells: Of one comb, from left to right.
    """
    box, pitch = bounds(cells), max(cell.width for cell in cells)
    reach = _REACH * pitch
    zone = ink.take(
        gray, where, BoxMm(box.left - reach, box.top, box.width + 2 * reach, box.height)
    )
    parts = pieces(zone.mask)
    _, top, wide, high, _ = parts.stats[1:].T / ink.PX_PER_MM
    x = parts.middles[1:, 0] / ink.PX_PER_MM + zone.origin[0]
    is_tall = (high >= _TALL_MM) & (high <= _FRAME * box.height)
    is_inside = is_tall & (x >= box.left) & (x <= box.left + box.width)
    if not is_inside.any():
        return Place()
    usual_top, foot = np.median(top[is_inside]), np.median((top + high)[is_inside])
    loose = _ALIKE * (foot - usual_top)
    past = np.maximum(box.left - x, x - box.left - box.width)
    is_alike = is_tall & (np.abs(top - usual_top) <= loose) & (np.abs(top + high - foot) <= loose)
    is_end = (past <= _SEPARATOR[0] * pitch) & (wide < _SEPARATOR[1] * pitch)
    is_beside = is_alike & (past > _BESIDE * pitch) & ~is_end
    apart = np.abs(x[is_beside][:, None] - x[None]) / pitch
    closely = (apart >= _WORD[0]) & (apart <= _WORD[1]) & (is_alike & (past > 0))[None]
    is_near = (apart <= _REACH) & is_inside[None]
    goes_on = bool((is_near.any(axis=1) & ~closely.any(axis=1)).any())
    off = abs((usual_top + foot) / 2 - box.height / 2) > _OFF * box.height
    return Place(goes_on, bool(off and is_inside.sum() >= _SOME))


def is_misprinted(places: Sequence[Place]) -> bool:
    """Whether a page's values stand aside from where they belong: a printer writes all alike."""
    return sum(place.goes_on or place.is_aside for place in places) >= _ALIKE_COMBS


def word_goes_on(gray: Gray, where: Registration, line: BoxMm) -> bool:
    """Whether letters stand right before or right after what is written on a line.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        line: The line's box.
    """
    right = line.left + line.width
    starts = line.left - _ASIDE_MM, right - _WITHIN_MM
    return any(_ends_within_a_word(gray, where, line, start) for start in starts)


def _ends_within_a_word(gray: Gray, where: Registration, line: BoxMm, start: float) -> bool:
    """The same of one end of the line, in a window that starts there and lies over the end."""
    width, height = _ASIDE_MM + _WITHIN_MM, line.height + 2 * _OVER_MM
    zone = ink.take(gray, where, BoxMm(start, line.top - _OVER_MM, width, height))
    if not zone.mask.any():
        return False
    kept = strokes.writing(zone, line)
    first = round(max(0.0, line.left - start) * ink.PX_PER_MM)
    last = round((line.left + line.width - start) * ink.PX_PER_MM)
    kept[:, :first] = kept[:, last:] = 0
    columns = np.flatnonzero(kept.any(axis=0))
    if not columns.size:
        return False
    _, tops, _, heights, _ = pieces(kept).stats[1:].T
    is_letter = heights >= _LETTER_MM * ink.PX_PER_MM
    if not is_letter.any():
        return False
    high, middle = np.median(heights[is_letter]), np.median((tops + heights / 2)[is_letter])
    left, top, wide, tall, _ = pieces((zone.mask > kept).astype(np.uint8)).stats[1:].T
    is_alike = (tall >= _AS_HIGH[0] * high) & (tall <= _AS_HIGH[1] * high)
    is_alike &= np.abs(top + tall / 2 - middle) <= _IN_LINE * high
    is_alike &= (left < first) | (left + wide > last)
    gap = np.maximum(columns[0] - left - wide, left - columns[-1] - 1)
    return bool((is_alike & (gap <= _NEXT * high)).any())
