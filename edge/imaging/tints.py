"""Places to write on tinted forms: pale bands, white boxes in them, combs parted by white strokes.

Many French forms print no black rules: a field is a strip of grey, its cells are parted by white
strokes, its tick boxes are white. Everything is found on a mask of what is grey but not dark.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces
from vaguemestre.model.document import BoxMm

_Mask = NDArray[np.uint8]

_PALER, _DARKEST = 9, 120  # grey levels below white from which, and up to which, a tint reaches
_BAND_MM = (22.0, 3.0, 9.5)  # least width, least and greatest height
_BOX_MM = (2.2, 7.0)
_STROKE_MM = 1.5  # no white stroke is wider
_TALL_MM = 1.2  # nor shorter
_TINTED = 0.55  # of the page's print that must be around a stroke or a box


def mask(page: NDArray[np.uint8]) -> _Mask:
    """1 where the paper is tinted: words in a tint are filled up before."""
    white = int(np.percentile(page, 98))
    closed = cv2.morphologyEx(page, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray((closed < white - _PALER) & (closed > white - _DARKEST), np.uint8)


def bands(tinted: _Mask, px: float) -> list[BoxMm]:
    """Strips of tint as high as a line of writing."""
    width, low, high = _BAND_MM
    # White strokes part a comb's cells, not the strip; white rows part strips.
    joined = cv2.morphologyEx(
        tinted, cv2.MORPH_CLOSE, np.ones((1, round(_STROKE_MM * px) + 2), np.uint8)
    )
    solid = cv2.morphologyEx(
        joined, cv2.MORPH_OPEN, np.ones((round(0.75 * low * px), round(width * px)), np.uint8)
    )
    return [
        BoxMm(x / px, y / px, w / px, h / px)
        for x, y, w, h in _parts(np.asarray(solid, np.uint8))
        if low * px <= h <= high * px
    ]


def boxes(page: NDArray[np.uint8], tinted: _Mask, px: float) -> list[BoxMm]:
    """White boxes of a tick's size with tint at both sides."""
    white = int(np.percentile(page, 98))
    blank = np.asarray(page >= white - _PALER, np.uint8)
    size = round(2.0 * px)
    solid = cv2.morphologyEx(blank, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    low, high = _BOX_MM
    return [
        BoxMm(x / px, y / px, w / px, h / px)
        for x, y, w, h in _parts(np.asarray(solid, np.uint8))
        if low * px <= min(w, h) and max(w, h) <= high * px and _is_between(tinted, x, y, w, h, px)
    ]


def teeth(tinted: _Mask, px: float) -> list[tuple[int, int, int, int]]:
    """White strokes that part a tint, in pixels: left, top, width, height."""
    wide = np.ones((1, round(_STROKE_MM * px) + 2), np.uint8)
    parting = cv2.morphologyEx(tinted, cv2.MORPH_CLOSE, wide) - tinted
    tall = np.ones((round(_TALL_MM * px), 1), np.uint8)
    strokes = cv2.morphologyEx(np.asarray(parting, np.uint8), cv2.MORPH_OPEN, tall)
    return [
        (x, y, w, h)
        for x, y, w, h in _parts(np.asarray(strokes, np.uint8))
        if h <= _BAND_MM[2] * px and _is_between(tinted, x, y, w, h, px)
    ]


def _is_between(tinted: _Mask, x: int, y: int, w: int, h: int, px: float) -> bool:
    side = round(0.8 * px)
    left, right = tinted[y : y + h, max(0, x - side) : x], tinted[y : y + h, x + w : x + w + side]
    return all(part.size > 0 and float(part.mean()) > _TINTED for part in (left, right))


def _parts(found: _Mask) -> Sequence[tuple[int, int, int, int]]:
    """Left, top, width, height of each connected part."""
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h in pieces(found).stats[1:, :4]]
