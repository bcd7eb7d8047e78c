"""Which strokes in a comb are characters, and which are left of the comb itself.

A thresholded scan leaves separators that stand like a 1, corners, dashes and dust. They are told
by where they stand, which works only while the characters keep to the middles of their cells:
text typed over a comb has its strokes anywhere, and all of them are kept. When something as tall
as the characters was left out all the same, the comb says so.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces
from edge.reading import joined, strokes
from edge.reading.ink import PX_PER_MM, Zone
from vaguemestre.model.document import BoxMm

_TALL_MM = 1.3  # no character is lower
_FLAT, _LOW_MM = 0.45, 1.9  # flatter and lower strokes are dashes of the comb's tinted foot
_APART_MM = 0.2  # between two characters side by side in one cell
_RULE = 1.4  # of a cell's width: level strokes this long are the comb's own frame
_SEPARATOR = (0.2, 0.75)  # how near to two cells' border and how tall, in cells, a separator is
_NARROW = 0.3  # of a cell's width: what is narrower and stands on a border is a separator's rest
_BETWEEN = (0.6, 0.65)  # of it: ink so far from the middle and no wider stands between two cells
_JOINED_MM = 0.4  # between the strokes of one character that a scan took apart
_CORNER_MM = (0.3, 0.35)  # how near to the comb's ends and edges a corner of its frame lies
_SLIM, _HUGS = 0.45, 0.2  # of a cell's width: a corner is slim, or has its ink at the very end
_HIGH = 0.48  # of its height: a corner is lower
_ASIDE = 0.12  # of a cell's width: characters stand nearer to the cell's middle than its corners
_LOOSE_MM = 0.3  # by which a character may stand higher or lower than most
# This share of the characters stands so near to its cell's middle: a machine aims, a hand less.
_AIMED = (0.3, 0.9)
_AIMED_BY_HAND = (0.42, 0.85)
_MANY = 0.25  # of the characters: so many on borders, as tall and in line, are characters too
_LIKE = 0.45  # of the usual character's ink; with its height too, it may have been one


@dataclass(frozen=True, slots=True)
class Stroke:
    """Connected ink, given to the cell whose middle is nearest; lengths in pixels of the zone.

    ``aside`` is how far its middle is from the cell's, in cells. ``on_border`` is narrow ink
    between two cells, ``in_corner`` ink in a corner of the whole comb.
    """

    label: int
    cell: int
    left: int
    right: int
    top: int
    height: int
    area: int
    aside: float
    on_border: bool
    in_corner: bool

    @property
    def is_tall(self) -> bool:
        """As tall as a character, and no dash."""
        is_flat = self.height < _FLAT * (self.right - self.left)
        least = _LOW_MM if is_flat else _TALL_MM
        return self.height >= least * PX_PER_MM


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters' strokes; ``is_whole`` unless something like a character was left out."""

    strokes: tuple[Stroke, ...]
    is_whole: bool


def strokes_of(zone: Zone, cells: Sequence[BoxMm]) -> tuple[NDArray[np.integer], list[Stroke]]:
    """A comb's strokes without its frame, and the label of each pixel."""
    mask = joined.parted(_without_frame(zone, cells), zone, cells)
    parts = pieces(mask)
    found = []
    for label in range(1, len(parts)):
        x, y = (parts.middles[label][i] / PX_PER_MM + zone.origin[i] for i in range(2))
        stroke = _stroke(label, parts.stats[label], (x, y), zone, cells)
        if stroke is not None:
            found.append(stroke)
    return parts.labels, found


def characters(found: Sequence[Stroke]) -> Characters:
    """Keep the characters."""
    tall = [s for s in found if s.is_tall and not s.in_corner]
    if not tall:
        return Characters((), is_whole=True)
    loose = _LOOSE_MM * PX_PER_MM
    top = float(np.median([s.top for s in tall]))
    bottom = float(np.median([s.top + s.height for s in tall]))
    line = [s for s in found if top - loose <= s.top + s.height / 2 <= bottom + loose]
    sure = [s for s in line if not s.on_border and not s.in_corner]
    alike = [
        s
        for s in line
        if s not in sure and abs(s.top - top) <= loose and abs(s.top + s.height - bottom) <= loose
    ]
    if not _keep_to_cells(sure) or len(alike) >= _MANY * len(sure):
        return Characters(tuple(line), is_whole=True)
    kept = [s for s in line if s in sure or (s.on_border and _joins(s, sure))]
    least = _LIKE * float(np.median([s.area for s in tall]))
    is_whole = not any(s.area >= least for s in alike if s not in kept)
    return Characters(tuple(kept), is_whole)


