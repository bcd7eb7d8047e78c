"""A document, as frozen values.

A lot is dropped by an operator; it holds source files, kept unaltered and named by
their SHA-256. A page is one image of one source file: ``(sha256, index)``. A document
is an ordered run of pages of one lot with a type, fields and a route.

Coordinates. A page's *upright frame* is the original image turned clockwise by
``rotation`` (0, 90, 180 or 270) and then straightened by ``skew_deg`` about its centre
on an unchanged canvas. Black borders are painted white, never cut, so that the frame
stays the image's own. Boxes are ``BoxMm`` in that frame, from its upper left corner.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

NEGATIVE = "negative"
"""Mark of a page whose image has dark paper and light ink."""


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of one stored source file.

    ``rotation`` is the clockwise turn to upright, after the image's own orientation tag;
    ``width_mm`` and ``height_mm`` are the upright page's. A negative is shown turned over.
    """

    sha256: bytes
    index: int
    role: str
    rotation: int
    file: str
    width_mm: float
    height_mm: float
    is_negative: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryField:
    """One field with its value; ``page`` counts from 0 in the document.

    ``source`` is ``machine`` or ``person``; ``reason`` says why a person left it without a value.
    """

    name: str
    value: str | None
    confidence: float
    check: str
    accepted: bool
    page: int
    source: str = "machine"
    reason: str | None = None


class BoxMm(NamedTuple):
    """A rectangle in millimetres of the upright page."""

    left: float
    top: float
    width: float
    height: float


class Channel(StrEnum):
    """How a document reached the fund."""

    SCANNER = "scanner"
    MAILBOX = "mailbox"
    PLATFORM = "platform"
    UPLOAD = "upload"


class PageRole(StrEnum):
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
class ImageRef:
    """One image of one source file of the lot."""

    file: str  # name relative to the lot, as the scanner wrote it
    index: int  # from 0 inside the file
    sha256: str  # of the whole source file


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a document."""

    ref: ImageRef
    role: PageRole
    rotation: int
    skew_deg: float
    dpi: float
    width_mm: float
    height_mm: float
    blur: float  # 0 sharp .. 1 unreadable
    text: str
    marks: tuple[str, ...] = ()  # "border", "dust", "blurred", "dpi_assumed", "bitonal_twin", ...
    twin: ImageRef | None = None  # the other image (colour or bitonal) of the same side


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

    @property
    def digests(self) -> frozenset[str]:
        """Return the SHA-256 of every source file that its pages name, twins included."""
        refs = [page.ref for page in self.pages] + [page.twin for page in self.pages if page.twin]
        return frozenset(ref.sha256 for ref in refs)
