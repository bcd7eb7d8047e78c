"""Barcodes and QR codes of a page; the only place that imports zxing-cpp."""

from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

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
        page = np.asarray(
            cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
        )
    found = zxingcpp.read_barcodes(np.ascontiguousarray(page))
    return tuple(Barcode(code.text, str(code.format)) for code in found if code.valid)
