"""A page made clean and straight: negatives, borders, pepper, stripes, skew, quarter turns.

- A negative (dark paper, light ink: its file says with the wrong tag which value is white) is told
  by the ground on which the thin strokes lie; a dark lid or photograph is dark too.
- The scanner's black background is painted white, never cut: cutting would move the page's frame,
  and every box measured on it.
- Pepper is lone black dots of a threshold that was too eager. Where they are many, letters hang
  together and no line can be found. Taking them off takes a little of thin strokes too: such a page
  is for a person, who sees it as it was scanned.
- White stripes along the feed are where a sensor is blind: a letter cut by one reads as another,
  and surely. On a form with bars or tints no gap runs from top to foot between things that are dark
  on both sides. Across a form white rules do, so stripes that run so are not looked for.
- Skew is the angle, in degrees counter-clockwise as seen, at which the ink falls into the sharpest
  rows, coarsely first, on a reduced image. A page whose lines rise to the right has a positive skew
  and is straightened by turning it back.
"""

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import pixels
from edge.imaging.pixels import connected_components, reduce, reduction_factor

_BORDER_WORK_PX = 575
_BORDER_DARK = 70
_MOST = 0.25  # of a side; more black than this is a black page, not a border
_LEAST_PX = 3  # of the reduced image
_FILLED = 0.5  # of its bounding box: a frame's line is thin, a border is solid
_INK_GROWTH = 2


