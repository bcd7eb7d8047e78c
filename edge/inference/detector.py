"""Where the text lines of a page are: PP-OCRv6's detector and what turns its map into quads."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from edge.inference.session import Session
from edge.reading.lines import reading_order
from edge.reading.readers import Gray, Quad

# Of the page given to the network; reading itself uses the full page. On the real pages 1,920,
# 1,536 and 1,280 find the same lines and lead to the same text (docs/decisions/0004-reading.md).
_LONGEST_PX = 1280
_LEAST_PX = 1024  # small pages are enlarged until their longest side has this
_TEXT_FROM = 0.3
_LINE_FROM = 0.5
_GROW = 1.6  # the map marks the core of a line; grow it by this share of area over length
_SMALLEST_PX = 3
_MOST_LINES = 1000


def find_lines(session: Session, page: Gray) -> list[Quad]:
    """Return the quads of all lines, in reading order."""
    height, width = page.shape
    if min(height, width) < _SMALLEST_PX:
        return []
    scale = _scale(height, width)
    size = tuple(max(32, round(side * scale / 32) * 32) for side in (width, height))
    small = cv2.resize(page, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    values = (small.astype(np.float32) / 255.0 - 0.5) / 0.5
    batch = np.ascontiguousarray(np.broadcast_to(values, (1, 3, *values.shape)))
    scores = session.run(batch)[0, 0]
    quads = _quads(scores, width / size[0], height / size[1])
    return reading_order(quads)


def _scale(height: int, width: int) -> float:
    longest = max(height, width)
    return min(1.0, _LONGEST_PX / longest) if longest >= _LEAST_PX else _LEAST_PX / longest


def _quads(scores: NDArray[np.float32], x_scale: float, y_scale: float) -> list[Quad]:
    mask = cv2.dilate((scores > _TEXT_FROM).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = []
    for contour in contours[:_MOST_LINES]:
        (cx, cy), (w, h), angle = cv2.minAreaRect(contour)
        if min(w, h) < _SMALLEST_PX or _mean_inside(scores, contour) < _LINE_FROM:
            continue
        grow = w * h * _GROW / (2 * (w + h))
        box = cv2.boxPoints(((cx, cy), (w + 2 * grow, h + 2 * grow), angle))
        quads.append(_ordered(np.asarray(box * np.array([x_scale, y_scale]), np.float32)))
    return quads


def _mean_inside(scores: NDArray[np.float32], contour: MatLike) -> float:
    left, top, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.asarray(contour, np.int32) - np.array([left, top], np.int32)], 1)
    return float(cv2.mean(scores[top : top + height, left : left + width], mask)[0])


def _ordered(box: NDArray[np.float32]) -> Quad:
    """Corners from the upper left, clockwise, for a box turned less than half a right angle."""
    by_x = box[np.argsort(box[:, 0], kind="stable")]
    left, right = by_x[:2], by_x[2:]
    upper_left, lower_left = left[np.argsort(left[:, 1])]
    upper_right, lower_right = right[np.argsort(right[:, 1])]
    corners = (upper_left, upper_right, lower_right, lower_left)
    return Quad(tuple((float(x), float(y)) for x, y in corners))
