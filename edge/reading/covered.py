"""Whether something lies over a comb's cells that seem to be empty, or over a form's print.

Where correction fluid, a fold, a tear or a stripe of the scanner hides the first digits of an
amount, what is left is an amount too. An empty cell shows the paper that is around the digits of
the others, in the same grey, and nothing dark. A white patch on white paper shows nothing: only
tinted combs tell.

Paper that is glued or lies on a form, a torn corner, a folded one hide its print: where a stretch
of an anchor's line has no ink at all, the zones around it may be hidden or somebody else's.
"""

from collections.abc import Collection, Sequence

import cv2
import numpy as np

from edge.reading.readers import Gray
from edge.reading.registration import Registration
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition

_PX_PER_MM = 4
_INSIDE = 0.2  # of a cell's width and height left out at each side: its frame
_PAPER = 75  # percentile of a cell's grey: digits hold less than a quarter of it
_OTHER_TONE = 14.0  # grey levels between two cells' paper: light falls off by less
_DARKER = 50.0  # than the paper
_MOST_DARK = 0.06  # share of a cell
_STRETCH_MM = 9.0  # of printed text: it has ink in each, whatever its words
_MANY = 2  # stretches of a line, beyond which its ends tell nothing by themselves
_INKED = 0.5  # percentile of a stretch's grey that is ink, be it the rests of thresholded print
_PALE = 0.18  # of the print's usual contrast: no ink
_FINE_PX_PER_MM = 8
_NEAR_MM = 40.0  # from hidden print to a zone that may be hidden with it: paper is large


def is_covered(
    gray: Gray, where: Registration, cells: Sequence[BoxMm], filled: Collection[int]
) -> bool:
    """Whether an empty cell looks unlike the paper of the cells that hold something.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        cells: Of one comb.
        filled: Indexes of those that hold a character.
    """
    empty = [i for i in range(len(cells)) if i not in filled]
    if not empty or not filled:
        return False
    looks = [_inside(gray, where, cell) for cell in cells]
    paper = float(np.median([np.percentile(looks[i], _PAPER) for i in filled]))
    return any(
        abs(float(np.percentile(looks[i], _PAPER)) - paper) > _OTHER_TONE
        or float((looks[i] < paper - _DARKER).mean()) > _MOST_DARK
        for i in empty
    )


def hidden_print(gray: Gray, where: Registration, form: FormDefinition) -> tuple[BoxMm, ...]:
    """Stretches of a form's anchors that show no ink, in millimetres of the blank.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        form: Whose anchors have boxes.
    """
    lines = [_stretches(one.box_mm) for one in form.fronts_with_boxes if one.box_mm is not None]
    contrasts = [_contrasts(gray, where, line) for line in lines]
    if not contrasts:
        return ()
    least = _PALE * float(np.median(np.concatenate(contrasts)))
    hidden = []
    for line, found in zip(lines, contrasts, strict=True):
        pale = [contrast < least for contrast in found]
        if len(pale) > _MANY:  # another printer's line may end earlier
            pale[0] &= pale[1]
            pale[-1] &= pale[-2]
        hidden += [stretch for stretch, is_pale in zip(line, pale, strict=True) if is_pale]
    return tuple(hidden)


def _contrasts(gray: Gray, where: Registration, line: Sequence[BoxMm]) -> list[float]:
    """Between paper and ink of each stretch of a line; its own pixels only are cut out."""
    boxes = [[round(side * _FINE_PX_PER_MM) for side in stretch] for stretch in line]
    left, top = boxes[0][0] - 1, boxes[0][1] - 1  # a pixel more on each side, for the softening
    width, height = boxes[-1][0] + boxes[-1][2] + 1 - left, boxes[0][3] + 2
    around = BoxMm(*(side / _FINE_PX_PER_MM for side in (left, top, width, height)))
    soft = cv2.GaussianBlur(_cut(gray, where, around, _FINE_PX_PER_MM), (3, 3), 0)
    return [
        _contrast(np.asarray(soft[1 : 1 + high, x - left : x - left + wide], np.uint8))
        for x, _, wide, high in boxes
    ]


def _contrast(look: Gray) -> float:
    """Between the paper and the ink of a stretch."""
    if not look.size:
        return 0.0
    at = [int(look.size * share / 100) for share in (_INKED, _PAPER)]
    ink, paper = np.partition(look.ravel(), at)[at]
    return float(paper) - float(ink)


def is_near(box: BoxMm, hidden: Sequence[BoxMm]) -> bool:
    """Whether a zone lies so near to hidden print that it may be hidden too."""
    return any(
        box.left - _NEAR_MM <= one.left + one.width
        and one.left <= box.left + box.width + _NEAR_MM
        and box.top - _NEAR_MM <= one.top + one.height
        and one.top <= box.top + box.height + _NEAR_MM
        for one in hidden
    )


def _stretches(line: BoxMm) -> list[BoxMm]:
    """A line of text in equal parts of about ``_STRETCH_MM``."""
    count = max(1, round(line.width / _STRETCH_MM))
    width = line.width / count
    return [BoxMm(line.left + i * width, line.top, width, line.height) for i in range(count)]


def _inside(gray: Gray, where: Registration, cell: BoxMm) -> Gray:
    left, top = cell.left + _INSIDE * cell.width, cell.top + _INSIDE * cell.height
    inner = BoxMm(left, top, (1 - 2 * _INSIDE) * cell.width, (1 - 2 * _INSIDE) * cell.height)
    return _cut(gray, where, inner)


def _cut(gray: Gray, where: Registration, box: BoxMm, px_per_mm: int = _PX_PER_MM) -> Gray:
    size = max(1, round(box.width * px_per_mm)), max(1, round(box.height * px_per_mm))
    to_mm = np.array([[1 / px_per_mm, 0, box.left], [0, 1 / px_per_mm, box.top], [0, 0, 1]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(gray, where.matrix @ to_mm, size, flags=flags, borderValue=255)
    return np.asarray(picture, np.uint8)
