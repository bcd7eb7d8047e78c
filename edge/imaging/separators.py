"""Is there a separator on this page, of what kind, and where are its codes?

Our own sheets first, then barcodes that the settings name and the ``PATCHT`` code of common
separator sheets, then patch codes by their bars. Whether the page is nothing but a separator is
told by what else is written on it (``edge/reading/sheetprint.py``).
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.document import Separator, SeparatorKind
from edge.imaging import barcodes, headersheet, patchcode

_PATCH_T_TEXT = "PATCHT"
_AROUND_MM = 6.0  # a code's text stands under its bars

Box = tuple[float, float, float, float]  # left, top, right, bottom as shares of the page


@dataclass(frozen=True, slots=True)
class Found:
    """A page's separator, and what its codes tell of the page.

    ``codes`` are the boxes around all codes that were read on it, ``rotation`` is by how much the
    page must be turned clockwise for the first of them to be upright; ``has_bars`` says whether a
    patch's bars cross the page.
    """

    separator: Separator
    codes: tuple[Box, ...]
    rotation: int
    has_bars: bool


def find(gray: NDArray[np.uint8], dpi: float, named: Sequence[str]) -> Found | None:
    """Look at one page.

    Args:
        gray: Height × width, any way up.
        dpi: Its resolution.
        named: Texts of barcodes that separate, ``*`` and ``?`` as in file names.
    """
    codes = barcodes.read(gray, any_kind=bool(named))
    patch = patchcode.find(gray, dpi)
    separator = _by_text([code.text for code in codes], named)
    if separator is None and patch is not None:
        separator = Separator(patch)
    if separator is None:
        return None
    rotation = codes[0].rotation if codes else 0
    return Found(separator, tuple(code.box for code in codes), rotation, patch is not None)


def _by_text(texts: Sequence[str], named: Sequence[str]) -> Separator | None:
    for text in texts:
        if ours := headersheet.decode(text):
            return ours
    for text in texts:
        if text == _PATCH_T_TEXT:
            return Separator(SeparatorKind.PATCH_T, text)
        if any(fnmatch.fnmatchcase(text, pattern) for pattern in named):
            return Separator(SeparatorKind.BARCODE, text)
    return None


def without_codes(gray: NDArray[np.uint8], dpi: float, found: Found) -> NDArray[np.uint8]:
    """The page with its codes painted over in the paper's own grey, and what stands close to them.

    Our sheets bear the same code at two opposite corners: where one is worn out, the other tells
    where it is.
    """
    height, width = gray.shape
    around = _AROUND_MM * dpi / 25.4
    boxes = list(found.codes)
    if found.separator.kind in (SeparatorKind.DOCUMENT, SeparatorKind.HEADER):
        boxes += [(1 - right, 1 - bottom, 1 - left, 1 - top) for left, top, right, bottom in boxes]
    painted = gray.copy()
    paper = int(np.median(gray[::8, ::8]))
    for left, top, right, bottom in boxes:
        rows = slice(max(0, round(top * height - around)), max(0, round(bottom * height + around)))
        columns = slice(max(0, round(left * width - around)), max(0, round(right * width + around)))
        painted[rows, columns] = paper
    return painted
