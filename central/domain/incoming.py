"""What a station hands over, after the wire and before the database; frozen and checked."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IncomingRef:
    """One image of one source file."""

    file: str
    index: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class IncomingPage:
    """One page; lengths in millimetres, angles in degrees (proto/vaguemestre/model/document.py)."""

    ref: IncomingRef
    role: str
    rotation: int
    skew_deg: float
    dpi: float
    width_mm: float
    height_mm: float
    blur: float
    text: str
    marks: tuple[str, ...]
    twin: IncomingRef | None


@dataclass(frozen=True, slots=True)
class IncomingField:
    """One field as the edge read it; ``box_mm`` is left, top, width, height."""

    name: str
    value: str | None
    raw: str
    confidence: float
    accepted: bool
    check: str
    page: int
    box_mm: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class IncomingRoute:
    """Where the edge sends the document; ``kind`` is straight, name or key."""

    kind: str
    reasons: tuple[str, ...]
    process: str
    pole: str
    destination: str
    due_on: dt.date | None
    retention: str


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
