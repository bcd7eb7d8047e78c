"""Which measured form a page is, where it lies on the scan, and whether the sheet lay flat.

``match_layout`` finds the form from where the lines stand, without reading: the boxes of its
anchors are laid over the page's lines. Of the 53 and 35 anchors of two forms, filled and badly
scanned, at least 23 lay within 0.8 mm of a line of about the same length; of other forms' anchors,
and on pages of other types, no more than five. On 48 drawn pages such a fit was off by 0.06 mm
across and 0.14 mm down in the mean, one through the anchors that could be read by 0.12 and 0.14 mm.

``register`` fits the blank's millimetres to the page's pixels by an affine map through the anchors
that were read (photocopiers stretch one way more than the other). RANSAC leaves out anchors that
were confused with other text. A fit that few anchors support, that they support in one corner only,
or that bends the sheet, is refused, and the form is for a person. On scanned blanks the residual is
0.05 to 0.2 mm, a pixel or two: following the ruled lines as well would gain nothing.

``survey_print`` looks for each anchor where the map says. A feeder that slips, a sheet that bulges,
a telephone held askew move a part of the print by millimetres, which no affine map follows; a field
there would be read from its neighbour's place. Anchors are compared by the ends of their line: what
is written beside one moves one end, not both. A line of an anchor's size elsewhere, that is no
other anchor's, may have strayed, and is read to make sure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from edge.ocr.engine import Quad
from edge.ocr.lines import bounds, fold_printed, fold_text
from edge.results import BoxPx, TextLine
from vaguemestre.model.document import BoxMm, Layout
from vaguemestre.model.forms import Anchor, FormDefinition

_SIMILAR = 85.0  # rapidfuzz ratio from which a line is an anchor
_REGISTRATION_TOLERANCE_MM = 2.0
_REGISTRATION_FEWEST = 6
_REGISTRATION_FOUND = (
    0.35  # of the form's anchors must be found and agree: sister forms share a few
)
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
    fitted = fit_affine(blank, page, dpi / 25.4, form)
    if fitted is None:
        return None
    where, kept = fitted
    # Of the anchors found most must agree: others may be text that looks like them.
    return _refined(where, blank, page) if kept.sum() >= _SHARE * len(blank) else None


def fit_affine(
    blank: Points,
    page: Points,
    px_per_mm: float,
    form: FormDefinition,
    tolerance_mm: float = _REGISTRATION_TOLERANCE_MM,
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
    if len(blank) < _REGISTRATION_FEWEST:
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
        if (distances <= _NEAR_MM).sum() < _REGISTRATION_FEWEST:
            return where
        weights = (1 / (1 + np.square(distances / _DOUBTED_MM)))[:, None]
        matrix = np.linalg.lstsq(points * weights, page * weights, rcond=None)[0].T
    return Registration(matrix)


def _is_supported(blank: Points, form: FormDefinition) -> bool:
    """Whether enough anchors agree, all over the sheet."""
    if len(blank) < max(_REGISTRATION_FEWEST, _REGISTRATION_FOUND * len(form.fronts_with_boxes)):
        return False
    across, down = np.ptp(blank, axis=0)
    return bool(across >= _SPREAD[0] * form.width_mm and down >= _SPREAD[1] * form.height_mm)


def _pairs(lines: Sequence[TextLine], anchors: Sequence[Anchor]) -> tuple[Points, Points]:
    """The middle of each anchor, and of the line that reads like it.

    The middle of an upright box is the line's own even when the line is askew; its ends are not.
    """
    blank, page = [], []
    texts = [fold_text(line.text) for line in lines]
    for anchor in anchors:
        if anchor.box_mm is None:
            continue
        wanted = fold_printed(anchor.text)
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


_IN_PLACE_MM = (1.0, 0.7)  # across, where a line's ends tell; down
_HIGHER = 0.5  # what stands on a line makes it higher, and moves its middle by half of that
_LONGER, _LONGER_MM, _HIGHER_MM = 0.12, 1.5, 2.0  # than its anchor, with what is written on it
_ALIKE, _ALIKE_MM = 0.02, (1.5, 1.2)  # a line as long and as high as its anchor
_ASTRAY_MM = 8.0
# Of the ends of anchors, at the left and at the right, in each quarter of them, and of the anchors
# in each third from the top down. Flat sheets had 0.38 and 0.46 and more, worn thresholded ones
# 0.29 and 0.2; where a sheet had slipped away from under its map sideways 0.15 were left.
_QUARTERS, _ENDS_HELD = 4, 0.16
_THIRDS, _HELD = 3, 0.2
_TOGETHER_MM = 1.2  # two lines strayed alike; one alone may be a word that stands twice
_BESIDE_MM = (5.0, 3.0)  # how far a zone may reach beyond the print that holds the map


@dataclass(frozen=True, slots=True)
class PrintSurvey:
    """What was found of a form's print where its map says it stands.

    ``held`` are ends of anchors that stand there (n × 2, mm of the blank); ``strayed`` lines that
    may be anchors that stand elsewhere, by their index, and ``moves`` how far away (n × 2, mm);
    ``is_all_over`` is False where a part of the sheet has too few that stand there.
    """

    held: Points
    strayed: tuple[tuple[Anchor, int], ...]
    moves: Points
    is_all_over: bool

    def holds(self, box: BoxMm) -> bool:
        """Whether print that stands in its place is found on each side of a zone, or beside it."""
        if not len(self.held):
            return False
        across, down = self.held.T
        aside, apart = _BESIDE_MM
        return bool(
            across.min() <= box.left + box.width + aside
            and across.max() >= box.left - aside
            and down.min() <= box.top + box.height + apart
            and down.max() >= box.top - apart
        )


def survey_print(lines: Points, where: Registration, form: FormDefinition) -> PrintSurvey:
    """Look for a form's anchors where its map says.

    Args:
        lines: Left, top, width, height of each line of the page, n × 4, in pixels.
        where: Where the form lies.
        form: Whose anchors have boxes.
    """
    anchors = form.fronts_with_boxes
    if not len(lines) or not anchors:
        return PrintSurvey(np.zeros((0, 2)), (), np.zeros((0, 2)), is_all_over=False)
    boxes = np.array([anchor.box_mm for anchor in anchors], np.float64)
    found = where.to_mm(lines)
    wider, higher = (found[None, :, 2:] - boxes[:, None, 2:]).transpose(2, 0, 1)
    left = found[None, :, 0] - boxes[:, None, 0]
    middle = found[None, :, 1] - boxes[:, None, 1] + higher / 2
    right, widths = left + wider, boxes[:, None, 2]
    is_alike = np.abs(wider) <= np.maximum(_ALIKE_MM[0], _ALIKE * widths)
    # Another printer's letters are a little wider or narrower about the same middle.
    about = is_alike & (left * right < 0) & (np.abs(left + right) / 2 <= _IN_PLACE_MM[0])
    lefts, rights = (about | (np.abs(end) <= _IN_PLACE_MM[0]) for end in (left, right))
    is_held = (np.abs(middle) <= _IN_PLACE_MM[1] + _HIGHER * np.abs(higher)) & (lefts | rights)
    is_held &= np.abs(wider) <= np.maximum(_LONGER_MM, _LONGER * widths)
    is_held &= np.abs(higher) <= _HIGHER_MM
    is_alike &= np.abs(higher) <= _ALIKE_MM[1]
    is_near = (np.abs(left + right) / 2 <= _ASTRAY_MM) & (np.abs(middle) <= _ASTRAY_MM)
    elsewhere = is_alike & is_near & ~is_held.any(axis=0)[None] & ~is_held.any(axis=1)[:, None]
    which, line = np.nonzero(elsewhere)
    strayed = tuple((anchors[i], int(j)) for i, j in zip(which, line, strict=True))
    moves = np.column_stack([(left + right)[which, line] / 2, middle[which, line]])
    ends = (is_held & lefts).any(axis=1), (is_held & rights).any(axis=1)
    return PrintSurvey(_points(boxes, *ends), strayed, moves, _flatness_is_all_over(boxes, *ends))


def _points(boxes: Points, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> Points:
    middles = boxes[:, 1] + boxes[:, 3] / 2
    lefts = np.column_stack([boxes[:, 0], middles])[left]
    return np.vstack([lefts, np.column_stack([boxes[:, 0] + boxes[:, 2], middles])[right]])


def _flatness_is_all_over(boxes: Points, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> bool:
    """Whether enough print holds the map in each part of the sheet, across it and down it."""
    rights = boxes[:, 0] + boxes[:, 2]
    across = (*_parts(boxes[:, 0], left, _QUARTERS), *_parts(rights, right, _QUARTERS))
    down = _parts(boxes[:, 1], left | right, _THIRDS)
    return min(across) >= _ENDS_HELD and min(down) >= _HELD


def _parts(order: Points, is_held: NDArray[np.bool_], count: int) -> list[float]:
    parts = np.array_split(is_held[np.argsort(order)], count)
    return [float(part.mean()) if len(part) else 1.0 for part in parts]


def moved_alike(moves: Points) -> bool:
    """Whether two lines, which were read, lie away from their places the same way.

    Args:
        moves: How far each lies from where the map says, n × 2, mm.
    """
    apart = np.linalg.norm(moves[:, None] - moves[None], axis=2)
    return bool((apart[~np.eye(len(moves), dtype=bool)] <= _TOGETHER_MM).any())


_SHIFT_MM = 15.0
# Of the anchor's: what is written beside it makes a line longer, and moves its middle.
_LENGTH = 0.12
_OUTLINE_TOLERANCE_MM = 0.8
_OUTLINE_FEWEST = 10
_OUTLINE_FOUND = 0.4  # of the form's anchors
_BANDS, _FOUND_IN_BAND = 3, 0.25  # of its height; a new edition moves what stands in one of them
_ASKED = 16  # lines that are read to make sure
_TELLING = 4  # of them the heaviest, the title and the form's number; the others from all over


@dataclass(frozen=True, slots=True)
class LayoutMatch:
    """A form that a page looks like.

    ``matched`` are its anchors, each with the index of the line that lies on it. ``is_all_over`` is
    False where a part of the sheet does not fit: that tells its top from its foot, but it may be
    another edition.
    """

    form: FormDefinition
    where: Registration
    matched: tuple[tuple[Anchor, int], ...]
    is_all_over: bool = True

    def to_ask(self) -> tuple[tuple[Anchor, int], ...]:
        """The anchors whose lines say whether the page is what it looks like."""
        ranked = sorted(self.matched, key=lambda match: -match[0].weight)
        rest = sorted(ranked[_TELLING:], key=lambda match: match[1])
        step = max(1, -(-len(rest) // (_ASKED - _TELLING)))
        return (*ranked[:_TELLING], *rest[::step])


def match_layout(
    quads: Sequence[Quad], dpi: float, forms: Mapping[str, FormDefinition]
) -> LayoutMatch | None:
    """Find the form whose anchors most lines lie on; None when no form's do.

    Args:
        quads: The lines of an upright page.
        dpi: Its resolution.
        forms: By type; those without a measured layout have no outline.
    """
    lines = np.array([bounds(quad) for quad in quads], np.float64).reshape(-1, 4)
    measured = [form for form in forms.values() if form.layout is Layout.VERIFIED]
    found = (_lay_anchors(lines, dpi / 25.4, form) for form in measured)
    return max(
        (outline for outline in found if outline is not None),
        key=lambda outline: len(outline.matched),
        default=None,
    )


def _lay_anchors(lines: Points, px_per_mm: float, form: FormDefinition) -> LayoutMatch | None:
    anchors = form.fronts_with_boxes
    fewest = max(_OUTLINE_FEWEST, _OUTLINE_FOUND * len(anchors))
    if len(anchors) < fewest or len(lines) < fewest:
        return None
    boxes = np.array([anchor.box_mm for anchor in anchors])
    blank, page = boxes[:, :2] + boxes[:, 2:] / 2, lines[:, :2] + lines[:, 2:] / 2
    shifts = np.abs(page[None] / px_per_mm - blank[:, None]).max(axis=2)
    lengths = np.abs(lines[None, :, 2] / px_per_mm / boxes[:, None, 2] - 1.0)
    which, line = np.nonzero((shifts <= _SHIFT_MM) & (lengths <= _LENGTH))
    if len(which) < fewest:
        return None
    fitted = fit_affine(blank[which], page[line], px_per_mm, form, _OUTLINE_TOLERANCE_MM)
    if fitted is None:
        return None
    where, kept = fitted
    matched = {int(which[i]): int(line[i]) for i in np.flatnonzero(kept)}
    if len(matched) < fewest:
        return None
    pairs = tuple((anchors[i], j) for i, j in matched.items())
    return LayoutMatch(form, where, pairs, _outline_is_all_over(blank[:, 1], list(matched)))


def _outline_is_all_over(tops: Points, matched: Sequence[int]) -> bool:
    """Whether enough anchors of each band were found, bands with as many anchors each."""
    is_matched = np.isin(np.arange(len(tops)), matched)
    bands = np.array_split(is_matched[np.argsort(tops)], _BANDS)
    return all(band.mean() >= _FOUND_IN_BAND for band in bands)
