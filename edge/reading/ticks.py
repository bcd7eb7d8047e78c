"""Boxes that are ticked or not, and signatures that are there or not."""

from collections.abc import Sequence

from edge.document import BoxMm
from edge.reading import tickpatch
from edge.reading.ink import Zone
from edge.reading.readers import Patch, TickChances

_FRAME_MM = 0.6  # a box's own frame, and what a photocopy moves it by

# Chances from which an answer is accepted, in grey and in black and white. A mark on a number that
# is printed in a box hides behind it; what inks little of a box may be the end of anything.
_EMPTY, _EMPTY_NUMBERED = (0.8, 0.92), (0.94, 0.92)
_TICKED, _TICKED_THIN = (0.96, 0.9), (0.99, 0.993)
_THIN = 0.25  # of the box
_EMPTY_BELOW = 0.03  # of the box: more of it inked is no empty one
_UNEXPLAINED_MM2 = 0.12  # near the box: more ink in one piece is somebody's mark
_REACH_MM = 3.0  # beyond the box: a tick's strokes end nearer
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
        return (True if _is_ticked(chances.ticked, patch) else None), confidence
    return (False if _is_empty(chances.empty, patch) else None), confidence


def _is_ticked(chance: float, patch: Patch) -> bool:
    is_thin = tickpatch.ink_share(patch) < _THIN
    least = (_TICKED_THIN if is_thin else _TICKED)[tickpatch.is_black_and_white(patch)]
    return chance >= least and tickpatch.reach_mm(patch) <= _REACH_MM


def _is_empty(chance: float, patch: Patch) -> bool:
    is_thresholded = tickpatch.is_black_and_white(patch)
    least = (_EMPTY_NUMBERED if tickpatch.is_numbered(patch) else _EMPTY)[is_thresholded]
    if chance < least or tickpatch.ink_share(patch) > _EMPTY_BELOW:
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
