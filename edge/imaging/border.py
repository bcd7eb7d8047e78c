"""The scanner's black background around the sheet is painted white, never cut.

Cutting would move the page's frame, and every box measured on it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces, reduced, times

_WORK_PX = 575
_DARK = 70
_MOST = 0.25  # of a side; more black than this is a black page, not a border
_LEAST_PX = 3  # of the reduced image
_FILLED = 0.5  # of its bounding box: a frame's line is thin, a border is solid
_INK_GROWTH = 2


def erase(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """Paint black areas that touch the edge white; says whether there were any.

    Args:
        gray: Height × width.
    """
    by = times(max(gray.shape), _WORK_PX)
    # Nothing may be cut at the edges here, where borders are thinnest.
    more = [-side % by for side in gray.shape]
    whole = cv2.copyMakeBorder(gray, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE)
    dark = (reduced(np.asarray(whole, np.uint8), by) < _DARK).astype(np.uint8)
    if dark.mean() > 1 - (1 - _MOST) ** 2:
        return gray, False
    solid = _solid(dark)
    found = pieces(solid)
    border = np.zeros_like(dark)
    for label in range(1, len(found)):
        if _is_border(found.stats[label], dark.shape):
            border[found.labels == label] = 1
    if not border.any():
        return gray, False
    grown = cv2.dilate(border, np.ones((2 * _INK_GROWTH + 1, 2 * _INK_GROWTH + 1), np.uint8))
    size = (grown.shape[1] * by, grown.shape[0] * by)
    mask = cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST)
    mask = mask[: gray.shape[0], : gray.shape[1]]
    clean = gray.copy()
    clean[mask > 0] = 255
    return clean, True


def _solid(dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is no thin line. Beyond the edge all counts as dark: a wedge ends in a thin tip."""
    margin = _LEAST_PX
    framed = np.pad(dark, margin, constant_values=1)
    opened = cv2.morphologyEx(framed, cv2.MORPH_OPEN, np.ones((_LEAST_PX, _LEAST_PX), np.uint8))
    return np.asarray(opened[margin:-margin, margin:-margin], np.uint8)


def _is_border(stats: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Touches an edge, runs along a good part of it, and does not reach far in."""
    left, top, width, height, area = (int(value) for value in stats)
    page_height, page_width = shape
    touches_side = left == 0 or left + width == page_width
    touches_end = top == 0 or top + height == page_height
    if not (touches_side or touches_end):
        return False
    is_column = touches_side and height > 0.3 * page_height
    is_row = touches_end and width > 0.3 * page_width
    thin = area < _MOST * page_height * page_width
    return (is_column or is_row) and thin
