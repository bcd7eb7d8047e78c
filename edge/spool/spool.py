"""The spool of a station: what sources, readers, the uplink and the command line see of it.

docs/spool.md states the invariants. All methods may be called from any thread. One process,
the agent, owns the spool; others open it as visitors to look, close and replay.
"""

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Self

from edge import config
from edge.errors import ReadingError, SpoolFull
from edge.results import LotResult
from edge.spool import claims, documents, joining, status
from edge.spool import disk as spool_disk
from edge.spool import lots as spool_lots
from edge.spool import rescans as spool_rescans
from edge.spool import rules as spool_rules
from edge.spool.disk import Ballast, Disk, is_locked, lock_directory
from edge.spool.journal import Journal, Row
from edge.spool.rules import SpoolState, composed, lot_key
from edge.spool.store import Ages, ChangeSignal, Store
from edge.spool.values import (
    AgentStatus,
    Arrival,
    ArrivingFile,
    Blob,
    ClaimedLot,
    Copied,
    Hidden,
    LotStatus,
    Placement,
    Rescan,
    SeenLot,
    SourceStatus,
    StagedFile,
    Stalled,
)
from vaguemestre.model.lot import Backlog, LotReport, RescanRequest, SpooledDocument

MOST_SHOWN = 500  # lots in one overview beside those that need somebody
_SHORTEST_KEEPING = dt.timedelta(seconds=1)