def whiten_border(gray: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    """Paint black areas that touch the edge white; says whether there were any.

    Args:
        gray: Height × width.
    """
    by = reduction_factor(max(gray.shape), _BORDER_WORK_PX)
    # Nothing may be cut at the edges here, where borders are thinnest.
    more = [-side % by for side in gray.shape]
    whole = cv2.copyMakeBorder(gray, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE)
    dark = (reduce(np.asarray(whole, np.uint8), by) < _BORDER_DARK).astype(np.uint8)
    if dark.mean() > 1 - (1 - _MOST) ** 2:
        return gray, False
    solid = _solid(dark)
    found = connected_components(solid)
    border = np.zeros_like(dark)
    for label in range(1, len(found)):
        if _is_border(found.stats[label], dark.shape):
            border[found.labels == label] = 1
    if not border.any():
        return gray, False
    grown = cv2.dilate(border, np.ones((2 * _INK_GROWTH + 1, 2 * _INK_GROWTH + 1), np.uint8))
    size = (grown.shape[1] * by, grown.shape[0] * by)
    mask = cv2.resize(grown, size, interpolation=cv2.INTER_NEAREST)
    mask = mask[: gray.shape[0], : gray.shape[1]]
    clean = gray.copy()
    clean[mask > 0] = 255
    return clean, True


def _solid(dark: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What is no thin line. Beyond the edge all counts as dark: a wedge ends in a thin tip."""
    margin = _LEAST_PX
    framed = np.pad(dark, margin, constant_values=1)
    opened = cv2.morphologyEx(framed, cv2.MORPH_OPEN, np.ones((_LEAST_PX, _LEAST_PX), np.uint8))
    return np.asarray(opened[margin:-margin, margin:-margin], np.uint8)


def _is_border(stats: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Touches an edge, runs along a good part of it, and does not reach far in."""
    left, top, width, height, area = (int(value) for value in stats)
    page_height, page_width = shape
    touches_side = left == 0 or left + width == page_width
    touches_end = top == 0 or top + height == page_height
    if not (touches_side or touches_end):
        return False
    is_column = touches_side and height > 0.3 * page_height
    is_row = touches_end and width > 0.3 * page_width
    thin = area < _MOST * page_height * page_width
    return (is_column or is_row) and thin


_DESKEW_WORK_PX = 1100  # longest side of the reduced image; from 900 small angles stick to 0
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


def estimate_skew(gray: NDArray[np.uint8]) -> float:
    """Return the skew in degrees within ±20, 0 when it can't be told.

    Args:
        gray: Height × width, text upright or upside down.
    """
    small = reduce(gray, reduction_factor(max(gray.shape), _DESKEW_WORK_PX))
    stroke = np.ones((_STROKE_PX, _STROKE_PX), np.uint8)
    depth = cv2.subtract(cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke), small)
    dark = (depth > 40).astype(np.uint8)
    rows, columns = (
        side.astype(np.float32) for side in np.nonzero(pixels.remove_discs(dark, *_HOLE_PX))
    )
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


_GREYS = (60, 195)
_FEW = 0.05  # of the pixels are grey on a page that was thresholded, and maybe compressed
_LONE = 2  # dark pixels of 25, itself counted: the end of a thin stroke has more
_LEAST_DPI = 180
_MANY = 0.005  # of all pixels
_BANDS = 8  # of the page are looked at, a quarter of it in all


def remove_specks(gray: NDArray[np.uint8], dpi: float) -> tuple[NDArray[np.uint8], bool]:
    """The page without its pepper; says whether there was any.

    Args:
        gray: Height × width.
        dpi: Its resolution; below 180 letters have strokes as thin as the dots.
    """
    if dpi < _LEAST_DPI:
        return gray, False
    sample = gray[::4, ::4]
    if float(((sample > _GREYS[0]) & (sample < _GREYS[1])).mean()) > _FEW:
        return gray, False
    high = max(1, len(gray) // (4 * _BANDS))
    shares = [
        _lone(gray[top : top + high]) for top in np.linspace(0, len(gray) - high, _BANDS, dtype=int)
    ]
    if float(np.median(shares)) < _MANY:
        return gray, False
    return np.asarray(cv2.medianBlur(gray, 3), np.uint8), True


def _lone(band: NDArray[np.uint8]) -> float:
    dark = (band < 128).astype(np.uint8)
    around = cv2.boxFilter(dark, -1, (5, 5), normalize=False)
    return float(((dark > 0) & (around <= _LONE)).mean())


_WORK_DPI = 100.0
_NEGATIVE_DARK = 128  # grey level
_DARK_SHARE = 0.3  # of a page that is looked at closely
_PAPER_SHARE = 0.5  # of solid dark, from which it is surely the paper
_DARK_MEAN = 100.0  # of what is to be dark paper
_CONTRAST = 40.0  # between it and what is written: else noise
_STROKE_MM = 2.0  # what is wider is no stroke
_STROKES_MM2 = 20.0  # two or three written words
_ON_LIGHT = 0.2  # share of dark strokes on light paper up to which it is sure
_WRITTEN_MM2, _BARS = 100.0, 0.25  # or: many light strokes, and light solids (bars) small beside it


class Polarity(StrEnum):
    """Which of paper and ink is dark."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    DOUBTFUL = "doubtful"  # light writing on a dark ground that may be the paper


def find_negative(gray: NDArray[np.uint8], dpi: float) -> Polarity:
    """Look at a page as decoded, its borders in place.

    Args:
        gray: Height × width.
        dpi: Its resolution.
    """
    if float(np.mean(gray[::8, ::8] < _NEGATIVE_DARK)) < _DARK_SHARE:
        return Polarity.POSITIVE
    by = reduction_factor(dpi, _WORK_DPI)
    small, px_per_mm = reduce(gray, by), dpi / by / 25.4
    _, mask = cv2.threshold(small, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = np.asarray(mask, np.uint8)
    dark = np.asarray(1 - light, np.uint8)
    if not (dark.any() and light.any()):
        return Polarity.POSITIVE
    ground_level, ink_level = (float(small[where > 0].mean()) for where in (dark, light))
    if ground_level > _DARK_MEAN or ink_level - ground_level < _CONTRAST:
        return Polarity.POSITIVE
    side = round(_STROKE_MM * px_per_mm) | 1
    kernel = np.ones((side, side), np.uint8)
    on_dark, ground = _strokes(light, dark, kernel)
    on_light, bars = _strokes(dark, light, kernel)
    if on_dark < _STROKES_MM2 * px_per_mm**2:
        return Polarity.POSITIVE
    is_paper = ground >= _PAPER_SHARE * small.size
    is_written = on_dark >= _WRITTEN_MM2 * px_per_mm**2 and bars <= _BARS * ground
    if is_paper and (on_light <= _ON_LIGHT * on_dark or is_written):
        return Polarity.NEGATIVE
    return Polarity.DOUBTFUL if on_dark > on_light else Polarity.POSITIVE


def _strokes(
    ink: NDArray[np.uint8], paper: NDArray[np.uint8], kernel: NDArray[np.uint8]
) -> tuple[int, int]:
    """Pixels of thin ink that lie on solid paper alone, and pixels of that paper."""
    solid_paper = cv2.morphologyEx(paper, cv2.MORPH_OPEN, kernel)
    solid_ink = cv2.morphologyEx(ink, cv2.MORPH_OPEN, kernel)
    thin = (ink > 0) & (cv2.dilate(solid_ink, kernel) == 0) & (cv2.dilate(solid_paper, kernel) > 0)
    return int(np.count_nonzero(thin)), int(np.count_nonzero(solid_paper))


def quarter_turn(gray: NDArray[np.uint8], rotation: int) -> NDArray[np.uint8]:
    """Turn a page clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(gray, k=-(rotation // 90)))


_DARKER = 40  # grey levels below the paper
_PAPER = 75  # percentile of the page's grey
_CLEAR = 0.003  # share of a stripe's length that may be dark all the same: dust
_WIDE_MM = (0.2, 3.5)
_BESIDE_MM = 0.25  # how far beside a stripe it is dark, or not
_CUT_MM = 4.0  # of its length it must be dark on both sides
_STRIPE, _PAGE = 0, 255


def find_stripes(gray: NDArray[np.uint8], dpi: float) -> NDArray[np.uint8] | None:
    """A picture of the page's size with its stripes in black on white; None without any.

    Args:
        gray: As it was scanned, height × width, its lines level: stripes run exactly down it.
        dpi: Its resolution.
    """
    paper = float(np.percentile(gray[::8, ::8], _PAPER))
    dark = gray < paper - _DARKER
    made = np.full(gray.shape, _PAGE, np.uint8)
    for start, stop in _stripes(dark, dpi / 25.4):
        made[:, start:stop] = _STRIPE
    return made if (made == _STRIPE).any() else None


def laid(stripes: NDArray[np.uint8], rotation: int, skew_deg: float) -> NDArray[np.uint8]:
    """The picture straightened and turned over as its page was, whose lines were level."""
    return quarter_turn(straighten(stripes, skew_deg), rotation - rotation % 180)


def cut(stripes: NDArray[np.uint8], box: tuple[int, int, int, int]) -> bool:
    """Whether a stripe runs through a box (left, top, width, height in pixels)."""
    left, top, width, height = box
    inside = stripes[max(0, top) : top + height, max(0, left) : left + width]
    return bool((inside < (_STRIPE + _PAGE) // 2).any())


def _stripes(dark: NDArray[np.bool_], px_per_mm: float) -> list[tuple[int, int]]:
    """First column and the one after the last of each stripe that runs down a page."""
    is_clear = dark.mean(axis=0) <= _CLEAR
    steps = np.diff(np.concatenate([[0], is_clear.astype(np.int8), [0]]))
    beside = max(1, round(_BESIDE_MM * px_per_mm))
    found = []
    for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        left, right = int(start) - beside, int(stop) - 1 + beside
        is_inside = left >= 0 and right < dark.shape[1]
        if not is_inside or not _WIDE_MM[0] <= (stop - start) / px_per_mm <= _WIDE_MM[1]:
            continue
        if (dark[:, left] & dark[:, right]).sum() >= _CUT_MM * px_per_mm:
            found.append((int(start), int(stop)))
    return found
