"""Square pixels at a sensible resolution, whatever the file says of its own.

Files lie: 1 dpi, 0 dpi, 72 dpi for a photograph of an A4 page, 204 × 98 for a fax. A told
resolution is believed when the sheet it makes could lie on a scanner; otherwise the page is
taken for an A4 sheet and marked ``dpi_assumed``.
"""

from typing import NamedTuple

import cv2
import numpy as np

from edge.imaging.page import Gray, PageImage
from edge.imaging.source import Limits

HIGHEST_DPI = 300.0  # nothing we read gains from more; A4 is then 8.7 Mpixel
_A4_SHORT_IN, _A4_LONG_IN = 8.27, 11.69
_USUAL_DPI = (72.0, 75.0, 96.0, 100.0, 120.0, 150.0, 200.0, 240.0, 300.0, 400.0, 600.0)
_SLIP_DPI = 200.0  # of an image too small to be an A4 page: a cut-out, a stamp
_LOWEST_DPI, _LARGEST_DPI = 50.0, 4800.0
_SHORT_SIDE_IN = (0.1, 17.0)  # a label .. the short side of A2
_LONG_SIDE_IN = 400.0  # ten metres: a till receipt, a banner; the limit of pixels guards the rest


class Resolution(NamedTuple):
    """Dots an inch across and down the stored pixels, and whether the file told them."""

    across: float
    down: float
    known: bool


def settle(width: int, height: int, told: tuple[float, float] | None) -> Resolution:
    """Believe the told resolution or guess one.

    Args:
        width: Stored pixels across.
        height: Stored pixels down.
        told: Dots an inch (across, down) as the file says, None when it says nothing.
    """
    if told is not None and _is_plausible(width, height, told):
        return Resolution(told[0], told[1], True)
    ratio = _pixel_ratio(told)
    guess = _guess(width, height * ratio)
    return Resolution(guess, guess / ratio, False)


def _is_plausible(width: int, height: int, told: tuple[float, float]) -> bool:
    across, down = told
    if not (_LOWEST_DPI <= across <= _LARGEST_DPI and _LOWEST_DPI <= down <= _LARGEST_DPI):
        return False
    if not 1 / 3 <= across / down <= 3:
        return False
    short, long = sorted((width / across, height / down))
    return _SHORT_SIDE_IN[0] <= short <= _SHORT_SIDE_IN[1] and long <= _LONG_SIDE_IN


def _pixel_ratio(told: tuple[float, float] | None) -> float:
    """How much taller than wide one pixel is; faxes tell it even where the unit is missing."""
    if told is None or min(told) <= 0:
        return 1.0
    ratio = told[0] / told[1]
    return ratio if 1 / 3 <= ratio <= 3 else 1.0


def _guess(width: float, height: float) -> float:
    short, long = sorted((width, height))
    fitting = max(short / _A4_SHORT_IN, long / _A4_LONG_IN)
    nearest = min(_USUAL_DPI, key=lambda usual: abs(usual - fitting) / usual)
    if abs(nearest - fitting) <= 0.06 * nearest:
        return nearest
    return fitting if fitting >= _USUAL_DPI[0] else _SLIP_DPI


def finish(
    gray: Gray,
    resolution: Resolution,
    orientation: int,
    limits: Limits,
    marks: tuple[str, ...] = (),
) -> PageImage:
    """Resample to square pixels of at most 300 dpi and turn as the orientation tag says.

    Args:
        gray: Pixels as stored.
        resolution: Of the stored pixels.
        orientation: TIFF or EXIF orientation, 1 to 8; anything else counts as 1.
        limits: Hold for the stretched page too.
        marks: Of the decoder.

    Raises:
        PageTooLarge: stretching to square pixels would pass the limit.
    """
    across, down, known = resolution
    highest = max(across, down)
    dpi = HIGHEST_DPI if highest > HIGHEST_DPI * 1.02 else highest
    height, width = gray.shape
    size = (max(1, round(width * dpi / across)), max(1, round(height * dpi / down)))
    if abs(across - down) <= 0.02 * highest and dpi == highest:
        size = (width, height)  # 300 × 299.9: not worth a resampling
    if size != (width, height):
        limits.check_pixels(*size)
        shrinks = size[0] <= width and size[1] <= height
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        gray = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
        marks = (*marks, "resampled")
    if not known:
        marks = (*marks, "dpi_assumed")
    return PageImage(np.ascontiguousarray(orient(gray, orientation)), float(dpi), known, marks)


def orient(gray: Gray, orientation: int) -> Gray:
    """Show stored pixels as a TIFF or EXIF orientation (1 to 8) says."""
    if orientation in (5, 6, 7, 8):
        gray = gray.T
    if orientation in (3, 4, 7, 8):
        gray = gray[::-1]
    if orientation in (2, 3, 6, 7):
        gray = gray[:, ::-1]
    return gray
