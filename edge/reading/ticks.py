"""Boxes that are ticked or not, and signatures that are there or not."""

from collections.abc import Sequence

from edge.document import BoxMm
from edge.reading import tickpatch
from edge.reading.ink import Zone
from edge.reading.readers import Patch, TickChances

_FRAME_MM = 0.6  # a box's own frame, and what a photocopy moves it by

# Chances from which an answer is accepted. In black and white tints leave dirt around every box, of
# which the network is never as sure. A mark on a number that is printed in a box hides behind it.
_SURE, _SURE_IN_DIRT, _SURE_OF_NUMBERED = 0.85, 0.7, 0.93
_EMPTY_BELOW = 0.03  # of the box: more of it inked is no empty one
_UNEXPLAINED_MM2 = 0.12  # near the box: more ink in one piece is somebody's mark
_REACH_MM = 1.6  # beyond the box: a tick's strokes end nearer
_SIGNED_FROM_MM2 = 4.0
_UNSIGNED_BELOW_MM2 = 0.8


def inside(box: BoxMm) -> BoxMm:
    """A box without its frame."""
    across, down = min(_FRAME_MM, box.width / 6), min(_FRAME_MM, box.height / 6)
    return BoxMm(box.left + across, box.top + down, box.width - 2 * across, box.height - 2 * down)


def ticked(chances: TickChances, patch: Patch) -> tuple[bool | None, float]:
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
        is_set = confidence >= _SURE and tickpatch.reach_mm(patch) <= _REACH_MM
        return (True if is_set else None), confidence
    return (False if _is_empty(chances.empty, patch) else None), confidence


def _is_empty(chance: float, patch: Patch) -> bool:
    is_thresholded = tickpatch.is_black_and_white(patch)
    if tickpatch.is_numbered(patch):
        is_sure = chance >= _SURE_OF_NUMBERED and not is_thresholded
    else:
        is_sure = chance >= (_SURE_IN_DIRT if is_thresholded else _SURE)
    if not is_sure or tickpatch.ink_share(patch) > _EMPTY_BELOW:
        return False
    # Dirt of tints that a threshold left is ink to whoever measures it.
    return is_thresholded or tickpatch.unexplained_mm2(patch) <= _UNEXPLAINED_MM2


def signed(zones: Sequence[Zone]) -> tuple[bool | None, float]:
    """Whether somebody signed, None when there is only a little ink."""
    ink = sum(zone.ink_mm2 for zone in zones)
    if ink >= _SIGNED_FROM_MM2:
        return True, 0.99
    if ink <= _UNSIGNED_BELOW_MM2:
        return False, 0.99
    return None, 0.5
