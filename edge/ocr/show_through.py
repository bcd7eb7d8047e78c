"""Whether all that a page bears is the other side of its sheet, shining through.

It lies mirrored: its lines, turned over left to right, read clearly, and as they lie they do not.
Carbon copies and faint print read as they lie. Writing on this side among lines that shine through
is sharper than they are, since the paper does not scatter it, or much deeper: one such line, or one
that reads as it lies, and the page is no other page's back. What reads neither way proves nothing.

It stands above ``imaging`` and ``reading``, since what a page bears is told by reading it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging import cleaning
from edge.imaging.pixels import reduce, reduction_factor
from edge.ocr import line_finder, orientation
from edge.ocr.engine import Gray, LineReading, OcrEngine, Quad, ReadMode
from edge.ocr.lines import bounds, crop

_GRAIN_MM, _PAPER_MM = 0.13, 15.0  # noise of the scan; what is wider is the paper's tone
_SHADES = 180.0  # between the paper and the deepest strokes once a page was made clear
_LONG = 2.0  # width over height of what is a line
_MOST, _FIRST = 40, 8  # lines that are read; those that say which way they read, if any
_AHEAD = 0.1  # confidence by which mirrored must be ahead, of a line and in the mean
_MIRRORED, _LEGIBLE = 0.55, 0.75  # confidence of a line that reads mirrored, of one that is clear
# Confidence of a line that reads as it lies, by how much it is ahead then, and its letters.
_AS_IT_LIES, _AHEAD_AS_IT_LIES, _LETTERS = 0.7, 0.15, 4
_FEWEST_LETTERS = 12  # of all lines that are clear mirrored
_OF_LINES = 0.5  # their share of all lines' length, on a page of greys
_OF_WRITTEN = 0.7  # on one that is not faint
_SHARPER = 1.4  # than the median of the lines that shine through
_DEEPER = 1.3  # than the deepest of them; than their median in black and white
_MUCH_SHARPER, _LONG_MM = 1.7, 30.0  # the sharpness of shorter lines is not well known
_WORK_DPI = 100.0
_INK, _INK_MM2 = 90.0, 1.0  # grey levels below the paper, and how much of it no back has
_INKED, _BLACK, _FEW = 235, 60, 0.05  # greys of ink; the share of it that may be no black
_SOFT_MM, _STROKE_MM = 0.3, 2.5  # of a stroke's detail and its depth; see ``edge.imaging.quality``


@dataclass(frozen=True, slots=True)
class _Line:
    """A line read as it lies and mirrored; its length in mm; its strokes, softened.

    ``depth`` is how much darker than the paper they are, ``sharpness`` their detail over that.
    """

    straight: LineReading
    mirrored: LineReading
    length: float
    depth: float
    sharpness: float

    @property
    def is_mirrored(self) -> bool:
        ahead = self.mirrored.confidence - self.straight.confidence
        return self.mirrored.confidence >= _MIRRORED and ahead >= _AHEAD

    @property
    def is_clear(self) -> bool:
        return self.is_mirrored and self.mirrored.confidence >= _LEGIBLE

    @property
    def is_long(self) -> bool:
        return self.length >= _LONG_MM

    @property
    def is_straight(self) -> bool:
        ahead = self.straight.confidence - self.mirrored.confidence
        is_legible = self.straight.confidence >= _AS_IT_LIES and ahead >= _AHEAD_AS_IT_LIES
        return is_legible and len(self.straight.text.strip()) >= _LETTERS


def is_show_through(gray: Gray, dpi: float, readers: OcrEngine) -> bool:
    """Whether a faint page bears nothing but what stands on the other side.

    Args:
        gray: The page, height × width, any way up.
        dpi: Its resolution.
        readers: The recognition networks.
    """
    clear = _clear(gray, dpi)
    quarter = 90 if orientation.lies_on_its_side(clear, dpi) else 0
    clear, pale = cleaning.quarter_turn(clear, quarter), cleaning.quarter_turn(gray, quarter)
    skew = cleaning.estimate_skew(clear)
    clear, pale = cleaning.straighten(clear, skew), cleaning.straighten(pale, skew)
    found = line_finder.find_lines(clear, dpi)
    quads = found.quads if found.is_sure else readers.find_lines(clear)
    return _all_mirrored(_read(clear, pale, quads, dpi, readers), _OF_LINES)


def may_show_through(gray: Gray, dpi: float, *, bitonal: bool) -> bool:
    """Whether a page that is not faint may shine through: greys without really dark ink.

    Args:
        gray: As it was scanned, height × width.
        dpi: Its resolution.
        bitonal: In black and white, where any ink is black.
    """
    if bitonal:
        return True
    by = reduction_factor(dpi, _WORK_DPI)
    small = reduce(gray, by)
    dark = small < float(np.median(small[::4, ::4])) - _INK
    return float(dark.sum()) <= _INK_MM2 * (dpi / by / 25.4) ** 2


def is_bitonal(gray: Gray) -> bool:
    """Whether a page as it was scanned has black ink and none that is grey."""
    some = gray[::4, ::4]
    inked = some[some < _INKED]
    return inked.size > 0 and float((inked > _BLACK).mean()) <= _FEW


def is_dark_show_through(
    gray: Gray, quads: Sequence[Quad], dpi: float, readers: OcrEngine, *, bitonal: bool
) -> bool:
    """The same of a page that is not faint.

    Args:
        gray: The page, height × width, straight or upside down.
        quads: Its lines.
        dpi: Its resolution.
        readers: The recognition networks.
        bitonal: It was scanned in black and white, where all edges are as sharp: what is written
            on this side is more solid.
    """
    return _all_mirrored(_read(gray, gray, quads, dpi, readers), _OF_WRITTEN, bitonal=bitonal)


def _all_mirrored(lines: Sequence[_Line], least: float, *, bitonal: bool = False) -> bool:
    clear = [line for line in lines if line.is_clear]
    letters = sum(len(line.mirrored.text.replace(" ", "")) for line in clear)
    mirrored = sum(line.length for line in lines if line.is_mirrored)
    if letters < _FEWEST_LETTERS or mirrored < least * sum(line.length for line in lines):
        return False
    sharp = float(np.median([line.sharpness for line in clear]))
    depths = [line.depth for line in clear]
    deepest = _DEEPER * float(np.median(depths) if bitonal else max(depths))
    for line in lines:
        sharpest = (_SHARPER if line.is_long else _MUCH_SHARPER) * sharp
        is_ours = line.depth > deepest or (not bitonal and line.sharpness > sharpest)
        if not line.is_clear and (is_ours or line.is_straight):
            return False
    return True


def _read(
    clear: Gray, pale: Gray, quads: Sequence[Quad], dpi: float, readers: OcrEngine
) -> list[_Line]:
    """A page's longest lines both ways; none where the first of them are not ahead mirrored."""
    boxes = {quad: bounds(quad) for quad in quads}
    lines = [quad for quad in quads if boxes[quad].width >= _LONG * boxes[quad].height]
    lines = sorted(lines, key=lambda quad: -boxes[quad].width * boxes[quad].height)[:_MOST]
    crops = [crop(clear, quad) for quad in lines]
    ways = (*_ways(crops[:_FIRST], over=False), *_ways(crops[:_FIRST], over=True))
    said = readers.read_lines([image for way in ways for image in way], care=ReadMode.SKIM)
    count = len(crops[:_FIRST])
    means = [_mean(said[i * count : (i + 1) * count]) for i in range(len(ways))]
    if max(means[1], means[3]) - max(means[0], means[2]) < _AHEAD:
        return []
    straight, mirrored = _ways(crops, over=means[3] > means[1])
    said = readers.read_lines([*straight, *mirrored], care=ReadMode.SKIM)
    return [
        _Line(one, other, boxes[quad].width / dpi * 25.4, *_strokes(crop(pale, quad), dpi / 25.4))
        for one, other, quad in zip(said, said[len(lines) :], lines, strict=False)
    ]


