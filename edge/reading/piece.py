"""A comb's character as the cell network sees it: one size, one contrast, in the middle.

Training draws its cells through this same function, so that what the network learns on cannot
drift from what it is asked.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.reading.readers import Gray

SIDE_PX = 28
_LONGEST_PX = 22
_MOST_SCALE = 1.1  # from the zone's 10 px a mm: what is smaller than 2 mm stays small, like dirt
_LEAST_DEPTH = 24.0  # of 255; ink paler than that is not made any darker


def normalised(piece: Gray) -> NDArray[np.float32]:
    """Bring one piece to ``SIDE_PX`` × ``SIDE_PX``, 0 paper to 1 the piece's darkest.

    Args:
        piece: Grey ink on white at ``edge.reading.ink.PX_PER_MM``, height × width.
    """
    made = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    if piece.size == 0:
        return made
    depth = 255.0 - piece.astype(np.float32)
    darkest = max(float(depth.max()), _LEAST_DEPTH)
    depth = np.minimum(depth / darkest, 1.0)
    is_ink = depth > 0.5
    rows, columns = np.flatnonzero(is_ink.any(axis=1)), np.flatnonzero(is_ink.any(axis=0))
    if not rows.size:
        return made
    top, bottom = max(0, int(rows[0]) - 1), int(rows[-1]) + 2
    left, right = max(0, int(columns[0]) - 1), int(columns[-1]) + 2
    cut = depth[top:bottom, left:right]
    height, width = cut.shape
    scale = min(_MOST_SCALE, _LONGEST_PX / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(cut, size, interpolation=method)
    y, x = (SIDE_PX - size[1]) // 2, (SIDE_PX - size[0]) // 2
    made[y : y + size[1], x : x + size[0]] = small
    return made


def batch(pieces: Sequence[Gray]) -> NDArray[np.float32]:
    """Stack pieces for the network: count × 1 × ``SIDE_PX`` × ``SIDE_PX``."""
    made = np.zeros((len(pieces), 1, SIDE_PX, SIDE_PX), np.float32)
    for i, piece in enumerate(pieces):
        made[i, 0] = normalised(piece)
    return made
