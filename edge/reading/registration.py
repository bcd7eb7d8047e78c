"""Where a form lies on a scan: a fit between its printed anchors and the lines that were read.

The blank's millimetres go to the page's pixels by an affine map (photocopiers stretch one way
more than the other). RANSAC leaves out anchors that were confused with other text. A fit that
few anchors support, that they support in one corner only, or that bends the sheet, is refused,
and the form is for a person. On scanned blanks the anchors' residual is 0.05 to 0.2 mm, a pixel
or two: following the ruled lines as well would gain nothing that a cell of 4 mm could show. Whether
the sheet lay flat, so that one map holds all over it, is told by ``flatness``.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from edge.reading.text import plain, plain_printed
from edge.results import BoxPx, TextLine
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import Anchor, FormDefinition

_SIMILAR = 85.0  # rapidfuzz ratio from which a line is an anchor
_TOLERANCE_MM = 2.0
_FEWEST = 6
_FOUND = 0.35  # of the form's anchors must be found and agree: sister forms share a few
_SHARE = 0.5  # of the anchors found must agree
_SPREAD = (0.4, 0.5)  # of the sheet's width and height that they must span
# Files lie about their resolution (a 150-dpi page told as 96), and copiers shrink A4 to A5: the
# size is free within reason, the proportions are not.
_SIZE = (0.4, 2.5)
_STRETCH = 1.2  # of one way against the other
_LEAST_PX_PER_MM = 3.9  # 100 dpi: print smaller than that cannot be read
_ROUNDS, _NEAR_MM, _DOUBTED_MM = 4, 1.0, 0.4  # of the finer fit
_BEND = 0.06  # shear and turn left over after deskew, as a share of the size

Points = NDArray[np.float64]  # n × 2


@dataclass(frozen=True, slots=True)
class Registration:
    """An affine map from the blank's millimetres to the page's pixels.

    ``matrix`` is 2 × 3. How far its anchors lie from it is not kept: most of them agree on sheets
    that slipped as well (docs/decisions/0021-registration.md); ``flatness`` looks at each.
    """

    matrix: NDArray[np.float64]

    @property
    def skew_deg(self) -> float:
        """How far the form is turned on the page; positive where its lines rise to the right."""
        return float(-np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    def to_px(self, box: BoxMm) -> BoxPx:
        """Map a box of the blank to the page."""
        left, top, width, height = box
        corners = np.array([[left, top, 1.0], [left + width, top + height, 1.0]])
        (x0, y0), (x1, y1) = corners @ self.matrix.T
        return BoxPx(round(x0), round(y0), round(x1 - x0), round(y1 - y0))

    def to_mm(self, boxes: Points) -> Points:
        """Map boxes of the page (left, top, width, height; n × 4, pixels) to the blank."""
        back = cv2.invertAffineTransform(self.matrix)
        middles = boxes[:, :2] + boxes[:, 2:] / 2
        sizes = boxes[:, 2:] / (self.matrix[0, 0], self.matrix[1, 1])
        at = np.column_stack([middles, np.ones(len(boxes))]) @ back.T
        return np.hstack([at - sizes / 2, sizes])


def register(
    gray: NDArray[np.uint8], dpi: float, lines: Sequence[TextLine], form: FormDefinition
) -> Registration | None:
    """Fit the form to an upright page.

    Args:
        gray: The page, height × width.
        dpi: Its resolution as told; a fit very far from it is refused.
        lines: What was read on it.
        form: With anchors that have boxes.

    Returns:
        None when no fit can be trusted.
    """
    if gray.size == 0:
        return None
    blank, page = _pairs(lines, form.fronts_with_boxes)
    fitted = fit(blank, page, dpi / 25.4, form)
    if fitted is None:
        return None
    where, kept = fitted
    # Of the anchors found most must agree: others may be text that looks like them.
    return _refined(where, blank, page) if kept.sum() >= _SHARE * len(blank) else None


def fit(
    blank: Points,
    page: Points,
    px_per_mm: float,
    form: FormDefinition,
    tolerance_mm: float = _TOLERANCE_MM,
) -> tuple[Registration, NDArray[np.bool_]] | None:
    """Lay a form over a page by pairs of points, some of which may be wrong.

    Args:
        blank: Points of the blank, n × 2, in millimetres.
        page: The same points on the page, in pixels.
        px_per_mm: Resolution of the page as told.
        form: Whose anchors they are.
        tolerance_mm: How far from its place a point may be.

    Returns:
        Where it lies, and which pairs agree; None when no fit can be trusted.
    """
    if len(blank) < _FEWEST:
        return None
    found, inliers = cv2.estimateAffine2D(
        blank, page, method=cv2.RANSAC, ransacReprojThreshold=tolerance_mm * px_per_mm
    )
    if found is None:
        return None
    matrix = np.asarray(found, np.float64)
    kept = np.asarray(inliers.ravel(), np.bool_)
    if not (_is_supported(blank[kept], form) and _is_plausible(matrix, px_per_mm)):
        return None
    return Registration(matrix), kept


def _refined(where: Registration, blank: Points, page: Points) -> Registration:
    """The same map by all its anchors, each the less the farther it lies from it.

    What is written beside an anchor moves the middle of its line by millimetres, which the first
    fit lets pass.
    """
    px_per_mm = float(np.sqrt(np.linalg.det(where.matrix[:, :2])))
    points = np.column_stack([blank, np.ones(len(blank))])
    matrix = where.matrix
    for _ in range(_ROUNDS):
        distances = np.linalg.norm(points @ matrix.T - page, axis=1) / px_per_mm
        if (distances <= _NEAR_MM).sum() < _FEWEST:
            return where
        weights = (1 / (1 + np.square(distances / _DOUBTED_MM)))[:, None]
        matrix = np.linalg.lstsq(points * weights, page * weights, rcond=None)[0].T
    return Registration(matrix)


def _is_supported(blank: Points, form: FormDefinition) -> bool:
    """Whether enough anchors agree, all over the sheet."""
    if len(blank) < max(_FEWEST, _FOUND * len(form.fronts_with_boxes)):
        return False
    across, down = np.ptp(blank, axis=0)
    return bool(across >= _SPREAD[0] * form.width_mm and down >= _SPREAD[1] * form.height_mm)


def _pairs(lines: Sequence[TextLine], anchors: Sequence[Anchor]) -> tuple[Points, Points]:
    """The middle of each anchor, and of the line that reads like it.

    The middle of an upright box is the line's own even when the line is askew; its ends are not.
    """
    blank, page = [], []
    texts = [plain(line.text) for line in lines]
    for anchor in anchors:
        if anchor.box_mm is None:
            continue
        wanted = plain_printed(anchor.text)
        scores = [fuzz.ratio(wanted, text) for text in texts]
        best = int(np.argmax(scores)) if scores else -1
        # Text that stands twice on the page tells no place.
        if best < 0 or scores[best] < _SIMILAR or sum(s >= scores[best] - 3 for s in scores) > 1:
            continue
        left, top, width, height = anchor.box_mm
        x, y, w, h = lines[best].box
        blank.append((left + width / 2, top + height / 2))
        page.append((x + w / 2, y + h / 2))
    return np.array(blank, np.float64).reshape(-1, 2), np.array(page, np.float64).reshape(-1, 2)


def _is_plausible(matrix: NDArray[np.float64], px_per_mm: float) -> bool:
    (a, b, _), (c, d, _) = matrix
    size = float(np.sqrt(max(a * d, 0.0)))
    return bool(
        min(a, d) >= _LEAST_PX_PER_MM
        and _SIZE[0] < size / px_per_mm < _SIZE[1]
        and 1 / _STRETCH < a / d < _STRETCH
        and max(abs(b), abs(c)) < _BEND * size
    )
