"""Whether a page that bears a separator's code is a sheet, or somebody's page with a sticker on it.

Its codes are painted over and the rest is read. What is printed on our own sheets is known; of
others the number of lines tells, or that they speak of patch codes and separators; what is written
by hand belongs to no sheet. When in doubt the page is no sheet: a sheet that is kept costs a look,
a page that is dropped costs somebody's letter.

A clean sheet lies as its code says, and its lines are found without a network; what is not plain
then is looked at as any other page is, which takes some ten times as long.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from rapidfuzz import fuzz, process

from edge.imaging import cleaning, separators
from edge.imaging.pixels import reduce, reduction_factor
from edge.ocr import line_finder
from edge.ocr.engine import Gray, OcrEngine
from edge.ocr.lines import PageText, bounds, fold_text, read_fast
from edge.pipeline import upright
from edge.results import BoxPx, Separator, SeparatorKind

_SEPARATOR = ("separateur de document", "placez cette feuille avant chaque nouveau document.")
_HEADER_TITLES = ("en-tete de lot", "numerisation demandee")
_HEADER = (
    *_HEADER_TITLES,
    "placez cette feuille en tete du lot.",
    "placez cette feuille en tete d un nouveau lot,",
    "devant le document a numeriser de nouveau.",
    *("lot", "processus", "caisse", "recu le", "type attendu", "documents attendus"),
    *("pages par document", "priorite", "original vu", "demande", "lot d origine", "demandee le"),
    *("motif", "document du lot", "type du document"),
)
_TITLES = (_SEPARATOR[0], *_HEADER_TITLES, "patch t", "patch 2", "patch 3")
# People write of a "séparation", and prescriptions of a "patch transdermique".
_SPEAKS_OF_IT = re.compile(
    r"\bpatch[ -]?(code|page|sheet|t)\b|\bseparat(or|eur)|\bseparation de (document|lot|page)"
    r"|\bcodes?[ -]barres|\bbarcode"
)
_ALIKE = 80.0  # rapidfuzz ratio
_TITLE_ALIKE = 92.0
_REASON_MM = 40.0  # below its label: the lines of a reason for scanning again
_MOST_LETTERS = 10  # of what is no own print: a word that was cut in two
_LEAST_SURE = 0.5
_LETTERS = 3  # fewer are specks
_BY_HAND, _HAND_MM = 0.8, 15.0  # a stroke of less width is read as handwriting by chance
_HIGHEST_MM = 14.0  # of a handwritten line; a large title is none
_MOST_LINES, _MOST_OWN = 2, 45  # lines and letters of a sheet that somebody made himself
_SPOKEN = 2  # lines that speak of patches and separators: a sticker has one at most
_PICTURE_MM2 = 400.0
_SPECKS_MM2 = 10.0  # three words by hand have several times that
_WORK_DPI = 50.0
_DARKER = 60  # grey levels than the paper


@dataclass(frozen=True, slots=True)
class Line:
    """A line outside the codes; ``by_hand`` is the chance that it was written by hand."""

    text: str
    confidence: float
    by_hand: float
    box: BoxPx

    @property
    def letters(self) -> int:
        """How many letters and digits it holds."""
        return sum(char.isalnum() for char in self.text)


def is_only_sheet(
    separator: Separator, lines: Sequence[Line], page: Gray, dpi: float, *, has_bars: bool
) -> bool:
    """Whether nothing on the page is anybody's.

    Args:
        separator: Found on it.
        lines: All that stands on the upright page outside the codes.
        page: Upright, its codes painted over.
        dpi: Its resolution.
        has_bars: A patch code's bars lie across it.
    """
    mm = dpi / 25.4
    if any(_is_by_hand(line, mm) for line in lines):
        return False
    read = [line for line in lines if line.confidence >= _LEAST_SURE and line.letters >= _LETTERS]
    if separator.kind is SeparatorKind.DOCUMENT:
        return _letters([line for line in read if not _is_one_of(line, _SEPARATOR)]) < _MOST_LETTERS
    if separator.kind is SeparatorKind.HEADER:
        return _letters(_strange_on_header(read, mm)) < _MOST_LETTERS
    spoken = [line for line in read if _SPEAKS_OF_IT.search(fold_text(line.text))]
    others = [line for line in read if line not in spoken]
    is_long = len(others) > _MOST_LINES or _letters(others) > _MOST_OWN
    if is_long and len(spoken) < _SPOKEN:
        return False
    is_patch_sheet = has_bars or len(spoken) >= _SPOKEN
    return is_patch_sheet or _dark_mm2(page, lines, dpi) < _PICTURE_MM2


def is_plain_sheet(separator: Separator, lines: Sequence[Line], page: Gray, dpi: float) -> bool:
    """The same for lines that were found quickly: no ink may be left outside them.

    The arguments are those of ``is_only_sheet``.
    """
    is_sheet = is_only_sheet(separator, lines, page, dpi, has_bars=False)
    return is_sheet and _dark_mm2(page, lines, dpi) < _SPECKS_MM2


def is_titled_as_one(texts: Sequence[str]) -> bool:
    """Whether a line says that this is a separator or header sheet, whose code was not read."""
    return any(
        process.extractOne(fold_text(text), _TITLES, scorer=fuzz.ratio, score_cutoff=_TITLE_ALIKE)
        for text in texts
    )


def _is_by_hand(line: Line, mm: float) -> bool:
    is_like_a_line = line.box.width >= _HAND_MM * mm and line.box.height <= _HIGHEST_MM * mm
    return is_like_a_line and line.by_hand >= _BY_HAND


def _letters(lines: Sequence[Line]) -> int:
    return sum(line.letters for line in lines)


def _is_one_of(line: Line, known: Sequence[str]) -> bool:
    return (
        process.extractOne(fold_text(line.text), known, scorer=fuzz.ratio, score_cutoff=_ALIKE)
        is not None
    )


def _strange_on_header(lines: Sequence[Line], mm: float) -> list[Line]:
    """Lines that are neither a header sheet's print nor stand beside it as its values do."""
    own = [line for line in lines if _is_one_of(line, _HEADER)]
    reasons = [line for line in own if fold_text(line.text) == "motif"]
    return [
        line
        for line in lines
        if line not in own
        and not any(_is_beside(line, label) for label in own)
        and not any(_is_below(line, reason, mm) for reason in reasons)
    ]


