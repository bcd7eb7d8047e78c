"""A page's text, line by line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edge.reading.readers import Care, Gray, LineReading, Quad, Readers
from edge.results import BoxPx, TextLine

_EMPTY_BELOW = 0.35  # a "line" read with less confidence is speckle, a rule or a picture


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of a page as they were read: where each lies, its picture, what it says."""

    quads: tuple[Quad, ...]
    crops: tuple[Gray, ...]
    readings: tuple[LineReading, ...]

    def lines(self) -> tuple[TextLine, ...]:
        """Those that hold text, in order."""
        return tuple(
            TextLine(reading.text.strip(), reading.confidence, bounds(quad))
            for quad, reading in zip(self.quads, self.readings, strict=True)
            if reading.text.strip() and reading.confidence >= _EMPTY_BELOW
        )

    def improved(self, readers: Readers, care: Care = Care.TEXT) -> "PageText":
        """Read what is doubtful again, with care."""
        skimmed = self.readings
        again = readers.read_lines(self.crops, care=care, skimmed=skimmed)
        return replace(self, readings=tuple(again))


def skim(gray: Gray, quads: Sequence[Quad], readers: Readers) -> PageText:
    """Read the lines that were found on an upright page quickly, in their order."""
    crops = tuple(crop(gray, quad) for quad in quads)
    return PageText(tuple(quads), crops, tuple(readers.read_lines(crops, care=Care.SKIM)))


def crop(gray: Gray, quad: Quad) -> Gray:
    """Cut a quad out of the page and straighten it."""
    corners = np.array(quad.corners, np.float32)
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(1, round(float(np.linalg.norm(corners[3] - corners[0]))))
    # Its fourth corner follows: quads are rectangles, be they turned.
    target = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    matrix = cv2.getAffineTransform(corners[[0, 1, 3]], target)
    return np.asarray(cv2.warpAffine(gray, matrix, (width, height), borderValue=255), np.uint8)


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
