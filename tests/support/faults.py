"""Disks with faults: a door that crashes before any step, what a power cut undoes, a full disk."""

import contextlib
import os
import resource
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.spool.disk import Disk


@contextlib.contextmanager
def no_file_over(limit: int) -> Iterator[None]:
    """The kernel refuses what goes beyond, as it does when a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Crash(BaseException):
    """The process ends here. Not an Exception: nothing may catch it."""


@dataclass
class _Change:
    """A change of names that lasts only once these directories are synced."""

    unsynced: set[Path]
    target: Path | None
    undo: Callable[[], None]
    half: Callable[[], None]


@dataclass
class FaultyDisk(Disk):
    """Fails before the step number ``fail_at``, counted from 1.

    ``power_cut`` undoes every change of names whose directory was not synced: the worst that
    a journalling file system may do. ``elsewhere`` makes each claim a copy.
    """

    fail_at: int = 0
    failure: Callable[[], BaseException] = Crash
    steps: list[str] = field(default_factory=list)
    _changes: list[_Change] = field(default_factory=list)

    def step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self.fail_at:
            raise self.failure()

    def rename(self, source: Path, target: Path) -> None:
        backup = _backup(target)
        super().rename(source, target)

        def undo() -> None:
            target.rename(source)
            if backup:
                backup.rename(target)

        self._changes.append(
            _Change({target.parent, source.parent}, target, undo, lambda: os.link(target, source))
        )

    def unlink(self, path: Path | bytes, folder_fd: int | None = None) -> None:
        if folder_fd is None:
            whole = Path(os.fsdecode(path))
        else:
            whole = Path(f"/proc/self/fd/{folder_fd}").readlink() / os.fsdecode(path)
        backup = _backup(whole)
        super().unlink(path, folder_fd)
        if backup:
            self._changes.append(
                _Change({whole.parent}, None, lambda: _put_back(backup, whole), lambda: None)
            )

    def sync_fd(self, fd: int) -> None:
        super().sync_fd(fd)
        synced = Path(f"/proc/self/fd/{fd}").readlink()
        for change in self._changes:
            change.unsynced.discard(synced)
        self._changes = [change for change in self._changes if change.unsynced]

    def commit(self, connection: sqlite3.Connection) -> None:
        super().commit(connection)

    def power_cut(self) -> None:
        """Undo what was not synced, latest first."""
        for change in reversed(self._changes):
            if change.target is None or change.target.parent in change.unsynced:
                change.undo()
            else:
                change.half()
        self._changes.clear()


def _backup(path: Path) -> Path | None:
    if not path.exists():
        return None
    folder = tempfile.mkdtemp(prefix="backup-", dir=_anchor(path))
    backup = Path(folder) / "bytes"
    os.link(path, backup)
    return backup


def _anchor(path: Path) -> Path:
    """A place on the same file system that the spool never looks into."""
    anchor = next(p for p in path.parents if (p / ".backups").is_dir())
    return anchor / ".backups"


def _put_back(here: Path, there: Path) -> None:
    if not there.exists():
        here.rename(there)