class Spool:
    """See the module; use ``Spool.open``. Implements ``edge.spool.values.Outbox``."""

    def __init__(
        self,
        store: Store,
        limits: config.Spool,
        ballast: Ballast,
        lock_fd: int | None,
        ages: Ages,
    ) -> None:
        self._store = store
        self._ages = ages
        self._limits = limits
        self._ballast = ballast
        self._lock_fd = lock_fd
        # Bytes leave, and bytes arrive under the same digest, never at the same time.
        self._moving = threading.Lock()
        self._is_wiped, self._elsewhere = False, 0  # nothing is left of what was deleted
        self._lacking = (0, False)  # what a lot in the folder found no room for
        self._to_send = ChangeSignal(store.journal)
        self._to_read = ChangeSignal(store.journal)
        self.strangers: tuple[str, ...] = ()

    @classmethod
    def open(
        cls,
        work_dir: Path,
        limits: config.Spool,
        clock: Callable[[], dt.datetime],
        *,
        visitor: bool = False,
        disk: Disk | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Open or make the spool of a work directory.

        Args:
            work_dir: The station's own directory; must exist.
            limits: From the settings.
            clock: Gives the time, aware.
            visitor: Look, close and replay beside the agent that owns the spool.
            disk: The disk door; tests give one with faults.
            monotonic: Gives seconds that only go forward, whatever ``clock`` does.

        Raises:
            SpoolAbsent: a visitor came before the agent first started.
            SpoolBusy: another process owns it, or a visitor's is of an earlier version.
            SpoolCorrupt: the journal is damaged, or missing where there has been a spool.
            SpoolLocked, SpoolFull, SpoolFailed: it cannot be opened now.
        """
        disk = disk or Disk()
        lock_fd = None if visitor else lock_directory(work_dir)
        try:
            if not visitor:
                spool_disk.put_right(work_dir)
            for name in () if visitor else ("blobs", "claims", "aside"):
                disk.make_dir(work_dir / name)
            ballast = Ballast(work_dir, disk, limits.ballast_bytes)
            journal = Journal(work_dir, disk, ballast, visitor=visitor)
            store, ages = Store(work_dir, journal, disk, clock), Ages(clock, monotonic)
            spool = cls(store, limits, ballast, lock_fd, ages)
        except BaseException:
            if lock_fd is not None:
                os.close(lock_fd)
            raise
        if not visitor:
            try:
                spool.strangers = tuple(spool_lots.recover_after_crash(spool._store))
                spool.take_ballast()
            except BaseException:
                spool.close()
                raise
        return spool

    def close(self) -> None:
        """Let go of the journal and the directory."""
        self._store.journal.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    # --- sources ---

    @property
    def disk(self) -> Disk:
        """The disk door, for the claim."""
        return self._store.disk

    @property
    def work_dir(self) -> Path:
        """Where claimed files go."""
        return self._store.work_dir

    def check_room(self, incoming: int, *, copied: bool) -> None:
        """Tell whether a lot of so many bytes may be claimed.

        Raises:
            SpoolFull: it may not.
        """
        room = self.room(incoming, copied=copied)
        if isinstance(room, spool_rules.NoRoom):
            raise SpoolFull(room.why)

    def room(
        self, incoming: int = 0, *, copied: bool = False
    ) -> spool_rules.HasRoom | spool_rules.NoRoom:
        """Compare the spool's size and the free space with the limits."""
        usage = self.usage()
        room = spool_rules.decide_room(
            spool_rules.Limits(usage.max_bytes, usage.min_free_bytes),
            used=usage.used,
            free=usage.free,
            incoming=incoming,
            copied=copied,
        )
        if isinstance(room, spool_rules.NoRoom) and not room.forever:
            self._lacking = (incoming, copied)
        return room

    def usage(self) -> spool_rules.Usage:
        """The spool's size and the free space beside their limits."""
        row = self._store.journal.one(
            "SELECT (SELECT ifnull(sum(size), 0) FROM blobs) + (SELECT ifnull(sum(size), 0)"
            " FROM lot_files JOIN lots ON id = lot_id WHERE state = 'sighted' AND sha256 IS NULL)"
        )
        free = self._store.disk.free_bytes(self._store.work_dir)
        return spool_rules.Usage(
            used=int(row[0]) if row else 0,
            max_bytes=self._limits.max_bytes,
            free=max(0, free - max(0, self._ballast.missing)),
            min_free_bytes=self._limits.min_free_bytes,
        )

    def sighted(self, source: str, lots: Sequence[SeenLot]) -> Mapping[str, bool]:
        """Say which lots lie in a folder; returns, by name, which the operator closed."""
        return claims.record_seen_lots(self._store, source, lots)

    def source_is(self, source: str, reason: str) -> None:
        """Say how a watched folder is; an empty reason means well."""
        known = self._store.journal.one("SELECT reason FROM sources WHERE name = ?", (source,))
        if known is None or known["reason"] != reason:
            with self._store.journal.transaction() as t:
                t.execute(
                    "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)",
                    (source, reason, self._store.now()),
                )

    def place(
        self, source: str, name: str, files: Sequence[ArrivingFile], patience: joining.Patience
    ) -> Placement:
        """Decide which lot files about to be claimed belong to; see ``joining``."""

        def age(lot: Row) -> float:
            return self._ages.of(lot["id"], dt.datetime.fromisoformat(lot["received_at"]))

        return joining.place(self._store, age, source, name, lot_key(name), files, patience)

    def has_lot(self, source: str, name: str) -> bool:
        """Whether a lot of this name was claimed and has not left yet."""
        sql = "SELECT 1 FROM lots WHERE source = ? AND name = ?"
        return self._store.journal.one(sql, (source, name)) is not None

    def begin_claim(self, arrival: Arrival) -> str:
        """Journal the intent to claim a lot and return its id."""
        lot_id = claims.begin_claim(self._store, arrival)
        if not arrival.placement.joins:
            self._ages.begin(lot_id)
        return lot_id

    def open_claims(self, source: str) -> list[tuple[str, tuple[StagedFile, ...]]]:
        """Claims under way, each with the files that are still to be staged."""
        return claims.open_claims(self._store, source)

    def finish_claim(self, lot_id: str, lost: Mapping[int, type[ReadingError]]) -> SpoolState:
        """Hash the staged files and end the claim; ``lost`` says why positions are missing."""
        with self._moving:
            state = claims.finish_claim(self._store, lot_id, lost)
        self._to_read.tell()
        return state

    def copied(self, source: str) -> tuple[Copied, ...]:
        """Files in a folder of which we hold a copy; see ``copied``."""
        return claims.of_source(self._store, source)

    def copied_gone(self, source: str, origins: Sequence[bytes]) -> None:
        """These have gone from the folder."""
        claims.forget(self._store, source, origins)

    def copied_touched(self, source: str, origin: bytes, mtime_ns: int) -> None:
        """One has another time and the same bytes."""
        claims.touch(self._store, source, origin, mtime_ns)

    def copied_changed(self, source: str, origin: bytes) -> None:
        """One holds other bytes at the same size and time."""
        claims.changed(self._store, source, origin)

    def copied_stays(self, source: str, origin: bytes, reason: str, note: str) -> None:
        """One cannot be removed; see ``claims.stays``."""
        claims.stays(self._store, source, origin, reason, note)

    # --- readers ---

    def lots_to_read(
        self, limit: int = 100, besides: Collection[str] = (), most_bytes: int | None = None
    ) -> list[ClaimedLot]:
        """Claimed lots, urgent first, then oldest first; see ``lots.lots_to_read``."""
        return spool_lots.lots_to_read(self._store, limit, besides, most_bytes)

    def wait_for_lots(self, timeout_s: float) -> bool:
        """Block until a lot may be ready to be read, or the time has passed."""
        return self._to_read.wait(timeout_s)

    def read_done(
        self,
        lot_id: str,
        result: LotResult,
        counted_pages: int,
        versions: Mapping[str, str],
        edition: int | None = None,
    ) -> SpoolState:
        """Spool what a lot was read as, or hold it short of its count; see ``results``."""
        state = documents.read_done(self._store, lot_id, result, counted_pages, versions, edition)
        self._to_send.tell()
        return state

    def read_failed(self, lot_id: str, code: str, reason: str, edition: int | None = None) -> None:
        """Set a whole lot aside with a French reason."""
        documents.read_failed(self._store, lot_id, code, reason, edition)

    # --- people ---

    def close_lot(self, name_or_id: str, source: str = "") -> int:
        """The operator closes an incomplete lot; returns how many lots that closed."""
        asked = composed(name_or_id)
        closed = claims.close_lots(self._store, asked, lot_key(asked), source)
        self._to_send.tell()
        return closed

    def replay(self, some_id: str) -> None:
        """Read a lot again that was set aside whole, or send a document, or a lot's refused ones.

        Raises:
            LookupError: no lot or document of this id can be replayed.
        """
        spool_lots.replay_set_aside(self._store, some_id)
        self._to_read.tell()
        self._to_send.tell()

    def replay_since(self, day: dt.date) -> int:
        """Send again every document of the lots received since a day; returns how many."""
        count = spool_lots.replay_since(self._store, day)
        self._to_send.tell()
        return count

    def discard(self, lot_id: str) -> bool:
        """Give up what was set aside of a lot, so that it can leave the spool."""
        with self._store.journal.transaction() as t:
            return spool_lots.discard_set_aside(t, lot_id)

    def mark(self) -> tuple[int, int]:
        """A value that stays the same as long as an overview would show the same."""
        return self._store.journal.mark()

    def lots_overview(self, source: str = "", limit: int = MOST_SHOWN) -> list[LotStatus]:
        """Lots in the folder and in the spool as operators see them.

        All that needs somebody, up to 1,000, whatever the limit; then the newest others.
        """
        return status.lots(self._store, source, limit)

    def lots_hidden(self, source: str = "", limit: int = MOST_SHOWN) -> Hidden:
        """How many lots an overview of this limit leaves out."""
        return status.hidden(self._store, source, limit)

    def lots_named(self, name_or_id: str, source: str = "") -> list[LotStatus]:
        """The lots of a name or an id, however many others there are."""
        return status.named(self._store, name_or_id, source)

    def sources_overview(self) -> list[SourceStatus]:
        """How each watched folder is."""
        return status.sources(self._store)

    def rescans(self) -> list[Rescan]:
        """What the centre asks to have scanned again."""
        return spool_rescans.shown(self._store)

    def rescan_done(self, document_id: str) -> None:
        """The operator has scanned it again, for a centre that cannot know of it by itself."""
        spool_rescans.close(self._store, document_id)

    def rescan_impossible(self, rescan_id: str, reason: str) -> bool:
        """The operator cannot meet a request; False when it is none, or no longer open."""
        changed = spool_rescans.make_impossible(self._store, rescan_id, reason)
        self._to_send.tell()
        return changed

    def standing(self) -> AgentStatus:
        """What the agent last told of itself."""
        is_running = is_locked(self._store.work_dir)
        return AgentStatus(
            is_running,
            status.link_status(self._store),
            status.pages_per_minute(self._store),
            status.stalled(self._store) if is_running else (),
        )

    def stalled_are(self, parts: Sequence[Stalled]) -> None:
        """Say which parts of the agent stand still."""
        status.stalled_are(self._store, parts)

    def pace_is(self, pages_per_minute: int, pages_read: Mapping[str, int]) -> None:
        """How fast the agent reads, and how far it is with each lot under way, by id."""
        status.record_progress(self._store, pages_per_minute, pages_read)

    def reap(self, now: dt.datetime) -> int:
        """Let go of lots that the centre holds and whose keep time has passed.

        When the spool is full the oldest go earlier: a scanner that waits is worse than a copy
        that the centre holds too.
        """
        with self._moving:
            try:
                count = self._reap(now)
            except SpoolFull:
                # Not even the ballast left room to say so first: what nobody needs goes at once.
                spool_lots.remove_finished(self._store, now - _SHORTEST_KEEPING)
                raise
        self._wipe(is_due=count > 0)
        self.take_ballast()
        return count

    def _wipe(self, *, is_due: bool) -> None:
        """Leave nothing of what was deleted, here or by a visitor; tried until nobody reads."""
        journal = self._store.journal
        elsewhere = journal.changes_elsewhere()
        if is_due or elsewhere != self._elsewhere:
            self._is_wiped = False
        if not self._is_wiped:
            self._is_wiped = journal.wipe()
            self._elsewhere = elsewhere

    def _reap(self, now: dt.datetime) -> int:
        keep_for = dt.timedelta(seconds=self._limits.keep_for_s)
        count = spool_lots.purge_finished(self._store, now, keep_for)
        incoming, copied = self._lacking
        self._lacking = (0, False)
        while keep_for > _SHORTEST_KEEPING:
            if not isinstance(self.room(incoming, copied=copied), spool_rules.NoRoom):
                break
            keep_for /= 2
            count += spool_lots.purge_finished(self._store, now, keep_for)
        return count

    def clear_aside(self, now: dt.datetime) -> int:
        """Remove from ``aside``, after a while, what the centre holds; return how many stay."""
        keep_for = dt.timedelta(seconds=self._limits.keep_aside_for_s)
        with self._moving:
            return spool_lots.clear_aside(self._store, now, keep_for)

    def aside(self) -> int:
        """Files that fit nowhere and that nobody has looked after."""
        return sum(1 for _ in (self._store.work_dir / "aside").iterdir())

    def take_ballast(self) -> None:
        """Hold the ballast again where the disk has more than enough room for it."""
        spare = max(self._limits.min_free_bytes, self._limits.ballast_bytes)
        self._ballast.take_back(spare)

    # --- edge.spool.values.Outbox ---

    def documents_to_send(self, limit: int, after: str = "") -> Sequence[SpooledDocument]:
        """See ``Outbox``."""
        return documents.documents_to_send(self._store, limit, after)

    def blobs_to_send(self, document_id: str) -> Sequence[Blob]:
        """See ``Outbox``."""
        return documents.blobs_to_send(self._store, document_id)

    def lots_to_send(self, limit: int) -> Sequence[LotReport]:
        """See ``Outbox``."""
        return documents.lots_to_send(self._store, limit)

    def blob_acknowledged(self, sha256: str) -> None:
        """See ``Outbox``."""
        documents.blob_acknowledged(self._store, sha256)

    def blob_wanted_again(self, document_id: str) -> None:
        """See ``Outbox``."""
        documents.blob_wanted_again(self._store, document_id)
        self._to_send.tell()

    def document_acknowledged(self, document_id: str) -> None:
        """See ``Outbox``."""
        if documents.document_acknowledged(self._store, document_id):
            self._to_send.tell()

    def document_refused(self, document_id: str, code: str, reason: str) -> None:
        """See ``Outbox``."""
        if documents.document_refused(self._store, document_id, code, reason):
            self._to_send.tell()

    def lot_acknowledged(self, lot_id: str) -> None:
        """See ``Outbox``."""
        documents.lot_acknowledged(self._store, lot_id)

    def rescan_asked(self, asked: RescanRequest) -> None:
        """See ``Outbox``."""
        spool_rescans.asked(self._store, asked)

    def rescan_closed(self, rescan_id: str) -> None:
        """See ``Outbox``."""
        spool_rescans.close(self._store, rescan_id)

    def rescans_held(self, limit: int) -> Sequence[str]:
        """See ``Outbox``."""
        return spool_rescans.held(self._store, limit)

    def rescans_impossible(self) -> Sequence[tuple[str, str]]:
        """See ``Outbox``."""
        return spool_rescans.impossible(self._store)

    def link_is(self, centre: str, code: str) -> None:
        """See ``Outbox``."""
        status.record_link(self._store, centre, code)

    def backlog(self) -> Backlog:
        """See ``Outbox``."""
        return documents.backlog(self._store)

    def wait_for_work(self, timeout_s: float) -> bool:
        """See ``Outbox``: True when something new may be sent since the last call."""
        return self._to_send.wait(timeout_s)
