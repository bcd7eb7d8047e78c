"""Combs: one character a box.

The ink of a comb is sorted into its cells by the middle of each stroke, never cut at a cell's edge,
and set again as one evenly spaced line, which a line reader reads far better than lone characters.
Characters of neighbouring cells that touch are cut where least ink joins them. Text typed across
the cells is read as it stands.

A thresholded scan leaves remains of the comb itself: separators that stand like a 1, corners,
dashes, dust. They are told from characters by where they stand, which works only while the
characters keep to the middles of their cells; text typed over a comb has strokes anywhere, and all
are kept. When something as tall as the characters was left out, the comb says so.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.extraction import ink as extraction_ink
from edge.extraction.ink import PX_PER_MM, Zone, keep_ink
from edge.imaging.pixels import connected_components
from edge.ocr.engine import Gray
from vaguemestre.model.document import BoxMm

_NEAR = 0.33  # of a cell's width: how far from two cells' border they may be cut
_MOST_CELLS = 2.7  # of cells' widths: a longer stroke was drawn through them, or across them all


def split_touching(
    mask: NDArray[np.uint8], zone: Zone, cells: Sequence[BoxMm]
) -> NDArray[np.uint8]:
    """The mask without the columns that join the ink of two cells.

    Ink is cut only when it reaches the middles of both: a wide character that hangs over its
    border stays whole.
    """
    middles = [(c.left + c.width / 2 - zone.origin[0]) * PX_PER_MM for c in cells]
    found = connected_components(mask)
    labels = found.labels
    made = mask.copy()
    for label in range(1, len(found)):
        left, top, width, height, _ = found.stats[label].tolist()
        reached = [i for i, x in enumerate(middles) if left <= x <= left + width]
        widest = max(cell.width for cell in cells) * PX_PER_MM
        if len(reached) < 2 or width > _MOST_CELLS * widest:
            continue
        ink = labels[top : top + height, left : left + width] == label
        for i in reached[:-1]:
            column = left + _cut(ink, cells[i], cells[i + 1], left, zone)
            part = made[top : top + height, column]
            part[labels[top : top + height, column] == label] = 0
    return made


def _cut(ink: NDArray[np.bool_], before: BoxMm, after: BoxMm, left: int, zone: Zone) -> int:
    """The column of a stroke with least ink near the border of two cells."""
    border = (before.left + before.width + after.left) / 2 - zone.origin[0]
    middle, reach = border * PX_PER_MM - left, _NEAR * before.width * PX_PER_MM
    first = max(1, round(middle - reach))
    last = min(ink.shape[1] - 1, round(middle + reach))
    if last <= first:
        return int(np.clip(round(middle), 0, ink.shape[1] - 1))
    columns = np.arange(first, last)
    cost = ink[:, first:last].sum(axis=0) + 0.3 * np.abs(columns - middle)
    return first + int(np.argmin(cost))


_TALL_MM = 1.3  # no character is lower
_FLAT, _LOW_MM = 0.45, 1.9  # flatter and lower strokes are dashes of the comb's tinted foot
_CELLS_APART_MM = 0.2  # between two characters side by side in one cell
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


def find_strokes(zone: Zone, cells: Sequence[BoxMm]) -> tuple[NDArray[np.integer], list[Stroke]]:
    """A comb's strokes without its frame, and the label of each pixel."""
    mask = split_touching(_without_frame(zone, cells), zone, cells)
    parts = connected_components(mask)
    found = []
    for label in range(1, len(parts)):
        x, y = (parts.middles[label][i] / PX_PER_MM + zone.origin[i] for i in range(2))
        stroke = _stroke(label, parts.stats[label], (x, y), zone, cells)
        if stroke is not None:
            found.append(stroke)
    return parts.labels, found


def select_characters(found: Sequence[Stroke]) -> Characters:
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


def has_two_characters(cell: Sequence[Stroke]) -> bool:
    """Whether two characters stand side by side in one cell.

    A slim stroke on a border is a character's torn edge or the separator's rest.
    """
    least = _TALL_MM * PX_PER_MM
    tall = sorted((s for s in cell if s.height >= least and not s.on_border), key=lambda s: s.left)
    return any(b.left - a.right >= _CELLS_APART_MM * PX_PER_MM for a, b in itertools.pairwise(tall))


