"""White stripes along the feed: where a scanner's sensor is blind, print and writing are cut.

A letter that such a stripe runs through reads as another letter, and surely. On a form with bars
or tints no gap runs from its top to its foot between things that are dark on both sides of it.
Across a form white rules do: stripes that run so are not told from them, and not looked for.
"""

import numpy as np
from numpy.typing import NDArray

from edge.imaging import deskew, turn

_DARKER = 40  # grey levels below the paper
_PAPER = 75  # percentile of the page's grey
_CLEAR = 0.003  # share of a stripe's length that may be dark all the same: dust
_WIDE_MM = (0.2, 3.5)
_BESIDE_MM = 0.25  # how far beside a stripe it is dark, or not
_CUT_MM = 4.0  # of its length it must be dark on both sides
_STRIPE, _PAGE = 0, 255


def find(gray: NDArray[np.uint8], dpi: float) -> NDArray[np.uint8] | None:
    """A picture of the page's size with its stripes in black on white; None without any.

    Args:
        gray: As it was scanned, height × width, its lines level: stripes run exactly down it.
        dpi: Its resolution.
    """
    paper = float(np.percentile(gray[::8, ::8], _PAPER))
    dark = gray < paper - _DARKER
    made = np.full(gray.shape, _PAGE, np.uint8)
    for start, stop in _stripes(dark, dpi / 25.4):
        made[:, start:stop] = _STRIPE
    return made if (made == _STRIPE).any() else None


def laid(stripes: NDArray[np.uint8], rotation: int, skew_deg: float) -> NDArray[np.uint8]:
    """The picture straightened and turned over as its page was, whose lines were level."""
    return turn.turn(deskew.straighten(stripes, skew_deg), rotation - rotation % 180)


def cut(stripes: NDArray[np.uint8], box: tuple[int, int, int, int]) -> bool:
    """Whether a stripe runs through a box (left, top, width, height in pixels)."""
    left, top, width, height = box
    inside = stripes[max(0, top) : top + height, max(0, left) : left + width]
    return bool((inside < (_STRIPE + _PAGE) // 2).any())


def _stripes(dark: NDArray[np.bool_], px_per_mm: float) -> list[tuple[int, int]]:
    """First column and the one after the last of each stripe that runs down a page."""
    is_clear = dark.mean(axis=0) <= _CLEAR
    steps = np.diff(np.concatenate([[0], is_clear.astype(np.int8), [0]]))
    beside = max(1, round(_BESIDE_MM * px_per_mm))
    found = []
    for start, stop in zip(np.flatnonzero(steps == 1), np.flatnonzero(steps == -1), strict=True):
        left, right = int(start) - beside, int(stop) - 1 + beside
        is_inside = left >= 0 and right < dark.shape[1]
        if not is_inside or not _WIDE_MM[0] <= (stop - start) / px_per_mm <= _WIDE_MM[1]:
            continue
        if (dark[:, left] & dark[:, right]).sum() >= _CUT_MM * px_per_mm:
            found.append((int(start), int(stop)))
    return found
