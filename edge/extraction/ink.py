"""Cut a zone of a form out of a page and keep only what somebody wrote there.

Zones come out at one scale whatever the scan's, with the paper, its tints, watermarks and light
rules divided away: handwriting and typing are darker than what is printed under them.

That holds in grey. A scanner that thresholds turns rules and tints into black lines, corners and
dust, which touch letters, stand in combs like a 1 and make a reader see words. What is longer,
thicker or smaller than writing, or stands where only a frame can, is left out.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.imaging.pixels import connected_components
from edge.ocr.engine import Gray
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


def cut_gray_zone(gray: Gray, where: Registration, box: BoxMm, margin_mm: float = 0.0) -> Gray:
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


def cut_zone(gray: Gray, where: Registration, box: BoxMm, margin_mm: float = 0.0) -> Zone:
    """Cut a box of the blank out of the page and divide its background away."""
    picture = cut_gray_zone(gray, where, box, margin_mm)
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
    found = connected_components(mask)
    small = found.stats[:, cv2.CC_STAT_AREA] < _SPECK_MM2 * PX_PER_MM**2
    small[0] = True
    return np.asarray(~small[found.labels], np.uint8) if len(found) > 1 else mask


def pale_strokes(image: Gray) -> NDArray[np.bool_]:
    """Where a zone is too pale for ink by itself, but dark enough for a letter's thin strokes."""
    darkest = _darkest(image)
    return np.asarray(image < min(_PALE[1], darkest + _PALE[0] * (255.0 - darkest)), np.bool_)


def keep_ink(zone: Zone, keep: NDArray[np.uint8]) -> Gray:
    """The zone's grey values near the kept ink, white elsewhere."""
    near = cv2.dilate(keep, np.ones((5, 5), np.uint8))
    return np.where(near > 0, zone.image, 255).astype(np.uint8)


_RULE_MM = 6.0  # no letter has a level stroke this long
_THICK_MM = 1.6  # nor a stroke this thick
_STRIP_MM, _STRIP = 1.6, 3.0  # nor is anything lower than this three times as wide as high
_LETTER_MM = 0.9  # what is lower is an accent, a dot, a hyphen, or dust
_BESIDE_MM = 1.2  # how near to a letter dots and hyphens stand
_LEFT_MM = 0.35  # a stroke whose middle is so near to the line's left end is its bracket
_RIGHT_MM = 1.0  # one that reaches so near to the right end and stands alone there, a frame
_APART_MM = 15.0  # between two groups of words
_ALIKE = (0.6, 1.35)  # of the other letters' height: strokes of no such height make no group
_SMALL = 0.45  # of it: what is lower belongs to a letter or is dust
_EDGE_PX = 2
_SPARE, _HALF = 0.2, 0.5  # of the letters' height
_AS_HIGH, _IN_LINE = (0.7, 1.4), 0.25  # of the writing's height: a lost word's, and its place
_LOST_MM = 0.4  # the least letter that may be lost, an I

Mask = NDArray[np.uint8]


def without_rules(mask: Mask, longest_mm: float) -> Mask:
    """Ink without level strokes of this length."""
    kernel = np.ones((1, max(3, round(longest_mm * PX_PER_MM))), np.uint8)
    rules = cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel)
    # A rule's ragged rim is a pixel high.
    rim = cv2.dilate(rules, np.ones((3, 1), np.uint8))
    return np.where(rim > 0, 0, mask).astype(np.uint8)


def writing_mask(zone: Zone, box: BoxMm) -> Mask:
    """The ink of one line of writing.

    Kept are strokes as tall as letters that have their middle in the box, accents over them and
    small strokes beside them; what hangs in from a neighbouring line, rules, corners of tints and
    dust are left out.
    """
    mask = without_rules(zone.mask, _RULE_MM)
    found = connected_components(mask)
    if len(found) <= 1:
        return np.zeros_like(mask)
    labels, stats = found.labels, found.stats
    at = found.middles / PX_PER_MM + np.array(zone.origin)
    inside = (at[:, 1] >= box.top) & (at[:, 1] <= box.top + box.height)
    is_tall = stats[:, cv2.CC_STAT_HEIGHT] >= _LETTER_MM * PX_PER_MM
    is_letter = inside & is_tall & ~_is_strip(stats) & ~_is_thick(labels, len(found), mask)
    is_letter &= at[:, 0] >= box.left + _LEFT_MM
    is_letter[0] = False
    end = (box.left + box.width - _RIGHT_MM - zone.origin[0]) * PX_PER_MM
    is_letter &= _is_in_words(stats, is_letter, end)
    is_small = ~is_letter & (stats[:, cv2.CC_STAT_HEIGHT] < _LETTER_MM * 2 * PX_PER_MM)
    keep = is_letter | (is_small & _belongs(stats, is_letter, inside, mask.shape))
    kept = np.asarray(keep[labels], np.uint8)
    return _with_pale_strokes(zone, kept, zone.mask > kept) if kept.any() else kept


def is_writing_whole(zone: Zone, kept: Mask) -> bool:
    """Whether nothing was left out that stands where letters do, between them or at the edges.

    Serifs that run together are as long as a rule, and what was between them falls to pieces. A
    character that the zone's edge cuts belongs to a value that goes on beyond its box.
    """
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    quarter = (rows[-1] + 1 - rows[0]) // 4
    band = slice(rows[0] + quarter, rows[-1] + 1 - quarter)
    if is_cut_at_edge(zone.mask, int(rows[0]), int(rows[-1]) + 1):
        return False
    if _is_word_lost(zone.mask > kept, rows, columns):
        return False
    middle = np.s_[band, columns[0] : columns[-1] + 1]
    lost = (zone.mask[middle] > kept[middle]).any(axis=0)
    lost &= ~kept[:, columns[0] : columns[-1] + 1].any(axis=0)
    return int(lost.sum()) < _LOST_MM * PX_PER_MM


