"""Tell a negative: a page whose paper is dark and whose ink is light.

Its file says with the wrong tag which value is white. A black lid around a small sheet, a page
scanned with the lid open and a dark photograph are dark too: what counts is on which ground the
thin strokes lie.
"""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import reduced, times

_WORK_DPI = 100.0
_DARK = 128  # grey level
_DARK_SHARE = 0.3  # of a page that is looked at closely
_PAPER_SHARE = 0.5  # of solid dark, from which it is surely the paper
_DARK_MEAN = 100.0  # of what is to be dark paper
_CONTRAST = 40.0  # between it and what is written: else noise
_STROKE_MM = 2.0  # what is wider is no stroke
_STROKES_MM2 = 20.0  # two or three written words
_ON_LIGHT = 0.2  # share of dark strokes on light paper up to which it is sure
_WRITTEN_MM2, _BARS = 100.0, 0.25  # or: many light strokes, and light solids (bars) small beside it


class Polarity(StrEnum):
    """Which of paper and ink is dark."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    DOUBTFUL = "doubtful"  # light writing on a dark ground that may be the paper


def find(gray: NDArray[np.uint8], dpi: float) -> Polarity:
    """Look at a page as decoded, its borders in place.

    Args:
        gray: Height × width.
        dpi: Its resolution.
    """
    if float(np.mean(gray[::8, ::8] < _DARK)) < _DARK_SHARE:
        return Polarity.POSITIVE
    by = times(dpi, _WORK_DPI)
    small, px_per_mm = reduced(gray, by), dpi / by / 25.4
    _, mask = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = np.asarray(mask, np.uint8)
    dark = np.asarray(1 - light, np.uint8)
    if not (dark.any() and light.any()):
        return Polarity.POSITIVE
    ground_level, ink_level = (float(small[where > 0].mean()) for where in (dark, light))
    if ground_level > _DARK_MEAN or ink_level - ground_level < _CONTRAST:
        return Polarity.POSITIVE
    side = round(_STROKE_MM * px_per_mm) | 1
    kernel = np.ones((side, side), np.uint8)
    on_dark, ground = _strokes(light, dark, kernel)
    on_light, bars = _strokes(dark, light, kernel)
    if on_dark < _STROKES_MM2 * px_per_mm**2:
        return Polarity.POSITIVE
    is_paper = ground >= _PAPER_SHARE * small.size
    is_written = on_dark >= _WRITTEN_MM2 * px_per_mm**2 and bars <= _BARS * ground
    if is_paper and (on_light <= _ON_LIGHT * on_dark or is_written):
        return Polarity.NEGATIVE
    return Polarity.DOUBTFUL if on_dark > on_light else Polarity.POSITIVE


def _strokes(
    ink: NDArray[np.uint8], paper: NDArray[np.uint8], kernel: NDArray[np.uint8]
) -> tuple[int, int]:
    """Pixels of thin ink that lie on solid paper alone, and pixels of that paper."""
    solid_paper = cv2.morphologyEx(paper, cv2.MORPH_OPEN, kernel)
    solid_ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, kernel)
    thin = (ink > 0) & (cv2.dilate(solid_ink, kernel) == 0) & (cv2.dilate(solid_paper, kernel) > 0)
    return int(np.count_nonzero(thin)), int(np.count_nonzero(solid_paper))
