"""What reading found in a lot, as frozen values: separators, lines of text, guesses, pages.

They live at the station only; what leaves it is a document (``vaguemestre.model.document``). Boxes
of text lines are in pixels of the upright page: the image turned clockwise by ``rotation`` and
straightened by ``skew_deg`` about its centre on an unchanged canvas.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from vaguemestre.model.document import BoxMm, Document, Field, ImageRef, Layout, Page
from vaguemestre.model.lot import LotHeader, SetAside


class BoxPx(NamedTuple):
    """A rectangle in pixels of the upright page."""

    left: int
    top: int
    width: int
    height: int

    def to_mm(self, dpi: float) -> BoxMm:
        """Convert with the page's resolution, in dots an inch."""
        return BoxMm(*(round(value * 25.4 / dpi, 2) for value in self))


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text found on an upright page; ``confidence`` in 0..1."""

    text: str
    confidence: float
    box: BoxPx


class SeparatorKind(StrEnum):
    """What a separator asks for."""

    PATCH_T = "patch_t"  # ours: new document, sheet not kept
    PATCH_2 = "patch_2"  # new document, sheet kept
    PATCH_3 = "patch_3"  # new document, ends what a header sheet rules; sheet not kept
    DOCUMENT = "document"  # our own separator sheet
    HEADER = "header"  # our own lot header sheet
    BARCODE = "barcode"  # a barcode that the settings name as a separator


@dataclass(frozen=True, slots=True)
class Separator:
    """A separator found on a page; ``payload`` is the barcode's text if it has one."""

    kind: SeparatorKind
    payload: str = ""
    header: LotHeader | None = None
    is_on_content: bool = False  # a sticker on a page of a document, or writing on a sheet

    @property
    def keeps_page(self) -> bool:
        """Whether the page that bears it opens a document and stays in it."""
        return self.is_on_content or self.kind is SeparatorKind.PATCH_2


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """One candidate type with its confidence in 0..1."""

    type: str
    confidence: float


@dataclass(frozen=True, slots=True)
class PageReading:
    """All that reading one image tells; small, so a lot of 1,000 pages fits in memory.

    ``guesses`` is sorted, best first, never empty for a page with text (``unknown`` is a guess).
    ``lines`` are those that were read: of a measured form a few of its print, and what is written.
    ``is_back`` is set when the page is the back, notice or continuation of ``guesses[0]``'s form.
    ``fields`` carry ``page=0``; assembly renumbers them.
    """

    ref: ImageRef
    rotation: int = 0
    skew_deg: float = 0.0
    dpi: float = 200.0
    width_mm: float = 210.0
    height_mm: float = 297.0
    blur: float = 0.0
    is_blank: bool = False
    is_back: bool = False
    separator: Separator | None = None
    lines: tuple[TextLine, ...] = ()
    guesses: tuple[TypeGuess, ...] = ()
    layout: Layout | None = None
    fields: tuple[Field, ...] = ()
    marks: tuple[str, ...] = ()
    twin: ImageRef | None = None
    pixels: str = ""  # digest of the decoded image: the same picture in another copy of the file

    @property
    def text(self) -> str:
        """The page's text, one line each, in reading order."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class LotResult:
    """Everything that came out of one lot."""

    documents: tuple[Document, ...]
    set_aside: tuple[SetAside, ...]
    header: LotHeader | None = None
    loose_pages: tuple[Page, ...] = field(default=())  # separators and blanks that belong to none
