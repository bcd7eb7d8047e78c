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
from edge.pixels import reduced, times

_WORK_PX = 1100  # longest side of the reduced image; from 900 small angles stick to 0
_STROKE_PX = 19  # strokes up to this thick are ink; holes of 4 mm are about as large
_HOLE_PX = (13, 33)  # punch holes of 4 to 9 mm on a reduced A4 sheet
_RANGE_DEG = 20.0
_USUAL_DEG = 5.0  # a feeder's own; what lies askew beyond that was laid by hand
_COARSE_DEG, _FINE_DEG = 0.5, 0.05
# Each pixel counts for the two rows that it lies between. Straight, all would lie in whole rows,
# which makes 0 sharper than any small angle: a little off, they are spread like the others.
_SPREAD = 0.15
_LEAST_INK = 300  # dark pixels of the reduced image below which nothing can be told
_COARSE_INK, _FINE_INK = 6_000, 50_000  # dark pixels that are looked at
_CLEARLY = 1.06  # how much sharper than straight an angle must be
_VERY_CLEARLY = 1.5  # the same for an unusual one: scribbles are sharp somewhere


def estimate(gray: NDArray[np.uint8]) -> float:
    """Return the skew in degrees within ±20, 0 when it can't be told.

    Args:
        gray: Height × width, text upright or upside down.
    """
    small = reduced(gray, times(max(gray.shape), _WORK_PX))
    stroke = np.ones((_STROKE_PX, _STROKE_PX), np.uint8)
    depth = cv2.subtract(cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke), small)
    dark = (depth > 40).astype(np.uint8)
    rows, columns = (side.astype(np.float32) for side in np.nonzero(discs.without(dark, *_HOLE_PX)))
    if len(rows) < _LEAST_INK:
        return 0.0
    best = _sharpest(*_thinned(rows, columns, _COARSE_INK), -_RANGE_DEG, _RANGE_DEG, _COARSE_DEG)
    rows, columns = _thinned(rows, columns, _FINE_INK)
    for step in (2 * _FINE_DEG, _FINE_DEG):
        reach = _COARSE_DEG if step > _FINE_DEG else _FINE_DEG
        best = _sharpest(rows, columns, best - reach, best + reach, step)
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
    turned = cv2.warpAffine(gray, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=255)
    return np.asarray(turned, np.uint8)


def _thinned(
    rows: NDArray[np.float32], columns: NDArray[np.float32], most: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    step = -(-len(rows) // most)
    return rows[::step], columns[::step]


def _sharpest(
    rows: NDArray[np.float32], columns: NDArray[np.float32], low: float, high: float, step: float
) -> float:
    angles = np.arange(low, high + step / 2, step)
    return float(max(angles, key=lambda angle: _sharpness(rows, columns, float(angle))))


def _sharpness(rows: NDArray[np.float32], columns: NDArray[np.float32], degrees: float) -> float:
    """Sum of squared differences between neighbouring rows' ink, at one angle."""
    along = rows + columns * np.float32(np.tan(np.radians(degrees)))
    along += np.float32(_SPREAD) - along.min()
    row = along.astype(np.int32)
    below = along - row
    filled = np.bincount(row + 1, weights=below)
    filled[:-1] += np.bincount(row, weights=1 - below)
    return float(np.square(np.diff(filled)).sum())