def _is_word_lost(
    left_out: NDArray[np.bool_], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> bool:
    """Whether something as high as the writing and in line with it, before or after it, is no rule.

    Letters that ink has run together are as thick as a bar.
    """
    high = int(rows[-1] + 1 - rows[0])
    left, top, wide, tall, _ = connected_components(left_out.astype(np.uint8)).stats[1:].T
    is_alike = (tall >= _AS_HIGH[0] * high) & (tall <= _AS_HIGH[1] * high) & (wide >= high)
    is_alike &= np.abs(top + tall / 2 - (rows[0] + rows[-1] + 1) / 2) <= _IN_LINE * high
    is_beside = (left > columns[-1]) | (left + wide <= columns[0])
    return bool((is_alike & is_beside).any())


def is_cut_at_edge(mask: Mask, top: int, bottom: int) -> bool:
    """Whether something as high as the letters, which stand in these rows, reaches an edge.

    A box's own frame is higher than what is written in it.
    """
    left, above, wide, high, _ = connected_components(mask).stats[1:].T
    at_edge = (left <= _EDGE_PX) | (left + wide >= mask.shape[1] - _EDGE_PX)
    spare = _SPARE * (bottom - top)
    is_character = (above >= top - spare) & (above + high <= bottom + spare)
    return bool((at_edge & is_character & (high >= _HALF * (bottom - top))).any())


@dataclass(slots=True)
class _Unit:
    """Strokes that stand over each other: a letter, or a frame's corners."""

    strokes: list[int]
    left: int
    right: int
    top: int
    bottom: int

    @property
    def height(self) -> int:
        return self.bottom - self.top


def _units(stats: NDArray[np.int32], is_letter: NDArray[np.bool_]) -> list[_Unit]:
    units: list[_Unit] = []
    for i in np.argsort(stats[:, cv2.CC_STAT_LEFT]).tolist():
        if not is_letter[i]:
            continue
        left, top, across, down, _ = stats[i].tolist()
        if units and left < units[-1].right:
            unit = units[-1]
            unit.strokes.append(i)
            unit.right = max(unit.right, left + across)
            unit.top, unit.bottom = min(unit.top, top), max(unit.bottom, top + down)
        else:
            units.append(_Unit([i], left, left + across, top, top + down))
    return units


def _is_in_words(
    stats: NDArray[np.int32], is_letter: NDArray[np.bool_], end: float
) -> NDArray[np.bool_]:
    """Whether letters stand among their like.

    Args:
        stats: Of all strokes.
        is_letter: Those to judge.
        end: The column from which what stands alone is the line's frame.
    """
    keep = np.zeros(len(stats), np.bool_)
    groups: list[list[_Unit]] = []
    for unit in _units(stats, is_letter):
        if not groups or unit.left - groups[-1][-1].right >= _APART_MM * PX_PER_MM:
            groups.append([])
        groups[-1].append(unit)
    if not groups:
        return keep
    main = max(groups, key=lambda group: sum(_ink(unit, stats) for unit in group))
    usual = float(np.median([unit.height for unit in main]))
    for group in groups:
        like = [u for u in group if _ALIKE[0] <= u.height / usual <= _ALIKE[1]]
        is_alone_at_end = len(group) == 1 and group[0].right >= end
        if len(like) > 1 or (group is main and not is_alone_at_end):
            for unit in group:
                keep[unit.strokes] = unit.height >= _SMALL * usual
    return keep


def _ink(unit: _Unit, stats: NDArray[np.int32]) -> int:
    return int(stats[unit.strokes, cv2.CC_STAT_AREA].sum())


def _belongs(
    stats: NDArray[np.int32],
    is_letter: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    shape: tuple[int, ...],
) -> NDArray[np.bool_]:
    """Small strokes that are part of the writing: over a letter, or in the line after one.

    An accent may stand above the box; what the zone's edge cuts through is another line's foot.
    """
    height, width = shape
    over, beside = np.zeros(width, np.bool_), np.zeros(width, np.bool_)
    reach = round(_BESIDE_MM * PX_PER_MM)
    for left, _, across, _, _ in stats[is_letter].tolist():
        over[left : left + across] = True
        beside[left : left + across + reach] = True
    top, down = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
    is_whole = (top > 0) & (top + down < height)
    middle = stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH] // 2
    return np.asarray((inside & beside[middle]) | (is_whole & over[middle]), np.bool_)


def _is_strip(stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The ragged rim of a tint: too low for joined letters of that width."""
    high, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    return np.asarray((high < _STRIP_MM * PX_PER_MM) & (wide > _STRIP * high), np.bool_)


def _is_thick(labels: NDArray[np.integer], count: int, mask: Mask) -> NDArray[np.bool_]:
    side = round(_THICK_MM * PX_PER_MM)
    core = cv2.erode(mask, np.ones((side, side), np.uint8), borderValue=0)
    return np.asarray(np.bincount(labels[core > 0], minlength=count) > 0, np.bool_)


def _with_pale_strokes(zone: Zone, kept: Mask, left_out: NDArray[np.bool_]) -> Mask:
    """The kept ink with the pale strokes that touch it: a letter without them is torn."""
    free = pale_strokes(zone.image) & (
        cv2.dilate(left_out.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    )
    candidates = (free | (kept > 0)).astype(np.uint8)
    found = connected_components(candidates)
    touching = np.bincount(found.labels[kept > 0], minlength=len(found)) > 0
    touching[0] = False
    return np.asarray(touching[found.labels], np.uint8)
