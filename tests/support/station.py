"""A station's folder, spool and a pretended centre, for tests of what must survive."""

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from edge import config
from edge.results import LotResult
from edge.sources.folder.source import FolderSource, SpoolParts
from edge.spool.disk import Disk
from edge.spool.spool import Spool
from edge.spool.values import ClaimedLot
from vaguemestre.model.document import Document, ImageRef, Page, PageRole, Route, RouteKind
from vaguemestre.model.lot import LotHeader

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
BROKEN = b"broken"  # how content begins that is not whole to its end


@dataclass
class Clock:
    """A clock that only tests move."""

    now: dt.datetime = NOON
    seconds: float = 0.0  # monotonic

    def __call__(self) -> dt.datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def forward(self, seconds: float) -> None:
        self.seconds += seconds
        self.step(seconds)

    def step(self, seconds: float) -> None:
        """Set the wall clock, as NTP or a person does: no time passes."""
        self.now += dt.timedelta(seconds=seconds)


@dataclass
class Centre:
    """What arrived: documents by id, and blobs; it acknowledges only what it holds whole."""

    documents: dict[str, Document] = field(default_factory=dict)
    positions: dict[tuple[str, int], str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    lots: dict[str, Any] = field(default_factory=dict)
    arrivals: list[str] = field(default_factory=list)


_COUNTED_ANEW = """
SELECT id, documents, answered, refused, sent, answers, files, asides, wanted FROM lots
EXCEPT SELECT id,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id),
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'acknowledged'),
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'set_aside'),
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND (state = 'acknowledged' OR (
        state = 'spooled' AND NOT EXISTS (SELECT 1 FROM document_blobs JOIN blobs USING (sha256)
            WHERE document_id = documents.id AND NOT acknowledged)))),
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND rescan_id <> ''),
    (SELECT count(*) FROM lot_files WHERE lot_id = lots.id AND kind = 'pages'),
    (SELECT count(*) FROM set_aside WHERE lot_id = lots.id AND NOT discarded),
    (SELECT count(*) FROM rescans JOIN documents ON documents.id = document_id
        WHERE lot_id = lots.id AND rescans.state = 'open')
FROM lots
"""


class Silence:
    """A watcher that never hints."""

    def keep_alive(self) -> str:
        return ""

    def wait(self, timeout_s: float, stop: Any) -> bool:
        return False

    def close(self) -> None:
        """Nothing to end."""


class Station:
    """One watched folder and the spool behind it; ``reopen`` is a restart."""

    def __init__(self, root: Path, disk: Disk | None = None, **settings: Any) -> None:
        self.root = root
        self.clock = Clock()
        self.centre = Centre()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.folder = root / "scan"
        self.work = root / "work"
        for path in (self.folder, self.work, root / ".backups"):
            path.mkdir(exist_ok=True)
        (self.folder / ".vaguemestre").touch()
        limits = {k: settings.pop(k) for k in config.Spool.model_fields if k in settings}
        self.limits = config.Spool(**{"min_free_bytes": 0, "ballast_bytes": 0, **limits})
        # Tests drop lots of one name as they please; what names mean has tests of its own.
        settings = {"quiet_for_s": 3.0, "same_lot_within_s": 0.0, **settings}
        self.source = config.Source(name="scan", folder=self.folder, **settings)
        self.spool: Spool
        self.sources: FolderSource
        self.open(disk)

    def open(self, disk: Disk | None = None) -> None:
        self.spool = Spool.open(
            self.work, self.limits, self.clock, disk=disk, monotonic=self.clock.monotonic
        )
        self.sources = FolderSource(
            self.source,
            SpoolParts(self.spool.claims, self.spool.lots, self.spool.status),
            peek=lambda path: not path.read_bytes().startswith(BROKEN),
            clock=self.clock.monotonic,
            report=lambda event, **fields: self.events.append((event, fields)),
            fund="17",
            watch=Silence(),
        )

    def reopen(self, disk: Disk | None = None) -> None:
        self.spool.close()
        self.open(disk)

    def drop(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def scan(self, forward: float = 0.0) -> None:
        self.clock.forward(forward)
        self.sources.scan_once(self.clock.monotonic())

    def settle(self) -> None:
        """Look, wait for the quiet time, look again."""
        self.scan()
        self.scan(self.source.quiet_for_s)

    def let_go(self) -> None:
        """Look until the scanner's files whose copies are held may have gone."""
        self.scan()
        self.scan(self.source.let_go_after_s)

    def read(self, **announced: Any) -> list[ClaimedLot]:
        """Read each claimed lot: one document for each file."""
        lots = self.spool.lots.lots_to_read()
        for lot in lots:
            header = LotHeader(**announced) if announced else None
            self.spool.lots.record_result(
                lot.lot.id, result_of(lot, header), len(lot.files), {"program": "0"}, lot.edition
            )
        return lots

    def send(self) -> None:
        """Send all that waits; the centre acknowledges each."""
        for document in self.spool.outbox.documents_to_send(100):
            for blob in self.spool.outbox.blobs_to_send(document.id):
                data = blob.path.read_bytes()
                assert hashlib.sha256(data).hexdigest() == blob.sha256
                self.centre.blobs[blob.sha256] = data
                self.spool.outbox.acknowledge_blob(blob.sha256)
            where = (document.lot.id, document.position)
            assert self.centre.positions.setdefault(where, document.id) == document.id
            if document.id not in self.centre.documents:
                self.centre.arrivals.append(document.id)
            self.centre.documents[document.id] = document.document
            self.spool.outbox.acknowledge_document(document.id)
        for report in self.spool.outbox.lots_to_send(100):
            self.centre.lots[report.lot.id] = report
            self.spool.outbox.acknowledge_lot(report.lot.id)

    def drain(self) -> None:
        """Do everything that is due until nothing is."""
        for _ in range(3):
            self.settle()
            self.read()
            self.send()

    def delivered(self) -> list[bytes]:
        """The bytes of each document that arrived, in order of arrival."""
        return [
            self.centre.blobs[self.centre.documents[i].pages[0].ref.sha256]
            for i in self.centre.arrivals
        ]

    def counted(self) -> None:
        """Check the counts in the lots' rows against counts made anew."""
        journal = self.spool._store.journal
        assert [dict(row) for row in journal.all(_COUNTED_ANEW)] == []

    def status(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "_etat").iterdir())

    def status_text(self, name: str) -> str:
        return (self.folder / "_etat" / name).read_text(encoding="utf-8-sig")

    def told(self, event: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.events if name == event]


def result_of(lot: ClaimedLot, header: LotHeader | None = None) -> LotResult:
    """One straight document for each file of a lot; what it answers is said as reading says it.

    Of a file that only grew after its earlier copy was taken, the later copy holds all.
    """
    outgrown = {
        file.continues.sha256
        for file in lot.files
        if file.code is None
        and file.continues is not None
        and file.continues.path.exists()
        and file.path.read_bytes().startswith(file.continues.path.read_bytes())
    }
    answers = (header.rescan_id if header else "") or lot.lot.rescan_id
    documents = tuple(
        replace(document_of(file.name, file.sha256), rescan_id=answers)
        for file in lot.files
        if file.code is None and file.sha256 not in outgrown
    )
    return LotResult(documents, (), header)


def document_of(name: str, sha256: str, role: PageRole = PageRole.FRONT) -> Document:
    page = Page(ImageRef(name, 0, sha256), role, 0, 0.0, 200.0, 210.0, 297.0, 0.0, "")
    route = Route(RouteKind.STRAIGHT, (), "FSP", "Frais de santé", "FRAIS_DE_SANTE")
    return Document("S3110", 0.9, None, None, route, (page,), ())
