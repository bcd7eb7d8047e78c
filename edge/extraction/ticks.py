"""Tick boxes and signatures: what the tick network is shown, and what follows from its answer.

The network sees a window of three boxes' width, since people circle boxes, mark beside them and
reach far over their edges. A plan of the same size says where the box is, where the blank itself is
printed and where other fields may be written in: without it a label and a mark look alike. Where
the page shows a printing of the form that was measured (``edge.extraction.tick_blank``), that is
shown as well, and the window is moved onto it.

Ticks that exclude each other check each other: yes and no, one of several. Two set in one group
contradict each other, and one may be what somebody meant to take back, which only a person can
tell: what is set is left to one. What is surely empty stays so, unless one must be set and none is.
"""

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.classification.registration import Registration
from edge.extraction import ink as extraction_ink
from edge.extraction import tick_blank
from edge.extraction.ink import Zone
from edge.imaging.pixels import connected_components
from edge.ocr.engine import Gray, Patch, TickChances
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.forms import FieldSpec, FormDefinition, GroupRule, TickGroup, bounding_box

_SET, _EMPTY = "true", "false"


def check(fields: Sequence[Field], groups: Sequence[TickGroup]) -> tuple[Field, ...]:
    """Leave to a person what contradicts itself.

    Args:
        fields: All of a form, in its order; ticks as read.
        groups: Of the form.
    """
    changed = {field.name: field for field in fields}
    for group in groups:
        members = [changed[name] for name in group.fields if name in changed]
        for one in _left_open(members, group.rule):
            changed[one.name] = dataclasses.replace(one, accepted=False)
        set_ones = [one for one in members if one.value == _SET]
        if len(set_ones) > 1:
            for one in set_ones:
                failed = dataclasses.replace(one, accepted=False, check=Check.FAILED)
                changed[one.name] = failed
    return tuple(changed[field.name] for field in fields)


def _left_open(members: Sequence[Field], rule: GroupRule) -> list[Field]:
    """Those that what is read of the others makes doubtful.

    One that is set, when another may be set as well; all, when one must be set and every one is
    read as empty: a mark was missed. A doubtful one is for a person anyway.
    """
    is_sure = all(one.accepted for one in members)
    set_ones = [one for one in members if one.value == _SET]
    if set_ones:
        return [] if is_sure else set_ones
    is_missed = is_sure and all(one.value == _EMPTY for one in members)
    return list(members) if rule is GroupRule.EXACTLY_ONE and is_missed else []


PX_PER_MM = 5
WIDE_PX, HIGH_PX = tick_blank.WIDE_PX, tick_blank.HIGH_PX
CHANNELS = 4

_BOX, _NOTHING, _OTHER, _PRINT = 255, 128, 64, 0  # of a plan
_PAPER = 95  # per cent of the window's pixels are darker than paper, or as bright
_BOX_PAPER = 80  # the same of the box alone
# What is measured of ink beside what the network says: the box without its frame, softened, its
# paper among its brightest pixels, and what is darker than that by so much.
_FRAME_PX, _SOFT_PX = 5, 0.7
_WHITE, _OWN, _INKED, _FILLED = 97, 85, 0.08, 0.12
# And of strokes: nothing wider is one; they are as dark as the darkest in the box, or nearly.
_STROKE_PX, _EDGE_PX, _DARKEST, _LEAST_CONTRAST, _HALF = 11, 2, 97, 6, 0.45
_BLACK, _WHITE_FROM, _BETWEEN = 60, 225, 0.2
_STANDS_OUT = 0.05  # of the window's white: so much darker than its surroundings is seen
_RIM_PX, _NEAR_PX = 1, 10  # of the box's rim, and of what lies close to it
_PRINTED = 0.05  # of a box
NO_BLANK = 255  # in the place of a blank's steps: nobody knows it
_SHOWN = np.full(256, -0.5, np.float32)  # of a blank's step
_SHOWN[: len(tick_blank.DARKNESS)] = tick_blank.DARKNESS
_LIFT = 4.0  # what is paler than the box's own paper by 8 of 255 shall be seen as well


def window(boxes: Sequence[BoxMm]) -> BoxMm:
    """The window of 16 × 12.8 mm around a tick's box, or around the parts of one."""
    box = bounding_box(boxes)
    wide, high = WIDE_PX / PX_PER_MM, HIGH_PX / PX_PER_MM
    left, top = box.left + box.width / 2 - wide / 2, box.top + box.height / 2 - high / 2
    return BoxMm(left, top, wide, high)


