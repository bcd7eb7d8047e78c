"""Combs: one character a box.

The ink of a comb is sorted into its cells by the centre of each stroke, never cut at a cell's
edge, and set again as one evenly spaced line, which a line reader reads far better than lone
characters. Text typed across the cells is read as it stands.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.document import BoxMm
from edge.reading.ink import PX_PER_MM, Zone, clean
from edge.reading.readers import Gray

_GAP_MM = 0.7
_MARGIN_MM = 0.6
_SMALLEST_MM2 = 0.25  # less ink in a cell is dirt
_TALL_MM = 1.3  # strokes this tall, side by side in one cell, are two characters
_APART_MM = 0.2


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
    height: int
    area: int


def bounds(cells: Sequence[BoxMm]) -> BoxMm:
    """The box around all cells."""
    left = min(cell.left for cell in cells)
    top = min(cell.top for cell in cells)
    right = max(cell.left + cell.width for cell in cells)
    bottom = max(cell.top + cell.height for cell in cells)
    return BoxMm(left, top, right - left, bottom - top)


def sort_ink(zone: Zone, cells: Sequence[BoxMm]) -> CombInk | None:
    """Sort a comb's ink into its cells; None when nothing is written."""
    count, found, stats, centres = cv2.connectedComponentsWithStats(zone.mask, connectivity=8)
    labels = np.asarray(found, np.int32)
    strokes = [
        stroke
        for label in range(1, count)
        if (stroke := _stroke(label, stats[label], centres[label], zone, cells)) is not None
    ]
    groups: dict[int, list[_Stroke]] = {}
    for stroke in strokes:
        groups.setdefault(stroke.cell, []).append(stroke)
    groups = {
        cell: group
        for cell, group in groups.items()
        if sum(stroke.area for stroke in group) >= _SMALLEST_MM2 * PX_PER_MM**2
    }
    if not groups:
        return None
    widest = max(cell.width for cell in cells) * PX_PER_MM
    in_cells = not any(_holds_two(group) for group in groups.values()) and not any(
        stroke.right - stroke.left > 1.3 * widest for stroke in strokes
    )
    filled = tuple(sorted(groups))
    kept = np.isin(labels, [stroke.label for group in groups.values() for stroke in group])
    rows = np.flatnonzero(kept.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    pieces = [_piece(zone, labels, groups[cell])[top:bottom] for cell in filled]
    columns = np.flatnonzero(kept.any(axis=0))
    whole = clean(zone, kept.astype(np.uint8))[top:bottom, columns[0] : columns[-1] + 1]
    return CombInk(_set(pieces), _padded(whole), filled, in_cells)


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
    left, _, width, height, area = (int(value) for value in stats)
    return _Stroke(label, nearest, left, left + width, height, area)


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
