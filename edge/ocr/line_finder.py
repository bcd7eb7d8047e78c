"""Where the text lines of an upright page are, in a few milliseconds and without a network.

Each letter is drawn as a band that reaches to where its right neighbour would stand; what hangs
together then is a line, whatever the sizes of print on the page. Rules between columns part it.
Dots, accents and commas are added after the letters. Lines are found on a reduced image; their
quads are in pixels of the page.

A piece of ink is a row of left, top, width, height and inked pixels, as OpenCV counts them; its
label is the number of its line, 0 for none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import pixels
from edge.ocr import components
from edge.ocr.components import InkComponents
from edge.ocr.engine import Gray, Quad
from edge.ocr.lines import reading_order

Boxes = NDArray[np.int32]
Labels = NDArray[np.integer]
Lines = NDArray[np.float64]  # left, top, right, bottom, letters' height, slope, letters, ink

_GAP = (1.4, 2.0)  # of most letters' height, and times the gap between letters: two words' gap
_ALIKE = 1.7  # how much larger one part's letters may be than the other's
_OVERLAP = 0.6  # of the lower part's height
_STANDS = 0.6  # of its line's letters' height: lower is a mark
_SLOPE = 0.04  # steepest rise of a line that is followed
_BLACK = (0.3, 0.38)  # of most lines' blackness: a line's, and a short one's
_MARGIN = 0.25  # of the letters' height, left around a line


def median_by(labels: Labels, values: NDArray[np.int32]) -> NDArray[np.float64]:
    """The median of the values of each label, 0 for labels without any."""
    order = np.lexsort((values, labels))
    count = np.bincount(labels)
    first = np.cumsum(count) - count
    at = np.minimum(first + count // 2, len(values) - 1)
    return np.where(count > 0, values[order[at]], 0).astype(np.float64)


def join_labels(
    boxes: Boxes, labels: Labels, large: int, usual: float, down: NDArray[np.uint8]
) -> Labels:
    """Labels with the parts of a line joined that only a wide space parts.

    Typewriters set letters apart, and a space after a full stop twice as wide: the wider the
    gaps between letters, the wider the space.
    """
    letter_gap = _letter_gap(boxes[:large], labels[:large])
    found = _around(boxes, labels, large, letter_gap)
    height = found[:, 4]
    reach = _GAP[0] * usual + _GAP[1] * letter_gap
    left, top, right, bottom = found[:, :4].T
    gap = left[None, :] - right[:, None]
    overlap = np.minimum(bottom[:, None], bottom[None, :]) - np.maximum(top[:, None], top[None, :])
    lower = np.minimum((bottom - top)[:, None], (bottom - top)[None, :])
    larger = np.maximum(height[:, None], height[None, :])
    near = (gap <= reach) & (gap >= -usual) & (left[:, None] < left[None, :])
    near &= (overlap >= _OVERLAP * lower) & (lower > 0)
    near &= larger <= _ALIKE * np.minimum(height[:, None], height[None, :])
    into = np.arange(len(found))
    for mark, line in np.argwhere(_is_mark_of(found)).tolist():
        into[mark] = line
    for a, b in np.argwhere(near).tolist():
        row = int((max(top[a], top[b]) + min(bottom[a], bottom[b])) / 2)
        if not down[row, max(0, int(right[a]) - 1) : int(left[b]) + 2].any():
            into[into == into[b]] = into[a]
    return np.asarray(into[labels], np.int32)


def _is_mark_of(found: Lines) -> NDArray[np.bool_]:
    """Which lines (rows) are the accent or the comma of which others (columns): a large title's."""
    left, top, right, bottom, height = found[:, :5].T
    above = (top[:, None] > top - height / 2) & (bottom[:, None] < bottom + height / 2)
    inside = (left[:, None] > left - height / 2) & (right[:, None] < right + height / 2)
    little = (height[:, None] < height / 2) & ((right - left)[:, None] < height)
    return np.asarray(above & inside & little & (height[:, None] > 0), np.bool_)


