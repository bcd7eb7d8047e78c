"""A page's text, line by line."""

import cv2
import numpy as np

from edge.document import BoxPx, TextLine
from edge.reading.readers import Gray, Quad, Readers

_EMPTY_BELOW = 0.35  # a "line" read with less confidence is speckle, a rule or a picture


def read_text(gray: Gray, readers: Readers) -> tuple[TextLine, ...]:
    """Find and read all lines of an upright page, in reading order."""
    quads = readers.find_lines(gray)
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