def patches(
    gray: Gray, where: Registration, specs: Sequence[FieldSpec], others: tuple[BoxMm, ...]
) -> list[Patch]:
    """Cut the windows of a page's ticks, which show one printing of the form or none that is known.

    Args:
        gray: The upright page.
        where: Where the form lies on it.
        specs: Ticks of the form.
        others: Boxes of the form's other fields (``written_in``).
    """
    seen = [wider(gray, where, boxes_of(spec)) for spec in specs]
    blanks = [[tick_blank.unpacked(text) for text in spec.blanks] for spec in specs]
    printing = tick_blank.printing(seen, blanks)
    places = printing.places if printing is not None else [None] * len(specs)
    made = []
    for spec, window_seen, some, place in zip(specs, seen, blanks, places, strict=True):
        blank = some[printing.number] if printing is not None and place is not None else None
        plan_shown = _plan_of_form(boxes_of(spec), spec.print_mm, others)
        made.append(Patch(_cut_at(window_seen, place), plan_shown, blank))
    return made


def wider(gray: Gray, where: Registration, boxes: Sequence[BoxMm]) -> Gray:
    """A tick's window with what is ``tick_blank.MARGIN_PX`` around it, 74 × 90."""
    at, more = window(boxes), tick_blank.MARGIN_PX
    seen = extraction_ink.cut_gray_zone(gray, where, at, more / PX_PER_MM)
    size = (WIDE_PX + 2 * more, HIGH_PX + 2 * more)
    return np.asarray(cv2.resize(seen, size, interpolation=cv2.INTER_AREA), np.uint8)


def on_blank(seen: Gray, steps: Gray | None) -> tuple[Gray, Gray | None]:
    """A wider window cut where it lies on its blank, and the blank's steps.

    What does not resemble it, or has none, is cut where the form was found.
    """
    place = tick_blank.place(seen, steps) if steps is not None else None
    return _cut_at(seen, place), steps if place is not None else None


def _cut_at(seen: Gray, place: tick_blank.Place | None) -> Gray:
    x, y = (place.x, place.y) if place is not None else (0, 0)
    left, top = tick_blank.MARGIN_PX + x, tick_blank.MARGIN_PX + y
    return np.ascontiguousarray(seen[top : top + HIGH_PX, left : left + WIDE_PX])


def boxes_of(spec: FieldSpec) -> tuple[BoxMm, ...]:
    """A tick's box, or the parts of it that print in its middle leaves free."""
    return (spec.box_mm, *spec.boxes_mm) if spec.box_mm is not None else spec.boxes_mm


def written_in(form: FormDefinition) -> tuple[BoxMm, ...]:
    """The boxes of all fields of a form."""
    boxes: list[BoxMm] = []
    for spec in form.fields:
        if spec.cells_mm:
            boxes.append(bounding_box(spec.cells_mm))
        elif spec.box_mm is not None:
            boxes += [spec.box_mm, *spec.boxes_mm]
    return tuple(boxes)


def plan(boxes: Sequence[BoxMm], printed: Iterable[BoxMm], others: Iterable[BoxMm]) -> Gray:
    """Where the box is in its window, what is printed there and where else is written."""
    frame = window(boxes)
    made = np.full((HIGH_PX, WIDE_PX), _NOTHING, np.uint8)
    own = bounding_box(boxes)
    for group, value in ((others, _OTHER), ((own,), _PRINT), (printed, _PRINT), (boxes, _BOX)):
        for box in group:
            _fill(made, box, frame, value)
    return made


@functools.lru_cache(maxsize=512)
def _plan_of_form(
    boxes: tuple[BoxMm, ...], printed: tuple[BoxMm, ...], others: tuple[BoxMm, ...]
) -> Gray:
    """The plan, drawn once for all pages of a form."""
    made = plan(boxes, printed, others)
    made.flags.writeable = False
    return made


@functools.lru_cache(maxsize=512)
def _explained(steps: bytes) -> NDArray[np.bool_]:
    """Where a blank has print of its own, and a pixel around it."""
    dark = 255 * (1 - tick_blank.expected(np.frombuffer(steps, np.uint8).reshape(HIGH_PX, WIDE_PX)))
    own = hollow(np.asarray(dark, np.uint8)) > _STANDS_OUT / 2
    return cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0


