"""Whether a person could see what a scan left of a mark.

The same page is scanned twice with the same noise, with the mark and without it: what differs is
the mark alone. It is seen when enough pixels differ, and when it is darker than its surroundings by
several times what they vary by themselves (as Rose found for signals in noise: five times).
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.ticks.ink import Layer

Pixels = NDArray[np.uint8]

LEAST_MM2, LEAST_TIMES = 0.12, 5.0
_DIFFERS, _INKED = 8, 0.3  # of 255; of full ink
_SOFT_MM, _AROUND_MM, _FLAT_MM = 0.12, 4.0, 0.6
_FLAT, _ALIKE, _FEWEST = 12, 16, 60  # of 255, of 255, pixels
_LEAST_NOISE = 2.0  # of 255: what varies less, nobody sees


@dataclass(frozen=True, slots=True)
class Sight:
    """``area_mm2`` of a mark that differs, and how many ``times`` the noise it stands out."""

    area_mm2: float
    times: float

    @property
    def is_lost(self) -> bool:
        """Whether nobody could see it."""
        return self.area_mm2 < LEAST_MM2 or self.times < LEAST_TIMES


@dataclass(frozen=True, slots=True)
class Scans:
    """A page scanned with its marks and without, and what lies under them.

    ``plain`` is the page before it was scanned, moved to where the scan has it.
    """

    marked: Pixels
    unmarked: Pixels
    plain: Pixels
    px_per_mm: float


def sight(scans: Scans, ink: Layer, turn: NDArray[np.float64]) -> Sight:
    """How much of a mark is to be seen.

    Args:
        scans: Of the page.
        ink: The mark on the unscanned page, 0 to 1.
        turn: From the unscanned page's pixels to the scan's (2 × 3).
    """
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return Sight(0.0, 0.0)
    corner = np.array([columns[0], rows[0]])
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    # The part's own corner first, then where the sheet came to lie, then the part of the scan.
    ends = np.array([corner, corner + cut.shape[::-1]]) @ turn[:, :2].T + turn[:, 2]
    spare = _AROUND_MM * scans.px_per_mm
    low = np.floor(ends.min(axis=0) - spare).astype(int).clip(0)
    high = np.ceil(ends.max(axis=0) + spare).astype(int).clip(1)
    part = np.s_[low[1] : high[1], low[0] : high[0]]
    marked, unmarked, plain = scans.marked[part], scans.unmarked[part], scans.plain[part]
    off = turn[:, :2] @ corner + turn[:, 2] - low
    there = cv2.warpAffine(cut, np.column_stack([turn[:, :2], off]), plain.shape[::-1]) > _INKED
    if not there.any():
        return Sight(0.0, 0.0)
    differs = (cv2.absdiff(marked, unmarked) > _DIFFERS) & there
    area = float(differs.sum()) / scans.px_per_mm**2
    return Sight(area, _times(marked, unmarked, plain, there, scans.px_per_mm))


def _times(
    marked: Pixels, unmarked: Pixels, plain: Pixels, there: NDArray[np.bool_], px_per_mm: float
) -> float:
    """A mark's darkness in all its pixels, against what paper like that under it varies by."""
    soft_px = _SOFT_MM * px_per_mm
    with_, without = (
        np.asarray(cv2.GaussianBlur(one, (0, 0), soft_px), np.float64)
        for one in (marked.astype(np.float32), unmarked.astype(np.float32))
    )
    noise = _noise(without, plain, px_per_mm)[there]
    weights = 1 / (noise**2 + _LEAST_NOISE**2)
    signal = float(((without - with_)[there] * weights).sum()) / float(np.sqrt(weights.sum()))
    alike = 4 * np.pi * soft_px**2  # pixels that the softening makes one
    return abs(signal) / float(np.sqrt(alike))


def _noise(scan: NDArray[np.float64], plain: Pixels, px_per_mm: float) -> NDArray[np.float64]:
    """By how much paper as dark as that under a pixel varies near by."""
    side = max(3, round(_FLAT_MM * px_per_mm))
    kernel = np.ones((side, side), np.uint8)
    is_flat = cv2.morphologyEx(plain, cv2.MORPH_GRADIENT, kernel) <= _FLAT
    overall = float(scan[is_flat].std()) if is_flat.sum() >= _FEWEST else 0.0
    made = np.full(plain.shape, overall)
    for level in np.unique(plain // _ALIKE):
        like = plain // _ALIKE == level
        chosen = like & is_flat
        if chosen.sum() >= _FEWEST:
            made[like] = scan[chosen].std()
    return made