def _keep_to_cells(sure: Sequence[Stroke]) -> bool:
    tall = [s for s in sure if s.is_tall]
    if not tall or any(has_two_characters([s for s in tall if s.cell == t.cell]) for t in tall):
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
    mask = extraction_ink.without_rules(zone.mask, _RULE * cell.width)
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


_GAP_MM = 0.7
_MARGIN_MM = 0.6
_SMALLEST_MM2 = 0.25  # less ink in a cell is dirt
_COMB_APART_MM = 1.0  # between two parts of one comb
_WIDEST = 1.6  # of a cell's width: no character is wider
# Wider than its cell: what strikes a character out begins before it and ends after it.
_BEYOND_MM = 0.75
_LONG = 4  # cells; in so long a comb ink in the first or last cell alone is its frame's


@dataclass(frozen=True, slots=True)
class CombInk:
    """What a comb holds.

    ``strip`` is the filled cells' ink as one line, ``whole`` the comb as it stands; ``filled``
    are the indexes of the filled cells, ``pieces`` what stands in each of them. ``in_cells`` is
    False when text ignores the cells, ``is_whole`` when something that may be a character was
    taken for the comb's frame, or a character may be struck out.
    """

    strip: Gray
    whole: Gray
    filled: tuple[int, ...]
    in_cells: bool
    is_whole: bool = True
    pieces: tuple[Gray, ...] = ()

    def is_only_frame(self, cells: Sequence[BoxMm]) -> bool:
        """Whether a long comb holds no more than rests of its own ends, or of those of its parts.

        A NIR's key stands apart: the comb then ends twice.
        """
        ends = {0, len(cells) - 1}
        for i, (cell, following) in enumerate(itertools.pairwise(cells)):
            if following.left - cell.left - cell.width > _COMB_APART_MM:
                ends |= {i, i + 1}
        return self.in_cells and len(cells) >= _LONG and set(self.filled) <= ends


def assign_ink(zone: Zone, cells: Sequence[BoxMm]) -> CombInk | None:
    """Sort a comb's ink into its cells; None when nothing is written."""
    labels, found = find_strokes(zone, cells)
    written = select_characters(found)
    groups: dict[int, list[Stroke]] = {}
    for stroke in written.strokes:
        groups.setdefault(stroke.cell, []).append(stroke)
    groups = {cell: group for cell, group in groups.items() if _is_character(group)}
    if not groups:
        return None
    widest = max(cell.width for cell in cells) * PX_PER_MM
    in_cells = not any(has_two_characters(group) for group in groups.values()) and not any(
        stroke.right - stroke.left > _WIDEST * widest for stroke in written.strokes
    )
    filled = tuple(sorted(groups))
    kept = np.isin(labels, [stroke.label for group in groups.values() for stroke in group])
    rows = np.flatnonzero(kept.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    pieces = [_piece(zone, labels, groups[cell])[top:bottom] for cell in filled]
    columns = np.flatnonzero(kept.any(axis=0))
    whole = keep_ink(zone, kept.astype(np.uint8))[top:bottom, columns[0] : columns[-1] + 1]
    is_struck = in_cells and any(
        stroke.right - stroke.left > widest + _BEYOND_MM * PX_PER_MM
        for group in groups.values()
        for stroke in group
    )
    is_whole = written.is_whole and not is_struck
    return CombInk(_set(pieces), _padded(whole), filled, in_cells, is_whole, tuple(pieces))


def _is_character(group: Sequence[Stroke]) -> bool:
    ink = sum(stroke.area for stroke in group)
    return ink >= _SMALLEST_MM2 * PX_PER_MM**2 and any(stroke.is_tall for stroke in group)


def _piece(zone: Zone, labels: NDArray[np.integer], group: Sequence[Stroke]) -> Gray:
    left = min(stroke.left for stroke in group)
    right = max(stroke.right for stroke in group)
    keep = np.isin(labels, [stroke.label for stroke in group]).astype(np.uint8)
    return keep_ink(zone, keep)[:, left:right]


def _set(pieces: Sequence[Gray]) -> Gray:
    gap = np.full((pieces[0].shape[0], round(_GAP_MM * PX_PER_MM)), 255, np.uint8)
    spaced = [part for piece in pieces for part in (gap, piece)]
    return _padded(np.hstack([*spaced, gap]))


def _padded(image: Gray) -> Gray:
    margin = round(_MARGIN_MM * PX_PER_MM)
    return np.asarray(
        cv2.copyMakeBorder(image, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=[255]),
        np.uint8,
    )
