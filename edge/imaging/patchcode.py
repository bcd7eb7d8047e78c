"""Patch codes: four bars across a sheet that steer a scanner.

Each bar is narrow (0.08 inch) or wide (0.20 inch), 0.08 inch apart; which are wide tells the
patch. They are read from the sheet's edge inward: patch 3 is patch T read the other way. The
bars are long parallel bands with nothing else between them, so they are searched along a few
scan lines across the page, in both directions, and neighbouring lines must agree.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.document import SeparatorKind
from edge.imaging.scale import reduced, times

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
        found = _across(np.ascontiguousarray(turned), dpi / by / 25.4)
        if found is not None:
            return found
    return None


def _across(dark: NDArray[np.bool_], px_per_mm: float) -> SeparatorKind | None:
    """Look down evenly spaced columns for a stack of bars that lie across them."""
    width = dark.shape[1]
    columns = np.linspace(width * 0.05, width * 0.95, _LINES).astype(int)
    seen: list[set[SeparatorKind]] = [
        set(_patches(_runs(dark[:, column]), px_per_mm)) for column in columns
    ]
    counts: Counter[SeparatorKind] = Counter()
    for kind in _PATTERNS.values():
        counts[kind] = _longest(kind in found for found in seen)
    kind, agreeing = counts.most_common(1)[0]
    return kind if agreeing >= _AGREE else None


def _runs(line: NDArray[np.bool_]) -> list[tuple[bool, int]]:
    """Lengths of what is dark and light along a line."""
    edges = np.flatnonzero(np.diff(line.astype(np.int8))) + 1
    stops = [0, *edges.tolist(), len(line)]
    return [(bool(line[a]), b - a) for a, b in itertools.pairwise(stops) if b > a]


def _patches(runs: Sequence[tuple[bool, int]], px_per_mm: float) -> Iterator[SeparatorKind]:
    for i in range(len(runs) - 6):
        window = runs[i : i + 7]
        if not window[0][0]:
            continue
        before = runs[i - 1][1] if i > 0 else 10**6
        after = runs[i + 7][1] if i + 7 < len(runs) else 10**6
        if min(before, after) < _QUIET_MM * px_per_mm:
            continue
        bars = tuple(_width(length / px_per_mm) for is_dark, length in window if is_dark)
        gaps = [length / px_per_mm for is_dark, length in window if not is_dark]
        if not all(_GAP_MM[0] <= gap <= _GAP_MM[1] for gap in gaps):
            continue
        start = sum(length for _, length in runs[:i])
        rest = sum(length for _, length in runs[i + 7 :])
        if kind := _PATTERNS.get(bars if start <= rest else bars[::-1]):
            yield kind


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
