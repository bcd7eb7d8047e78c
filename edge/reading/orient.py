"""Which quarter turn makes a page upright.

Lines wider than tall say whether the page lies on its side; reading the middles of a few of the
longest says which end is the top. When nothing can be told the page stays as it is.
"""

from collections.abc import Sequence

import numpy as np

from edge.reading.lines import crop
from edge.reading.readers import Care, Gray, Quad, Readers

_SAMPLES = 6
_LONG_ENOUGH = 2.0  # width over height of a line that tells a direction
_MIDDLE = 8  # times its height: this much of a line tells as well as all of it
# Mean confidence from which the samples stand upright and nobody need look at them the other way
# up: on the real pages at hand upright samples had 0.86 to 1.00, upside-down ones 0.35 to 0.76.
_PLAINLY = 0.9
_CLEARLY = 0.05  # mean confidence by which one way must win before a page is turned over


def find_rotation(gray: Gray, quads: Sequence[Quad], readers: Readers) -> int:
    """Return the turn to apply, clockwise, in degrees: 0, 90, 180 or 270.

    Args:
        gray: The page as it was scanned.
        quads: Its lines.
        readers: The recognition networks.
    """
    lying = [quad for quad in quads if _proportion(quad) >= _LONG_ENOUGH]
    standing = [quad for quad in quads if _proportion(quad) <= 1 / _LONG_ENOUGH]
    if _ink(standing) > _ink(lying):
        turned = np.rot90(gray, k=-1)  # clockwise
        return 270 if _is_upside_down(_turned(standing, gray.shape[0]), turned, readers) else 90
    return 180 if _is_upside_down(lying, gray, readers) else 0


def _is_upside_down(quads: Sequence[Quad], gray: Gray, readers: Readers) -> bool:
    longest = sorted(quads, key=_area, reverse=True)[:_SAMPLES]
    if not longest:
        return False
    crops = [_middle(crop(gray, quad)) for quad in longest]
    upright = _confidence(crops, readers)
    if upright >= _PLAINLY:
        return False
    over = _confidence([np.asarray(np.rot90(image, 2), np.uint8) for image in crops], readers)
    return over - upright > _CLEARLY


def _confidence(crops: Sequence[Gray], readers: Readers) -> float:
    return float(
        np.mean([reading.confidence for reading in readers.read_lines(crops, care=Care.SKIM)])
    )


def _middle(image: Gray) -> Gray:
    height, width = image.shape
    spare = max(0, width - _MIDDLE * height) // 2
    return image[:, spare : width - spare]


def _turned(quads: Sequence[Quad], height: int) -> list[Quad]:
    """The quads after a clockwise quarter turn of a page of this height."""
    turned = []
    for quad in quads:
        points = np.array([(height - y, x) for x, y in quad.corners])
        left, top = points.min(axis=0)
        right, bottom = points.max(axis=0)
        corners = ((left, top), (right, top), (right, bottom), (left, bottom))
        turned.append(Quad(tuple((float(x), float(y)) for x, y in corners)))
    return turned


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
