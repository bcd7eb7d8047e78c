"""Whether something lies over the cells of a comb that seem to be empty.

Where correction fluid, a fold, a tear or a stripe of the scanner hides the first digits of an
amount, what is left is an amount too. An empty cell shows the paper that is around the digits of
the others, in the same grey, and nothing dark. A white patch on white paper shows nothing: only
tinted combs tell.
"""

from collections.abc import Collection, Sequence

import cv2
import numpy as np

from edge.document import BoxMm
from edge.reading.readers import Gray
from edge.reading.registration import Registration

_PX_PER_MM = 4
_INSIDE = 0.2  # of a cell's width and height left out at each side: its frame
_PAPER = 75  # percentile of a cell's grey: digits hold less than a quarter of it
_OTHER_TONE = 14.0  # grey levels between two cells' paper: light falls off by less
_DARKER = 50.0  # than the paper
_MOST_DARK = 0.06  # share of a cell


def is_covered(
    gray: Gray, where: Registration, cells: Sequence[BoxMm], filled: Collection[int]
) -> bool:
    """Whether an empty cell looks unlike the paper of the cells that hold something.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        cells: Of one comb.
        filled: Indexes of those that hold a character.
    """
    empty = [i for i in range(len(cells)) if i not in filled]
    if not empty or not filled:
        return False
    looks = [_inside(gray, where, cell) for cell in cells]
    paper = float(np.median([np.percentile(looks[i], _PAPER) for i in filled]))
    return any(
        abs(float(np.percentile(looks[i], _PAPER)) - paper) > _OTHER_TONE
        or float((looks[i] < paper - _DARKER).mean()) > _MOST_DARK
        for i in empty
    )


def _inside(gray: Gray, where: Registration, cell: BoxMm) -> Gray:
    left, top = cell.left + _INSIDE * cell.width, cell.top + _INSIDE * cell.height
    size = (
        max(1, round((1 - 2 * _INSIDE) * cell.width * _PX_PER_MM)),
        max(1, round((1 - 2 * _INSIDE) * cell.height * _PX_PER_MM)),
    )
    to_mm = np.array([[1 / _PX_PER_MM, 0, left], [0, 1 / _PX_PER_MM, top], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(gray, where.matrix @ to_mm, size, flags=flags, borderValue=255)
    return np.asarray(picture, np.uint8)
