"""What imaging and reading both do to an image: make it smaller, find its connected pieces.

It is made smaller by whole fractions only: each pixel of the smaller image is the mean of a square
of whole pixels, which takes a fifteenth of the time of any other fraction.

Punch holes, as the scanner sees them: solid black discs.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


def reduction_factor(of: float, wanted: float) -> int:
    """By what whole number something is divided to come near what is wanted, from above.

    A rest of a tenth is not worth four times the pixels: 190 over 100 makes 2.
    """
    return max(1, int(of / wanted + 0.1))


def reduce(gray: NDArray[np.uint8], by: int) -> NDArray[np.uint8]:
    """A page at a whole fraction of its size, at least one pixel wide and high.

    Args:
        gray: Height × width.
        by: Pixels that become one, each way; up to ``by - 1`` are cut at right and bottom.
    """
    if by <= 1:
        return gray
    height, width = (max(1, side // by) for side in gray.shape)
    whole = gray[: height * by, : width * by]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, slots=True)
class Components:
    """What hangs together in a mask; number 0 is what is not set.

    ``labels`` (height × width) says to which piece a pixel belongs; ``stats`` has a row a piece:
    left, top, width, height, pixels; ``middles`` its centre of gravity, x and y.
    """

    labels: NDArray[np.integer]
    stats: NDArray[np.int32]
    middles: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stats)


def connected_components(mask: NDArray[np.uint8]) -> Components:
    """Find the connected pieces of a mask, corners connecting.

    Labels of 16 bits take a third of the time, and are too few for a page of noise.
    """
    find = cv2.connectedComponentsWithStats
    try:
        _, labels, stats, middles = find(mask, connectivity=8, ltype=cv2.CV_16U)
    except cv2.error:
        _, labels, stats, middles = find(mask, connectivity=8)
    return Components(np.asarray(labels), np.asarray(stats, np.int32), np.asarray(middles))


def labels(mask: NDArray[np.uint8]) -> NDArray[np.integer]:
    """Number the pieces of a mask that sides connect, 0 for what is not set."""
    try:
        return np.asarray(cv2.connectedComponents(mask, connectivity=4, ltype=cv2.CV_16U)[1])
    except cv2.error:
        return np.asarray(cv2.connectedComponents(mask, connectivity=4)[1])


_ROUND = 0.8  # short side over long side
_FILLED = (0.66, 0.92)  # of its bounding box; a disc fills 0.785, a square 1, letters less


def remove_discs(
    dark: NDArray[np.uint8], smallest_px: float, largest_px: float
) -> NDArray[np.uint8]:
    """A mask without its solid discs.

    Args:
        dark: Height × width, 1 where dark.
        smallest_px: Diameter from which a disc counts.
        largest_px: Diameter up to which it does.
    """
    found = connected_components(dark)
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