def _ways(crops: Sequence[Gray], *, over: bool) -> tuple[list[Gray], list[Gray]]:
    """Lines as they lie and mirrored, both turned over by half a turn if asked."""
    if over:
        crops = [image[::-1, ::-1] for image in crops]
    straight = [np.ascontiguousarray(image) for image in crops]
    return straight, [np.ascontiguousarray(image[:, ::-1]) for image in crops]


def _mean(readings: Sequence[LineReading]) -> float:
    return sum(reading.confidence for reading in readings) / max(1, len(readings))


def _clear(gray: Gray, dpi: float) -> Gray:
    """A pale page as dark as print, without the scan's grain and its paper's tone."""
    px_per_mm = dpi / 25.4
    soft = cv2.GaussianBlur(gray, (0, 0), _GRAIN_MM * px_per_mm).astype(np.float32)
    side = round(_PAPER_MM * px_per_mm) | 1
    depth = cv2.subtract(cv2.blur(soft, (side, side)), soft)
    deepest = max(3.0, float(np.percentile(depth[::3, ::3], 99.5)))
    return np.asarray(np.clip(255 - np.maximum(depth, 0) * (_SHADES / deepest), 0, 255), np.uint8)


def _strokes(line: Gray, px_per_mm: float) -> tuple[float, float]:
    """Depth of a line's softened strokes, and their detail beyond that of the paper over it."""
    page = line.astype(np.float32)
    soft = cv2.GaussianBlur(page, (0, 0), _SOFT_MM * px_per_mm)
    side = round(_STROKE_MM * px_per_mm) | 1
    depth = cv2.morphologyEx(soft, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8))
    strokes = depth > max(2.0, 0.5 * float(np.percentile(depth, 90)))
    paper = cv2.dilate(strokes.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    if not strokes.any():
        return 0.0, 0.0
    detail = np.square(page - soft)
    beyond = _of(detail, strokes) - _of(detail, np.asarray(paper, np.bool_))
    mean = float(depth[strokes].mean())
    return mean, float(np.sqrt(max(0.0, beyond)) / max(0.5, mean))


def _of(values: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    return float(values[where].mean()) if where.any() else 0.0
