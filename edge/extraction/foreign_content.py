"""Whether a page holds what its fields do not: writing beside them, cover over them, other sheets.

- Writing that goes on beyond its comb or line. Whoever writes a cell too far to the right leaves
  19,20 as 1,92 in the cells and a nought beside them; a total written as far aside confirms the
  sum. Ink in the cell that is not there, like the other characters and in line with them, belongs
  to the number; letters closer than cells are a word of the next field. A misaligned printer writes
  the first letters of a name left of its line: what stands as near as letters of one word do
  belongs to it.
- Cover over cells or print. Where correction fluid, a fold, a tear or a scanner's stripe hides the
  first digits of an amount, what is left is an amount too. An empty cell shows the same paper as
  its neighbours, and nothing dark; a white patch on white paper shows only on tinted combs. Where a
  stretch of an anchor's line has no ink at all, the zones around it may be hidden.
- Another sheet beside the form: two sheets on one glass, a double feed, a letter. Writing outside
  the form's own sheet is small, dark against its paper, and not at the scan's edge; borders, lids,
  shadows, punch holes and dust are not.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.extraction import ink as extraction_ink
from edge.imaging.pixels import connected_components, reduce, reduction_factor
from edge.ocr.engine import Gray
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FormDefinition, bounding_box

_REACH = 1.2  # cells beyond the ends that are looked at, and between two characters of a number
_BESIDE = 0.1  # of a cell: what stands so near to the comb's end may still be in its last cell
_TALL_MM = 1.3  # no character is lower
_FRAME = 0.95  # of a cell's height: what is higher is the comb's frame
_WORD = (0.35, 0.75)  # cells from letter to letter of what is typed beside the comb
_ALIKE = 0.35  # of the characters' height, by which their tops and feet may differ
_SEPARATOR = (0.2, 0.3)  # how near to the comb's end, and how narrow, in cells, its end line is
_OFF, _SOME = 0.28, 4  # of a cell's height, and of how many characters
_ALIKE_COMBS = 2
_ASIDE_MM = 2.0  # how far beyond a line letters are looked for
_WITHIN_MM = 10.0  # and of how much of it the letters' height is known
_OVER_MM = 0.7  # and over and under it
_LETTER_MM = 0.9  # what is lower is an accent, a dot or dust
_NEXT = 0.5  # of the letters' height: the widest gap within a word
_AS_HIGH, _IN_LINE = (0.7, 1.3), 0.25  # of the letters' height; how much higher or lower


@dataclass(frozen=True, slots=True)
class CharacterExtent:
    """Where the characters of a comb stand.

    ``goes_on`` when one stands right before the first cell or right after the last; ``is_aside``
    when most stand too high or too low.
    """

    goes_on: bool = False
    is_aside: bool = False


def find_extent(gray: Gray, where: Registration, cells: Sequence[BoxMm]) -> CharacterExtent:
    """Look where the characters of a comb stand, within it and beside it.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        cells: Of one comb, from left to right.
    """
    box, pitch = bounding_box(cells), max(cell.width for cell in cells)
    reach = _REACH * pitch
    zone = extraction_ink.cut_zone(
        gray, where, BoxMm(box.left - reach, box.top, box.width + 2 * reach, box.height)
    )
    parts = connected_components(zone.mask)
    _, top, wide, high, _ = parts.stats[1:].T / extraction_ink.PX_PER_MM
    x = parts.middles[1:, 0] / extraction_ink.PX_PER_MM + zone.origin[0]
    is_tall = (high >= _TALL_MM) & (high <= _FRAME * box.height)
    is_inside = is_tall & (x >= box.left) & (x <= box.left + box.width)
    if not is_inside.any():
        return CharacterExtent()
    usual_top, foot = np.median(top[is_inside]), np.median((top + high)[is_inside])
    loose = _ALIKE * (foot - usual_top)
    past = np.maximum(box.left - x, x - box.left - box.width)
    is_alike = is_tall & (np.abs(top - usual_top) <= loose) & (np.abs(top + high - foot) <= loose)
    is_end = (past <= _SEPARATOR[0] * pitch) & (wide < _SEPARATOR[1] * pitch)
    is_beside = is_alike & (past > _BESIDE * pitch) & ~is_end
    apart = np.abs(x[is_beside][:, None] - x[None]) / pitch
    closely = (apart >= _WORD[0]) & (apart <= _WORD[1]) & (is_alike & (past > 0))[None]
    is_near = (apart <= _REACH) & is_inside[None]
    goes_on = bool((is_near.any(axis=1) & ~closely.any(axis=1)).any())
    off = abs((usual_top + foot) / 2 - box.height / 2) > _OFF * box.height
    return CharacterExtent(goes_on, bool(off and is_inside.sum() >= _SOME))


def is_print_shifted(places: Sequence[CharacterExtent]) -> bool:
    """Whether a page's values stand aside from where they belong: a printer writes all alike."""
    return sum(place.goes_on or place.is_aside for place in places) >= _ALIKE_COMBS


def word_continues(gray: Gray, where: Registration, line: BoxMm) -> bool:
    """Whether letters stand right before or right after what is written on a line.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        line: The line's box.
    """
    right = line.left + line.width
    starts = line.left - _ASIDE_MM, right - _WITHIN_MM
    return any(_word_crosses_end(gray, where, line, start) for start in starts)


