"""Is there anything on a page, and can it be read?"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import discs
from edge.imaging.scale import lowered

_WORK_DPI = 100.0
_EDGE_MM = 8.0  # staples and shadows lie at the edge
_CORNER_MM = 14.0  # torn corners, and the codes that printers leave there
_HOLE_MM = (3.5, 9.0)  # punched 12 mm from the edge, where people write
_DARK_PAPER = 90  # a black page hides something: a lamp that failed, a lid left open
_CONTRAST = 22  # grey levels darker than the paper around: bleed-through stays below
_INK_MM2 = 6.0  # three handwritten words have several times this
_SPECK_MM2 = 0.45  # dust of 0.4 mm, softened
_STROKE_MM2 = 1.0  # the least stroke of a pencil; what is as pale and smaller is a shadow's
_PRINT_CONTRAST = 40  # small print is black
_SHARP_FROM, _BLURRED_FROM = 0.32, 0.07  # steepness of the steepest edges, share of their height


def is_blank(gray: NDArray[np.uint8], dpi: float) -> bool:
    """Whether a page holds nothing but paper, dust, punch holes and shadows.

    Args:
        gray: Height × width, black borders painted white.
        dpi: Its resolution.
    """
    small, px_per_mm = _reduced(gray, dpi)
    if float(np.median(small[::4, ::4])) < _DARK_PAPER:
        return False
    soft = cv2.GaussianBlur(small, (3, 3), 0)
    depth = cv2.blur(soft, (61, 61)).astype(np.int16) - soft
    dark = (depth > _CONTRAST).astype(np.uint8)
    _forget_edges(dark, px_per_mm)
    if not dark.any():
        return True  # most backs: labelling nothing takes longer than all the rest
    dark = discs.without(dark, *(diameter * px_per_mm for diameter in _HOLE_MM))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA] / px_per_mm**2
    counts = areas >= _STROKE_MM2
    printed = np.unique(labels[depth > _PRINT_CONTRAST])
    counts[printed] = areas[printed] >= _SPECK_MM2
    return float(areas[1:][counts[1:]].sum()) < _INK_MM2


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
    low, high = np.percentile(small, (0.5, 90))
    if high - low < _CONTRAST:
        return 0.0
    steps = np.abs(np.diff(small.astype(np.int16), axis=1))
    steepest = float(np.percentile(steps[steps > 4], 98)) if (steps > 4).any() else 0.0
    share = steepest / float(high - low)
    return float(np.clip((_SHARP_FROM - share) / (_SHARP_FROM - _BLURRED_FROM), 0.0, 1.0))


def _reduced(gray: NDArray[np.uint8], dpi: float) -> tuple[NDArray[np.uint8], float]:
    scale = min(1.0, _WORK_DPI / dpi)
    return lowered(gray, scale), dpi * scale / 25.4
