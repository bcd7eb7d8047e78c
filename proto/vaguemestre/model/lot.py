"""A lot, and what passes between a station and the centre about it; as frozen values.

Ids are text: the station's journal holds them so. Only a document's own is a ``UUID``, by which
the centre knows it everywhere.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from vaguemestre.model.document import ATTACHED_FROM, Channel, Document


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
    """A claimed lot's identity; ``id`` is a UUIDv7 given at the claim and never changed.

    The wire does not carry all of it. At the centre ``source`` and ``rescan_id`` are empty, and
    in a document's lot so are ``process`` and ``expected_pages``, which its report tells.
    """

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
class DocumentRecord:
    """A document with all that its station knows of it; ``position`` counts from 0 in its lot."""

    id: uuid.UUID
    lot: Lot
    position: int
    site: str
    station: str
    versions: Mapping[str, str]
    document: Document


@dataclass(frozen=True, slots=True)
class LotReport:
    """The station's final count of a lot.

    ``site`` and ``station`` are empty in the spool: the uplink says whose it is.
    """

    lot: Lot
    counted_pages: int
    documents: int
    document_pages: int
    loose_pages: int
    set_aside: tuple[SetAside, ...]
    state: str  # "read", "closed_short", "closed_over"
    site: str = ""
    station: str = ""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for the centre."""

    documents: int
    bytes: int
    lots_open: int
    lots_incomplete: int


@dataclass(frozen=True, slots=True)
class StationCondition:
    """How a station is, beside its backlog.

    ``certificate_until`` is None when its certificate cannot be read; ``rated_pages_per_minute``
    is what its scanners can do, 0 when the settings do not say.
    """

    free_disk_bytes: int
    pages_per_minute: float
    certificate_until: dt.datetime | None = None
    rated_pages_per_minute: float = 0.0


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a station tells of itself; ``at`` is its own clock's."""

    at: dt.datetime
    backlog: Backlog
    condition: StationCondition
    versions: Mapping[str, str]


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
class RescanRequest:
    """The centre's request; without an id no answer reaches the document by itself."""

    document_id: str
    lot_name: str
    reason: str  # French
    rescan_id: str = ""
    received_on: dt.date | None = None  # by the fund: the answer's delay counts from there
    fund: str = ""
    sheet: AskedSheet = UNTOLD


@dataclass(frozen=True, slots=True)
class RescanImpossible:
    """An operator says that a document cannot be scanned again; ``reason`` is French."""

    rescan_id: str
    reason: str
