"""Where the text lines of an upright page are, in a few ms and without a network.

Each letter is drawn as a band that reaches to where its right neighbour would stand; what hangs
together then is a line, whatever the sizes of print on the page. Rules between columns part it.
Lines are found on a reduced image; their quads are in pixels of the page.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge import pixels
from edge.reading import letters, lineboxes
from edge.reading.letters import Letters
from edge.reading.lineboxes import Boxes, Labels
from edge.reading.lines import reading_order
from edge.reading.readers import Gray, Quad

_HIGHEST_MM = 14.0  # a title's capital
_WIDEST = 12.0  # times its height: letters that touch, not a rule's rest
_LOWEST_MM = 0.7
_SMALL = 0.45  # of most letters' height: dots and accents; they belong to a line, they make none
_LOW = 0.75  # commas and quotation marks, where no letter is beside them
_DASH = (0.4, 2.0)  # width of a hyphen or dash: low as it is, it leads on to the next word
_REACH = 1.6  # times its height: how far a letter's right neighbour may be
_CORE = 0.25  # of a letter's height, cut off above and below: neighbours overlap by the rest
_TALL = 1.75  # times the height of most of its line: it may join two lines
_PITCH = 1.6  # a line's distance from the next, in its letters' height, at least
# Where the line of a dot, an accent, a comma is looked for, in its letters' height: down, right.
_PLACES = ((-0.5, 0.0), (-0.5, -0.6), (-0.8, 0.0), (-0.8, -0.6), (0.6, 0.0), (0.9, 0.0))
# Crumbs to a letter, and the share of pieces that no line is near: on the real pages 0.2 at most
# and 0.1, but for the faded ones.
_OF_INK = 0.1  # at least so much of a page's ink is letters, or it is a picture
_CRUMBS, _ASTRAY_OF_WHOLE, _ASTRAY = 0.21, 0.15, 0.35
_MOST = 1_500  # lines of a page, ditto marks and table cells counted; more is dust
_SMALL_PX = 5.0  # letters this low on the reduced image are looked at again on a larger one


@dataclass(frozen=True, slots=True)
class Found:
    """The lines of a page.

    Attributes:
        quads: In reading order, in pixels of the page.
        letter_px: Height of most letters, in pixels of the page; 0 when there is none.
        is_sure: False where the ink is broken or wild, as on worn faxes, handwriting and photos:
            a detector that has learnt what lines look like finds more there.
    """

    quads: tuple[Quad, ...]
    letter_px: float
    is_sure: bool


def find(page: Gray, dpi: float) -> Found:
    """Find the lines of a page that is upright and straight.

    Args:
        page: Height × width.
        dpi: Its resolution.
    """
    found = letters.find(page, dpi)
    chosen = _letters(found)
    usual = _usual_height(chosen)
    if 0 < usual < _SMALL_PX and found.times > 1:
        found = letters.find(page, dpi, 2 * letters.WORK_DPI)
        chosen = _letters(found)
        usual = _usual_height(chosen)
    if not usual:
        return Found((), 0.0, False)
    boxes, labels, large = _grouped(chosen, found, usual)
    # Pairs of lines are compared: a page of dust must not take gigabytes.
    if labels.max(initial=0) > _MOST:
        return Found((), usual * found.times, False)
    labels = lineboxes.joined(boxes, labels, large, usual, found.down)
    lines = lineboxes.lines(boxes, labels, large, usual)
    lines = lines[lineboxes.is_printed(lines, found.depth, usual)]
    quads = lineboxes.quads(lines, found.times, page.shape)
    is_sure = _is_sure(labels, large) and boxes[:, 4].sum() >= _OF_INK * found.boxes[:, 4].sum()
    return Found(tuple(reading_order(quads)), usual * found.times, is_sure)


def _is_sure(labels: Labels, large: int) -> bool:
    """Whether most ink is whole letters, and letters' marks: neither crumbs nor anything else."""
    crumbs = float((labels[large:] > 0).sum()) / max(1, large)
    astray = float((labels == 0).mean()) if len(labels) else 1.0
    return astray <= _ASTRAY and (crumbs <= _CRUMBS or astray <= _ASTRAY_OF_WHOLE)


def _letters(found: Letters) -> Boxes:
    """Pieces that may be letters, a few that touch, or what belongs to one."""
    left, top, width, height, area = found.boxes.T
    high = _HIGHEST_MM * found.px_per_mm
    kept = (left > 0) & (top > 0) & (height <= high) & (width <= np.maximum(_WIDEST * height, high))
    kept &= (left + width < found.down.shape[1]) & (top + height < found.down.shape[0])
    kept &= (area >= 0.08 * width * height) & (height <= 8 * width)
    return np.asarray(found.boxes[kept], np.int32)


