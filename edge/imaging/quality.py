"""Is there anything on a page, and can it be read?"""

import itertools
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import discs, faint
from edge.pixels import pieces, reduced, times

_WORK_DPI = 100.0
_EDGE_MM = 8.0  # staples and shadows lie at the edge
_CORNER_MM = 14.0  # torn corners, and the codes that printers leave there
_HOLE_MM = (3.5, 9.0)  # punched 12 mm from the edge, where people write
_AROUND_HOLE_MM = 4.0
_DARK_PAPER = 90  # a black page hides something: a lamp that failed, a lid left open
_BANDS = 8
_CONTRAST = 22  # grey levels darker than the paper around: bleed-through stays below
_INK_MM2 = 6.0  # three handwritten words have several times this
_SPECK_MM2 = 0.45  # dust of 0.4 mm, softened
_STROKE_MM2 = 1.0  # the least stroke of a pencil; what is as pale and smaller is a shadow's
_PRINT_CONTRAST = 40  # small print is black
_EVERY_ROW = 3  # of the reduced image is enough to tell how sharp a page is
_SHARP_FROM, _BLURRED_FROM = 0.32, 0.07  # steepness of the steepest edges, share of their height


class Content(StrEnum):
    """What a page bears."""

    BLANK = "blank"
    FAINT = "faint"  # strokes hardly darker than their paper, sharp as writing is
    WRITTEN = "written"


def is_blank(gray: NDArray[np.uint8], dpi: float) -> bool:
    """Whether a page is blank; see ``content``."""
    return content(gray, dpi) is Content.BLANK


def content(gray: NDArray[np.uint8], dpi: float) -> Content:
    """Whether a page holds anything but paper, dust, punch holes, shadows and the other side.

    Args:
        gray: Height × width, black borders painted white.
        dpi: Its resolution.
    """
    small, px_per_mm = _reduced(gray, dpi)
    if float(np.median(small[::8, ::8])) < _DARK_PAPER:
        return Content.WRITTEN
    soft = cv2.GaussianBlur(small, (3, 3), 0)
    depth = np.asarray(cv2.subtract(cv2.blur(soft, (61, 61)), soft), np.uint8)
    dark = (depth > _CONTRAST).astype(np.uint8)
    _forget_edges(dark, px_per_mm)
    # Labelling nothing, on most backs, takes longer than all the rest.
    solid = dark if dark.any() else None
    if solid is not None:
        if _bands_hold_ink(dark, depth, px_per_mm):
            return Content.WRITTEN
        solid = discs.without(dark, *(diameter * px_per_mm for diameter in _HOLE_MM))
        if _ink_mm2(solid, depth, px_per_mm) >= _INK_MM2:
            return Content.WRITTEN
    is_faint = faint.is_written(small, px_per_mm, _ignored(dark, solid, px_per_mm))
    return Content.FAINT if is_faint else Content.BLANK


def _ignored(
    dark: NDArray[np.uint8], solid: NDArray[np.uint8] | None, px_per_mm: float
) -> NDArray[np.uint8]:
    """Where faint strokes do not count: at the edges, and around punched holes."""
    ignored = np.ones_like(dark)
    _forget_edges(ignored, px_per_mm)
    ignored = 1 - ignored
    if solid is not None and not np.array_equal(dark, solid):
        reach = round(_AROUND_HOLE_MM * px_per_mm) | 1
        holes = cv2.dilate(dark - solid, np.ones((reach, reach), np.uint8))
        ignored = np.maximum(ignored, holes).astype(np.uint8)
    return ignored


def _bands_hold_ink(dark: NDArray[np.uint8], depth: NDArray[np.uint8], px_per_mm: float) -> bool:
    """Whether some band of the page holds enough ink by itself; what its edges cut is left out.

    Of most written pages one band tells, for a part of the work; holes are larger than what is
    counted here.
    """
    edges = np.linspace(0, len(dark), _BANDS + 1).astype(int)
    for top, bottom in sorted(
        itertools.pairwise(edges.tolist()),
        key=lambda band: -int(cv2.countNonZero(dark[slice(*band)])),
    )[:1]:
        here = dark[top:bottom]
        if _ink_mm2(here, depth[top:bottom], px_per_mm, whole=True) >= _INK_MM2:
            return True
    return False


def _ink_mm2(
    dark: NDArray[np.uint8], depth: NDArray[np.uint8], px_per_mm: float, *, whole: bool = False
) -> float:
    """How much is written: strokes, and print, which is black and may be small."""
    found = pieces(dark)
    labels, stats = found.labels, found.stats
    areas = stats[:, cv2.CC_STAT_AREA] / px_per_mm**2
    printed = np.bincount(labels[depth > _PRINT_CONTRAST], minlength=len(areas)) > 0
    counts = areas >= np.where(printed, _SPECK_MM2, _STROKE_MM2)
    counts[0] = False
    if whole:
        top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
        counts &= (top > 0) & (top + height < len(dark))
        counts &= stats[:, 2:4].max(axis=1) < _HOLE_MM[0] * px_per_mm
    return float(areas[counts].sum())


def _forget_edges(dark: NDArray[np.uint8], px_per_mm: float) -> None:
    height, width = dark.shape
    edge, corner = round(_EDGE_MM * px_per_mm), round(_CORNER_MM * px_per_mm)
    if min(height, width) <= 4 * corner:
        return  # a slip is all edge
    dark[:edge] = dark[height - edge :] = 0
    dark[:, :edge] = dark[:, width - edge :] = 0
    for rows in (slice(corner), slice(height - corner, None)):
        for columns in (slice(corner), slice(width - corner, None)):
            dark[rows, columns] = 0


def blur(gray: NDArray[np.uint8], dpi: float) -> float:
    """How unsharp a page is, 0 sharp to 1 unreadable; bitonal pages are sharp.

    Compares the steepest steps between neighbouring pixels with the page's contrast.
    """
    small, _ = _reduced(gray, dpi)
    some = small[::_EVERY_ROW]
    low, high = _levels(np.bincount(some.ravel(), minlength=256), 0.005, 0.9)
    if high - low < _CONTRAST:
        return 0.0
    steps = cv2.absdiff(some[:, 1:], some[:, :-1])
    counts = np.bincount(steps.ravel(), minlength=256)
    counts[:5] = 0
    (steepest,) = _levels(counts, 0.98) if counts.any() else (0,)
    share = steepest / float(high - low)
    return float(np.clip((_SHARP_FROM - share) / (_SHARP_FROM - _BLURRED_FROM), 0.0, 1.0))


def _levels(counts: NDArray[np.intp], *shares: float) -> tuple[int, ...]:
    """The grey levels below which these shares of the counted pixels lie."""
    below = np.cumsum(counts)
    return tuple(int(np.searchsorted(below, share * below[-1])) for share in shares)


def _reduced(gray: NDArray[np.uint8], dpi: float) -> tuple[NDArray[np.uint8], float]:
    by = times(dpi, _WORK_DPI)
    return reduced(gray, by), dpi / by / 25.4
