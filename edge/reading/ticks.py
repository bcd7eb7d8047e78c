"""Boxes that are ticked or not, and signatures that are there or not."""

from collections.abc import Sequence

from edge.document import BoxMm
from edge.reading.ink import Zone

_FRAME_MM = 0.6  # a box's own frame, and what a photocopy moves it by

_TICKED_FROM = 0.06  # share of the box that a cross, a tick or a blot covers at least
_EMPTY_BELOW = 0.015
_SIGNED_FROM_MM2 = 4.0
_UNSIGNED_BELOW_MM2 = 0.8


def inside(box: BoxMm) -> BoxMm:
    """A box without its frame."""
    across, down = min(_FRAME_MM, box.width / 6), min(_FRAME_MM, box.height / 6)
    return BoxMm(box.left + across, box.top + down, box.width - 2 * across, box.height - 2 * down)


def ticked(zones: Sequence[Zone]) -> tuple[bool | None, float]:
    """Whether a box is ticked, None between the two, and how sure that is (0..1).

    Args:
        zones: The parts of the box that print leaves free.
    """
    share = sum(float(zone.mask.sum()) for zone in zones) / sum(zone.mask.size for zone in zones)
    if share >= _TICKED_FROM:
        return True, min(1.0, 0.9 + share)
    if share <= _EMPTY_BELOW:
        return False, 1.0 - share / _EMPTY_BELOW * 0.1
    return None, 0.5


def signed(zones: Sequence[Zone]) -> tuple[bool | None, float]:
    """Whether somebody signed, None when there is only a little ink."""
    ink = sum(zone.ink_mm2 for zone in zones)
    if ink >= _SIGNED_FROM_MM2:
        return True, 0.99
    if ink <= _UNSIGNED_BELOW_MM2:
        return False, 0.99
    return None, 0.5
