"""What a blank offers to write in: ruled lines, frames, tick boxes, the teeth of combs.

Works on an upright page; everything comes back in millimetres from its upper left corner. Thin
strokes are found by opening the page's dark parts in one direction; tinted forms draw their combs
in white, so teeth are looked for in both polarities.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.document import BoxMm

_Mask = NDArray[np.uint8]

_WORK_DPI = 200.0
_DARKER = 24  # than the lightest within reach
_REACH_MM = 4.0
_THIN_MM = 0.9
_LONG_MM = 11.0  # shorter rules are dashes and underlined words
_DOTS_MM = 1.5  # between the dots of a dotted line
_EDGE_MM = 9.0  # an upright stroke this long at its end makes a rule a frame's edge
_TOOTH_MM = (1.2, 8.0)
_CELL_MM = (2.6, 9.0)
_EVEN = 0.22  # by how much a comb's cells may differ from their median
_FEWEST_CELLS = 3
_TICK_MM = (2.2, 6.5)
_FRAME_MM = (12.0, 4.2)
_FULL = 0.88  # of its bounding box: a rectangle, not a letter's eye
_CLEAR = 0.04  # share of ink that an empty cell may hold


@dataclass(frozen=True, slots=True)
class Rules:
    """``lines`` are thin boxes along rules, ``frames`` and ticks empty rectangles' insides.

    ``combs`` are the cells of each comb, left to right.
    """

    lines: tuple[BoxMm, ...]
    frames: tuple[BoxMm, ...]
    ticks: tuple[BoxMm, ...]
    combs: tuple[tuple[BoxMm, ...], ...]


def find(gray: NDArray[np.uint8], dpi: float) -> Rules:
    """Find all of them on an upright page, height × width."""
    scale = _WORK_DPI / dpi
    size = tuple(max(8, round(side * scale)) for side in gray.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    page = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
    px = _WORK_DPI / 25.4
    dark = _dark(page, px)
    combs = _combs(dark, px, is_light=False) + _combs(_dark(255 - page, px), px, is_light=True)
    combs = _apart(combs)
    rules, edges = _lines(dark, px)
    frames, ticks = _holes(dark, px)
    lines = [line for line, is_edge in zip(rules, edges, strict=True) if not is_edge]
    lines = [line for line in lines if not any(_under(line, cells) for cells in combs)]
    return Rules(tuple(lines), tuple(frames), tuple(ticks), tuple(combs))


def _dark(page: NDArray[np.uint8], px: float) -> _Mask:
    reach = round(_REACH_MM * px) | 1
    lightest = cv2.dilate(page, np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.subtract(lightest, page) > _DARKER, np.uint8)


def _opened(mask: _Mask, width: float, height: float) -> _Mask:
    kernel = np.ones((max(1, round(height)), max(1, round(width))), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8)


def _parts(mask: _Mask) -> NDArray[np.int32]:
    """Left, top, width, height of each connected part."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.asarray(stats[1:, :4], np.int32)


def _lines(dark: _Mask, px: float) -> tuple[list[BoxMm], list[bool]]:
    """Thin horizontal rules, dotted ones too, and whether each is the edge of a frame."""
    dots = np.ones((1, max(1, round(_DOTS_MM * px))), np.uint8)
    joined = np.asarray(cv2.morphologyEx(dark, cv2.MORPH_CLOSE, dots), np.uint8)
    upright = _opened(dark, 1, _EDGE_MM * px)
    found, edges = [], []
    for x, y, width, height in _parts(_opened(joined, _LONG_MM * px, 1)):
        if height > _THIN_MM * px:
            continue
        found.append(BoxMm(x / px, y / px, width / px, height / px))
        margin = round(1.2 * px)
        rows = slice(max(0, y - margin), y + height + margin)
        ends = (upright[rows, max(0, x - margin) : x + margin],
                upright[rows, max(0, x + width - margin) : x + width + margin])  # fmt: skip
        edges.append(any(end.any() for end in ends))
    return found, edges


