"""Which quarter turn makes a page upright.

Rows of print are sharp when they lie along the page, be it in a narrow strip of it: comparing
strips along and across says whether the page lies on its side. Reading the middles of a few of
the longest lines says which end is the top. When nothing can be told the page stays as it is.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.ocr import components
from edge.ocr.engine import Gray, LineReading, OcrEngine, Quad, ReadMode
from edge.ocr.lines import PageText, reading_order

_SAMPLES, _FEW = 6, 3
_LONG_ENOUGH = 2.0  # width over height of a line that tells a direction
_MIDDLE = 8  # times its height: this much of a line tells as well as all of it
# Mean confidence from which the samples stand upright and nobody need look at them the other way
# up: on the real pages at hand upright samples had 0.86 to 1.00, upside-down ones 0.35 to 0.76.
_PLAINLY = 0.9
_CLEARLY = 0.05  # mean confidence by which one way must win before a page is turned over
_STRIP_PX = 64  # 16 mm: skewed by 1.5°, a row of print still keeps to a quarter of its height
_SLOPES = (0.0, 0.035, -0.035, 0.07, -0.07, 0.14, -0.14)
# Sharpness of rows over that of columns: 1.3 and more on the real pages of print as they stand,
# below 0.75 when they are turned; between the two a detector has to say it.
_PLAINLY_UPRIGHT, _UPRIGHT_FROM, _LYING_BELOW = 2.0, 1.25, 0.6
_LITTLE = 0.012  # share of a page's pixels: a letter of a few lines has less ink


def lies_on_its_side(gray: Gray, dpi: float) -> bool | None:
    """Whether a page's lines run up or down it; None when its ink does not tell.

    Args:
        gray: The page as it was scanned.
        dpi: Its resolution.
    """
    ink = components.ink_mask(gray, dpi)
    turned = np.ascontiguousarray(ink.T)
    rows, columns = _sharpness(ink), _sharpness(turned)
    if rows < _PLAINLY_UPRIGHT * columns:  # rows that run askew are sharp at their own angle
        rows, columns = (
            max(_sharpness(_sheared(side, slope)) for slope in _SLOPES) for side in (ink, turned)
        )
    if rows >= _UPRIGHT_FROM * columns:
        return False if rows > 0 else None
    # Streaks and shadows of a worn scanner outweigh a few lines, and only them.
    is_written = float(ink.mean()) >= _LITTLE
    return True if is_written and rows <= _LYING_BELOW * columns else None


def _sheared(ink: Gray, slope: float) -> Gray:
    """Ink whose rows rose by a slope, level; nothing is interpolated."""
    height, width = ink.shape
    matrix = np.array([[1.0, 0.0, 0.0], [slope, 1.0, -slope * width / 2]])
    level = cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(level, np.uint8)


def _sharpness(ink: Gray) -> float:
    """Of the edges of rows of ink, in strips as narrow as a short word."""
    height, width = ink.shape
    strips = max(1, width // _STRIP_PX)
    whole = ink[:, : strips * _STRIP_PX] * np.uint8(255)
    filled = cv2.resize(whole, (strips, height), interpolation=cv2.INTER_AREA)
    return float(np.square(np.diff(filled.astype(np.float32), axis=0)).sum())


def quads_lie(quads: Sequence[Quad]) -> bool:
    """Whether most of what a detector found on a page is taller than wide."""
    lying = [quad for quad in quads if _proportion(quad) >= _LONG_ENOUGH]
    standing = [quad for quad in quads if _proportion(quad) <= 1 / _LONG_ENOUGH]
    return _ink(standing) > _ink(lying)


def is_upside_down(text: PageText, readers: OcrEngine) -> bool:
    """Whether a page reads better the other way up.

    Args:
        text: The skimmed lines of a page that lies along them.
        readers: The recognition networks.
    """
    longest = _longest(text)
    if not longest or legibility(text) >= _PLAINLY:
        return False
    crops = [_middle(text.crops[i]) for i in longest]
    over = [np.asarray(np.rot90(image, 2), np.uint8) for image in crops]
    read = readers.read_lines([*crops, *over], care=ReadMode.SKIM)
    return _mean_confidence(read[len(crops) :]) - _mean_confidence(read[: len(crops)]) > _CLEARLY


def legibility(text: PageText) -> float:
    """The mean confidence of a page's longest lines, 0 to 1; fewer than three tell little."""
    told = [text.readings[i].confidence for i in _longest(text)]
    return sum(told) / max(_FEW, len(told))


def _longest(text: PageText) -> list[int]:
    lying = [i for i, quad in enumerate(text.quads) if _proportion(quad) >= _LONG_ENOUGH]
    return sorted(lying, key=lambda i: -_area(text.quads[i]))[:_SAMPLES]


def turned_over(quads: Sequence[Quad], shape: tuple[int, ...]) -> list[Quad]:
    """The quads of a page of this height and width after half a turn, in its reading order."""
    height, width = shape[:2]
    over = []
    for quad in quads:
        a, b, c, d = ((width - x, height - y) for x, y in quad.corners)
        over.append(Quad((c, d, a, b)))
    return reading_order(over)


def _mean_confidence(readings: Sequence[LineReading]) -> float:
    return float(np.mean([reading.confidence for reading in readings]))


def _middle(image: Gray) -> Gray:
    height, width = image.shape
    spare = max(0, width - _MIDDLE * height) // 2
    return image[:, spare : width - spare]


def _proportion(quad: Quad) -> float:
    width, height = _extent(quad)
    return width / max(1.0, height)


def _area(quad: Quad) -> float:
    width, height = _extent(quad)
    return width * height


def _extent(quad: Quad) -> tuple[float, float]:
    xs = [x for x, _ in quad.corners]
    ys = [y for _, y in quad.corners]
    return max(xs) - min(xs), max(ys) - min(ys)


def _ink(quads: Sequence[Quad]) -> float:
    return sum(_area(quad) for quad in quads)
