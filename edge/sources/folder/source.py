"""A watched folder: look, wait until lots have settled, claim them, tell the operators.

``scan_once`` is the truth and may be called at any time; ``run`` calls it on a jittered timer,
early when the watcher hints. A file is looked into only once its lot is quiet, and again only when
it has changed. One lot, or one file, that makes trouble stops only itself: each trouble is told
once through ``report`` and tried again at the next look.
"""

import os
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from edge import config
from edge.errors import (
    FileStays,
    FileVanished,
    ReaderFailed,
    ReadingError,
    SourceAbsent,
    SourceFailed,
    SpoolFailed,
    SpoolFull,
    SpoolLocked,
    WrittenLate,
    plainly,
)
from edge.sources.folder import claim, filesystem, kodak_index, readiness
from edge.sources.folder.claim import arrival_of, arriving_files
from edge.sources.folder.filesystem import FolderWatch, LotFinder, Watcher, directory_at, read_at
from edge.sources.folder.grouping import (
    FileStat,
    FolderEntry,
    LotCandidate,
    printable_name,
)
from edge.sources.folder.kodak_index import IndexRecord
from edge.sources.folder.readiness import ListingHistory, LotDecision
from edge.sources.folder.release import LettingGo
from edge.sources.folder.status_file import StatusFiles
from edge.spool.claims import Claims
from edge.spool.joining import JoinTimes
from edge.spool.lots import Lots
from edge.spool.rules import IllegalStep, NoRoom, SpoolState
from edge.spool.status import Status
from edge.spool.values import ArrivingFile, CopiedFile, OperatorState, StagedFile

_Parts = tuple[str, ...]


