"""A page's text, line by line."""

from collections.abc import Sequence

import cv2
import numpy as np

from edge.document import BoxPx, TextLine
from edge.reading.readers import Gray, Quad, Readers

_EMPTY_BELOW = 0.35  # a "line" read with less confidence is speckle, a rule or a picture


def read_text(gray: Gray, quads: Sequence[Quad], readers: Readers) -> tuple[TextLine, ...]:
    """Read the lines that were found on an upright page, in their order."""
    readings = readers.read_lines([crop(gray, quad) for quad in quads])
    return tuple(
        TextLine(reading.text.strip(), reading.confidence, bounds(quad))
        for quad, reading in zip(quads, readings, strict=True)
        if reading.text.strip() and reading.confidence >= _EMPTY_BELOW
    )


def crop(gray: Gray, quad: Quad) -> Gray:
    """Cut a quad out of the page and straighten it."""
    corners = np.array(quad.corners, np.float32)
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(1, round(float(np.linalg.norm(corners[3] - corners[0]))))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(corners, target)
    return np.asarray(cv2.warpPerspective(gray, matrix, (width, height), borderValue=255), np.uint8)


def bounds(quad: Quad) -> BoxPx:
    """Return the upright rectangle around a quad."""
    xs, ys = zip(*quad.corners, strict=True)
    left, top = int(min(xs)), int(min(ys))
    return BoxPx(left, top, round(max(xs)) - left, round(max(ys)) - top)


def reading_order(quads: Sequence[Quad]) -> list[Quad]:
    """Sort into rows from top to bottom, each row from left to right.

    A quad belongs to the row whose centre line it crosses with its own middle half.
    """
    rows: list[tuple[float, float, list[Quad]]] = []
    for quad in sorted(quads, key=_middle):
        middle, height = _middle(quad), _height(quad)
        if rows and abs(middle - rows[-1][0]) < 0.5 * min(height, rows[-1][1]):
            rows[-1][2].append(quad)
        else:
            rows.append((middle, height, [quad]))
    return [quad for _, _, row in rows for quad in sorted(row, key=lambda q: q.corners[0][0])]


def _middle(quad: Quad) -> float:
    return sum(y for _, y in quad.corners) / 4


def _height(quad: Quad) -> float:
    (_, a), (_, b), (_, c), (_, d) = quad.corners
    return max(1.0, (d + c - a - b) / 2)
