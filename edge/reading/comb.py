"""Combs: one character a box.

The ink of a comb is sorted into its cells by the centre of each stroke, never cut at a cell's
edge, and set again as one evenly spaced line, which a line reader reads far better than lone
characters. Text typed across the cells is read as it stands.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.document import BoxMm
from edge.reading import strokes
from edge.reading.ink import PX_PER_MM, Zone, clean
from edge.reading.readers import Gray

_GAP_MM = 0.7
_MARGIN_MM = 0.6
_SMALLEST_MM2 = 0.25  # less ink in a cell is dirt
_TALL_MM = 1.3  # strokes this tall, side by side in one cell, are two characters
_CHARACTER_MM = 1.3  # a cell whose ink is nowhere as tall holds dust
_APART_MM = 0.2
_RULE = 1.4  # of a cell's width: level strokes this long are the comb's own frame
_SEPARATOR = (0.2, 0.75)  # how near to two cells' border and how tall, in cells, a separator is
_NARROW = 0.3  # of a cell's width: what is narrower and stands on a border is a separator's rest
_AT_END = (0.35, 0.5)  # of a cell's width: how near and how narrow a frame's end is
_CORNER_MM = (0.3, 0.35)  # how near to the comb's ends and edges a corner of its frame lies
_ASIDE = 0.12  # of a cell's width: characters stand nearer to the cell's middle
_JOINED_MM = 0.4  # between the strokes of one character that a scan took apart
_LOOSE_MM = 0.3  # by which a character may stand higher or lower than most


@dataclass(frozen=True, slots=True)
class CombInk:
    """What a comb holds.

    ``strip`` is the filled cells' ink as one line, ``whole`` the comb as it stands; ``filled``
    are the indexes of the filled cells. ``in_cells`` is False when text ignores the cells.
    """

    strip: Gray
    whole: Gray
    filled: tuple[int, ...]
    in_cells: bool


@dataclass(frozen=True, slots=True)
class _Stroke:
    label: int
    cell: int
    left: int
    right: int
    top: int
    height: int
    area: int
    is_doubtful: bool  # narrow, on a cell's border: a separator's rest unless it joins a character
    is_at_end: bool  # at the comb's own end, where alone it is the frame's


def bounds(cells: Sequence[BoxMm]) -> BoxMm:
    """The box around all cells."""
    left = min(cell.left for cell in cells)
    top = min(cell.top for cell in cells)
    right = max(cell.left + cell.width for cell in cells)
    bottom = max(cell.top + cell.height for cell in cells)
    return BoxMm(left, top, right - left, bottom - top)


def sort_ink(zone: Zone, cells: Sequence[BoxMm]) -> CombInk | None:
    """Sort a comb's ink into its cells; None when nothing is written."""
    mask = _without_frame(zone, cells)
    count, found, stats, centres = cv2.connectedComponentsWithStats(mask, connectivity=8)
    labels = np.asarray(found, np.int32)
    drawn = [
        stroke
        for label in range(1, count)
        if (stroke := _stroke(label, stats[label], centres[label], zone, cells)) is not None
    ]
    groups: dict[int, list[_Stroke]] = {}
    for stroke in drawn:
        groups.setdefault(stroke.cell, []).append(stroke)
    groups = _in_line(groups)
    if not groups:
        return None
    widest = max(cell.width for cell in cells) * PX_PER_MM
    in_cells = not any(_holds_two(group) for group in groups.values()) and not any(
        stroke.right - stroke.left > 1.3 * widest for stroke in drawn
    )
    filled = tuple(sorted(groups))
    kept = np.isin(labels, [stroke.label for group in groups.values() for stroke in group])
    rows = np.flatnonzero(kept.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    pieces = [_piece(zone, labels, groups[cell])[top:bottom] for cell in filled]
    columns = np.flatnonzero(kept.any(axis=0))
    whole = clean(zone, kept.astype(np.uint8))[top:bottom, columns[0] : columns[-1] + 1]
    return CombInk(_set(pieces), _padded(whole), filled, in_cells)


def _without_frame(zone: Zone, cells: Sequence[BoxMm]) -> NDArray[np.uint8]:
    """The comb's ink without its frame and the separators of its cells."""
    cell = max(cells, key=lambda c: c.width)
    mask = strokes.without_rules(zone.mask, _RULE * cell.width)
    near = np.zeros(mask.shape[1], np.bool_)
    reach = round(_SEPARATOR[0] * cell.width * PX_PER_MM)
    for border in _borders(cells):
        x = round((border - zone.origin[0]) * PX_PER_MM)
        near[max(0, x - reach) : max(0, x + reach + 1)] = True
    kernel = np.ones((max(3, round(_SEPARATOR[1] * cell.height * PX_PER_MM)), 1), np.uint8)
    upright = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8)
    separators = upright * near.astype(np.uint8)
    rim = cv2.dilate(separators, np.ones((1, 3), np.uint8))
    return np.where(rim > 0, 0, mask).astype(np.uint8)


