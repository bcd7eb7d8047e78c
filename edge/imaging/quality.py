"""Is there anything on a page, and can it be read?"""

import cv2
import numpy as np
from numpy.typing import NDArray

_WORK_DPI = 100.0
_EDGE_MM = 8.0  # punch holes, staples and shadows lie at the edge
_CONTRAST = 22  # grey levels darker than the paper around: bleed-through stays below
_INK_MM2 = 6.0  # three handwritten words have several times this
_SPECK_MM2 = 0.25
_SHARP_FROM, _BLURRED_FROM = 0.32, 0.07  # steepness of the steepest edges, share of their height


def is_blank(gray: NDArray[np.uint8], dpi: float) -> bool:
    """Whether a page holds nothing but paper, dust, punch holes and shadows.

    Args:
        gray: Height × width, black borders painted white.
        dpi: Its resolution.
    """
    small, px_per_mm = _reduced(gray, dpi)
    edge = round(_EDGE_MM * px_per_mm)
    inner = small[edge:-edge, edge:-edge] if min(small.shape) > 4 * edge else small
    soft = cv2.GaussianBlur(inner, (3, 3), 0)
    paper = cv2.blur(soft, (61, 61))
    dark = (soft.astype(np.int16) < paper.astype(np.int16) - _CONTRAST).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA] / px_per_mm**2
    return float(areas[areas >= _SPECK_MM2].sum()) < _INK_MM2


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
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), dpi * scale / 25.4
