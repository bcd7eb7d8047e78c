"""Pepper: lone black dots all over a page that a scanner thresholded too eagerly.

Where they are many, letters hang together by dots and no line can be found. Taking them off takes
a little of thin strokes too: such a page is for a person, who sees it as it was scanned.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_GREYS = (60, 195)
_FEW = 0.05  # of the pixels are grey on a page that was thresholded, and maybe compressed
_LONE = 2  # dark pixels of 25, itself counted: the end of a thin stroke has more
_LEAST_DPI = 180
_MANY = 0.005  # of all pixels
_BANDS = 8  # of the page are looked at, a quarter of it in all


def without(gray: NDArray[np.uint8], dpi: float) -> tuple[NDArray[np.uint8], bool]:
    """The page without its pepper; says whether there was any.

    Args:
        gray: Height × width.
        dpi: Its resolution; below 180 letters have strokes as thin as the dots.
    """
    if dpi < _LEAST_DPI:
        return gray, False
    sample = gray[::4, ::4]
    if float(((sample > _GREYS[0]) & (sample < _GREYS[1])).mean()) > _FEW:
        return gray, False
    high = max(1, len(gray) // (4 * _BANDS))
    shares = [
        _lone(gray[top : top + high]) for top in np.linspace(0, len(gray) - high, _BANDS, dtype=int)
    ]
    if float(np.median(shares)) < _MANY:
        return gray, False
    return np.asarray(cv2.medianBlur(gray, 3), np.uint8), True


def _lone(band: NDArray[np.uint8]) -> float:
    dark = (band < 128).astype(np.uint8)
    around = cv2.boxFilter(dark, -1, (5, 5), normalize=False)
    return float(((dark > 0) & (around <= _LONE)).mean())
