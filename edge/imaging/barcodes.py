"""Barcodes and QR codes of a page; the only place that imports zxing-cpp.

What a plain search of the whole page finds must be found: bars that are warped or blurred do not
look like bars. Looking for every kind of code takes 100 to 300 ms a page, for those that our own
and common separator sheets bear a fifth of that: all kinds are looked for when it is asked only.
"""

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.pixels import reduced

_QR_PX = 2400  # our own sheets' squares are large, and many pixels on larger images
_LONGEST_PX = 7200  # A4 at 600 dpi; larger pages are halved
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
# PATCHT sheets bear Code 39 as a rule; some programs print the same text as Code 128.
_BARS = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code39, zxingcpp.BarcodeFormat.Code128])
_SQUARE = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.DataMatrix, zxingcpp.BarcodeFormat.Aztec])


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code: its text, its format as zxing names it, and where it lies.

    ``box`` is left, top, right and bottom as shares of the page's width and height; the page must
    be turned clockwise by ``rotation`` (0, 90, 180 or 270) for the code to be upright.
    """

    text: str
    format: str
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    rotation: int = 0


def read(gray: NDArray[np.uint8], *, any_kind: bool = True) -> tuple[Barcode, ...]:
    """Read the codes of a page, whichever way they are turned.

    Args:
        gray: Height × width.
        any_kind: Look for all kinds of codes, not only QR codes, Code 39 and Code 128.
    """
    page = _within(gray, _LONGEST_PX)
    small = _within(page, _QR_PX)
    # A code so large that its squares are many pixels is found on a smaller image only.
    found = _told(
        zxingcpp.read_barcodes(small, formats=_QR, try_rotate=False, try_invert=False), small
    )
    if any_kind:
        found += _told(zxingcpp.read_barcodes(page), page)
        if small is not page:
            found += _told(zxingcpp.read_barcodes(small, formats=_SQUARE), small)
    else:
        found += _told(zxingcpp.read_barcodes(page, formats=_BARS), page)
    return _once(found)


def _within(page: NDArray[np.uint8], longest_px: int) -> NDArray[np.uint8]:
    while max(page.shape) > longest_px:
        page = reduced(page, 2)
    return np.ascontiguousarray(page)


def _told(codes: list[zxingcpp.Barcode], page: NDArray[np.uint8]) -> tuple[Barcode, ...]:
    height, width = page.shape
    found = []
    for code in (code for code in codes if code.valid):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        xs, ys = [point.x / width for point in corners], [point.y / height for point in corners]
        box = (min(xs), min(ys), max(xs), max(ys))
        found.append(
            Barcode(code.text, str(code.format), box, -round(code.orientation / 90) * 90 % 360)
        )
    return tuple(found)


def _once(codes: tuple[Barcode, ...]) -> tuple[Barcode, ...]:
    """Each code once, though it was found on both sizes of the page."""
    kept: list[Barcode] = []
    for code in codes:
        if not any(_is_same(code, other) for other in kept):
            kept.append(code)
    return tuple(kept)


def _is_same(one: Barcode, other: Barcode) -> bool:
    apart = one.box[0] > other.box[2] or other.box[0] > one.box[2]
    apart = apart or one.box[1] > other.box[3] or other.box[1] > one.box[3]
    return one.text == other.text and one.format == other.format and not apart
