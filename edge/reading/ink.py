"""Take a zone of a form out of a page and keep only what somebody wrote there.

Zones come out at one scale whatever the scan's, with the paper, its tints, watermarks and
light rules divided away: handwriting and typing are darker than what is printed under them.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import pieces
from edge.reading.readers import Gray
from edge.reading.registration import Registration
from vaguemestre.model.document import BoxMm

PX_PER_MM = 10
_STROKE_MM = 2.0  # nothing written is thicker; the closing that finds the paper bridges it
_DARK_ENOUGH = 185  # of 255 after division: the darkest pixels of a zone that holds ink
_SPECK_MM2 = 0.08
_PALE = (0.75, 205.0)  # thin strokes of letters: share of the way to white, but darker than rules


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone without its paper.

    ``image`` is grey, 255 where nothing is written; ``mask`` is 1 on ink; both at
    ``PX_PER_MM``. ``origin`` is the zone's upper left corner in the blank's millimetres.
    """

    image: Gray
    mask: NDArray[np.uint8]
    origin: tuple[float, float]

    @property
    def ink_mm2(self) -> float:
        """How much is written."""
        return float(self.mask.sum()) / PX_PER_MM**2


def cut(gray: Gray, where: Registration, box: BoxMm, margin_mm: float = 0.0) -> Gray:
    """Cut a box of the blank out of the page as it is, at ``PX_PER_MM``."""
    left, top = box.left - margin_mm, box.top - margin_mm
    width = max(1, round((box.width + 2 * margin_mm) * PX_PER_MM))
    height = max(1, round((box.height + 2 * margin_mm) * PX_PER_MM))
    to_mm = np.array([[1 / PX_PER_MM, 0, left], [0, 1 / PX_PER_MM, top], [0, 0, 1]])
    crop = cv2.warpAffine(
        gray,
        where.matrix @ to_mm,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderValue=255,
    )
    return np.asarray(crop, np.uint8)


def take(gray: Gray, where: Registration, box: BoxMm, margin_mm: float = 0.0) -> Zone:
    """Cut a box of the blank out of the page and divide its background away."""
    picture = cut(gray, where, box, margin_mm)
    left, top = box.left - margin_mm, box.top - margin_mm
    # Paper is nowhere brighter than the brightest pixel: what is not dark against that is no ink
    # after the division either, and most zones of most forms are empty.
    if _darkest(picture) * 255.0 > _DARK_ENOUGH * float(picture.max()):
        return Zone(np.full_like(picture, 255), np.zeros_like(picture), (left, top))
    image = _divided(picture)
    return Zone(image, _mask(image), (left, top))


def _divided(crop: Gray) -> Gray:
    size = round(_STROKE_MM * PX_PER_MM)
    padded = cv2.copyMakeBorder(crop, size, size, size, size, cv2.BORDER_REPLICATE)
    # A square: OpenCV closes with it ten times as fast as with a disc.
    paper = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    paper = cv2.blur(paper[size:-size, size:-size], (size, size), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.divide(crop, np.maximum(paper, 1), scale=255.0), np.uint8)


def _darkest(image: Gray) -> float:
    """The grey of the darkest pixels, one in two hundred left aside."""
    counted = np.cumsum(np.bincount(image.ravel(), minlength=256))
    return float(np.searchsorted(counted, 0.005 * image.size))


def _mask(image: Gray) -> NDArray[np.uint8]:
    """Ink: nearer to the zone's darkest than to paper; specks are dust."""
    darkest = _darkest(image)
    if darkest > _DARK_ENOUGH:
        return np.zeros_like(image)
    level = darkest + 0.5 * (255.0 - darkest)
    mask = (image < min(level, 200.0)).astype(np.uint8)
    found = pieces(mask)
    small = found.stats[:, cv2.CC_STAT_AREA] < _SPECK_MM2 * PX_PER_MM**2
    small[0] = True
    return np.asarray(~small[found.labels], np.uint8) if len(found) > 1 else mask


def pale(image: Gray) -> NDArray[np.bool_]:
    """Where a zone is too pale for ink by itself, but dark enough for a letter's thin strokes."""
    darkest = _darkest(image)
    return np.asarray(image < min(_PALE[1], darkest + _PALE[0] * (255.0 - darkest)), np.bool_)


def clean(zone: Zone, keep: NDArray[np.uint8]) -> Gray:
    """The zone's grey values near the kept ink, white elsewhere."""
    near = cv2.dilate(keep, np.ones((5, 5), np.uint8))
    return np.where(near > 0, zone.image, 255).astype(np.uint8)
