"""Barcodes and QR codes of a page; the only place that imports zxing-cpp."""

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray

from edge.imaging.scale import reduced

_LONGEST_PX = 2400  # larger pages are halved: a separator's code is big


@dataclass(frozen=True, slots=True)
class Barcode:
    """One code: its text, and its format as zxing names it."""

    text: str
    format: str


def read(gray: NDArray[np.uint8]) -> tuple[Barcode, ...]:
    """Read all codes of a page, whichever way they are turned.

    Args:
        gray: Height × width.
    """
    page = gray
    while max(page.shape) > _LONGEST_PX:
        page = reduced(page, 2)
    found = zxingcpp.read_barcodes(np.ascontiguousarray(page))
    return tuple(Barcode(code.text, str(code.format)) for code in found if code.valid)