def _holes(dark: _Mask, px: float) -> tuple[list[BoxMm], list[BoxMm]]:
    """Empty insides of rectangles: frames, and those small and square enough for a tick."""
    closed = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    contours, tree = cv2.findContours(closed, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    frames, ticks = [], []
    for number, contour in enumerate(contours):
        if tree[0][number][3] < 0:
            continue
        x, y, width, height = (side / px for side in cv2.boundingRect(contour))
        if cv2.contourArea(contour) < _FULL * width * height * px * px:
            continue
        low, high = _TICK_MM
        if low <= min(width, height) and max(width, height) <= high and 0.7 < width / height < 1.4:
            ticks.append(BoxMm(x, y, width, height))
        elif width >= _FRAME_MM[0] and height >= _FRAME_MM[1]:
            frames.append(BoxMm(x, y, width, height))
    return frames, ticks


def _combs(dark: _Mask, px: float, *, is_light: bool) -> list[tuple[BoxMm, ...]]:
    low, high = _TOOTH_MM
    teeth = [
        (int(x), int(y), int(w), int(h))
        for x, y, w, h in _parts(_opened(dark, 1, low * px))
        if w <= 1.4 * px and h <= high * px
    ]
    # A tooth of a comb on a rule keeps a foot; its bottom tells its row.
    teeth.sort(key=lambda part: (part[1] + part[3], part[0]))
    rows: list[list[tuple[int, int, int, int]]] = []
    for tooth in teeth:
        bottom = tooth[1] + tooth[3]
        if rows and abs(bottom - np.median([y + h for _, y, _, h in rows[-1]])) < 0.8 * px:
            rows[-1].append(tooth)
        else:
            rows.append([tooth])
    found = []
    for row in rows:
        found += _cells_of(sorted(row), dark, px, needs_clear=not is_light)
    return found


def _cells_of(
    row: Sequence[tuple[int, int, int, int]], dark: _Mask, px: float, *, needs_clear: bool
) -> list[tuple[BoxMm, ...]]:
    """Runs of evenly spaced teeth with nothing between them."""
    gaps = [
        (left[0] + left[2], right[0], left, right)
        for left, right in zip(row, row[1:], strict=False)
    ]
    runs: list[list[tuple[int, int]]] = [[]]
    for start, stop, left, right in gaps:
        wide = (right[0] - left[0]) / px
        top, bottom = min(left[1], right[1]), max(left[1] + left[3], right[1] + right[3])
        inside = dark[top : max(top + 1, bottom - round(0.5 * px)), start + 1 : stop - 1]
        is_clear = inside.size > 0 and (inside.mean() < _CLEAR or not needs_clear)
        if _CELL_MM[0] <= wide <= _CELL_MM[1] and is_clear:
            runs[-1].append((left[0], right[0]))
        elif wide > _CELL_MM[1] or not is_clear:
            runs.append([])
    found = []
    for run in runs:
        widths = [stop - start for start, stop in run]
        if len(run) < _FEWEST_CELLS:
            continue
        middle = float(np.median(widths))
        even = [cell for cell, width in zip(run, widths, strict=True) if abs(width - middle) < _EVEN * middle]
        if len(even) < max(_FEWEST_CELLS, 0.6 * len(run)):
            continue
        bottom = float(np.median([y + h for _, y, _, h in row])) / px
        tall = max(4.5, float(np.median([h for _, _, _, h in row])) / px)
        found.append(
            tuple(BoxMm(a / px, bottom - tall, (b - a) / px, tall) for a, b in even)
        )
    return found


def _apart(combs: Iterable[tuple[BoxMm, ...]]) -> list[tuple[BoxMm, ...]]:
    """Of combs that lie on each other only the one with most cells; in reading order."""
    kept: list[tuple[BoxMm, ...]] = []
    for cells in sorted(combs, key=len, reverse=True):
        if not any(_overlap(_around(cells), _around(other)) for other in kept):
            kept.append(cells)
    return sorted(kept, key=lambda cells: (round(cells[0].top / 3), cells[0].left))


def _around(cells: Sequence[BoxMm]) -> BoxMm:
    last = cells[-1]
    return BoxMm(cells[0].left, last.top, last.left + last.width - cells[0].left, last.height)


def _overlap(a: BoxMm, b: BoxMm) -> bool:
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    return across > 1.0 and down > 1.5


def _under(line: BoxMm, cells: Sequence[BoxMm]) -> bool:
    """Whether a rule is the base of a comb, not a line of its own."""
    around = _around(cells)
    shared = min(line.left + line.width, around.left + around.width) - max(line.left, around.left)
    return abs(line.top - around.top - around.height) < 2.0 and shared > 0.6 * min(line.width, around.width)
