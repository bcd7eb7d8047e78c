"""Patch codes: four bars across a sheet that steer a scanner.

Each bar is narrow (0.08 inch) or wide (0.20 inch), 0.08 inch apart; which are wide tells the
patch. They are read from the sheet's edge inward: patch 3 is patch T read the other way. The
bars are long parallel bands with nothing else between them, so they are searched along a few
scan lines across the page, in both directions, and neighbouring lines must agree.
"""

from collections import Counter
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.pixels import reduced, times
from edge.results import SeparatorKind

# Widths of the four bars from the edge inward, narrow 1, wide 2 (Kodak A-61599).
_PATTERNS: dict[tuple[int, ...], SeparatorKind] = {
    (2, 1, 1, 2): SeparatorKind.PATCH_2,
    (2, 1, 2, 1): SeparatorKind.PATCH_3,
    (1, 2, 1, 2): SeparatorKind.PATCH_T,
}
_NARROW_MM = (1.3, 3.0)
_WIDE_MM = (3.9, 6.8)
_GAP_MM = (1.0, 4.5)
_QUIET_MM = 4.0  # nothing dark this far before the first and after the last bar
_RUNS = 7  # four bars, and three gaps between them
_LINES = 24
_AGREE = 5  # neighbouring scan lines that must see the same patch
_WORK_DPI = 100.0


def find(gray: NDArray[np.uint8], dpi: float) -> SeparatorKind | None:
    """Find a patch code on a page that may be turned or upside down.

    Args:
        gray: Height × width.
        dpi: Its resolution.
    """
    by = times(dpi, _WORK_DPI)
    small = reduced(gray, by)
    level, _ = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    dark = small <= level
    for turned in (dark, dark.T):
        found = _across(turned, dpi / by / 25.4)
        if found is not None:
            return found
    return None


def _across(dark: NDArray[np.bool_], px_per_mm: float) -> SeparatorKind | None:
    """Look down evenly spaced columns for a stack of bars that lie across them."""
    width = dark.shape[1]
    columns = np.linspace(width * 0.05, width * 0.95, _LINES).astype(int)
    lines = np.ascontiguousarray(dark[:, columns].T)
    seen = [_patches(line, px_per_mm) for line in lines]
    counts: Counter[SeparatorKind] = Counter()
    for kind in _PATTERNS.values():
        counts[kind] = _longest(kind in found for found in seen)
    kind, agreeing = counts.most_common(1)[0]
    return kind if agreeing >= _AGREE else None


def _patches(line: NDArray[np.bool_], px_per_mm: float) -> set[SeparatorKind]:
    """The patches whose bars lie along a line of pixels."""
    edges = np.flatnonzero(line[1:] != line[:-1]) + 1
    stops = np.concatenate([[0], edges, [len(line)]])
    if len(stops) <= _RUNS:
        return set()
    mm = np.diff(stops) / px_per_mm
    around = np.concatenate([[np.inf], mm, [np.inf]])  # beyond the sheet all is quiet
    windows = np.lib.stride_tricks.sliding_window_view(mm, _RUNS)
    starts = stops[: len(windows)]
    gaps = windows[:, 1::2]
    fits = line[starts] & np.all((gaps >= _GAP_MM[0]) & (gaps <= _GAP_MM[1]), axis=1)
    fits &= np.minimum(around[: len(windows)], around[_RUNS + 1 :]) >= _QUIET_MM
    found = set()
    for i in np.flatnonzero(fits).tolist():
        bars = tuple(_width(length) for length in windows[i, ::2].tolist())
        is_first_half = stops[i] <= len(line) - stops[i + _RUNS]
        if kind := _PATTERNS.get(bars if is_first_half else bars[::-1]):
            found.add(kind)
    return found


def _width(mm: float) -> int:
    if _NARROW_MM[0] <= mm <= _NARROW_MM[1]:
        return 1
    return 2 if _WIDE_MM[0] <= mm <= _WIDE_MM[1] else 0


def _longest(hits: Iterator[bool]) -> int:
    best = run = 0
    for hit in hits:
        run = run + 1 if hit else 0
        best = max(best, run)
    return best
