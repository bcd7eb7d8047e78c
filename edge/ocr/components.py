"""Letters and what else is small and inked on a page, found on a reduced image in a few ms.

Ink is what is nearer to the darkest spot around than to the paper around, so that a tint, a
bleeding back or a pale comb beside print is none. White print on a dark bar is ink too. Rules,
frames and pictures are told from letters by their length and size.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging.pixels import connected_components, reduce, reduction_factor

Mask = NDArray[np.uint8]

WORK_DPI = 100.0
_STROKE_MM = 3.6  # nothing written is thicker; the closing that finds the paper bridges it
_AROUND_MM = 3.0  # how far what is around reaches
_COARSE = 4  # what is around is looked at on an image this many times smaller
_LEAST_CONTRAST = 16  # grey levels; paper's grain and a scanner's noise stay below, once reduced
_OF_PAGE = 0.12  # of the page's contrast: a back that shines through is paler than that
_OF_DEEPEST = 0.28  # of the contrast of the darkest around
_BAR_MM = (12.0, 0.6, 2.5)  # length, what is left of its height beside the print, and height
_BAR_FILLED = 0.5  # of it is dark
_RULE_MM = (11.0, 9.0)  # across and down: longer strokes belong to no letter
_SPECK_PX = 3


@dataclass(frozen=True, slots=True)
class InkComponents:
    """Connected pieces of ink, in pixels of the reduced image.

    Attributes:
        boxes: One row a piece: left, top, width, height, inked pixels.
        down: 1 where a vertical rule parts columns; reduced image's height × width.
        depth: By how much the reduced image is darker than its paper; 0 in bars.
        times: Pixels of the page in one of the reduced image, each way.
        px_per_mm: Of the reduced image, going by the page's resolution.
    """

    boxes: NDArray[np.int32]
    down: Mask
    depth: NDArray[np.uint8]
    times: int
    px_per_mm: float


def find_components(
    gray: NDArray[np.uint8], dpi: float, work_dpi: float = WORK_DPI
) -> InkComponents:
    """Find the letters of a page.

    Args:
        gray: Height × width.
        dpi: Its resolution.
        work_dpi: What it is reduced to, but for a rest: by a whole number.
    """
    ink, down, depth, by = _without_rules(gray, dpi, work_dpi)
    boxes = connected_components(ink).stats[1:]
    boxes = boxes[boxes[:, cv2.CC_STAT_AREA] >= _SPECK_PX]
    return InkComponents(boxes, down, depth, by, dpi / by / 25.4)


def ink_mask(gray: NDArray[np.uint8], dpi: float) -> Mask:
    """1 where a reduced page has ink that belongs to no rule; height × width at about 100 dpi."""
    return _without_rules(gray, dpi, WORK_DPI)[0]


def _without_rules(
    gray: NDArray[np.uint8], dpi: float, work_dpi: float
) -> tuple[Mask, Mask, NDArray[np.uint8], int]:
    by = reduction_factor(dpi, work_dpi)
    small = reduce(gray, by)
    px_per_mm = dpi / by / 25.4
    found, depth = _ink(small, px_per_mm)
    across, down = _rules(found, px_per_mm)
    found[cv2.bitwise_or(across, down) > 0] = 0
    return found, down, depth, by


def _ink(small: NDArray[np.uint8], px_per_mm: float) -> tuple[Mask, NDArray[np.uint8]]:
    """1 where there is ink, dark on light or light on a dark bar; and how deep it is."""
    height, width = small.shape
    stroke = np.ones((_odd(_STROKE_MM * px_per_mm),) * 2, np.uint8)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, stroke)
    depth = np.asarray(cv2.subtract(paper, small), np.uint8)
    deepest = cv2.dilate(depth, np.ones((_COARSE + 1, _COARSE + 1), np.uint8))
    deepest = np.ascontiguousarray(deepest[::_COARSE, ::_COARSE])
    reach = _odd(2 * _AROUND_MM * px_per_mm / _COARSE)
    around = cv2.dilate(deepest, np.ones((reach, reach), np.uint8))
    least = max(_LEAST_CONTRAST, _OF_PAGE * float(np.percentile(around, 90)))
    level = np.maximum(around * np.float32(_OF_DEEPEST), np.float32(least)).astype(np.uint8)
    ink = (depth > cv2.resize(level, (width, height))).astype(np.uint8)
    _turn_bars(ink, depth, small, px_per_mm)
    return ink, depth


def _turn_bars(
    ink: Mask, depth: NDArray[np.uint8], small: NDArray[np.uint8], px_per_mm: float
) -> None:
    """Inside solid dark bars what is light is ink, and nothing else."""
    dark = (small < _middle_grey(small)).astype(np.uint8)
    long, thick = round(_BAR_MM[0] * px_per_mm), max(2, round(_BAR_MM[1] * px_per_mm))
    solid = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((thick, long), np.uint8))
    if not solid.any():
        return
    for left, top, width, height, _ in (
        connected_components(np.asarray(solid, np.uint8)).stats[1:].tolist()
    ):
        here = np.s_[top : top + height, left : left + width]
        if height < _BAR_MM[2] * px_per_mm or dark[here].mean() < _BAR_FILLED:
            continue
        level = float(np.median(small[here][dark[here] > 0]))
        light = small[here] > 0.5 * (level + float(small[here].max()))
        ink[here] = light
        depth[here][light] = 255


def _middle_grey(small: NDArray[np.uint8]) -> int:
    """Half way from black print to paper."""
    sample = small[::4, ::4]
    return int((np.percentile(sample, 1) + np.percentile(sample, 70)) / 2)


def _odd(size: float) -> int:
    return 2 * max(1, round((size - 1) / 2)) + 1


def _rules(ink: Mask, px_per_mm: float) -> tuple[Mask, Mask]:
    """Where strokes run that are longer than a letter's, across and down."""
    across, down = (max(9, round(mm * px_per_mm)) for mm in _RULE_MM)
    rows = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, across), np.uint8))
    columns = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((down, 1), np.uint8))
    rows = cv2.dilate(rows, np.ones((3, 1), np.uint8))  # their frayed edges as well
    columns = cv2.dilate(columns, np.ones((1, 3), np.uint8))
    return np.asarray(rows, np.uint8), np.asarray(columns, np.uint8)
