"""Barcodes and QR codes of a page; the only place that imports zxing-cpp.

Looking for every kind of code all over a page takes as long as all the rest of its imaging. QR
codes show themselves at once. Bars are searched only where a page looks like bars: much contrast
one way and little the other.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.pixels import pieces, reduced, times

_LONGEST_PX = 2400  # larger pages are halved: a separator's code is big
_WORK_PX = 1170  # of the image on which bars are looked for: an A4 sheet at 100 dpi
_WINDOW_PX = 25  # 6 mm
_STEP_PX = 4  # windows are this far apart
_CONTRAST, _ONE_WAY = 28, 2.5  # grey levels from pixel to pixel, and against the other way
_LEAST_WINDOWS = 110  # that hang together: a short code has 400, most print fewer than 50
_MARGIN_PX = 60
_SMALL_PX = 900  # an image smaller than that is searched as it is
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_SQUARE = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Aztec])


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code: its text, and its format as zxing names it."""

    text: str
    format: str


def read(gray: NDArray[np.uint8], *, any_kind: bool = True) -> tuple[Barcode, ...]:
    """Read all codes of a page, whichever way they are turned.

    Args:
        gray: Height × width.
        any_kind: Look for square codes other than QR as well.
    """
    page = gray
    while max(page.shape) > _LONGEST_PX:
        page = reduced(page, 2)
    page = np.ascontiguousarray(page)
    if max(page.shape) <= _SMALL_PX:
        return _told(zxingcpp.read_barcodes(page))
    # A code so large that its squares are many pixels is found on a smaller image only.
    found = _told(zxingcpp.read_barcodes(page, formats=_QR, try_rotate=False, try_invert=False))
    if any_kind:
        found += _told(zxingcpp.read_barcodes(page, formats=_SQUARE))
    by = times(max(page.shape), _WORK_PX)
    where = _barred(reduced(page, by), by)
    if where is not None:
        found += tuple(c for c in _told(zxingcpp.read_barcodes(page[where])) if c not in found)
    return found


def _told(codes: list[zxingcpp.Barcode]) -> tuple[Barcode, ...]:
    return tuple(Barcode(code.text, str(code.format)) for code in codes if code.valid)


def _barred(small: NDArray[np.uint8], by: int) -> tuple[slice, slice] | None:
    """The part of a page that holds all that looks like bars, None when nothing does.

    Args:
        small: The reduced page.
        by: Pixels of the page in one of those, each way.
    """
    window, grid = (_WINDOW_PX, _WINDOW_PX), np.s_[::_STEP_PX, ::_STEP_PX]
    here = small[:-1, :-1]
    across = cv2.blur(cv2.absdiff(small[:-1, 1:], here), window)[grid].astype(np.float32)
    down = cv2.blur(cv2.absdiff(small[1:, :-1], here), window)[grid].astype(np.float32)
    most, least = np.maximum(across, down), np.minimum(across, down)
    bars = ((most >= _CONTRAST) & (most >= _ONE_WAY * least)).astype(np.uint8)
    parts = pieces(bars).stats[1:]
    windows = parts[:, cv2.CC_STAT_AREA]
    if windows.max(initial=0) < _LEAST_WINDOWS:
        return None
    # A worn code falls into parts, and needs its ends and its quiet zones.
    parts = parts[windows >= _LEAST_WINDOWS / 4] * _STEP_PX
    (left, top), (right, bottom) = (
        (parts[:, :2].min(axis=0) - _MARGIN_PX).clip(0),
        (parts[:, :2] + parts[:, 2:4]).max(axis=0) + _MARGIN_PX,
    )
    return np.s_[top * by : bottom * by, left * by : right * by]
