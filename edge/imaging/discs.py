"""Punch holes, as the scanner sees them: solid black discs."""

import cv2
import numpy as np
from numpy.typing import NDArray

_ROUND = 0.8  # short side over long side
_FILLED = (0.66, 0.92)  # of its bounding box; a disc fills 0.785, a square 1, letters less


def without(dark: NDArray[np.uint8], smallest_px: float, largest_px: float) -> NDArray[np.uint8]:
    """A mask without its solid discs.

    Args:
        dark: Height × width, 1 where dark.
        smallest_px: Diameter from which a disc counts.
        largest_px: Diameter up to which it does.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    is_disc = np.zeros(count, bool)
    for label in range(1, count):
        _, _, width, height, area = (int(value) for value in stats[label])
        short, long = sorted((width, height))
        is_disc[label] = (
            smallest_px <= short
            and long <= largest_px
            and short >= _ROUND * long
            and _FILLED[0] <= area / (width * height) <= _FILLED[1]
        )
    return np.where(is_disc[labels], 0, dark).astype(np.uint8) if is_disc.any() else dark
