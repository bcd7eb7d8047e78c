"""A page's text, line by line: cropping, reading order, spaces, comparison of printed words.

The general reader was taught Chinese and Latin together and drops the narrow spaces of tight type:
``DUPONTMARIE``. ``restore_spaces`` puts them back from the ink: where a line's gaps show more words
than were read, each word is read by itself, and the spaces are taken over when the letters come out
the same.

Typewriters set every letter at an even pitch, so an I stands alone there: where the pitch is even,
a space is a missed letter. On 12,000 drawn names and streets in eight typefaces 3 gaps were taken
for spaces that were none, the widest 0.33 of the letters' height; one true space in a hundred was
narrower than 0.37. So a narrower gap is no evidence of a space: where the reader saw none either,
or was not sure of it, the value stays doubtful.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.imaging.pixels import connected_components
from edge.ocr.engine import Gray, LineReading, OcrEngine, Quad, ReadMode
from edge.results import BoxPx, TextLine

_EMPTY_BELOW = 0.35  # a "line" read with less confidence is speckle, a rule or a picture


@dataclass(frozen=True, slots=True)
class PageText:
    """The lines of a page as they were read: where each lies, its picture, what it says."""

    quads: tuple[Quad, ...]
    crops: tuple[Gray, ...]
    readings: tuple[LineReading, ...]

    def lines(self) -> tuple[TextLine, ...]:
        """Those that hold text, in order."""
        return tuple(
            TextLine(reading.text.strip(), reading.confidence, bounds(quad))
            for quad, reading in zip(self.quads, self.readings, strict=True)
            if reading.text.strip() and reading.confidence >= _EMPTY_BELOW
        )

    def improved(self, readers: OcrEngine, care: ReadMode = ReadMode.TEXT) -> "PageText":
        """Read what is doubtful again, with care."""
        skimmed = self.readings
        again = readers.read_lines(self.crops, care=care, skimmed=skimmed)
        return replace(self, readings=tuple(again))


def read_fast(gray: Gray, quads: Sequence[Quad], readers: OcrEngine) -> PageText:
    """Read the lines that were found on an upright page quickly, in their order."""
    crops = tuple(crop(gray, quad) for quad in quads)
    return PageText(tuple(quads), crops, tuple(readers.read_lines(crops, care=ReadMode.SKIM)))


def crop(gray: Gray, quad: Quad) -> Gray:
    """Cut a quad out of the page and straighten it."""
    corners = np.array(quad.corners, np.float32)
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(1, round(float(np.linalg.norm(corners[3] - corners[0]))))
    # Its fourth corner follows: quads are rectangles, be they turned.
    target = np.array([[0, 0], [width, 0], [0, height]], np.float32)
    matrix = cv2.getAffineTransform(corners[[0, 1, 3]], target)
    return np.asarray(cv2.warpAffine(gray, matrix, (width, height), borderValue=255), np.uint8)


def bounds(quad: Quad) -> BoxPx:
    """Return the upright rectangle around a quad."""
    xs, ys = zip(*quad.corners, strict=True)
    left, top = int(min(xs)), int(min(ys))
    return BoxPx(left, top, round(max(xs)) - left, round(max(ys)) - top)


def reading_order(quads: Sequence[Quad]) -> list[Quad]:
    """Sort into rows from top to bottom, each row from left to right.

    A quad belongs to the row whose centre line it crosses with its own middle half.
    """
    rows: list[tuple[float, float, list[Quad]]] = []
    for quad in sorted(quads, key=_middle):
        middle, height = _middle(quad), _height(quad)
        if rows and abs(middle - rows[-1][0]) < 0.5 * min(height, rows[-1][1]):
            rows[-1][2].append(quad)
        else:
            rows.append((middle, height, [quad]))
    return [quad for _, _, row in rows for quad in sorted(row, key=lambda q: q.corners[0][0])]


def _middle(quad: Quad) -> float:
    return sum(y for _, y in quad.corners) / 4


def _height(quad: Quad) -> float:
    (_, a), (_, b), (_, c), (_, d) = quad.corners
    return max(1.0, (d + c - a - b) / 2)


@functools.lru_cache(maxsize=4096)
def fold_printed(text: str) -> str:
    """``fold_text`` of what forms define, asked for on each page; never of what a page says."""
    return fold_text(text)


def fold_text(text: str) -> str:
    """Lower case without accents, apostrophes and runs of spaces."""
    unified = text.lower().replace("œ", "oe").replace("æ", "ae")
    decomposed = unicodedata.normalize("NFD", unified)
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", re.sub(r"['’`´]", " ", letters)).strip()


_INK_FROM = 0.6  # of the way from the darkest grey to white: thin strokes are pale
_LEAST_GAP = 0.29  # of the letters' height: the narrowest space, before a hanging J
_SURE_GAP = 0.37
_UNSURE = 0.5  # confidence of the letter after a narrower gap
_OF_MEDIAN = 1.8  # a space is that much wider than most gaps between letters
_OF_WIDEST = 0.5  # the spaces of one line are much alike
_EVEN = 0.06  # spread of the letters' beat, as a share of it, up to which it is a typewriter's
_MISSED_BEAT = 1.25
_MARGIN = 0.25  # of the letters' height, left around a word


def restore_spaces(
    images: Sequence[Gray], readings: Sequence[LineReading], readers: OcrEngine
) -> list[LineReading]:
    """Return the readings, with spaces where the lines' ink shows them.

    Args:
        images: Upright lines, grey, 255 where nothing is written.
        readings: What was read in them, in the same order.
        readers: Reads the words one by one, in one call.
    """
    corrected = list(readings)
    parted: dict[int, LineWords] = {}
    for i, (image, reading) in enumerate(zip(images, readings, strict=True)):
        words = split_words(image) if reading.text else LineWords((), ())
        if len(words.images) > len(reading.text.split()):
            parted[i] = words
        elif len(words.images) == len(reading.text.split()) and all(words.are_sure):
            corrected[i] = _witnessed(reading)
    answers = readers.read_lines([word for words in parted.values() for word in words.images])
    start = 0
    for i, words in parted.items():
        read = answers[start : start + len(words.images)]
        start += len(words.images)
        corrected[i] = _joined(readings[i], read, words.are_sure)
    return corrected


def _witnessed(line: LineReading) -> LineReading:
    """The ink parts the line into as many words: its spaces are as sure as its letters."""
    if len(line.confidences) != len(line.text):
        return line
    sure = (
        max(confidence, line.confidence) if char == " " else confidence
        for char, confidence in zip(line.text, line.confidences, strict=True)
    )
    return replace(line, confidences=tuple(sure))


@dataclass(frozen=True, slots=True)
class LineWords:
    """A line's words, left to right, and for each gap between two whether it is surely a space."""

    images: tuple[Gray, ...]
    are_sure: tuple[bool, ...]


