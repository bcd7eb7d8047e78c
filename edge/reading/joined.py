"""Characters of neighbouring cells that touch: cut where least ink joins them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces
from edge.reading.ink import PX_PER_MM, Zone
from vaguemestre.model.document import BoxMm

_NEAR = 0.33  # of a cell's width: how far from two cells' border they may be cut
_MOST_CELLS = 2.7  # of cells' widths: a longer stroke was drawn through them, or across them all


def parted(mask: NDArray[np.uint8], zone: Zone, cells: Sequence[BoxMm]) -> NDArray[np.uint8]:
    """The mask without the columns that join the ink of two cells.

    Ink is cut only when it reaches the middles of both: a wide character that hangs over its
    border stays whole.
    """
    middles = [(c.left + c.width / 2 - zone.origin[0]) * PX_PER_MM for c in cells]
    found = pieces(mask)
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
