"""From letters that were grouped to the quads of their lines.

A piece of ink is a row of left, top, width, height and inked pixels, as OpenCV counts them; its
label is the number of its line, 0 for none. Dots, accents and commas come after the letters.
"""

import numpy as np
from numpy.typing import NDArray

from edge.reading.readers import Quad

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


def joined(
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


def lines(boxes: Boxes, labels: Labels, large: int, usual: float) -> Lines:
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


def quads(found: Lines, times: int, shape: tuple[int, ...]) -> list[Quad]:
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
