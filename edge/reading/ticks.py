"""Boxes that are ticked or not, and signatures that are there or not."""

from edge.reading.ink import Zone

_TICKED_FROM = 0.06  # share of the box that a cross, a tick or a blot covers at least
_EMPTY_BELOW = 0.015
_SIGNED_FROM_MM2 = 4.0
_UNSIGNED_BELOW_MM2 = 0.8


def ticked(zone: Zone) -> tuple[bool | None, float]:
    """Whether a box is ticked, None between the two, and how sure that is (0..1)."""
    share = float(zone.mask.mean())
    if share >= _TICKED_FROM:
        return True, min(1.0, 0.9 + share)
    if share <= _EMPTY_BELOW:
        return False, 1.0 - share / _EMPTY_BELOW * 0.1
    return None, 0.5


def signed(zone: Zone) -> tuple[bool | None, float]:
    """Whether somebody signed, None when there is only a little ink."""
    ink = zone.ink_mm2
    if ink >= _SIGNED_FROM_MM2:
        return True, 0.99
    if ink <= _UNSIGNED_BELOW_MM2:
        return False, 0.99
    return None, 0.5
