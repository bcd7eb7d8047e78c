"""Punch holes, as the scanner sees them: solid black discs."""

import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces

_ROUND = 0.8  # short side over long side
_FILLED = (0.66, 0.92)  # of its bounding box; a disc fills 0.785, a square 1, letters less


def without(dark: NDArray[np.uint8], smallest_px: float, largest_px: float) -> NDArray[np.uint8]:
    """A mask without its solid discs.

    Args:
        dark: Height × width, 1 where dark.
        smallest_px: Diameter from which a disc counts.
        largest_px: Diameter up to which it does.
    """
    found = pieces(dark)
    labels, stats = found.labels, found.stats
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    short, long = np.minimum(width, height), np.maximum(width, height)
    filled = area / np.maximum(width * height, 1)
    is_disc = (smallest_px <= short) & (long <= largest_px) & (short >= _ROUND * long)
    is_disc &= (filled >= _FILLED[0]) & (filled <= _FILLED[1])
    is_disc[0] = False
    if not is_disc.any():
        return dark
    kept = dark.copy()
    for label in np.flatnonzero(is_disc).tolist():
        left, top = stats[label, :2]
        here = np.s_[top : top + height[label], left : left + width[label]]
        kept[here][labels[here] == label] = 0
    return kept