def _letter_gap(boxes: Boxes, labels: Labels) -> float:
    """The usual gap between letters of one line, in pixels."""
    order = np.lexsort((boxes[:, 0], labels))
    boxes, labels = boxes[order], labels[order]
    gaps = (boxes[1:, 0] - boxes[:-1, 0] - boxes[:-1, 2])[labels[1:] == labels[:-1]]
    return float(max(0.0, np.median(gaps))) if len(gaps) else 0.0


def line_boxes(boxes: Boxes, labels: Labels, large: int, usual: float) -> Lines:
    """The box around each line's letters, along its slope; what can be no line is left out."""
    found = _around(boxes, labels, large, _letter_gap(boxes[:large], labels[:large]))
    return found[_is_line(found, usual)]


def _around(boxes: Boxes, labels: Labels, large: int, gap: float) -> Lines:
    """A row for each label, that of 0 included; one without letters is inside out."""
    count = int(labels.max(initial=0)) + 1
    letters, of = boxes[:large], labels[:large]
    height = np.zeros(count)
    middle_height = median_by(of, letters[:, 3])
    height[: len(middle_height)] = middle_height
    slope, middle = _slopes(letters, of, height)
    x, y, width, tall, area = boxes.astype(np.float64).T
    fall = slope[labels] * (x + width / 2 - middle[labels])
    stands = tall >= _STANDS * height[labels]
    left = _least(labels[stands], x[stands], count)
    right = -_least(labels[stands], -(x + width)[stands], count)
    # A mark at a line's end belongs to it when it is near: else it is a rule's or a tint's rest.
    reach = height + 2 * gap
    near = stands | ((x + width >= (left - reach)[labels]) & (x <= (right + reach)[labels]))
    left, right = (
        _least(labels[near], x[near], count),
        -_least(labels[near], -(x + width)[near], count),
    )
    top = _least(labels[near], (y - fall)[near], count)
    bottom = -_least(labels[near], -(y + tall - fall)[near], count)
    many = np.bincount(of, minlength=count)
    ink = np.bincount(labels, weights=area, minlength=count)
    found = np.column_stack([left, top, right, bottom, height, slope, many, ink])
    found[0] = (0, 0, -1, -1, 0, 0, 0, 0)
    found[(many == 0) | ~np.isfinite(found).all(axis=1)] = found[0]
    return found


def _least(labels: Labels, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The least value of each label, infinite for labels without any."""
    least = np.full(count, np.inf)
    np.minimum.at(least, labels, values)
    return least


def _slopes(
    letters: Boxes, labels: Labels, height: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much each line falls to the right, and about which column.

    Least squares through the middles of the letters that are about as high as most.
    """
    count = len(height)
    alike = np.abs(letters[:, 3] - height[labels]) <= 0.3 * height[labels]
    chosen, of = letters[alike], labels[alike]
    x, y = chosen[:, 0] + chosen[:, 2] / 2, chosen[:, 1] + chosen[:, 3] / 2
    n = np.maximum(np.bincount(of, minlength=count), 1)
    middle = np.bincount(of, weights=x, minlength=count) / n
    level = np.bincount(of, weights=y, minlength=count) / n
    dx, dy = x - middle[of], y - level[of]
    spread = np.bincount(of, weights=dx * dx, minlength=count)
    slope = np.bincount(of, weights=dx * dy, minlength=count) / np.maximum(spread, 1.0)
    is_long = (n >= 5) & (spread / n > np.square(4 * height)) & (np.abs(slope) <= _SLOPE)
    return np.where(is_long, slope, 0.0), middle


def _is_line(found: Lines, usual: float) -> NDArray[np.bool_]:
    """Neither empty, nor a speck, nor a picture."""
    left, top, right, bottom, _, _, many, ink = found.T
    width, height = right - left, bottom - top
    filled = ink / np.maximum(width * height, 1.0)
    good = (many >= 1) & (height > 0.6 * usual) & (filled > 0.05) & (filled < 0.9)
    good &= ((many >= 2) | (width > 0.3 * height)) & (width > 0.35 * usual)
    return np.asarray(good, np.bool_)


def is_printed(found: Lines, depth: NDArray[np.uint8], usual: float) -> NDArray[np.bool_]:
    """Which lines are about as black as most: paper's edges and grain, and its back, are not.

    Args:
        found: Lines, in pixels of the reduced image.
        depth: By how much that image is darker than its paper.
        usual: The height of most letters.
    """
    corners = np.round(found[:, :4]).astype(int).tolist()
    depths = [float(depth[y0:y1, x0:x1].max(initial=0)) for x0, y0, x1, y1 in corners]
    black = np.array(depths)
    if not len(black):
        return np.zeros(0, np.bool_)
    width = found[:, 2] - found[:, 0]
    order = np.argsort(black)
    weight = np.cumsum(width[order])
    most = black[order[np.searchsorted(weight, weight[-1] / 2)]]
    is_short = (found[:, 6] <= 3) & (width < 6 * usual)
    return np.asarray(black >= most * np.where(is_short, _BLACK[1], _BLACK[0]), np.bool_)


def line_quads(found: Lines, times: int, shape: tuple[int, ...]) -> list[Quad]:
    """Boxes with their margins, as quads in pixels of the page.

    Args:
        found: Lines, in pixels of the reduced image.
        times: Pixels of the page in one of those.
        shape: The page's height and width.
    """
    left, top, right, bottom, height, slope = found[:, :6].T
    margin = _MARGIN * height + 0.5
    x0, x1 = left - 1.2 * margin, right + 1.2 * margin
    rise, y0, y1 = slope * (x1 - x0) / 2, top - margin, bottom + margin
    xs = np.clip(np.stack([x0, x1, x1, x0], axis=1) * times, 0, shape[1])
    ys = np.clip(
        np.stack([y0 - rise, y0 + rise, y1 + rise, y1 - rise], axis=1) * times, 0, shape[0]
    )
    return [
        Quad(tuple(zip(x, y, strict=True))) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)
    ]


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
class LineSearch:
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