def _word_crosses_end(gray: Gray, where: Registration, line: BoxMm, start: float) -> bool:
    """The same of one end of the line, in a window that starts there and lies over the end."""
    width, height = _ASIDE_MM + _WITHIN_MM, line.height + 2 * _OVER_MM
    zone = extraction_ink.cut_zone(gray, where, BoxMm(start, line.top - _OVER_MM, width, height))
    if not zone.mask.any():
        return False
    kept = extraction_ink.writing_mask(zone, line)
    first = round(max(0.0, line.left - start) * extraction_ink.PX_PER_MM)
    last = round((line.left + line.width - start) * extraction_ink.PX_PER_MM)
    kept[:, :first] = kept[:, last:] = 0
    columns = np.flatnonzero(kept.any(axis=0))
    if not columns.size:
        return False
    _, tops, _, heights, _ = connected_components(kept).stats[1:].T
    is_letter = heights >= _LETTER_MM * extraction_ink.PX_PER_MM
    if not is_letter.any():
        return False
    high, middle = np.median(heights[is_letter]), np.median((tops + heights / 2)[is_letter])
    left, top, wide, tall, _ = connected_components((zone.mask > kept).astype(np.uint8)).stats[1:].T
    is_alike = (tall >= _AS_HIGH[0] * high) & (tall <= _AS_HIGH[1] * high)
    is_alike &= np.abs(top + tall / 2 - middle) <= _IN_LINE * high
    is_alike &= (left < first) | (left + wide > last)
    gap = np.maximum(columns[0] - left - wide, left - columns[-1] - 1)
    return bool((is_alike & (gap <= _NEXT * high)).any())


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


def is_near_hidden_print(box: BoxMm, hidden: Sequence[BoxMm]) -> bool:
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


OUTSIDE_CONTENT = "outside_content"

_WORK_DPI = 100.0
_MARGIN_MM = 4.0  # a sheet is cut larger than its form was measured, and lies a little askew
_STRIP_MM = 5.0  # a strip as narrow holds no line; up to here the edge of the scan is paper
_PAPER_MM = 8.0  # around a pixel, what is taken for its paper
_CONTRAST = 30  # grey levels darker than the paper around
_LEAST_MM, _LARGEST_MM = 0.9, 60.0  # of a piece, the longer way: specks, and edges and shadows
_THIN_MM, _THIN = 0.7, 0.06  # its shorter way, in mm and of the longer one: edges, and their rests
_HOLE_MM, _FILLED = 3.5, 0.66  # a punch hole is as large at least, and solid
_INK_MM2 = 6.0  # three handwritten words have several times this
_FEWEST = 2  # pieces: one alone is a speck of dirt, a corner, a page number


def holds_content(gray: Gray, where: Registration, form: FormDefinition) -> bool:
    """Whether something is written or printed on a page outside its form's sheet.

    Args:
        gray: The upright page, black borders painted white.
        where: Where the form lies.
        form: Whose sheet it is.
    """
    strips = list(_strips(gray, where, form))
    if not strips:
        return False
    px_per_mm = float(np.sqrt(abs(np.linalg.det(where.matrix[:, :2]))))
    by = reduction_factor(px_per_mm * 25.4, _WORK_DPI)
    return any(_is_written(reduce(strip, by), px_per_mm / by) for strip in strips)


def _strips(gray: Gray, where: Registration, form: FormDefinition) -> Iterator[Gray]:
    """What lies left, right, above and below of the sheet, where it is wide enough for a line."""
    height, width = gray.shape
    sheet = BoxMm(
        -_MARGIN_MM,
        -_MARGIN_MM,
        form.width_mm + 2 * _MARGIN_MM,
        form.height_mm + 2 * _MARGIN_MM,
    )
    left, top, across, down = where.to_px(sheet)
    least = _STRIP_MM * across / sheet.width
    right, bottom = min(width, left + across), min(height, top + down)
    left, top = max(0, left), max(0, top)
    if left > least:
        yield gray[:, :left]
    if width - right > least:
        yield gray[:, right:]
    if top > least:
        yield gray[:top, left:right]
    if height - bottom > least:
        yield gray[bottom:, left:right]


def _is_written(strip: Gray, px_per_mm: float) -> bool:
    size = 2 * round(_PAPER_MM * px_per_mm) + 1
    soft = cv2.GaussianBlur(strip, (3, 3), 0)
    paper = cv2.blur(soft, (size, size), borderType=cv2.BORDER_REPLICATE)
    dark = np.asarray(cv2.subtract(paper, soft) > _CONTRAST, np.uint8)
    if not dark.any():
        return False
    stats = connected_components(dark).stats[1:]
    kept = stats[_are_letters(stats, dark.shape, px_per_mm)]
    ink = float(kept[:, cv2.CC_STAT_AREA].sum()) / px_per_mm**2
    return len(kept) >= _FEWEST and ink >= _INK_MM2


def _are_letters(
    stats: NDArray[np.int32], shape: tuple[int, ...], px_per_mm: float
) -> NDArray[np.bool_]:
    left, top, width, height, area = stats.T
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    inside = (left > 0) & (top > 0) & (left + width < shape[1]) & (top + height < shape[0])
    sized = (longer >= _LEAST_MM * px_per_mm) & (longer <= _LARGEST_MM * px_per_mm)
    solid = (shorter >= _HOLE_MM * px_per_mm) & (area >= _FILLED * width * height)
    thin = (shorter < _THIN_MM * px_per_mm) | (shorter <= _THIN * longer)
    return np.asarray(inside & sized & ~thin & ~solid, np.bool_)
