"""Where the ink of a printed line really stands: rules and leaders apart, wide gaps as ends.

A line finder's box takes the rule in that follows a label ("Date ________"); whoever looks for
free room must know where the words end.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.results import BoxPx

_DARKER = 40
_RULE_MM, _GAP_MM = 6.0, 6.0
_LEAST_MM = 0.6


def of(gray: NDArray[np.uint8], dpi: float, box: BoxPx) -> tuple[BoxPx, ...]:
    """The parts of a box that hold words, left to right.

    Args:
        gray: The page, height × width.
        dpi: Its resolution.
        box: Of one line, inside the page.
    """
    px = dpi / 25.4
    left, top = max(0, box.left), max(0, box.top)
    crop = gray[top : box.top + box.height, left : box.left + box.width]
    if crop.size == 0:
        return ()
    paper = int(np.percentile(crop, 80))
    dark = np.asarray(np.abs(crop.astype(np.int16) - paper) > _DARKER, np.uint8)
    kernel = np.ones((1, max(3, round(_RULE_MM * px))), np.uint8)
    rules = cv2.dilate(cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel), np.ones((3, 1), np.uint8))
    dark[rules > 0] = 0
    columns = np.flatnonzero(dark.sum(axis=0) >= max(1, round(0.15 * px)))
    if len(columns) == 0:
        return ()
    breaks = np.flatnonzero(np.diff(columns) > _GAP_MM * px)
    starts = columns[np.concatenate([[0], breaks + 1])]
    stops = columns[np.concatenate([breaks, [len(columns) - 1]])] + 1
    return tuple(
        BoxPx(left + int(start), top, int(stop - start), box.height)
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= _LEAST_MM * px
    )
