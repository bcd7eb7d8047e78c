"""What passes between sources, the spool, the agent and whoever shows it, as frozen values."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from edge.spool.rules import Count
from vaguemestre.model.document import Channel
from vaguemestre.model.lot import UNTOLD, AskedSheet, Lot, SetAside


@dataclass(frozen=True, slots=True)
class Blob:
    """One source file, unaltered."""

    sha256: str
    path: Path
    size: int


class FileKind(StrEnum):
    """What a file of a lot is."""

    PAGES = "pages"
    INDEX = "index"  # kept as evidence, never read as a page


@dataclass(frozen=True, slots=True)
class ArrivingFile:
    """One file about to be claimed.

    ``origin`` is its path below the source's folder, byte for byte; ``name`` the same, relative
    to the lot and always valid Unicode. Size, ``mtime_ns`` and ``inode`` are the last sighting.
    A file that cannot be taken keeps its place among the pages: ``code`` says why. ``continues``
    is the digest of the copy that was taken before the file grew or changed.
    """

    origin: bytes
    name: str
    size: int
    mtime_ns: int
    inode: int
    kind: FileKind = FileKind.PAGES
    twin_of: str | None = None
    twin_certain: bool = True
    code: str | None = None
    continues: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where files about to be claimed belong.

    ``joins`` is the id of the lot that they become part of; while they ``must_wait`` that lot is
    not to be touched. ``related`` is another lot that they probably belong with: ``note`` is told
    with the new lot, ``related_note`` with the other, and ``doubt`` marks the documents of both.
    """

    joins: str = ""
    must_wait: bool = False
    related: str = ""
    note: str = ""
    related_note: str = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file in the scanner's folder of which we hold a copy.

    ``stays`` is French and says why it cannot be removed, once that was tried.
    """

    origin: bytes
    lot_id: str
    sha256: str
    size: int
    mtime_ns: int
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A lot that has settled in the scanner's folder.

    ``expected_pages`` counts images and comes from an index file; with ``verify_after_reading``
    only reading can tell whether it is met. ``placement`` says which lot the files complete or
    probably belong with.
    """

    source: str
    name: str
    key: str  # lots of one key are the same lot to the operator
    channel: Channel
    fund: str
    process: str
    files: tuple[ArrivingFile, ...]
    refused: tuple[SetAside, ...] = ()
    expected_pages: int | None = None
    verify_after_reading: bool = False
    count: Count | None = None  # of an index, when the operator closed it unmet
    closed: bool = False
    placement: Placement = Placement()


@dataclass(frozen=True, slots=True)
class StagedFile:
    """Where one file of an open claim goes."""

    position: int
    file: ArrivingFile
    staging: Path


@dataclass(frozen=True, slots=True)
class EarlierCopy:
    """The copy of a file that was taken before it grew or changed; its bytes may have left."""

    sha256: str
    path: Path


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """One file of a lot, ours and unaltered.

    ``duplicate_of`` is the id of the lot that held the same bytes first (this lot's own id for
    bytes twice in one lot). ``twin_of`` names the colour image of the same sheet side; unless
    ``twin_certain`` the two images must be compared before they are taken for one page. With a
    ``code`` it could not be taken from the scanner's folder: no bytes, only its place. Unless
    ``order_certain`` neither its name nor its time says surely where it stands among the others.
    ``continues`` is an earlier copy of the same file, of this lot or of another.
    """

    name: str
    sha256: str
    path: Path
    size: int
    duplicate_of: str | None
    twin_of: str | None
    order: int
    twin_certain: bool = True
    code: str | None = None
    order_certain: bool = True
    continues: EarlierCopy | None = None


@dataclass(frozen=True, slots=True)
class ClaimedLot:
    """A lot that waits to be read, with its files in page order.

    ``edition`` counts how often its files changed: what an older one was read as is not taken.
    """

    lot: Lot
    files: tuple[ClaimedFile, ...]
    expected_pages: int | None
    closed: bool
    edition: int = 0


class OperatorState(StrEnum):
    """What operators see beside their lot."""

    RUNNING = "EN COURS"
    INCOMPLETE = "INCOMPLET"
    DONE = "TERMINÉ"
    ERROR = "ERREUR"


@dataclass(frozen=True, slots=True)
class LotStatus:
    """A lot on a status page; ``detail`` is French."""

    id: str  # empty while it is only sighted
    source: str
    name: str
    label: str  # unlike any other lot of the source, fit for a file name
    shown: OperatorState
    detail: str
    received_at: dt.datetime
    count: Count | None = None
    counted_pages: int = 0
    documents: int = 0
    acknowledged: int = 0
    refused: int = 0
    closed: bool = False
    set_aside: tuple[SetAside, ...] = ()
    rescans: tuple[str, ...] = ()
    files: int = 0  # of pages, claimed
    read_pages: int = 0  # so far, while the lot is being read
    sent: int = 0  # documents whose images the centre holds
    answers_rescan: bool = False
    note: str = ""  # French: what else the operator should look at, in this lot or beside it


@dataclass(frozen=True, slots=True)
class HiddenLots:
    """How many lots an overview leaves out: some that need somebody, and others."""

    needing: int
    others: int


@dataclass(frozen=True, slots=True)
class SeenLot:
    """A lot that still lies in the scanner's folder."""

    name: str
    key: str
    shown: OperatorState
    detail: str
    count: Count | None = None
    set_aside: tuple[SetAside, ...] = ()


@dataclass(frozen=True, slots=True)
class Rescan:
    """The centre asks for a document to be scanned again.

    ``scanned`` and ``sent`` count documents of the answer that are here, and those of them that
    the centre has. ``impossible`` is the operator's reason until the centre has taken note.
    """

    document_id: str
    lot_name: str
    reason: str
    asked_at: dt.datetime
    rescan_id: str = ""  # empty: of a centre that takes no answer
    code: str = ""  # by which a lot's name answers it
    received_on: dt.date | None = None
    fund: str = ""
    scanned: int = 0
    sent: int = 0
    impossible: str = ""
    sheet: AskedSheet = UNTOLD


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How the link to a centre was when that last changed; an empty code means well."""

    centre: str
    code: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class StalledPart:
    """A part of the agent that does not go on; ``doing`` is French: what it did last."""

    part: str
    doing: str
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class AgentStatus:
    """What the agent last told of itself, for other threads and processes."""

    is_running: bool
    link: LinkStatus | None
    pages_per_minute: float
    stalled: tuple[StalledPart, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How a watched folder is; ``reason`` is French and empty when all is well."""

    name: str
    reason: str
    since: dt.datetime
