"""The spool of a station: opens one, and holds its parts.

docs/spool.md states the invariants. Everything may be called from any thread. One process, the
agent, owns the spool; others open it as visitors to look, close and replay.
"""

import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from edge import config
from edge.spool import disk as spool_disk
from edge.spool.claims import Claims
from edge.spool.disk import Ballast, Disk, lock_directory
from edge.spool.documents import Outbox
from edge.spool.journal import Journal
from edge.spool.lots import Lots
from edge.spool.recovery import recover_after_crash
from edge.spool.rescans import Rescans
from edge.spool.retention import Retention
from edge.spool.room import Room
from edge.spool.status import Status
from edge.spool.store import Store


class Spool:
    """An open spool; use ``Spool.open``.

    Attributes:
        claims: For sources: what lies in their folders, and claiming it.
        lots: For readers: what waits to be read, and what it was read as.
        outbox: For the uplink: what waits for the centre, and its answers.
        rescans: Requests of the centre to scan something again.
        retention: For housekeeping: what leaves.
        room: What the spool takes of its disk beside what it may.
        status: What operators and other processes see.
        unknown_files: Names of files that no record knew when the owner opened the spool.
    """

    def __init__(
        self, store: Store, limits: config.Spool, ballast: Ballast, lock_fd: int | None
    ) -> None:
        self._store, self._lock_fd = store, lock_fd
        self.room = Room(store, limits, ballast)
        self.claims = Claims(store, self.room)
        self.lots = Lots(store)
        self.outbox = Outbox(store)
        self.rescans = Rescans(store)
        self.retention = Retention(store, limits, self.room)
        self.status = Status(store)
        self.unknown_files: tuple[str, ...] = ()

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
                _prepare_directory(work_dir, disk)
            ballast = Ballast(work_dir, disk, limits.ballast_bytes)
            journal = Journal(work_dir, disk, ballast, visitor=visitor)
            spool = cls(Store(work_dir, journal, disk, clock, monotonic), limits, ballast, lock_fd)
        except BaseException:
            if lock_fd is not None:
                os.close(lock_fd)
            raise
        if not visitor:
            try:
                spool._recover()
            except BaseException:
                spool.close()
                raise
        return spool

    def close(self) -> None:
        """Give the journal and the directory back."""
        self._store.journal.close()
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _recover(self) -> None:
        self.unknown_files = recover_after_crash(
            self._store, self.claims, self.outbox, self.retention
        )
        self.room.take_back_ballast()


def _prepare_directory(work_dir: Path, disk: Disk) -> None:
    spool_disk.restrict_modes(work_dir)
    for name in ("blobs", "claims", "aside"):
        disk.make_dir(work_dir / name)
