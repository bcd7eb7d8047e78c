"""Is there anything on a page, and can it be read: blank, faint, blurred.

Contrast is measured against the page's own paper and noise. What shines through from the other
side is as pale as a carbon copy or pencil, and softer: paper scatters its strokes over several
tenths of a millimetre. So faint strokes count as writing when they lie side by side like words, and
are sharp.
"""

import itertools
from enum import StrEnum
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import pixels as imaging_pixels
from edge.imaging.pixels import connected_components, reduce, reduction_factor

_SOFT_MM = 0.3  # noise goes, strokes stay
_STROKE_MM = 2.5  # what is wider is no stroke: shadows, bands, steps of the paper's tone
_LEAST_DEPTH = 3.0  # grey levels of the softened page
_NOISES = 6.0  # times the noise of the softened page
_PIECE_MM2, _PIECE_MM = 0.6, 2.0  # area and long side of the least part of a word
_GAP_MM = 1.0  # between what belongs to one word
_WORD_MM = (6.0, 1.4, 25.0)  # least length; least and most height
_STEP_MM = 0.254  # along a word, over which a change is measured
_LETTERS = 0.2  # change along a word over its depth: a crease or a streak has little
_SLENDER, _LOW_MM = 20.0, 2.1  # length over thickness from which, height to which it must have more
_LINE_LETTERS = 0.3
_THICK_MM = 1.0  # area over length of a softened word; a stroke alone has less
_WORDS_MM2 = 10.0  # of softened strokes: two or three words
_SHARP = 0.25  # detail over depth; measured: docs/decisions/0022-what-a-file-shows.md


class _Layers(NamedTuple):
    page: NDArray[np.float32]
    detail: NDArray[np.float32]  # what softening took away
    depth: NDArray[np.float32]  # how much darker than the paper around, strokes only


def is_written(
    small: NDArray[np.uint8], px_per_mm: float, ignored: NDArray[np.uint8] | None = None
) -> bool:
    """Whether a page that looks blank bears faint words.

    Args:
        small: Height × width, at about 100 dpi.
        px_per_mm: Its scale.
        ignored: Mask of the same shape, 1 where nothing counts: edges, holes.
    """
    layers = _layers(small, px_per_mm)
    some = layers.depth[::3, ::3]
    middle = float(np.median(some))
    noise = 1.4826 * float(np.median(np.abs(some - middle)))
    strokes = (layers.depth > max(_LEAST_DEPTH, middle + _NOISES * noise)).astype(np.uint8)
    if ignored is not None:
        strokes[ignored > 0] = 0
    if not strokes.any():
        return False
    words = _words(layers, strokes, px_per_mm)
    if int(words.sum()) < _WORDS_MM2 * px_per_mm**2:
        return False
    return _over_noise(layers.detail, layers.depth, words, strokes) >= _SHARP


def _layers(small: NDArray[np.uint8], px_per_mm: float) -> _Layers:
    page = small.astype(np.float32)
    soft = cv2.GaussianBlur(page, (0, 0), _SOFT_MM * px_per_mm)
    side = round(_STROKE_MM * px_per_mm) | 1
    kernel = np.ones((side, side), np.uint8)
    depth = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, kernel)
    return _Layers(page, np.asarray(page - soft, np.float32), np.asarray(depth, np.float32))


def _words(layers: _Layers, strokes: NDArray[np.uint8], px_per_mm: float) -> NDArray[np.bool_]:
    """The strokes that lie side by side and change from letter to letter, across or down."""
    found = connected_components(strokes)
    sides = found.stats[:, 2:4].max(axis=1) / px_per_mm
    counts = (found.stats[:, 4] >= _PIECE_MM2 * px_per_mm**2) & (sides >= _PIECE_MM)
    counts[0] = False
    kept = counts[found.labels]
    ways = [_in_words(layers, strokes, kept, axis, px_per_mm) for axis in (1, 0)]
    return max(ways, key=lambda mask: int(mask.sum()))


