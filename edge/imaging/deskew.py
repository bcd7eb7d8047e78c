"""How far a page is turned from straight, and straightening it.

The estimate looks for the angle at which the ink falls into the sharpest rows: text lines and
rules are rows of ink with empty rows between them. It works on a reduced image, first in
coarse steps, then in fine ones. Angles are in degrees, counter-clockwise as seen: a page whose
lines rise to the right has a positive skew, and is straightened by turning it back.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import discs
from edge.imaging.scale import lowered

_WORK_PX = 1100  # longest side of the reduced image; from 900 small angles stick to 0
_HOLE_PX = (13, 33)  # punch holes of 4 to 9 mm on a reduced A4 sheet
_RANGE_DEG = 20.0
_USUAL_DEG = 5.0  # a feeder's own; what lies askew beyond that was laid by hand
_COARSE_DEG, _FINE_DEG = 0.5, 0.05
_LEAST_INK = 300  # dark pixels of the reduced image below which nothing can be told
_COARSE_INK, _FINE_INK = 12_000, 40_000  # dark pixels that are looked at
_CLEARLY = 1.06  # how much sharper than straight an angle must be
_VERY_CLEARLY = 1.5  # the same for an unusual one: scribbles are sharp somewhere


def estimate(gray: NDArray[np.uint8]) -> float:
    """Return the skew in degrees within ±20, 0 when it can't be told.

    Args:
        gray: Height × width, text upright or upside down.
    """
    small = lowered(gray, _WORK_PX / max(gray.shape))
    paper = cv2.medianBlur(small, 37)
    dark = (small < paper.astype(np.int16) - 40).astype(np.uint8)
    rows, columns = np.nonzero(discs.without(dark, *_HOLE_PX))
    if len(rows) < _LEAST_INK:
        return 0.0
    best = _sharpest(*_thinned(rows, columns, _COARSE_INK), -_RANGE_DEG, _RANGE_DEG, _COARSE_DEG)
    rows, columns = _thinned(rows, columns, _FINE_INK)
    best = _sharpest(rows, columns, best - _COARSE_DEG, best + _COARSE_DEG, _FINE_DEG)
    best = max(-_RANGE_DEG, min(_RANGE_DEG, best))
    clearly = _CLEARLY if abs(best) <= _USUAL_DEG else _VERY_CLEARLY
    straight = _sharpness(rows, columns, 0.0)
    return round(best, 2) if _sharpness(rows, columns, best) > clearly * straight else 0.0


def straighten(gray: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Turn a page back by its skew about its centre; the canvas stays, corners fill with white."""
    if abs(degrees) < _FINE_DEG:
        return gray
    height, width = gray.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    turned = cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=255)
    return np.asarray(turned, np.uint8)


def _thinned(
    rows: NDArray[np.intp], columns: NDArray[np.intp], most: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    step = -(-len(rows) // most)
    return rows[::step], columns[::step]


def _sharpest(
    rows: NDArray[np.intp], columns: NDArray[np.intp], low: float, high: float, step: float
) -> float:
    angles = np.arange(low, high + step / 2, step)
    return float(max(angles, key=lambda angle: _sharpness(rows, columns, float(angle))))


def _sharpness(rows: NDArray[np.intp], columns: NDArray[np.intp], degrees: float) -> float:
    """Sum of squared differences between neighbouring rows' ink, at one angle."""
    along = rows + columns * np.tan(np.radians(degrees))
    filled = np.bincount((along - along.min()).astype(np.int64)).astype(np.float64)
    return float(np.square(np.diff(filled)).sum())
