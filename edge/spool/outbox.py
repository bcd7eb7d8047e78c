"""What the uplink needs of the spool, and nothing more.

The spool implements ``Outbox``; the sender and its tests know only this.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from edge.document import Channel, Document, SetAside


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
class Blob:
    """One source file, unaltered."""

    sha256: str
    path: Path
    size: int


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


class Outbox(Protocol):
    """Safe to call from the uplink's thread while others read and spool."""

    def documents_to_send(self, limit: int, after: str = "") -> Sequence[SpooledDocument]:
        """Unacknowledged, unrefused documents by id, oldest first, ids greater than ``after``."""
        ...

    def blobs_to_send(self, document_id: str) -> Sequence[Blob]:
        """The document's source files that the centre has not acknowledged."""
        ...

    def lots_to_send(self, limit: int) -> Sequence[LotReport]:
        """Lots whose documents are all acknowledged (or refused) and whose report is not."""
        ...

    def blob_acknowledged(self, sha256: str) -> None:
        """The centre holds these bytes durably."""
        ...

    def blob_wanted_again(self, document_id: str) -> None:
        """The centre lacks a blob of this document: forget that its blobs were acknowledged."""
        ...

    def document_acknowledged(self, document_id: str) -> None:
        """The centre committed this document."""
        ...

    def document_refused(self, document_id: str, code: str, reason: str) -> None:
        """The centre refused it for good; it stays here, set aside, until a person replays it."""
        ...

    def lot_acknowledged(self, lot_id: str) -> None:
        """The centre committed this lot's report."""
        ...

    def rescan_asked(self, asked: RescanAsked) -> None:
        """The centre asks the operator to scan a document again."""
        ...

    def rescan_closed(self, rescan_id: str) -> None:
        """The request is over: nobody need answer it any more."""
        ...

    def rescans_held(self, limit: int) -> Sequence[str]:
        """Ids of the requests that are not over, oldest first."""
        ...

    def rescans_impossible(self) -> Sequence[tuple[str, str]]:
        """Ids of requests that the operator cannot meet, each with his reason, until closed."""
        ...

    def link_is(self, centre: str, code: str) -> None:
        """How the link to a centre is; an empty code means well."""
        ...

    def backlog(self) -> Backlog:
        """Count what waits."""
        ...

    def wait_for_work(self, timeout_s: float) -> bool:
        """Block until something new may be sent, or the time has passed; True when something is."""
        ...