class FolderInspector:
    """What is known of a folder from one look to the next.

    Args:
        source: The folder and its times.
        peek: Says whether a file is whole to its end; raises OSError when it can't be read.
    """

    def __init__(self, source: config.Source, peek: Callable[[Path], bool]) -> None:
        self._source = source
        self._peek = peek
        self._watched: dict[_Parts, ListingHistory] = {}
        self._whole: dict[_Parts, tuple[FileStat, bool]] = {}
        self._indexes: dict[_Parts, tuple[FileStat, Sequence[IndexRecord] | None]] = {}
        self._finder = LotFinder(source.folder)
        self.left_alone: list[FolderEntry] = []  # at the last look: what is known to hold no page

    def look(
        self,
        now: float,
        claimed: frozenset[_Parts],
        copied: Mapping[_Parts, CopiedFile] = MappingProxyType({}),
    ) -> list[LotDecision]:
        """Look once, at ``now`` in seconds.

        Args:
            now: By any clock that goes forward.
            claimed: Files of open claims, which are ours already.
            copied: Files of which we hold a copy; they are seen again once they have changed.

        Raises:
            OSError: the folder cannot be listed.
        """
        found = self._finder.lots_in_folder(
            self._source.marker,
            lambda entry: entry.parts in claimed or _is_copied(entry, copied.get(entry.parts)),
            always_index=self._source.layout == "kodak",
        )
        lots, self.left_alone = found.lots, found.left_alone
        self._watched = readiness.update_history(
            self._watched, {lot.parts: lot.listing for lot in lots}, now
        )
        present = {parts for lot in lots for parts in lot.listing}
        self._whole = {parts: seen for parts, seen in self._whole.items() if parts in present}
        self._indexes = {parts: seen for parts, seen in self._indexes.items() if parts in present}
        return [self._outlook(lot, now) for lot in lots]

    def next_change_s(self, now: float) -> float | None:
        """Seconds until a lot that is still changing may have settled; None when none is."""
        quiet_for = self._source.quiet_for_s
        left = [quiet_for - (now - watched.changed_at) for watched in self._watched.values()]
        waiting = [seconds for seconds in left if seconds > 0]
        return min(waiting) if waiting else None

    def _outlook(self, lot: LotCandidate, now: float) -> LotDecision:
        watched = self._watched[lot.parts]
        quiet = readiness.is_quiet(watched, now, self._source.quiet_for_s)
        denied: list[FolderEntry] = []
        unfinished: list[FolderEntry] = []
        if quiet:
            for entry in lot.files:
                try:
                    if not self._is_whole(entry):
                        unfinished.append(entry)
                except OSError:
                    denied.append(entry)
        verdict = readiness.judge_readiness(
            watched,
            whole=not denied and not unfinished,
            now=now,
            quiet_for=self._source.quiet_for_s,
            broken_after=self._source.broken_after_s,
        )
        return readiness.decide_lot(
            lot,
            verdict,
            denied=denied,
            unfinished=unfinished,
            indexes=self._read_indexes(lot) if quiet else None,
        )

    def _is_whole(self, entry: FolderEntry) -> bool:
        known = self._whole.get(entry.parts)
        if known is None or known[0] != entry.sighting:
            *above, name = entry.parts
            # By the directory's handle: one above may have been swapped for a link since.
            with directory_at(self._source.folder, above) as fd:
                whole = self._peek(Path(f"/proc/self/fd/{fd}") / name)
            known = (entry.sighting, whole)
            self._whole[entry.parts] = known
        return known[1]

    def _read_indexes(self, lot: LotCandidate) -> Mapping[_Parts, Sequence[IndexRecord] | None]:
        return {entry.parts: self._read_index(entry) for entry in lot.indexes}

    def _read_index(self, entry: FolderEntry) -> Sequence[IndexRecord] | None:
        """An index's records, None when it cannot be read; parsed again when it has changed."""
        known = self._indexes.get(entry.parts)
        if known is None or known[0] != entry.sighting:
            try:
                known = (entry.sighting, self._parsed(entry))
            except OSError:
                return None  # it may be read the next time
            self._indexes[entry.parts] = known
        return known[1]

    def _parsed(self, entry: FolderEntry) -> Sequence[IndexRecord] | None:
        if entry.sighting.size > kodak_index.MAX_INDEX_BYTES:
            return None
        data = read_at(self._source.folder, entry.parts, kodak_index.MAX_INDEX_BYTES)
        try:
            return kodak_index.parse_index(data)
        except kodak_index.IndexUnreadable:
            return None


def _is_copied(entry: FolderEntry, copied: CopiedFile | None) -> bool:
    seen = entry.sighting
    return copied is not None and (copied.size, copied.mtime_ns) == (seen.size, seen.mtime_ns)


_STRAY_CLOSING_S = 600.0  # a closing file that fits no lot must not close tomorrow's
_LOOK_WITHIN_S = 120.0  # a folder that has not answered for so long is told as dead
_TAKE_WITHIN_S = 600.0  # the largest file over a slow share
_AT_MOST_EVERY_S = 0.25  # a burst of events makes few scans


class ReportEvent(Protocol):
    """Tells an event; see ``edge.telemetry``."""

    def __call__(self, event: str, **fields: Any) -> None:
        """Log it."""
        ...


@dataclass(frozen=True, slots=True)
class SpoolParts:
    """What a source needs of the spool.

    ``claims`` is where lots go, ``lots`` closes what operators ask to close, ``status`` is what
    operators see of their lots and of this folder.
    """

    claims: Claims
    lots: Lots
    status: Status


