"""What a blank form offers to write in: ruled lines, frames, tick boxes, combs, pale bands.

Works on an upright page; everything comes back in millimetres from its upper left corner. Thin
strokes are found by opening the page's dark parts in one direction. Many French forms print no
black rules: a field is a strip of grey, its cells are parted by white strokes, its tick boxes are
white. Those are found on a mask of what is grey but not dark, and teeth in both polarities.

Where words end beside a rule is told too: a line finder's box takes in the rule that follows a
label ("Date ________"), and whoever looks for free room must know.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging.pixels import connected_components
from edge.results import BoxPx
from vaguemestre.model.document import BoxMm

_INKSPANS_DARKER = 40
_RULE_MM, _GAP_MM = 6.0, 6.0
_LEAST_MM = 0.6


def ink_spans(gray: NDArray[np.uint8], dpi: float, box: BoxPx) -> tuple[BoxPx, ...]:
    """The parts of a box that hold words, left to right.

    Args:
        gray: The page, height × width.
        dpi: Its resolution.
        box: Of one line, inside the page.
    """
    px = dpi / 25.4
    left, top = max(0, box.left), max(0, box.top)
    crop = gray[top : box.top + box.height, left : box.left + box.width]
    if crop.size == 0:
        return ()
    paper = int(np.percentile(crop, 80))
    dark = np.asarray(np.abs(crop.astype(np.int16) - paper) > _INKSPANS_DARKER, np.uint8)
    kernel = np.ones((1, max(3, round(_RULE_MM * px))), np.uint8)
    rules = cv2.dilate(cv2.morphologyEx(dark, cv2.MORPH_OPEN, kernel), np.ones((3, 1), np.uint8))
    dark[rules > 0] = 0
    columns = np.flatnonzero(dark.sum(axis=0) >= max(1, round(0.15 * px)))
    if len(columns) == 0:
        return ()
    breaks = np.flatnonzero(np.diff(columns) > _GAP_MM * px)
    starts = columns[np.concatenate([[0], breaks + 1])]
    stops = columns[np.concatenate([breaks, [len(columns) - 1]])] + 1
    return tuple(
        BoxPx(left + int(start), top, int(stop - start), box.height)
        for start, stop in zip(starts, stops, strict=True)
        if stop - start >= _LEAST_MM * px
    )


_Mask = NDArray[np.uint8]

_PALER, _DARKEST = 9, 120  # grey levels below white from which, and up to which, a tint reaches
_BAND_MM = (22.0, 3.0, 9.5)  # least width, least and greatest height
_BOX_MM = (2.2, 7.0)
_STROKE_MM = 1.5  # no white stroke is wider
_TALL_MM = 1.2  # nor shorter
_TINTED = 0.55  # of the page's print that must be around a stroke or a box


def tint_mask(page: NDArray[np.uint8]) -> _Mask:
    """1 where the paper is tinted: words in a tint are filled up before."""
    white = int(np.percentile(page, 98))
    closed = cv2.morphologyEx(page, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray((closed < white - _PALER) & (closed > white - _DARKEST), np.uint8)


def tint_bands(tinted: _Mask, px: float) -> list[BoxMm]:
    """Strips of tint as high as a line of writing."""
    width, low, high = _BAND_MM
    # White strokes part a comb's cells, not the strip; white rows part strips.
    joined = cv2.morphologyEx(
        tinted, cv2.MORPH_CLOSE, np.ones((1, round(_STROKE_MM * px) + 2), np.uint8)
    )
    solid = cv2.morphologyEx(
        joined, cv2.MORPH_OPEN, np.ones((round(0.75 * low * px), round(width * px)), np.uint8)
    )
    return [
        BoxMm(x / px, y / px, w / px, h / px)
        for x, y, w, h in _tints_parts(np.asarray(solid, np.uint8))
        if low * px <= h <= high * px
    ]


def tint_boxes(page: NDArray[np.uint8], tinted: _Mask, px: float) -> list[BoxMm]:
    """White boxes of a tick's size with tint at both sides."""
    white = int(np.percentile(page, 98))
    blank = np.asarray(page >= white - _PALER, np.uint8)
    size = round(2.0 * px)
    solid = cv2.morphologyEx(blank, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    low, high = _BOX_MM
    return [
        BoxMm(x / px, y / px, w / px, h / px)
        for x, y, w, h in _tints_parts(np.asarray(solid, np.uint8))
        if low * px <= min(w, h) and max(w, h) <= high * px and _is_between(tinted, x, y, w, h, px)
    ]


def tint_teeth(tinted: _Mask, px: float) -> list[tuple[int, int, int, int]]:
    """White strokes that part a tint, in pixels: left, top, width, height."""
    wide = np.ones((1, round(_STROKE_MM * px) + 2), np.uint8)
    parting = cv2.morphologyEx(tinted, cv2.MORPH_CLOSE, wide) - tinted
    tall = np.ones((round(_TALL_MM * px), 1), np.uint8)
    strokes = cv2.morphologyEx(np.asarray(parting, np.uint8), cv2.MORPH_OPEN, tall)
    return [
        (x, y, w, h)
        for x, y, w, h in _tints_parts(np.asarray(strokes, np.uint8))
        if h <= _BAND_MM[2] * px and _is_between(tinted, x, y, w, h, px)
    ]


def _is_between(tinted: _Mask, x: int, y: int, w: int, h: int, px: float) -> bool:
    side = round(0.8 * px)
    left, right = tinted[y : y + h, max(0, x - side) : x], tinted[y : y + h, x + w : x + w + side]
    return all(part.size > 0 and float(part.mean()) > _TINTED for part in (left, right))


def _tints_parts(found: _Mask) -> Sequence[tuple[int, int, int, int]]:
    """Left, top, width, height of each connected part."""
    return [
        (int(x), int(y), int(w), int(h)) for x, y, w, h in connected_components(found).stats[1:, :4]
    ]


_WORK_DPI = 200.0
_RULES_DARKER = 24  # than the lightest within reach
_REACH_MM = 4.0
_THIN_MM = 0.9
_LONG_MM = 11.0  # shorter rules are dashes and underlined words
_DOTS_MM = 1.5  # between the dots of a dotted line
_EDGE_MM = 9.0  # an upright stroke this long at its end makes a rule a frame's edge
_TOOTH_MM = (1.2, 8.0)
_CELL_MM = (2.6, 9.0)
_EVEN = 0.22  # by how much a comb's cells may differ from their median
_FEWEST_CELLS = 2
_FEWEST_BARE = 4  # teeth without a rule or a tint to them may be letters
_TICK_MM = (2.2, 6.5)
_FRAME_MM = (12.0, 4.2)
_FULL = 0.88  # of its bounding box: a rectangle, not a letter's eye
_CLEAR = 0.04  # share of ink that an empty cell may hold


@dataclass(frozen=True, slots=True)
class Comb:
    """Cells from left to right; ``is_based`` when a rule runs under them, as under no letters."""

    cells: tuple[BoxMm, ...]
    is_based: bool

    @property
    def around(self) -> BoxMm:
        """The box around all cells."""
        first, last = self.cells[0], self.cells[-1]
        return BoxMm(first.left, first.top, last.left + last.width - first.left, first.height)


@dataclass(frozen=True, slots=True)
class PrintedStructure:
    """``lines`` are thin boxes along rules, ``frames`` and ticks empty rectangles' insides.

    ``bands`` are strips of tint, one line of writing high.
    """

    lines: tuple[BoxMm, ...]
    frames: tuple[BoxMm, ...]
    ticks: tuple[BoxMm, ...]
    combs: tuple[Comb, ...]
    bands: tuple[BoxMm, ...] = ()


def find_structure(gray: NDArray[np.uint8], dpi: float) -> PrintedStructure:
    """Find all of them on an upright page, height × width."""
    scale = _WORK_DPI / dpi
    size = tuple(max(8, round(side * scale)) for side in gray.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    page = np.asarray(cv2.resize(gray, size, interpolation=method), np.uint8)
    px = _WORK_DPI / 25.4
    dark = _dark(page, px)
    tinted = tint_mask(page)
    combs = [
        comb
        for comb in _combs(_teeth(dark, px), dark, px)
        if comb.is_based or len(comb.cells) >= _FEWEST_BARE
    ]
    combs += _combs(tint_teeth(tinted, px), _words(page, px), px)
    combs = _apart(combs)
    rules, edges = _lines(dark, px)
    frames, ticks = _holes(dark, px)
    ticks += [
        box for box in tint_boxes(page, tinted, px) if not any(_overlap(box, t) for t in ticks)
    ]
    lines = [line for line, is_edge in zip(rules, edges, strict=True) if not is_edge]
    lines = [line for line in lines if not any(_under(line, comb) for comb in combs)]
    lines = [line for line in lines if not _is_filled_above(line, dark, px)]
    bands = tint_bands(tinted, px)
    return PrintedStructure(tuple(lines), tuple(frames), tuple(ticks), tuple(combs), tuple(bands))


def _dark(page: NDArray[np.uint8], px: float) -> _Mask:
    reach = round(_REACH_MM * px) | 1
    lightest = cv2.dilate(page, np.ones((reach, reach), np.uint8))
    return np.asarray(cv2.subtract(lightest, page) > _RULES_DARKER, np.uint8)


def _opened(mask: _Mask, width: float, height: float) -> _Mask:
    kernel = np.ones((max(1, round(height)), max(1, round(width))), np.uint8)
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, kernel), np.uint8)