def _borders(cells: Sequence[BoxMm]) -> list[float]:
    return sorted({x for cell in cells for x in (cell.left, cell.left + cell.width)})


def _stroke(
    label: int,
    stats: NDArray[np.int32],
    centre: NDArray[np.float64],
    zone: Zone,
    cells: Sequence[BoxMm],
) -> _Stroke | None:
    """Give a stroke to the cell nearest to its centre; one that only hangs in is not ours."""
    x = centre[0] / PX_PER_MM + zone.origin[0]
    y = centre[1] / PX_PER_MM + zone.origin[1]
    nearest = min(range(len(cells)), key=lambda i: abs(cells[i].left + cells[i].width / 2 - x))
    cell = cells[nearest]
    reach = cell.width * 0.75
    if abs(cell.left + cell.width / 2 - x) > reach or not cell.top <= y <= cell.top + cell.height:
        return None
    left, top, width, height, area = (int(value) for value in stats)
    ends = (cells[0].left, cells[-1].left + cells[-1].width)
    if _is_corner(stats, zone, cell, ends):
        return None
    from_border = min(abs(x - border) for border in _borders((cell,))) / cell.width
    is_doubtful = from_border < _SEPARATOR[0] and width < _NARROW * cell.width * PX_PER_MM
    from_end = min(abs(x - end) for end in ends) / cell.width
    is_at_end = from_end < _AT_END[0] and width < _AT_END[1] * cell.width * PX_PER_MM
    return _Stroke(label, nearest, left, left + width, top, height, area, is_doubtful, is_at_end)


def _is_corner(
    stats: NDArray[np.int32], zone: Zone, cell: BoxMm, ends: tuple[float, float]
) -> bool:
    """Whether a stroke lies in a corner of the whole comb, as no character does."""
    left, top, width, height, _ = (int(value) / PX_PER_MM for value in stats)
    left, top = left + zone.origin[0], top + zone.origin[1]
    aside = abs(left + width / 2 - cell.left - cell.width / 2) > _ASIDE * cell.width
    at_end = left <= ends[0] + _CORNER_MM[0] or left + width >= ends[1] - _CORNER_MM[0]
    at_edge = (
        top <= cell.top + _CORNER_MM[1] or top + height >= cell.top + cell.height - _CORNER_MM[1]
    )
    return aside and at_end and at_edge


def _joined(group: Sequence[_Stroke]) -> list[_Stroke]:
    """The strokes of a cell, those on its border only where they join another one."""
    sure = [stroke for stroke in group if not stroke.is_doubtful]
    reach = _JOINED_MM * PX_PER_MM
    return [
        s
        for s in group
        if not s.is_doubtful or any(max(s.left - o.right, o.left - s.right) < reach for o in sure)
    ]


def _in_line(groups: Mapping[int, list[_Stroke]]) -> dict[int, list[_Stroke]]:
    """The strokes without frame and dust around the characters, and the cells that hold any."""
    groups = {cell: _joined(group) for cell, group in groups.items()}
    tall = [s for group in groups.values() for s in group if s.height >= _CHARACTER_MM * PX_PER_MM]
    if not tall:
        return {}
    top = float(np.median([s.top for s in tall])) - _LOOSE_MM * PX_PER_MM
    bottom = float(np.median([s.top + s.height for s in tall])) + _LOOSE_MM * PX_PER_MM
    kept = {
        cell: [
            s
            for s in group
            if s.height >= _CHARACTER_MM * PX_PER_MM or top <= s.top + s.height / 2 <= bottom
        ]
        for cell, group in groups.items()
    }
    kept = {
        cell: group
        for cell, group in kept.items()
        if sum(s.area for s in group) >= _SMALLEST_MM2 * PX_PER_MM**2
        and max(s.height for s in group) >= _CHARACTER_MM * PX_PER_MM
    }
    is_frame = len(kept) == 1 and all(s.is_at_end for group in kept.values() for s in group)
    return {} if is_frame else kept


def _holds_two(group: Sequence[_Stroke]) -> bool:
    tall = sorted((s for s in group if s.height >= _TALL_MM * PX_PER_MM), key=lambda s: s.left)
    return any(b.left - a.right >= _APART_MM * PX_PER_MM for a, b in itertools.pairwise(tall))


def _piece(zone: Zone, labels: NDArray[np.int32], group: Sequence[_Stroke]) -> Gray:
    left = min(stroke.left for stroke in group)
    right = max(stroke.right for stroke in group)
    keep = np.isin(labels, [stroke.label for stroke in group]).astype(np.uint8)
    return clean(zone, keep)[:, left:right]


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