class FolderSource:
    """One watched folder.

    Args:
        source: Its settings.
        spool: See ``SpoolParts``.
        peek: Whether a file is whole to its end (``edge.pipeline.workers.Checker.is_whole``).
        clock: Gives seconds that only go forward: a step of the wall clock takes no half file.
        report: Receives what happens.
        fund: Of lots whose header sheet names none.
        watch: The watcher; by default one on the real folder.
        beat: Told what is done next, in French, and how many seconds that may take at most.
    """

    def __init__(
        self,
        source: config.Source,
        spool: SpoolParts,
        peek: Callable[[Path], bool],
        clock: Callable[[], float],
        report: ReportEvent,
        *,
        fund: str,
        watch: Watcher | None = None,
        beat: Callable[[str, float], None] | None = None,
    ) -> None:
        self._source = source
        self._claims, self._lots, self._status = spool.claims, spool.lots, spool.status
        self._clock = clock
        self._report = report
        self._fund = fund
        self._watch = watch or FolderWatch(source.folder, source.mode, source.quiet_for_s)
        self._beat = beat or (lambda _doing, _within_s: None)
        self._look = FolderInspector(source, self._peeking(peek))
        self._letting_go = LettingGo(source, spool.claims.copies, spool.claims.disk)
        self._join_times = JoinTimes(source.complete_within_s, source.same_lot_within_s)
        self._status_files = StatusFiles(source.folder)
        self._shown_at: tuple[tuple[int, int], tuple[str, ...]] | None = None
        self._left_alone: tuple[str, ...] = ()
        self._troubles: dict[str, str] = {}
        self._closings_since: dict[tuple[str, ...], float] = {}
        self._jitter = random.SystemRandom()

    def run(self, stop: threading.Event) -> None:
        """Scan until ``stop`` is set.

        Raises:
            SpoolCorrupt: the journal is damaged; whoever supervises decides.
        """
        try:
            while not stop.is_set():
                self._beat("consulte le dossier", _LOOK_WITHIN_S)
                self._trouble("watch", self._watch.keep_alive(), "watch_failed")
                now = self._clock()
                self.scan_once(now)
                soon = self._look.next_change_s(now)
                every = self._source.rescan_every_s * self._jitter.uniform(0.8, 1.2)
                self._beat("attend", every + _LOOK_WITHIN_S)
                stop.wait(min(_AT_MOST_EVERY_S, every))
                self._watch.wait(every if soon is None else min(every, soon), stop)
        finally:
            self._watch.close()

    def scan_once(self, now: float) -> None:
        """Look at the folder once and do what is due at ``now``, by the folder's clock."""
        try:
            if self._is_mounted():
                self._scan(now)
                self._trouble("scan", "")
        except (SpoolFull, SpoolLocked, SpoolFailed, ReaderFailed) as error:
            self._trouble("scan", error.code, error.code, code=error.code)
        except OSError as error:
            self._trouble("scan", plainly(error), "source_failed", code=SourceFailed.code)
            self._status.record_source(self._source.name, SourceFailed.reason)

    def _is_mounted(self) -> bool:
        """The marker is there; without it an empty folder proves nothing."""
        try:
            mounted = filesystem.is_marked(self._source.folder, self._source.marker)
        except OSError:
            mounted = False
        why = "" if mounted else SourceAbsent.reason
        self._status.record_source(self._source.name, why or self._letting_go.why_files_stay)
        self._trouble("marker", why, "source_absent", code=SourceAbsent.code)
        return mounted

    def _scan(self, now: float) -> None:
        open_claims = self._resume()
        copied = self._letting_go.look(now)
        outlooks = [o for o in self._look.look(now, open_claims, copied) if not self._is_told(o)]
        if not self._is_mounted():
            return
        closed = self._claims.record_seen_lots(self._source.name, [o.told for o in outlooks])
        if self._close_lots(now):
            closed = self._claims.record_seen_lots(self._source.name, [o.told for o in outlooks])
        self._note_left_alone()
        left = self._claim_all(outlooks, closed, copied)
        self._claims.record_seen_lots(self._source.name, [o.told for o in left])
        self._let_go(now)
        self._show_status()

    def _peeking(self, peek: Callable[[Path], bool]) -> Callable[[Path], bool]:
        def peek_and_tell(path: Path) -> bool:
            self._beat("examine un fichier", _TAKE_WITHIN_S)
            return peek(path)

        return peek_and_tell

    # --- claiming ---

    def _resume(self) -> frozenset[tuple[str, ...]]:
        """Go on with open claims; return the files that must still be left alone."""
        for lot_id, files in self._claims.open_claims(self._source.name):
            self._stage(lot_id, files)
        return frozenset(
            tuple(os.fsdecode(part) for part in file.file.origin.split(b"/"))
            for _, files in self._claims.open_claims(self._source.name)
            for file in files
        )

    def _claim_all(
        self,
        outlooks: Sequence[LotDecision],
        closed: Mapping[str, bool],
        copied: Mapping[tuple[str, ...], CopiedFile],
    ) -> list[LotDecision]:
        """Claim what is ready, oldest first; return what stays in the folder."""
        left: list[LotDecision] = []
        full = ""
        for one in sorted(outlooks, key=_age):
            is_closed = closed.get(one.told.name, False)
            if not one.is_ready or not (one.is_met or is_closed):
                left.append(one)
                continue
            if full:
                left.append(readiness.keep_waiting(one, SpoolFull.reason))
                continue
            stays = self._claim(one, copied, is_closed=is_closed)
            if stays is not None:
                left.append(stays)
                full = full or (stays.told.detail if stays.told.detail == SpoolFull.reason else "")
        if not full:
            self._trouble("full", "")
        return left

    def _claim(
        self, one: LotDecision, copied: Mapping[tuple[str, ...], CopiedFile], *, is_closed: bool
    ) -> LotDecision | None:
        """Claim a lot; when it must stay, return it with what its operator is told."""
        room = self._claims.room.check(one.lot.size, copied=True)
        if isinstance(room, NoRoom):
            about = f"lot {one.told.name}" if room.forever else "full"
            self._trouble(about, room.why, "spool_full", code=SpoolFull.code)
            shown = OperatorState.ERROR if room.forever else OperatorState.RUNNING
            detail = "Le lot est plus grand que l'espace de travail. Découpez le lot."
            return readiness.keep_waiting(one, detail if room.forever else SpoolFull.reason, shown)
        files = arriving_files(one, copied)
        if self._were_only_touched(files, copied):
            return one  # the next look leaves them out
        if any(claim.has_changed(self._source.folder, file) for file in files):
            return one  # written to while other lots were taken: it waits again
        placement = self._claims.find_placement(
            self._source.name, one.told.name, files, self._join_times
        )
        if placement.must_wait:
            return readiness.keep_waiting(one, "Le lot qu'il complète est en cours de lecture.")
        try:
            lot_id = self._claims.begin_claim(
                arrival_of(
                    one,
                    files,
                    placement,
                    source=self._source.name,
                    channel=self._source.channel,
                    fund=self._fund,
                    process=self._source.process,
                    closed=is_closed,
                )
            )
        except IllegalStep:
            return one  # the lot that they were to join was read just now
        except OSError as error:
            self._trouble(f"lot {one.told.name}", plainly(error), "source_failed")
            return one
        for claimed, staged in self._claims.open_claims(self._source.name):
            if claimed == lot_id:
                self._stage(lot_id, staged)
        return None

    def _stage(self, lot_id: str, files: Sequence[StagedFile]) -> None:
        """Bring a claim's files over and end it; after an error it stays open."""
        lost: dict[int, type[ReadingError]] = {}
        try:
            for file in files:
                self._beat("prend un fichier", _TAKE_WITHIN_S)
                why = claim.take_file(self._source.folder, file, self._claims.disk)
                if why is not None:
                    lost[file.position] = why
            if FileVanished in lost.values() and not self._is_mounted():
                return  # the share went away, not the files
            claim.sync_folders(files, self._claims.disk)
            state = self._claims.finish_claim(lot_id, lost)
        except OSError as error:
            self._trouble(
                lot_id, plainly(error), "claim_failed", code=SourceFailed.code, lot=lot_id
            )
            return
        self._trouble(lot_id, "")
        for refusal in lost.values():
            self._report("file_refused", source=self._source.name, lot=lot_id, code=refusal.code)
        event = "lot_claimed" if state is SpoolState.CLAIMED else "lot_set_aside"
        self._report(event, source=self._source.name, lot=lot_id, files=len(files) - len(lost))

    def _is_told(self, one: LotDecision) -> bool:
        """What a claim had to leave in a lot's directory is told with that lot."""
        left_over = not one.lot.files and any(e.parts != one.lot.parts for e, _ in one.lot.refused)
        return left_over and self._claims.has_lot(self._source.name, one.lot.name)

    def _were_only_touched(
        self, files: Sequence[ArrivingFile], copied: Mapping[tuple[str, ...], CopiedFile]
    ) -> bool:
        """Whether some of them have another time than when they were copied, and the same bytes."""
        earlier = {known.origin: known for known in copied.values()}
        touched = False
        for file in files:
            known = earlier.get(file.origin)
            if known is None or known.size != file.size:
                continue
            if claim.is_still(self._source.folder, file, known.sha256):
                self._claims.copies.record_new_time(self._source.name, file.origin, file.mtime_ns)
                touched = True
        return touched

    def _let_go(self, now: float) -> None:
        self._beat("retire des fichiers copiés", _TAKE_WITHIN_S)
        self._letting_go.look(now)  # what was copied at this very look
        for lot_id in self._letting_go.run(now, self._is_mounted):
            self._report(
                "written_late", source=self._source.name, lot=lot_id, code=WrittenLate.code
            )
        why = self._letting_go.why_files_stay
        self._trouble("leftovers", why, "files_stay", code=FileStays.code)

    # --- operators ---

    def _close_lots(self, now: float) -> bool:
        """Do what closing files ask; True when a lot was closed."""
        acted = False
        there = filesystem.close_requests(self._source.folder)
        self._closings_since = {one.path: self._closings_since.get(one.path, now) for one in there}
        for one in there:
            try:
                closed = self._lots.close_lots(one.lot, self._source.name)
                stray = now - self._closings_since[one.path] > _STRAY_CLOSING_S
                if not closed and not stray:
                    continue
                filesystem.remove(self._source.folder, one)
            except OSError as error:
                self._trouble(f"closing {one.path[-1]}", plainly(error), "source_failed")
                continue
            self._report("lot_closed" if closed else "closing_unknown", source=self._source.name)
            acted |= closed > 0
        return acted

    def _note_left_alone(self) -> None:
        """Tell once of files that hold no page; their names only where they lie themselves."""
        before = set(self._left_alone)
        self._left_alone = tuple(
            "/".join(map(printable_name, entry.parts)) for entry in self._look.left_alone
        )
        if new := set(self._left_alone) - before:
            self._report("left_alone", source=self._source.name, files=len(new))

    def _show_status(self) -> None:
        mark = (self._status.change_mark(), self._left_alone)
        if self._shown_at == mark:
            return
        try:
            lots = self._status.lots_overview(self._source.name)
            problems = self._status_files.show(lots, self._left_alone)
        except OSError as error:
            problems = [error]
        self._trouble(
            "status",
            plainly(problems[0]) if problems else "",
            "status_failed",
            code=SourceFailed.code,
        )
        self._shown_at = None if problems else mark

    def _trouble(self, about: str, what: str, event: str = "", **fields: object) -> None:
        """Tell a trouble once, until it changes or has passed (``what`` is empty then)."""
        if self._troubles.get(about, "") == what:
            return
        if what:
            self._troubles[about] = what
            self._report(event, source=self._source.name, detail=what, **fields)
        else:
            del self._troubles[about]
            self._report("recovered", source=self._source.name, about=about.split(maxsplit=1)[0])


def _age(one: LotDecision) -> int:
    return max((entry.sighting.mtime_ns for entry in one.files), default=0)