def find_lines(page: Gray, dpi: float) -> LineSearch:
    """Find the lines of a page that is upright and straight.

    Args:
        page: Height × width.
        dpi: Its resolution.
    """
    found = components.find_components(page, dpi)
    chosen = _letters(found)
    usual = _usual_height(chosen)
    if 0 < usual < _SMALL_PX and found.times > 1:
        found = components.find_components(page, dpi, 2 * components.WORK_DPI)
        chosen = _letters(found)
        usual = _usual_height(chosen)
    if not usual:
        return LineSearch((), 0.0, False)
    boxes, labels, large = _grouped(chosen, found, usual)
    # Pairs of lines are compared: a page of dust must not take gigabytes.
    if labels.max(initial=0) > _MOST:
        return LineSearch((), usual * found.times, False)
    labels = join_labels(boxes, labels, large, usual, found.down)
    lines = line_boxes(boxes, labels, large, usual)
    lines = lines[is_printed(lines, found.depth, usual)]
    quads = line_quads(lines, found.times, page.shape)
    is_sure = _is_sure(labels, large) and boxes[:, 4].sum() >= _OF_INK * found.boxes[:, 4].sum()
    return LineSearch(tuple(reading_order(quads)), usual * found.times, is_sure)


def _is_sure(labels: Labels, large: int) -> bool:
    """Whether most ink is whole letters, and letters' marks: neither crumbs nor anything else."""
    crumbs = float((labels[large:] > 0).sum()) / max(1, large)
    astray = float((labels == 0).mean()) if len(labels) else 1.0
    return astray <= _ASTRAY and (crumbs <= _CRUMBS or astray <= _ASTRAY_OF_WHOLE)


def _letters(found: InkComponents) -> Boxes:
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


def _grouped(chosen: Boxes, found: InkComponents, usual: float) -> tuple[Boxes, Labels, int]:
    """Pieces and the line of each, 0 for none; the first so many are letters, not marks."""
    low = max(_SMALL * usual, _LOWEST_MM * found.px_per_mm)
    leads = (chosen[:, 3] >= low) | (
        (chosen[:, 2] >= _DASH[0] * usual) & (chosen[:, 2] <= _DASH[1] * usual)
    )
    large, small = chosen[leads], chosen[~leads]
    bands = _bands(large, usual, found.down)
    labels = _label_at(bands, *_middles(large))
    median = median_by(labels, large[:, 3])[labels]
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
