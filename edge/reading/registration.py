"""Where a form lies on a scan: a fit between its printed anchors and the lines that were read.

The blank's millimetres go to the page's pixels by an affine map (photocopiers stretch one way
more than the other). RANSAC leaves out anchors that were confused with other text; a fit that
few anchors support, or that bends the sheet, is refused, and the form is for a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from edge.document import BoxMm, BoxPx, TextLine
from edge.reading.forms import Anchor, FormDefinition
from edge.reading.text import plain

_SIMILAR = 85.0  # rapidfuzz ratio from which a line is an anchor
_TOLERANCE_MM = 2.0
_FEWEST = 6
_SHARE = 0.5  # of the matched anchors must agree
_STRETCH = (0.85, 1.18)
_BEND = 0.03  # shear and turn left over after deskew


@dataclass(frozen=True, slots=True)
class Registration:
    """An affine map from the blank's millimetres to the page's pixels.

    ``matrix`` is 2 × 3; ``residual_mm`` the median distance of the anchors after the fit.
    """

    matrix: NDArray[np.float64]
    residual_mm: float
    anchors: int

    def to_px(self, box: BoxMm) -> BoxPx:
        """Map a box of the blank to the page."""
        left, top, width, height = box
        corners = np.array([[left, top, 1.0], [left + width, top + height, 1.0]])
        (x0, y0), (x1, y1) = corners @ self.matrix.T
        return BoxPx(round(x0), round(y0), round(x1 - x0), round(y1 - y0))


def register(
    gray: NDArray[np.uint8], dpi: float, lines: Sequence[TextLine], form: FormDefinition
) -> Registration | None:
    """Fit the form to an upright page.

    Args:
        gray: The page, height × width.
        dpi: Its resolution; a fit far from it is refused.
        lines: What was read on it.
        form: With anchors that have boxes.

    Returns:
        None when no fit can be trusted.
    """
    if gray.size == 0:
        return None
    blank, page = _pairs(lines, form.anchors)
    if len(blank) < 2 * _FEWEST:
        return None
    px_per_mm = dpi / 25.4
    found, inliers = cv2.estimateAffine2D(
        blank, page, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE_MM * px_per_mm
    )
    if found is None:
        return None
    matrix = np.asarray(found, np.float64)
    kept = inliers.ravel().astype(bool)
    if kept.sum() < max(2 * _FEWEST, _SHARE * len(blank)) or not _is_plausible(matrix, px_per_mm):
        return None
    fitted = np.column_stack([blank, np.ones(len(blank))]) @ matrix.T
    distances = np.linalg.norm(fitted - page, axis=1)[kept] / px_per_mm
    return Registration(matrix, float(np.median(distances)), int(kept.sum()) // 2)


def _pairs(
    lines: Sequence[TextLine], anchors: Sequence[Anchor]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Left and right ends, at mid height, of each anchor and of the line that reads like it."""
    blank, page = [], []
    texts = [plain(line.text) for line in lines]
    for anchor in anchors:
        if anchor.box_mm is None or anchor.back:
            continue
        wanted = plain(anchor.text)
        scores = [fuzz.ratio(wanted, text) for text in texts]
        best = int(np.argmax(scores)) if scores else -1
        # Text that stands twice on the page tells no place.
        if best < 0 or scores[best] < _SIMILAR or sum(s >= scores[best] - 3 for s in scores) > 1:
            continue
        left, top, width, height = anchor.box_mm
        x, y, w, h = lines[best].box
        blank += [(left, top + height / 2), (left + width, top + height / 2)]
        page += [(x, y + h / 2), (x + w, y + h / 2)]
    return np.array(blank, np.float64).reshape(-1, 2), np.array(page, np.float64).reshape(-1, 2)


def _is_plausible(matrix: NDArray[np.float64], px_per_mm: float) -> bool:
    (a, b, _), (c, d, _) = matrix / px_per_mm
    return bool(
        _STRETCH[0] < a < _STRETCH[1]
        and _STRETCH[0] < d < _STRETCH[1]
        and abs(b) < _BEND
        and abs(c) < _BEND
    )