def _usual_height(boxes: Boxes) -> float:
    """The height of most letters, 0 when there is none: each counts by its width."""
    boxes = boxes[boxes[:, 3] >= 3]
    if not len(boxes):
        return 0.0
    order = np.argsort(boxes[:, 3], kind="stable")
    weight = np.cumsum(boxes[order, 2])
    return float(boxes[order[np.searchsorted(weight, weight[-1] / 2)], 3])


def _grouped(chosen: Boxes, found: Letters, usual: float) -> tuple[Boxes, Labels, int]:
    """Pieces and the line of each, 0 for none; the first so many are letters, not marks."""
    low = max(_SMALL * usual, _LOWEST_MM * found.px_per_mm)
    leads = (chosen[:, 3] >= low) | (
        (chosen[:, 2] >= _DASH[0] * usual) & (chosen[:, 2] <= _DASH[1] * usual)
    )
    large, small = chosen[leads], chosen[~leads]
    bands = _bands(large, usual, found.down)
    labels = _label_at(bands, *_middles(large))
    median = lineboxes.median_by(labels, large[:, 3])[labels]
    joining = large[:, 3] > _TALL * median
    if joining.any():
        large = np.vstack([large[~joining], _cut(large[joining], median[joining])])
        bands = _bands(large, usual, found.down)
        labels = _label_at(bands, *_middles(large))
    # A comma below its line, an apostrophe above: alone, and of no letter's height.
    alone = (np.bincount(labels)[labels] == 1) & (
        large[:, 2:4].max(axis=1, initial=0) < _LOW * usual
    )
    bands[np.isin(bands, labels[alone])] = 0
    small, large, labels = np.vstack([small, large[alone]]), large[~alone], labels[~alone]
    of_small = _label_of_small(bands, small, usual)
    return np.vstack([large, small]), np.concatenate([labels, of_small]), len(large)


def _cut(tall: Boxes, height: NDArray[np.float64]) -> Boxes:
    """Letters of two lines that touch, one above the other, cut in two; more is no letter."""
    parts = np.maximum(1, np.round(tall[:, 3] / (_PITCH * height))).astype(np.int32)
    tall, parts = tall[parts <= 2], parts[parts <= 2]
    whole = np.repeat(tall, parts, axis=0)
    number = np.arange(len(whole)) - np.repeat(np.cumsum(parts) - parts, parts)
    each = np.repeat(tall[:, 3] // parts, parts)
    whole[:, 1] += number * each
    whole[:, 3] = each
    return np.asarray(whole, np.int32)


def _middles(boxes: Boxes) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    return boxes[:, 1] + boxes[:, 3] // 2, boxes[:, 0] + boxes[:, 2] // 2


def _bands(large: Boxes, usual: float, down: NDArray[np.uint8]) -> Labels:
    """Label what the letters' bands join."""
    image = np.zeros(down.shape, np.uint8)
    heights = large[:, 3].astype(np.float64)
    top = np.round(large[:, 1] + _CORE * heights).astype(int)
    bottom = np.maximum(top, np.round(large[:, 1] + (1 - _CORE) * heights - 1).astype(int))
    reach = _REACH * np.clip(heights, usual, 2.5 * usual)
    right = np.round(large[:, 0] + large[:, 2] + reach).astype(int)
    for x, y, x1, y1 in zip(
        *(side.tolist() for side in (large[:, 0], top, right, bottom)), strict=True
    ):
        cv2.rectangle(image, (x, y), (x1, y1), 1, cv2.FILLED)
    image[down > 0] = 0
    return pixels.labels(image)


def _label_at(bands: Labels, rows: NDArray[np.int32], columns: NDArray[np.int32]) -> Labels:
    height, width = bands.shape
    at = bands[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
    return np.asarray(at, np.int32)


def _label_of_small(bands: Labels, small: Boxes, usual: float) -> Labels:
    """Dots and accents belong to the line that they stand in, above, or below."""
    rows, columns = _middles(small)
    found = _label_at(bands, rows, columns)
    for rise, shift in _PLACES:
        down, right = np.int32(round(rise * usual)), np.int32(round(shift * usual))
        other = _label_at(bands, rows + down, columns + right)
        found = np.where(found > 0, found, other)
    return np.asarray(found, np.int32)
