"""Boxes that are ticked or not, and signatures that are there or not."""

from collections.abc import Sequence

from edge.document import BoxMm
from edge.reading import tickpatch
from edge.reading.ink import Zone
from edge.reading.readers import Patch, TickChances

_FRAME_MM = 0.6  # a box's own frame, and what a photocopy moves it by

_EMPTY_BELOW = 0.03  # of the box: more of it inked is no empty one
# In black and white tints leave dirt around every box, of which the network is never as sure: there
# an empty one is accepted with less, down to what ``calibrate`` allows.
_SURE = 0.85
_REACH_MM = 1.6  # beyond the box: a tick's strokes end nearer
_SIGNED_FROM_MM2 = 4.0
_UNSIGNED_BELOW_MM2 = 0.8


def inside(box: BoxMm) -> BoxMm:
    """A box without its frame."""
    across, down = min(_FRAME_MM, box.width / 6), min(_FRAME_MM, box.height / 6)
    return BoxMm(box.left + across, box.top + down, box.width - 2 * across, box.height - 2 * down)


def ticked(chances: TickChances, patch: Patch) -> tuple[bool | None, float]:
    """Whether a box is ticked, None when only a person can say, and how sure that is (0..1).

    What the network says must agree with what can be measured: in an empty box is no ink, and what
    ticks a box ends near it; lines of a stamp, of a signature and of what strikes it out go on.

    Args:
        chances: What the network said of the box and what is around it.
        patch: What it was shown.
    """
    confidence = max(chances.empty, chances.ticked)
    if chances.doubtful >= confidence:
        return None, confidence
    is_set = chances.ticked > chances.empty
    if is_set and confidence < _SURE:
        return None, confidence
    if not is_set and confidence < _SURE and not tickpatch.is_black_and_white(patch):
        return None, confidence
    if is_set:
        return (None if tickpatch.reach_mm(patch) > _REACH_MM else True), confidence
    return (None if tickpatch.ink_share(patch) > _EMPTY_BELOW else False), confidence


def signed(zones: Sequence[Zone]) -> tuple[bool | None, float]:
    """Whether somebody signed, None when there is only a little ink."""
    ink = sum(zone.ink_mm2 for zone in zones)
    if ink >= _SIGNED_FROM_MM2:
        return True, 0.99
    if ink <= _UNSIGNED_BELOW_MM2:
        return False, 0.99
    return None, 0.5
