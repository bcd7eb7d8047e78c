"""How far a page is turned from straight, and straightening it.

The estimate looks for the angle at which the ink falls into the sharpest rows: text lines and
rules are rows of ink with empty rows between them. It works on a reduced image, first in
coarse steps, then in fine ones. Angles are in degrees, counter-clockwise as seen: a page whose
lines rise to the right has a positive skew, and is straightened by turning it back.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

_WORK_PX = 900  # longest side of the reduced image
_RANGE_DEG = 10.0
_COARSE_DEG, _FINE_DEG = 0.5, 0.05
_LEAST_INK = 200  # dark pixels of the reduced image below which nothing can be told
_CLEARLY = 1.06  # how much sharper than straight an angle must be


def estimate(gray: NDArray[np.uint8]) -> float:
    """Return the skew in degrees within ±10, 0 when it can't be told.

    Args:
        gray: Height × width, text upright or upside down.
    """
    scale = min(1.0, _WORK_PX / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    paper = cv2.medianBlur(np.asarray(small, np.uint8), 31)
    rows, columns = np.nonzero(small < paper.astype(np.int16) - 40)
    if len(rows) < _LEAST_INK:
        return 0.0
    if len(rows) > 40_000:
        step = len(rows) // 40_000 + 1
        rows, columns = rows[::step], columns[::step]
    coarse = np.arange(-_RANGE_DEG, _RANGE_DEG + _COARSE_DEG, _COARSE_DEG)
    best = _sharpest(rows, columns, coarse)
    fine = np.arange(best - _COARSE_DEG, best + _COARSE_DEG + _FINE_DEG, _FINE_DEG)
    best = _sharpest(rows, columns, fine)
    straight = _sharpness(rows, columns, 0.0)
    return round(best, 2) if _sharpness(rows, columns, best) > _CLEARLY * straight else 0.0


def straighten(gray: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Turn a page back by its skew about its centre; the canvas stays, corners fill with white."""
    if abs(degrees) < _FINE_DEG:
        return gray
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    turned = cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    return np.asarray(turned, np.uint8)


def _sharpest(
    rows: NDArray[np.intp], columns: NDArray[np.intp], angles: NDArray[np.float64]
) -> float:
    return float(max(angles, key=lambda angle: _sharpness(rows, columns, float(angle))))


def _sharpness(rows: NDArray[np.intp], columns: NDArray[np.intp], degrees: float) -> float:
    """Sum of squared differences between neighbouring rows' ink, at one angle."""
    along = rows + columns * np.tan(np.radians(degrees))
    filled = np.bincount((along - along.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(filled)).sum())
