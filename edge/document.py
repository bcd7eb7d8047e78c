"""What the edge knows of a document, as frozen values.

A lot is dropped by an operator; it holds source files, kept unaltered and named by
their SHA-256. A page is one image of one source file: ``(sha256, index)``. A document
is an ordered run of pages of one lot with a type, fields and a route.

Coordinates. A page's *upright frame* is the original image turned clockwise by
``rotation`` (0, 90, 180 or 270) and then straightened by ``skew_deg`` about its centre
on an unchanged canvas. Black borders are painted white, never cut, so that the frame
stays the image's own. Boxes are ``BoxMm`` in that frame, from its upper left corner.
"""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class BoxMm(NamedTuple):
    """A rectangle in millimetres of the upright page."""

    left: float
    top: float
    width: float
    height: float


class BoxPx(NamedTuple):
    """A rectangle in pixels of the upright page."""

    left: int
    top: int
    width: int
    height: int

    def to_mm(self, dpi: float) -> BoxMm:
        """Convert with the page's resolution, in dots an inch."""
        return BoxMm(*(round(value * 25.4 / dpi, 2) for value in self))


class Channel(StrEnum):
    """How a document reached the fund."""

    SCANNER = "scanner"
    MAILBOX = "mailbox"
    PLATFORM = "platform"
    UPLOAD = "upload"


class Role(StrEnum):
    """What a page is inside its document."""

    FRONT = "front"
    BACK = "back"
    ATTACHMENT = "attachment"
    BLANK = "blank"
    SEPARATOR = "separator"


class Layout(StrEnum):
    """Whether a fund's real blank of this form was measured."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"


class Check(StrEnum):
    """What a field's own check (key, calendar, sum) says of its value."""

    OK = "ok"
    REPAIRED = "repaired"
    FAILED = "failed"
    NONE = "none"


class RouteKind(StrEnum):
    """Who handles the document next."""

    STRAIGHT = "straight"
    NAME = "name"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text found on an upright page; ``confidence`` in 0..1."""

    text: str
    confidence: float
    box: BoxPx


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form as it was read.

    ``value`` is normalised (NIR without spaces, ISO dates, ``26.50``, ``true``/``false`` for
    ticks and signatures) or None when unread; ``raw`` is what the reader saw. ``page`` counts
    from 0 inside the document. ``accepted`` means: may be delivered without a person.
    """

    name: str
    value: str | None
    raw: str
    confidence: float
    accepted: bool
    check: Check
    page: int
    box_mm: BoxMm | None


ATTACHED_FROM = 100_000
"""Page ``i`` of the ``k``-th file attached to a PDF (from 1) has the index ``k * this + i``."""


@dataclass(frozen=True, slots=True)
class PageRef:
    """One image of one source file of the lot."""

    file: str  # name relative to the lot, as the scanner wrote it
    index: int  # from 0 inside the file
    sha256: str  # of the whole source file


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document."""

    ref: PageRef
    role: Role
    rotation: int
    skew_deg: float
    dpi: float
    width_mm: float
    height_mm: float
    blur: float  # 0 sharp .. 1 unreadable
    text: str
    marks: tuple[str, ...] = ()  # "border", "dust", "blurred", "dpi_assumed", "bitonal_twin", ...
    twin: PageRef | None = None  # the other image (colour or bitonal) of the same side


class SeparatorKind(StrEnum):
    """What a separator asks for."""

    PATCH_T = "patch_t"  # ours: new document, sheet not kept
    PATCH_2 = "patch_2"  # new document, sheet kept
    PATCH_3 = "patch_3"  # new document, ends what a header sheet rules; sheet not kept
    DOCUMENT = "document"  # our own separator sheet
    HEADER = "header"  # our own lot header sheet
    BARCODE = "barcode"  # a barcode that the settings name as a separator


@dataclass(frozen=True, slots=True)
class LotHeader:
    """What a lot's header sheet (or its index file) announces."""

    process: str = ""  # "FSP", "DMT", "ETRANGER", "AUTRE", ...
    fund: str = ""  # "17", "45"
    received_on: dt.date | None = None
    expected_type: str = ""
    expected_documents: int | None = None
    pages_each: int | None = None
    expected_pages: int | None = None  # set when the index file counts images
    priority: int = 0  # 0 normal, 1 urgent
    original_seen: bool = False
    rescan_id: str = ""  # of the centre's request that the lot answers


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

    ref: PageRef
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
    twin: PageRef | None = None
    pixels: str = ""  # digest of the decoded image: the same picture in another copy of the file

    @property
    def text(self) -> str:
        """The page's text, one line each, in reading order."""
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a document goes, decided from its type, fields, fund and the plan."""

    kind: RouteKind
    reasons: tuple[str, ...]  # codes: "type_doubtful", "layout_unverified", "field:nir", ...
    process: str
    pole: str
    destination: str  # the application that receives it, a key of the centre's targets
    due_on: dt.date | None = None
    retention: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document ready for the spool."""

    type: str
    type_confidence: float
    runner_up: str | None
    layout: Layout | None
    route: Route
    pages: tuple[Page, ...]
    fields: tuple[Field, ...]
    marks: tuple[str, ...] = ()  # "probable_duplicate", "urgent", "without:S3201", …
    rescan_id: str = ""  # of the centre's request that it answers


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file, or one page of it, that could not be read; ``page`` counts from 0."""

    file: str
    page: int | None
    code: str
    reason: str  # French, for the operator

    @property
    def place(self) -> str:
        """Its page as people count, in an attached file maybe; French, empty for a whole file."""
        if self.page is None:
            return ""
        attached, inner = divmod(self.page, ATTACHED_FROM)
        page = f"page {inner + 1}"
        return f"pièce jointe {attached}, {page}" if attached else page


@dataclass(frozen=True, slots=True)
class LotResult:
    """Everything that came out of one lot."""

    documents: tuple[Document, ...]
    set_aside: tuple[SetAside, ...]
    header: LotHeader | None = None
    loose_pages: tuple[Page, ...] = field(default=())  # separators and blanks that belong to none