def _fill(made: Gray, box: BoxMm, frame: BoxMm, value: int) -> None:
    left, right = (round((x - frame.left) * PX_PER_MM) for x in (box.left, box.left + box.width))
    top, bottom = (round((y - frame.top) * PX_PER_MM) for y in (box.top, box.top + box.height))
    made[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = value


def ink_share(patch: Patch) -> float:
    """How much of the box's free part is darker than its paper (0..1); 1 when it is dark itself."""
    box = (patch.plan == _BOX).astype(np.uint8)
    inner = cv2.erode(box, np.ones((_FRAME_PX, _FRAME_PX), np.uint8)) > 0
    soft = np.asarray(cv2.GaussianBlur(patch.picture, (0, 0), _SOFT_PX), np.uint8)
    inside = soft[inner if inner.any() else box > 0]
    if not inside.size:
        return 0.0
    white, own = max(1, _level(soft, _WHITE)), _level(inside, _OWN)
    if white - own > _FILLED * white:
        return 1.0
    return float((inside < own - _INKED * white).mean())


def reach_mm(patch: Patch) -> float:
    """How far the strokes that stand in the box go beyond it; 0 when none stands out."""
    rows, columns = np.nonzero(patch.plan == _BOX)
    if not rows.size:
        return 0.0
    top, bottom, left, right = rows.min(), rows.max(), columns.min(), columns.max()
    kernel = np.ones((_STROKE_PX, _STROKE_PX), np.uint8)
    hollow = cv2.morphologyEx(patch.picture, cv2.MORPH_BLACKHAT, kernel)
    strokes = np.asarray(hollow, np.uint8)
    inner = np.zeros(patch.plan.shape, np.bool_)
    inner[top + _EDGE_PX : bottom + 1 - _EDGE_PX, left + _EDGE_PX : right + 1 - _EDGE_PX] = True
    if not inner.any() or (darkest := _level(strokes[inner], _DARKEST)) < _LEAST_CONTRAST:
        return 0.0
    mask = (strokes > _HALF * darkest).astype(np.uint8)
    labels = connected_components(mask).labels
    inside = np.unique(labels[inner & (mask > 0)])
    y, x = np.nonzero(np.isin(labels, inside[inside > 0]))
    if not y.size:
        return 0.0
    across = max(left - x.min(), x.max() - right, 0)
    down = max(top - y.min(), y.max() - bottom, 0)
    return float(max(across, down)) / PX_PER_MM


def hollow(picture: Gray) -> NDArray[np.float32]:
    """How much darker strokes and edges are than what is around them, of the window's white."""
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), _SOFT_PX), np.uint8)
    dark = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, np.ones((_STROKE_PX, _STROKE_PX), np.uint8))
    return np.asarray(dark, np.float32) / np.float32(max(1, _level(soft, _WHITE)))


def near(plan: Gray) -> NDArray[np.bool_]:
    """Close around the box, where people mark that miss it, and no other field is."""
    rows, columns = np.nonzero(plan == _BOX)
    y, x = np.arange(plan.shape[0])[:, None], np.arange(plan.shape[1])[None, :]
    across = np.maximum(columns.min() - x, x - columns.max())
    down = np.maximum(rows.min() - y, y - rows.max())
    far = np.maximum(across, down)
    return np.asarray((far > _RIM_PX) & (far <= _NEAR_PX) & (plan != _OTHER), np.bool_)


def unexplained_mm2(patch: Patch) -> float:
    """The largest piece of ink close around the box that the blank has not itself.

    0 where nobody measured what the blank has.
    """
    if patch.blank is None or not (patch.plan == _BOX).any():
        return 0.0
    own = _explained(patch.blank.tobytes())
    dark = (hollow(patch.picture) > _STANDS_OUT) & near(patch.plan) & ~own
    if not dark.any():
        return 0.0
    found = connected_components(dark.astype(np.uint8))
    largest = max(found.stats[1:, cv2.CC_STAT_AREA], default=0)
    return float(largest) / PX_PER_MM**2