def split_words(image: Gray) -> LineWords:
    """Cut a line into its words by the gaps in its ink."""
    darkest = float(np.percentile(image, 1)) if image.size else 255.0
    ink = (image < darkest + _INK_FROM * (255.0 - darkest)).astype(np.uint8)
    columns = ink.any(axis=0)
    if not columns.any():
        return LineWords((), ())
    height = _letter_height(ink)
    edges = np.flatnonzero(np.diff(columns.astype(np.int8), prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    cuts = _spaces(starts, ends, height)
    firsts, lasts = [starts[0], *starts[cuts + 1]], [*ends[cuts], ends[-1]]
    margin = round(_MARGIN * height)
    images = (
        np.pad(image[:, first:last], ((0, 0), (margin, margin)), constant_values=255)
        for first, last in zip(firsts, lasts, strict=True)
    )
    gaps = starts[cuts + 1] - ends[cuts]
    return LineWords(tuple(images), tuple(bool(gap >= _SURE_GAP * height) for gap in gaps))


def _letter_height(ink: NDArray[np.uint8]) -> float:
    """The height of the strokes that hold half of the ink: accents, dots and dust hold little."""
    stats = connected_components(ink).stats
    strokes = stats[1:][np.argsort(stats[1:, cv2.CC_STAT_HEIGHT])]
    areas = np.cumsum(strokes[:, cv2.CC_STAT_AREA])
    return float(strokes[np.searchsorted(areas, areas[-1] / 2), cv2.CC_STAT_HEIGHT])


def _spaces(starts: NDArray[np.intp], ends: NDArray[np.intp], height: float) -> NDArray[np.intp]:
    """Indexes of the gaps between letters that are spaces."""
    gaps = starts[1:] - ends[:-1]
    if not len(gaps):
        return np.zeros(0, np.intp)
    is_space = (gaps >= _LEAST_GAP * height) & (gaps >= _OF_MEDIAN * float(np.median(gaps)))
    if is_space.any():
        is_space &= gaps >= _OF_WIDEST * float(gaps[is_space].max())
    beats = np.diff((starts + ends) / 2)
    beat = float(np.median(beats))
    near = beats[beats < 1.5 * beat]
    if len(near) >= 3 and float(np.std(near)) < _EVEN * beat:
        is_space &= beats >= _MISSED_BEAT * beat
    return np.flatnonzero(is_space)


def _joined(
    line: LineReading, words: Sequence[LineReading], are_sure: Sequence[bool]
) -> LineReading:
    """The line with the words' spaces added; unchanged when the words say other letters.

    A ``1`` stands apart in most type, and so does a hyphen: no space is added between two digits,
    or beside a hyphen or an apostrophe. Where a gap may be a space or none, none is added, and
    the letter after it becomes doubtful.
    """
    letters, read = _letters(line.text)
    spaced_letters, added = _letters(" ".join(word.text for word in words))
    if spaced_letters != letters:
        return line
    sure = {at for at, is_sure in zip(_firsts(words), are_sure, strict=True) if is_sure}
    marks = [i for i, char in enumerate(line.text) if char != " "]
    text = ""
    confidences: list[float] = []
    alternatives: list[tuple[tuple[str, float], ...]] = []
    for i, (mark, letter) in enumerate(zip(marks, letters, strict=True)):
        is_new = i in added and i not in read and _may_part(letters[i - 1 : i + 1])
        if i in read or (is_new and i in sure):
            text += " "
            confidences.append(line.confidence)
            alternatives.append(((" ", 1.0),))
        text += letter
        least = _UNSURE if is_new and i not in sure else 1.0
        confidences += [min(least, chance) for chance in line.confidences[mark : mark + 1]]
        alternatives += line.alternatives[mark : mark + 1]
    has_each = len(line.confidences) == len(line.alternatives) == len(line.text)
    if not has_each:
        return LineReading(text, line.confidence)
    return LineReading(text, line.confidence, tuple(confidences), tuple(alternatives))


def _firsts(words: Sequence[LineReading]) -> list[int]:
    """Where each word but the first begins, counted in letters."""
    lengths = [len(word.text.replace(" ", "")) for word in words]
    return list(itertools.accumulate(lengths[:-1]))


def _may_part(neighbours: str) -> bool:
    return not neighbours.isdigit() and not set(neighbours) & set("-'’")


def _letters(text: str) -> tuple[str, set[int]]:
    """A text without its spaces, and the indexes of the letters that a space precedes."""
    letters, spaces = "", set()
    for word in text.split():
        if letters:
            spaces.add(len(letters))
        letters += word
    return letters, spaces