def _is_beside(line: Line, label: Line) -> bool:
    middle = line.box.top + line.box.height / 2
    return label.box.top <= middle <= label.box.top + label.box.height


def _is_below(line: Line, reason: Line, mm: float) -> bool:
    return 0 <= line.box.top - reason.box.top <= _REASON_MM * mm and line.box.left > reason.box.left


def _dark_mm2(page: Gray, lines: Sequence[Line], dpi: float) -> float:
    """What is dark outside the lines: a photograph, a copied card, a drawing."""
    by = reduction_factor(dpi, _WORK_DPI)
    small = reduce(page, by)
    dark = (small < float(np.median(small)) - _DARKER).astype(np.uint8)
    for line in lines:
        left, top, width, height = (side // by for side in line.box)
        dark[top : top + height + 1, left : left + width + 1] = 0
    return float(cv2.countNonZero(dark)) * (25.4 * by / dpi) ** 2


def judged(found: separators.Found, gray: Gray, dpi: float, readers: OcrEngine) -> Separator:
    """The separator, with whether its page holds anything else.

    Patch 2 announces a document on its own first page: nothing need be looked at.

    Args:
        found: On the page.
        gray: The page, height × width, any way up.
        dpi: Its resolution.
        readers: The recognition networks.
    """
    separator = found.separator
    if separator.keeps_page:
        return separator
    painted = separators.without_codes(gray, dpi, found)
    if found.codes:
        # A sheet lies as its code does. Where a page with a sticker lies otherwise, it reads as
        # anything but a sheet.
        page = cleaning.quarter_turn(painted, found.rotation)
        page = cleaning.straighten(page, cleaning.estimate_skew(page))
        seen = line_finder.find_lines(page, dpi)
        lines = _lines(read_fast(page, seen.quads, readers), readers)
        if is_plain_sheet(separator, lines, page, dpi):
            return separator
        if not seen.is_sure:
            lines = _lines(read_fast(page, readers.find_lines(page), readers), readers)
    else:
        laid = upright.make_upright(painted, dpi, readers, {})
        page = laid.gray
        lines = _lines(laid.text or read_fast(page, laid.quads, readers), readers)
    if is_only_sheet(separator, lines, page, dpi, has_bars=found.has_bars):
        return separator
    return replace(separator, is_on_content=True)


def _lines(text: PageText, readers: OcrEngine) -> list[Line]:
    by_hand = readers.by_hand(text.crops) if text.crops else []
    return [
        Line(reading.text, reading.confidence, chance, bounds(quad))
        for quad, reading, chance in zip(text.quads, text.readings, by_hand, strict=True)
    ]
