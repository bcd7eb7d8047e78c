"""Whether a sheet lay flat: whether what is printed on it stands, all over, where its map says.

A feeder that slips or pulls, a sheet that bulges, a telephone held askew move a part of the print
by millimetres, which no affine map follows. Some anchors then stand in their place and hold the
map, the others stand elsewhere; a field among those would be read from its neighbour's place. So
each anchor is looked for where the map says, by the ends of its line: what is written beside it
moves one end, not both. A line of its size that lies elsewhere, and is no other anchor's, may be
one that strayed: reading it tells. Where print should hold the map and none does, nobody knows.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.reading.registration import Points, Registration
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import Anchor, FormDefinition

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
class Survey:
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


def survey(lines: Points, where: Registration, form: FormDefinition) -> Survey:
    """Look for a form's anchors where its map says.

    Args:
        lines: Left, top, width, height of each line of the page, n × 4, in pixels.
        where: Where the form lies.
        form: Whose anchors have boxes.
    """
    anchors = form.fronts_with_boxes
    if not len(lines) or not anchors:
        return Survey(np.zeros((0, 2)), (), np.zeros((0, 2)), is_all_over=False)
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
    return Survey(_points(boxes, *ends), strayed, moves, _is_all_over(boxes, *ends))


def _points(boxes: Points, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> Points:
    middles = boxes[:, 1] + boxes[:, 3] / 2
    lefts = np.column_stack([boxes[:, 0], middles])[left]
    return np.vstack([lefts, np.column_stack([boxes[:, 0] + boxes[:, 2], middles])[right]])


def _is_all_over(boxes: Points, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> bool:
    """Whether enough print holds the map in each part of the sheet, across it and down it."""
    rights = boxes[:, 0] + boxes[:, 2]
    across = (*_parts(boxes[:, 0], left, _QUARTERS), *_parts(rights, right, _QUARTERS))
    down = _parts(boxes[:, 1], left | right, _THIRDS)
    return min(across) >= _ENDS_HELD and min(down) >= _HELD


def _parts(order: Points, is_held: NDArray[np.bool_], count: int) -> list[float]:
    parts = np.array_split(is_held[np.argsort(order)], count)
    return [float(part.mean()) if len(part) else 1.0 for part in parts]


def strayed_together(moves: Points) -> bool:
    """Whether two lines, which were read, lie away from their places the same way.

    Args:
        moves: How far each lies from where the map says, n × 2, mm.
    """
    apart = np.linalg.norm(moves[:, None] - moves[None], axis=2)
    return bool((apart[~np.eye(len(moves), dtype=bool)] <= _TOGETHER_MM).any())
