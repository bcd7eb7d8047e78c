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

from edge.imaging import barcodes, headersheet, patchcode
from edge.results import Separator, SeparatorKind

_PATCH_T_TEXT = "PATCHT"
_AROUND_MM = 6.0  # a code's text stands under its bars
_STRIP_MM = 1.0
_LIKE = 0.6  # of the edges where a code was read: its bars go on
_FEWEST_EDGES = 20  # of a code of bars
_LEAST_CONTRAST = 40.0  # grey levels

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


def _along_bars(gray: NDArray[np.uint8], box: Box, step: int, is_across: bool) -> Box:
    """A code's box as far as its bars reach: a reader tells a strip of them only.

    Args:
        gray: The page so that bars stand upright, transposed where they do not.
        box: On the page as it is.
        step: Height in pixels of the strips that are compared.
        is_across: Whether ``gray`` is the page as it is.
    """
    left, top, right, bottom = box if is_across else (box[1], box[0], box[3], box[2])
    height, width = gray.shape
    columns = gray[:, max(0, round(left * width)) : max(1, round(right * width))]
    least = _LIKE * _edges(columns, round((top + bottom) / 2 * height), step)
    first, last = round(top * height), round(bottom * height)
    if least > _FEWEST_EDGES * _LIKE:
        while first > 0 and _edges(columns, first - step, step) >= least:
            first -= step
        while last < height and _edges(columns, last, step) >= least:
            last += step
    top, bottom = max(0, first) / height, min(height, last) / height
    return (left, top, right, bottom) if is_across else (top, left, bottom, right)


def _edges(columns: NDArray[np.uint8], top: int, step: int) -> int:
    """How often a strip changes between dark and light from left to right."""
    strip = columns[max(0, top) : max(0, top) + step]
    if not strip.size:
        return 0
    tones = strip.mean(axis=0)
    dark = tones < (float(tones.min()) + float(tones.max())) / 2
    if float(tones.max()) - float(tones.min()) < _LEAST_CONTRAST:
        return 0
    return int(np.count_nonzero(dark[1:] != dark[:-1]))


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
    step = max(1, round(_STRIP_MM * dpi / 25.4))
    is_across = found.rotation in (0, 180)
    boxes += [_along_bars(gray if is_across else gray.T, box, step, is_across) for box in boxes]
    for left, top, right, bottom in boxes:
        rows = slice(max(0, round(top * height - around)), max(0, round(bottom * height + around)))
        columns = slice(max(0, round(left * width - around)), max(0, round(right * width + around)))
        painted[rows, columns] = paper
    return painted
