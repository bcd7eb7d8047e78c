"""What a station hands over, after the wire and before the database; frozen and checked.

What the edge knows of a document, as frozen values.

A lot is dropped by an operator; it holds source files, kept unaltered and named by
their SHA-256. A page is one image of one source file: ``(sha256, index)``. A document
is an ordered run of pages of one lot with a type, fields and a route.

Coordinates. A page's *upright frame* is the original image turned clockwise by
``rotation`` (0, 90, 180 or 270) and then straightened by ``skew_deg`` about its centre
on an unchanged canvas. Black borders are painted white, never cut, so that the frame
stays the image's own. Boxes are ``BoxMm`` in that frame, from its upper left corner.

What the uplink needs of the spool, and nothing more.

The spool implements ``Outbox``; the sender and its tests know only this.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from vaguemestre.model.document import (
    ATTACHED_FROM,
    Channel,
    Document,
    IncomingField,
    IncomingPage,
    IncomingRoute,
)


@dataclass(frozen=True, slots=True)
class IncomingDocument:
    """A document with all that the edge knows of it."""

    id: uuid.UUID
    lot_id: uuid.UUID
    lot_name: str
    position: int
    site: str
    station: str
    channel: str
    received_at: dt.datetime
    received_on: dt.date
    fund: str
    priority: int
    type: str
    type_confidence: float
    runner_up: str | None
    layout: str | None
    route: IncomingRoute
    pages: tuple[IncomingPage, ...]
    fields: tuple[IncomingField, ...]
    marks: tuple[str, ...]
    versions: Mapping[str, str]
    rescan_id: uuid.UUID | None = None  # of the request that it answers

    @property
    def digests(self) -> frozenset[bytes]:
        """Return the SHA-256 of every source file that its pages name, twins included."""
        refs = [page.ref for page in self.pages] + [page.twin for page in self.pages if page.twin]
        return frozenset(ref.sha256 for ref in refs)


@dataclass(frozen=True, slots=True)
class IncomingSetAside:
    """A file of the lot, or one page of it, that the edge could not read."""

    file: str
    page: int | None
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class IncomingLot:
    """The station's final count of a lot."""

    id: uuid.UUID
    name: str
    site: str
    station: str
    channel: str
    received_at: dt.datetime
    fund: str
    process: str
    priority: int
    expected_pages: int | None
    counted_pages: int
    documents: int
    document_pages: int
    loose_pages: int
    set_aside: tuple[IncomingSetAside, ...]
    state: str


@dataclass(frozen=True, slots=True)
class IncomingHeartbeat:
    """What a station tells of itself."""

    at: dt.datetime
    backlog_documents: int
    backlog_bytes: int
    free_disk_bytes: int
    pages_per_minute: float
    lots_open: int
    lots_incomplete: int
    versions: Mapping[str, str]
    certificate_until: dt.datetime | None = None  # of the station's own certificate
    rated_pages_per_minute: float = 0.0  # of its scanners; 0: not told


@dataclass(frozen=True, slots=True)
class IncomingImpossible:
    """An operator says that a document cannot be scanned again."""

    rescan_id: uuid.UUID
    reason: str


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
class Lot:
    """A claimed lot's identity; ``id`` is a UUIDv7 given at the claim and never changed."""

    id: str
    name: str  # as the operator sees it, relative to the source's folder
    source: str
    channel: Channel
    received_at: dt.datetime  # aware, UTC: when it was claimed
    received_on: dt.date  # by the fund: the header sheet's date, else received_at's
    fund: str
    process: str
    priority: int = 0
    expected_pages: int | None = None
    rescan_id: str = ""  # of the request that its name answers


@dataclass(frozen=True, slots=True)
class SpooledDocument:
    """A document waiting for the centre; ``id`` is a UUIDv7 given once, when it was spooled."""

    id: str
    lot: Lot
    position: int
    document: Document
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LotReport:
    """The station's final count of a lot."""

    lot: Lot
    counted_pages: int
    documents: int
    document_pages: int
    loose_pages: int
    set_aside: tuple[SetAside, ...]
    state: str  # "read", "closed_short", "closed_over"


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for the centre."""

    documents: int
    bytes: int
    lots_open: int
    lots_incomplete: int


@dataclass(frozen=True, slots=True)
class AskedSheet:
    """Which sheet the centre means; zeros and empty: it does not tell."""

    number: int = 0  # of the document in its lot, from 1
    type_title: str = ""  # French
    page: int = 0  # of the document, from 1
    pages: int = 0
    picture: bytes = b""  # that page, small: JPEG


UNTOLD = AskedSheet()


@dataclass(frozen=True, slots=True)
class RescanAsked:
    """The centre's request; without an id no answer reaches the document by itself."""

    document_id: str
    lot_name: str
    reason: str  # French
    rescan_id: str = ""
    received_on: dt.date | None = None  # by the fund: the answer's delay counts from there
    fund: str = ""
    sheet: AskedSheet = UNTOLD