def _in_words(
    layers: _Layers,
    strokes: NDArray[np.uint8],
    kept: NDArray[np.bool_],
    axis: int,
    px_per_mm: float,
) -> NDArray[np.bool_]:
    """Strokes in words that run along an axis of the image."""
    gap = round(_GAP_MM * px_per_mm) | 1
    kernel = np.ones((1, gap) if axis == 1 else (gap, 1), np.uint8)
    joined = cv2.morphologyEx(kept.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    found = connected_components(np.asarray(joined, np.uint8))
    across, down = (found.stats[:, side] / px_per_mm for side in (2, 3))
    length, height = (across, down) if axis == 1 else (down, across)
    is_word = (length >= _WORD_MM[0]) & (height >= _WORD_MM[1]) & (height <= _WORD_MM[2])
    is_word[0] = False
    if not is_word.any():
        return np.zeros_like(kept)
    change = np.zeros_like(layers.page)
    step = max(1, round(_STEP_MM * px_per_mm))
    ahead, behind = (
        (np.s_[:, step:], np.s_[:, :-step]) if axis == 1 else (np.s_[step:], np.s_[:-step])
    )
    change[ahead] = layers.page[ahead] - layers.page[behind]
    labels = np.where(kept, found.labels, 0)
    thick = np.bincount(labels.ravel(), minlength=len(found)) / px_per_mm**2 / length
    is_word &= thick >= _THICK_MM
    is_line = (length > _SLENDER * thick) | (height < _LOW_MM)
    least = np.where(is_line, _LINE_LETTERS, _LETTERS)
    is_word &= _changes(change, layers.depth, labels, strokes, len(found)) >= least
    return np.asarray(kept & is_word[found.labels], np.bool_)


def _changes(
    change: NDArray[np.float32],
    depth: NDArray[np.float32],
    labels: NDArray[np.integer],
    strokes: NDArray[np.uint8],
    count: int,
) -> NDArray[np.float64]:
    """Mean change beyond that of the paper, over the depth, of each word; a blob adds little."""
    paper = _paper(strokes)
    noise = float(np.mean(np.abs(change[paper]))) if paper.any() else 0.0
    inside = labels > 0
    where = labels[inside]
    pixels = np.maximum(np.bincount(where, minlength=count), 1)
    steps = np.bincount(where, np.abs(change[inside]), minlength=count) / pixels
    depths = np.bincount(where, depth[inside], minlength=count) / pixels
    return np.asarray(
        np.sqrt(np.maximum(np.square(steps) - noise**2, 0)) / np.maximum(depths, 1e-6)
    )


def _over_noise(
    detail: NDArray[np.float32],
    depth: NDArray[np.float32],
    words: NDArray[np.bool_],
    strokes: NDArray[np.uint8],
) -> float:
    """Detail of the words beyond that of the paper, over their depth."""
    beyond = _mean_square(detail, words) - _mean_square(detail, _paper(strokes))
    return float(np.sqrt(max(beyond, 0.0)) / np.mean(depth[words]))


def _paper(strokes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(strokes, np.ones((5, 5), np.uint8)) == 0, np.bool_)


def _mean_square(values: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    return float(np.mean(np.square(values[where]))) if where.any() else 0.0


_WORK_DPI = 100.0
_EDGE_MM = 8.0  # staples and shadows lie at the edge
_CORNER_MM = 14.0  # torn corners, and the codes that printers leave there
_HOLE_MM = (3.5, 9.0)  # punched 12 mm from the edge, where people write
_AROUND_HOLE_MM = 4.0
_DARK_PAPER = 90  # a black page hides something: a lamp that failed, a lid left open
_BANDS = 8
_CONTRAST = 22  # grey levels darker than the paper around: bleed-through stays below
_INK_MM2 = 6.0  # three handwritten words have several times this
_SPECK_MM2 = 0.45  # dust of 0.4 mm, softened
_STROKE_MM2 = 1.0  # the least stroke of a pencil; what is as pale and smaller is a shadow's
_PRINT_CONTRAST = 40  # small print is black
_EVERY_ROW = 3  # of the reduced image is enough to tell how sharp a page is
_SHARP_FROM, _BLURRED_FROM = 0.32, 0.07  # steepness of the steepest edges, share of their height


class Content(StrEnum):
    """What a page bears."""

    BLANK = "blank"
    FAINT = "faint"  # strokes hardly darker than their paper, sharp as writing is
    WRITTEN = "written"


def is_blank(gray: NDArray[np.uint8], dpi: float) -> bool:
    """Whether a page is blank; see ``content``."""
    return content(gray, dpi) is Content.BLANK


def content(gray: NDArray[np.uint8], dpi: float) -> Content:
    """Whether a page holds anything but paper, dust, punch holes, shadows and the other side.

    Args:
        gray: Height × width, black borders painted white.
        dpi: Its resolution.
    """
    small, px_per_mm = _reduced(gray, dpi)
    if float(np.median(small[::8, ::8])) < _DARK_PAPER:
        return Content.WRITTEN
    soft = cv2.GaussianBlur(small, (3, 3), 0)
    depth = np.asarray(cv2.subtract(cv2.blur(soft, (61, 61)), soft), np.uint8)
    dark = (depth > _CONTRAST).astype(np.uint8)
    _forget_edges(dark, px_per_mm)
    # Labelling nothing, on most backs, takes longer than all the rest.
    solid = dark if dark.any() else None
    if solid is not None:
        if _bands_hold_ink(dark, depth, px_per_mm):
            return Content.WRITTEN
        solid = imaging_pixels.remove_discs(dark, *(diameter * px_per_mm for diameter in _HOLE_MM))
        if _ink_mm2(solid, depth, px_per_mm) >= _INK_MM2:
            return Content.WRITTEN
    is_faint = is_written(small, px_per_mm, _ignored(dark, solid, px_per_mm))
    return Content.FAINT if is_faint else Content.BLANK


def _ignored(
    dark: NDArray[np.uint8], solid: NDArray[np.uint8] | None, px_per_mm: float
) -> NDArray[np.uint8]:
    """Where faint strokes do not count: at the edges, and around punched holes."""
    ignored = np.ones_like(dark)
    _forget_edges(ignored, px_per_mm)
    ignored = 1 - ignored
    if solid is not None and not np.array_equal(dark, solid):
        reach = round(_AROUND_HOLE_MM * px_per_mm) | 1
        holes = cv2.dilate(dark - solid, np.ones((reach, reach), np.uint8))
        ignored = np.maximum(ignored, holes).astype(np.uint8)
    return ignored


def _bands_hold_ink(dark: NDArray[np.uint8], depth: NDArray[np.uint8], px_per_mm: float) -> bool:
    """Whether some band of the page holds enough ink by itself; what its edges cut is left out.

    Of most written pages one band tells, for a part of the work; holes are larger than what is
    counted here.
    """
    edges = np.linspace(0, len(dark), _BANDS + 1).astype(int)
    for top, bottom in sorted(
        itertools.pairwise(edges.tolist()),
        key=lambda band: -int(cv2.countNonZero(dark[slice(*band)])),
    )[:1]:
        here = dark[top:bottom]
        if _ink_mm2(here, depth[top:bottom], px_per_mm, whole=True) >= _INK_MM2:
            return True
    return False


def _ink_mm2(
    dark: NDArray[np.uint8], depth: NDArray[np.uint8], px_per_mm: float, *, whole: bool = False
) -> float:
    """How much is written: strokes, and print, which is black and may be small."""
    found = connected_components(dark)
    labels, stats = found.labels, found.stats
    areas = stats[:, cv2.CC_STAT_AREA] / px_per_mm**2
    printed = np.bincount(labels[depth > _PRINT_CONTRAST], minlength=len(areas)) > 0
    counts = areas >= np.where(printed, _SPECK_MM2, _STROKE_MM2)
    counts[0] = False
    if whole:
        top, height = stats[:, cv2.CC_STAT_TOP], stats[:, cv2.CC_STAT_HEIGHT]
        counts &= (top > 0) & (top + height < len(dark))
        counts &= stats[:, 2:4].max(axis=1) < _HOLE_MM[0] * px_per_mm
    return float(areas[counts].sum())


def _forget_edges(dark: NDArray[np.uint8], px_per_mm: float) -> None:
    height, width = dark.shape
    edge, corner = round(_EDGE_MM * px_per_mm), round(_CORNER_MM * px_per_mm)
    if min(height, width) <= 4 * corner:
        return  # a slip is all edge
    dark[:edge] = dark[height - edge :] = 0
    dark[:, :edge] = dark[:, width - edge :] = 0
    for rows in (slice(corner), slice(height - corner, None)):
        for columns in (slice(corner), slice(width - corner, None)):
            dark[rows, columns] = 0


def blur(gray: NDArray[np.uint8], dpi: float) -> float:
    """How unsharp a page is, 0 sharp to 1 unreadable; bitonal pages are sharp.

    Compares the steepest steps between neighbouring pixels with the page's contrast.
    """
    small, _ = _reduced(gray, dpi)
    some = small[::_EVERY_ROW]
    low, high = _levels(np.bincount(some.ravel(), minlength=256), 0.005, 0.9)
    if high - low < _CONTRAST:
        return 0.0
    steps = cv2.absdiff(some[:, 1:], some[:, :-1])
    counts = np.bincount(steps.ravel(), minlength=256)
    counts[:5] = 0
    (steepest,) = _levels(counts, 0.98) if counts.any() else (0,)
    share = steepest / float(high - low)
    return float(np.clip((_SHARP_FROM - share) / (_SHARP_FROM - _BLURRED_FROM), 0.0, 1.0))


def _levels(counts: NDArray[np.intp], *shares: float) -> tuple[int, ...]:
    """The grey levels below which these shares of the counted pixels lie."""
    below = np.cumsum(counts)
    return tuple(int(np.searchsorted(below, share * below[-1])) for share in shares)


def _reduced(gray: NDArray[np.uint8], dpi: float) -> tuple[NDArray[np.uint8], float]:
    by = reduction_factor(dpi, _WORK_DPI)
    return reduce(gray, by), dpi / by / 25.4