def hold_two(cell: Sequence[Stroke]) -> bool:
    """Whether two characters stand side by side in one cell.

    A slim stroke on a border is a character's torn edge or the separator's rest.
    """
    least = _TALL_MM * PX_PER_MM
    tall = sorted((s for s in cell if s.height >= least and not s.on_border), key=lambda s: s.left)
    return any(b.left - a.right >= _APART_MM * PX_PER_MM for a, b in itertools.pairwise(tall))


def _keep_to_cells(sure: Sequence[Stroke]) -> bool:
    tall = [s for s in sure if s.is_tall]
    if not tall or any(hold_two([s for s in tall if s.cell == t.cell]) for t in tall):
        return False
    return any(
        sum(s.aside <= near for s in tall) >= share * len(tall)
        for near, share in (_AIMED, _AIMED_BY_HAND)
    )


def _joins(stroke: Stroke, sure: Sequence[Stroke]) -> bool:
    """Whether a narrow stroke on a border is part of a wide character."""
    reach = _JOINED_MM * PX_PER_MM
    return any(
        max(stroke.left - other.right, other.left - stroke.right) < reach
        for other in sure
        if other.cell == stroke.cell
    )


def _without_frame(zone: Zone, cells: Sequence[BoxMm]) -> NDArray[np.uint8]:
    cell = max(cells, key=lambda c: c.width)
    mask = strokes.without_rules(zone.mask, _RULE * cell.width)
    near = np.zeros(mask.shape[1], np.bool_)
    reach = round(_SEPARATOR[0] * cell.width * PX_PER_MM)
    for border in {x for c in cells for x in (c.left, c.left + c.width)}:
        x = round((border - zone.origin[0]) * PX_PER_MM)
        near[max(0, x - reach) : max(0, x + reach + 1)] = True
    kernel = np.ones((max(3, round(_SEPARATOR[1] * cell.height * PX_PER_MM)), 1), np.uint8)
    upright = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8)
    rim = cv2.dilate(upright * near.astype(np.uint8), np.ones((1, 3), np.uint8))
    return np.where(rim > 0, 0, mask).astype(np.uint8)


def _stroke(
    label: int,
    stats: NDArray[np.int32],
    middle: tuple[float, float],
    zone: Zone,
    cells: Sequence[BoxMm],
) -> Stroke | None:
    """A stroke in its cell; None for one that only hangs in."""
    x, y = middle
    nearest = min(range(len(cells)), key=lambda i: abs(cells[i].left + cells[i].width / 2 - x))
    cell = cells[nearest]
    aside = abs(cell.left + cell.width / 2 - x) / cell.width
    if aside > 0.75 or not cell.top <= y <= cell.top + cell.height:
        return None
    left, top, width, height, area = (int(value) for value in stats)
    from_border = min(abs(x - cell.left), abs(x - cell.left - cell.width)) / cell.width
    return Stroke(
        label,
        nearest,
        left,
        left + width,
        top,
        height,
        area,
        aside,
        on_border=(from_border < _SEPARATOR[0] and width < _NARROW * cell.width * PX_PER_MM)
        or (aside > _BETWEEN[0] and width < _BETWEEN[1] * cell.width * PX_PER_MM),
        in_corner=_is_in_corner(stats, x, zone, cell, cells),
    )


def _is_in_corner(
    stats: NDArray[np.int32], x: float, zone: Zone, cell: BoxMm, cells: Sequence[BoxMm]
) -> bool:
    left, top, width, height, _ = (int(value) / PX_PER_MM for value in stats)
    left, top = left + zone.origin[0], top + zone.origin[1]
    first, last = cells[0].left, cells[-1].left + cells[-1].width
    is_high = height > _HIGH * cell.height
    if is_high and width > _SLIM * cell.width and min(x - first, last - x) > _HUGS * cell.width:
        return False  # a written character that reaches its cell's corner
    aside = abs(left + width / 2 - cell.left - cell.width / 2) > _ASIDE * cell.width
    at_end = left <= first + _CORNER_MM[0] or left + width >= last - _CORNER_MM[0]
    at_top = top <= cell.top + _CORNER_MM[1]
    at_foot = top + height >= cell.top + cell.height - _CORNER_MM[1]
    return at_end and ((at_top and at_foot) or (aside and (at_top or at_foot)))
