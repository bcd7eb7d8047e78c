"""Combs: one character a box.

The ink of a comb is sorted into its cells by the middle of each stroke, never cut at a cell's
edge, and set again as one evenly spaced line, which a line reader reads far better than lone
characters. Text typed across the cells is read as it stands.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.reading.cells import Stroke, characters, hold_two, strokes_of
from edge.reading.ink import PX_PER_MM, Zone, clean
from edge.reading.readers import Gray
from vaguemestre.model.document import BoxMm

_GAP_MM = 0.7
_MARGIN_MM = 0.6
_SMALLEST_MM2 = 0.25  # less ink in a cell is dirt
_APART_MM = 1.0  # between two parts of one comb
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
            if following.left - cell.left - cell.width > _APART_MM:
                ends |= {i, i + 1}
        return self.in_cells and len(cells) >= _LONG and set(self.filled) <= ends


def bounds(cells: Sequence[BoxMm]) -> BoxMm:
    """The box around all cells."""
    left = min(cell.left for cell in cells)
    top = min(cell.top for cell in cells)
    right = max(cell.left + cell.width for cell in cells)
    bottom = max(cell.top + cell.height for cell in cells)
    return BoxMm(left, top, right - left, bottom - top)


def sort_ink(zone: Zone, cells: Sequence[BoxMm]) -> CombInk | None:
    """Sort a comb's ink into its cells; None when nothing is written."""
    labels, found = strokes_of(zone, cells)
    written = characters(found)
    groups: dict[int, list[Stroke]] = {}
    for stroke in written.strokes:
        groups.setdefault(stroke.cell, []).append(stroke)
    groups = {cell: group for cell, group in groups.items() if _is_character(group)}
    if not groups:
        return None
    widest = max(cell.width for cell in cells) * PX_PER_MM
    in_cells = not any(hold_two(group) for group in groups.values()) and not any(
        stroke.right - stroke.left > _WIDEST * widest for stroke in written.strokes
    )
    filled = tuple(sorted(groups))
    kept = np.isin(labels, [stroke.label for group in groups.values() for stroke in group])
    rows = np.flatnonzero(kept.any(axis=1))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    pieces = [_piece(zone, labels, groups[cell])[top:bottom] for cell in filled]
    columns = np.flatnonzero(kept.any(axis=0))
    whole = clean(zone, kept.astype(np.uint8))[top:bottom, columns[0] : columns[-1] + 1]
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