def _rules_parts(mask: _Mask) -> NDArray[np.int32]:
    """Left, top, width, height of each connected part."""
    return np.asarray(connected_components(mask).stats[1:, :4], np.int32)


def _lines(dark: _Mask, px: float) -> tuple[list[BoxMm], list[bool]]:
    """Thin horizontal rules, dotted ones too, and whether each is the edge of a frame."""
    upright = _opened(dark, 1, _EDGE_MM * px)
    found, edges = [], []
    for x, y, width, height in _rules_parts(
        np.asarray(_opened(dark, _LONG_MM * px, 1) | _dotted(dark, px), np.uint8)
    ):
        if height > _THIN_MM * px:
            continue
        found.append(BoxMm(*(float(side) / px for side in (x, y, width, height))))
        margin = round(1.2 * px)
        rows = slice(max(0, y - margin), y + height + margin)
        ends = (upright[rows, max(0, x - margin) : x + margin],
                upright[rows, max(0, x + width - margin) : x + width + margin])  # fmt: skip
        edges.append(any(end.any() for end in ends))
    return found, edges


def _dotted(dark: _Mask, px: float) -> _Mask:
    """Rows of dots or dashes as rules; what is taller than a dot is left out, so no text joins."""
    found = connected_components(dark)
    low = found.stats[:, cv2.CC_STAT_HEIGHT] <= _THIN_MM * px
    low[0] = False
    dots = np.asarray(low[found.labels], np.uint8)
    kernel = np.ones((1, max(1, round(_DOTS_MM * px))), np.uint8)
    return _opened(np.asarray(cv2.morphologyEx(dots, cv2.MORPH_CLOSE, kernel)), _LONG_MM * px, 1)


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