def is_numbered(patch: Patch) -> bool:
    """Whether something is printed in the box itself: a mark on it hides behind it."""
    rows, columns = np.nonzero(patch.plan == _BOX)
    if not rows.size:
        return False
    own = patch.plan[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return float((own == _PRINT).mean()) > _PRINTED


def is_black_and_white(patch: Patch) -> bool:
    """Whether a scanner thresholded it: next to nothing between black and white."""
    between = (patch.picture >= _BLACK) & (patch.picture <= _WHITE_FROM)
    return float(between.mean()) < _BETWEEN


def _level(pixels: Gray, percent: int) -> int:
    """The grey below which so many per cent of pixels are, or at it."""
    counted = np.cumsum(np.bincount(pixels.ravel(), minlength=256))
    return int(np.searchsorted(counted, percent / 100 * pixels.size))


def tensor(patches: Sequence[Patch]) -> NDArray[np.float32]:
    """Patches as the network takes them: n × 4 × 64 × 80, about -1 to 1.

    First how dark, against the window's paper; then the same against the box's own paper, four
    times as steep, where a pencil's stroke stands out; then the plan; last how dark the blank is,
    -0.5 everywhere when nobody knows.
    """
    if not patches:
        return np.zeros((0, CHANNELS, HIGH_PX, WIDE_PX), np.float32)
    none = np.full((HIGH_PX, WIDE_PX), NO_BLANK, np.uint8)
    return channels(
        np.stack([one.picture for one in patches]),
        np.stack([one.plan for one in patches]),
        np.stack([none if one.blank is None else one.blank for one in patches]),
        np.array([papers(one) for one in patches], np.float32),
    )


def channels(
    pictures: Gray, plans: Gray, blanks: Gray, bright: NDArray[np.float32]
) -> NDArray[np.float32]:
    """What ``tensor`` makes, of n × 64 × 80 bytes each and n × 2 ``papers``.

    A blank of ``NO_BLANK`` everywhere is one that nobody knows.
    """
    made = np.empty((len(pictures), CHANNELS, HIGH_PX, WIDE_PX), np.float32)
    seen = pictures.astype(np.float32)
    paper, own = bright[:, 0, None, None], bright[:, 1, None, None]
    np.clip(1.0 - seen / paper, 0.0, 1.0, out=made[:, 0])
    np.clip((own - seen) * (_LIFT / paper), -1.0, 1.0, out=made[:, 1])
    made[:, 2] = (plans.astype(np.float32) - _NOTHING) / _NOTHING
    made[:, 3] = _SHOWN[blanks]
    return made


def papers(patch: Patch) -> tuple[int, int]:
    """How bright the window's paper is, and the box's own."""
    paper = max(1, _level(patch.picture, _PAPER))
    inside = patch.picture[patch.plan == _BOX]
    return paper, _level(inside, _BOX_PAPER) if inside.size else paper


_FRAME_MM = 0.6  # a box's own frame, and what a photocopy moves it by


@dataclass(frozen=True, slots=True)
class Limits:
    """Chances from which an answer is accepted, in grey and in black and white.

    A mark on a number that is printed in a box hides behind it; what inks little of a box may be
    the end of anything that runs in.
    """

    empty: tuple[float, float]
    empty_numbered: tuple[float, float]
    ticked: tuple[float, float]
    ticked_thin: tuple[float, float]


_MEASURED = Limits((0.85, 0.917), (0.975, 0.93), (0.985, 0.88), (0.995, 0.993))
_UNMEASURED = Limits((0.85, 0.88), (0.96, 0.962), (0.985, 0.95), (0.98, 0.988))
_THIN = 0.25  # of the box
_EMPTY_BELOW = 0.03  # of the box: more of it inked is no empty one
_UNEXPLAINED_MM2 = 0.12  # near the box: more ink in one piece is somebody's mark
_REACH_MM = 3.0  # beyond the box: a tick's strokes end nearer
_SIGNED_FROM_MM2 = 4.0
_UNSIGNED_BELOW_MM2 = 0.8


def inside_box(box: BoxMm) -> BoxMm:
    """A box without its frame."""
    across, down = min(_FRAME_MM, box.width / 6), min(_FRAME_MM, box.height / 6)
    return BoxMm(box.left + across, box.top + down, box.width - 2 * across, box.height - 2 * down)


def is_ticked(chances: TickChances, patch: Patch) -> tuple[bool | None, float]:
    """Whether a box is ticked, None when only a person can say, and how sure that is (0..1).

    What the network says must agree with what can be measured: in an empty box and close around it
    is no ink but the blank's own, and what ticks a box ends near it; lines of a stamp, of a
    signature and of what strikes it out go on.

    Args:
        chances: What the network said of the box and what is around it.
        patch: What it was shown.
    """
    confidence = max(chances.empty, chances.ticked)
    if chances.doubtful >= confidence:
        return None, confidence
    if chances.ticked > chances.empty:
        return (True if _is_ticked(chances.ticked, patch) else None), confidence
    return (False if _is_empty(chances.empty, patch) else None), confidence


def _is_ticked(chance: float, patch: Patch) -> bool:
    limits = _limits(patch)
    is_thin = ink_share(patch) < _THIN
    pair = limits.ticked_thin if is_thin else limits.ticked
    least = pair[is_black_and_white(patch)]
    return chance >= least and reach_mm(patch) <= _REACH_MM


def _is_empty(chance: float, patch: Patch) -> bool:
    limits = _limits(patch)
    pair = limits.empty_numbered if is_numbered(patch) else limits.empty
    is_thresholded = is_black_and_white(patch)
    if chance < pair[is_thresholded] or ink_share(patch) > _EMPTY_BELOW:
        return False
    # Dirt of tints that a threshold left is ink to whoever measures it.
    return is_thresholded or unexplained_mm2(patch) <= _UNEXPLAINED_MM2


def _limits(patch: Patch) -> Limits:
    return _UNMEASURED if patch.blank is None else _MEASURED


def is_signed(zones: Sequence[Zone]) -> tuple[bool | None, float]:
    """Whether somebody signed, None when there is only a little ink."""
    ink = sum(zone.ink_mm2 for zone in zones)
    if ink >= _SIGNED_FROM_MM2:
        return True, 0.99
    if ink <= _UNSIGNED_BELOW_MM2:
        return False, 0.99
    return None, 0.5