def _is_filled_above(line: BoxMm, dark: _Mask, px: float) -> bool:
    """Whether it is the lower edge of a dark bar."""
    bottom, left = round((line.top - 0.3) * px), round(line.left * px)
    above = dark[max(0, bottom - round(3 * px)) : bottom, left : left + round(line.width * px)]
    return above.size > 0 and float(above.mean()) > 0.5


def _words(page: NDArray[np.uint8], px: float) -> _Mask:
    """Thin dark strokes, whatever the tint they stand on."""
    size = round(2.0 * px)
    closed = cv2.morphologyEx(page, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return np.asarray(cv2.subtract(closed, page) > 2 * _RULES_DARKER, np.uint8)


def _teeth(dark: _Mask, px: float) -> list[tuple[int, int, int, int]]:
    low, high = _TOOTH_MM
    return [
        (int(x), int(y), int(w), int(h))
        for x, y, w, h in _rules_parts(_opened(dark, 1, low * px))
        if w <= 1.4 * px and h <= high * px
    ]


def _combs(teeth: list[tuple[int, int, int, int]], ink: _Mask, px: float) -> list[Comb]:
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
        found += _cells_of(sorted(row), ink, px)
    return found


def _cells_of(row: Sequence[tuple[int, int, int, int]], dark: _Mask, px: float) -> list[Comb]:
    """Runs of evenly spaced teeth with nothing between them."""
    gaps = [(left[0] + left[2], right[0], left, right) for left, right in itertools.pairwise(row)]
    runs: list[list[tuple[int, int]]] = [[]]
    for start, stop, left, right in gaps:
        wide = (right[0] - left[0]) / px
        top, bottom = min(left[1], right[1]), max(left[1] + left[3], right[1] + right[3])
        inside = dark[top : max(top + 1, bottom - round(0.5 * px)), start + 1 : stop - 1]
        is_clear = inside.size > 0 and inside.mean() < _CLEAR
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
        even = [
            cell
            for cell, width in zip(run, widths, strict=True)
            if abs(width - middle) < _EVEN * middle
        ]
        if len(even) < max(_FEWEST_CELLS, 0.6 * len(run)):
            continue
        foot = round(float(np.median([y + h for _, y, _, h in row])))
        based = [cell for cell in even if _has_base(dark, cell, foot, px)]
        is_based = len(based) > 0.6 * len(even)
        if is_based:
            even = based  # the rule under the cells ends where they do
        if len(even) < _FEWEST_CELLS:
            continue
        base = foot / px
        tall = max(4.5, float(np.median([h for _, _, _, h in row])) / px)
        cells = tuple(BoxMm(a / px, base - tall, (b - a) / px, tall) for a, b in even)
        found.append(Comb(cells, is_based))
    return found


def _has_base(dark: _Mask, cell: tuple[int, int], foot: int, px: float) -> bool:
    under = dark[foot - round(0.8 * px) : foot + round(0.6 * px), cell[0] + 1 : cell[1] - 1]
    return under.size > 0 and float(under.mean(axis=1).max()) > 0.8


def _apart(combs: Iterable[Comb]) -> list[Comb]:
    """Of combs that lie on each other only the one with most cells; in reading order."""
    kept: list[Comb] = []
    for comb in sorted(combs, key=lambda comb: len(comb.cells), reverse=True):
        if not any(_overlap(comb.around, other.around) for other in kept):
            kept.append(comb)
    return sorted(kept, key=lambda comb: (round(comb.around.top / 3), comb.around.left))


def _overlap(a: BoxMm, b: BoxMm) -> bool:
    across = min(a.left + a.width, b.left + b.width) - max(a.left, b.left)
    down = min(a.top + a.height, b.top + b.height) - max(a.top, b.top)
    return across > 1.0 and down > 1.5


def _under(line: BoxMm, comb: Comb) -> bool:
    """Whether a rule is the base of a comb, not a line of its own."""
    around = comb.around
    shared = min(line.left + line.width, around.left + around.width) - max(line.left, around.left)
    is_near = abs(line.top - around.top - around.height) < 2.0
    return is_near and shared > 0.6 * min(line.width, around.width)
