"""A scanner's folder on the disk: what lies in it, and hints that something changed.

Whoever may write in the folder may put a link at any place of a path, also between a look and an
act. Only the folder itself is opened by its path, which the settings name; everything below it is
opened by name from the handle above, and a link is refused there.

The listing is the truth; events only make the next one come early. They are missing on SMB and
NFS, lost when the kernel's queue overflows or the watcher dies, and come in bursts: none of that
matters, because no event names what is to be done.
"""

import errno
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS

from edge.imaging.source_file import detect_format
from edge.sources.folder.grouping import (
    MAX_ENTRIES,
    STATUS_FOLDER,
    EntryKind,
    FileStat,
    FolderEntry,
    LotCandidate,
    directory_lot,
    group_entries,
    is_beside_pages,
    is_ignored,
    lot_to_close,
)
from edge.spool.disk import open_regular
from edge.spool.rules import composed

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@contextmanager
def folder_at(path: Path) -> Iterator[int]:
    """Open the watched folder itself."""
    fd = os.open(path, _FOLDER)
    try:
        yield fd
    finally:
        os.close(fd)


def open_directory(name: str | bytes, above: int) -> int:
    """Open a directory by name from the handle of the one above; the caller closes it.

    Raises:
        NotADirectoryError: it is a link, or anything else but a directory.
    """
    try:
        return os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=above)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise NotADirectoryError(error.errno, "a link", os.fsdecode(name)) from error
        raise


@contextmanager
def directory_at(folder: Path, parts: Sequence[str | bytes]) -> Iterator[int]:
    """Open a directory below a watched folder.

    Raises:
        NotADirectoryError: a link, or no directory, lies on the way.
    """
    fd = os.open(folder, _FOLDER)
    try:
        for part in parts:
            below = open_directory(part, fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


@contextmanager
def regular_at(folder: Path, parts: Sequence[str]) -> Iterator[int]:
    """Open a regular file below a watched folder for reading.

    Raises:
        NotADirectoryError: a link, or no directory, lies on the way.
        IsADirectoryError: the file itself is a link, or no regular file.
    """
    *above, name = parts
    with directory_at(folder, above) as fd, open_regular(os.fsencode(name), fd) as file:
        yield file


def read_at(folder: Path, parts: Sequence[str], size: int) -> bytes:
    """The first bytes of a regular file below a watched folder, ``size`` at most."""
    with regular_at(folder, parts) as fd, open(fd, "rb", closefd=False) as file:
        return file.read(size)


_HEAD_BYTES = 1_024


@dataclass(frozen=True, slots=True)
class FoundLots:
    """The lots in a folder, and what lies beside them: files that are known to hold no page."""

    lots: list[LotCandidate]
    left_alone: list[FolderEntry]


class LotFinder:
    """Cuts what lies in a folder into lots; remembers what it looked into from look to look.

    Files that the name says hold no page (metadata, sums, locks of a scanner) make no lot and no
    gap, unless their content begins as an image or a PDF does: that is a page under a wrong name.
    They stay where they lie: they are the scanner's own, and taking them would keep what they say
    of people for as long as images are kept.

    Args:
        folder: A watched folder, or a directory that is a lot itself.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[str, ...], tuple[FileStat, bool]] = {}

    def lots_in_folder(
        self, marker: str, is_ours: Callable[[FolderEntry], bool], *, always_index: bool
    ) -> FoundLots:
        """The lots of a watched folder.

        Args:
            marker: Name of the file that proves that the folder is there; it is no lot.
            is_ours: Says of entries that they were taken already.
            always_index: Every directory lot waits for an index file.

        Raises:
            OSError: the folder cannot be listed; nothing may be concluded then.
        """
        listing = list_folder(self._folder, marker)
        entries, left_alone = self._split(entry for entry in listing if not is_ours(entry))
        return FoundLots(group_entries(entries, always_index=always_index), left_alone)

    def folder_as_lot(self, name: str) -> FoundLots:
        """The folder itself as a lot of that name; no lot where it holds nothing to answer for.

        Raises:
            OSError: the folder cannot be listed.
        """
        entries, left_alone = self._split(list_folder(self._folder, marker=""))
        lot = directory_lot(name, entries)
        return FoundLots([lot] if lot is not None else [], left_alone)

    def _split(self, entries: Iterable[FolderEntry]) -> tuple[list[FolderEntry], list[FolderEntry]]:
        """What may belong to a lot, and what is left alone."""
        kept: list[FolderEntry] = []
        left: list[FolderEntry] = []
        known = self._known
        self._known = {}
        for entry in entries:
            if entry.kind is not EntryKind.FILE or not is_beside_pages(entry.parts[-1]):
                kept.append(entry)
                continue
            seen, is_page = known.get(entry.parts, (None, False))
            if seen != entry.sighting:
                is_page = self._begins_as_a_page(entry)
            self._known[entry.parts] = (entry.sighting, is_page)
            (kept if is_page else left).append(entry)
        return kept, left

    def _begins_as_a_page(self, entry: FolderEntry) -> bool:
        try:
            return detect_format(read_at(self._folder, entry.parts, _HEAD_BYTES)) is not None
        except OSError:
            return False


_DEEPEST = 8  # levels below the folder; a tree deeper than that is not a scanner's
_MOST_CLOSING_BYTES = 65_536  # what is larger closes nothing
_NO_SIGHTING = FileStat(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Closing:
    """A file that an operator dropped to close a lot: where it lies, and what was seen of it."""

    path: tuple[str, ...]  # below the folder
    lot: str
    identity: tuple[int, int]  # device and inode


def is_marked(folder: Path, marker: str) -> bool:
    """The marker file is there, and not a link to something that is always there.

    Raises:
        OSError: the folder cannot be reached.
    """
    with folder_at(folder) as fd:
        try:
            seen = os.stat(marker, dir_fd=fd, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return False
    return not stat.S_ISLNK(seen.st_mode)


def list_folder(folder: Path, marker: str) -> list[FolderEntry]:
    """List all that may belong to a lot; what vanishes meanwhile is left out.

    Raises:
        OSError: the folder itself cannot be listed; nothing may be concluded then.
    """
    found: list[FolderEntry] = []
    with folder_at(folder) as fd:
        with os.scandir(fd) as names:
            roots = [one for one in names if composed(one.name) != composed(marker)]
        for root in roots:
            budget = [MAX_ENTRIES]  # of each root, so that one tree stops only itself
            below = list(_below(root, fd, (), budget))
            # Of a part of a tree nothing may be concluded: a lot in it may be a part too.
            is_whole = budget[0] >= 0
            found += (
                below if is_whole else [FolderEntry((root.name,), EntryKind.TOO_FULL, _NO_SIGHTING)]
            )
    return found


def close_requests(folder: Path) -> list[Closing]:
    """Files that an operator dropped to close a lot, in the folder or in its ``_etat``.

    Raises:
        OSError: the folder itself cannot be listed.
    """
    found = _closings(folder, ())
    # It may not be made yet; a link or a file in its place is told with the status files.
    with suppress(FileNotFoundError, NotADirectoryError):
        found += _closings(folder, (STATUS_FOLDER,))
    return found


def remove(folder: Path, one: Closing) -> None:
    """Remove a closing file, if what lies under its name now is the file that was seen.

    Raises:
        OSError: it cannot be removed.
    """
    *place, name = one.path
    with directory_at(folder, place) as fd:
        try:
            now = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISREG(now.st_mode) and _identity(now) == one.identity:
            os.unlink(name, dir_fd=fd)


def _closings(folder: Path, place: tuple[str, ...]) -> list[Closing]:
    with directory_at(folder, place) as fd, os.scandir(fd) as names:
        return sorted(
            (
                Closing((*place, one.name), lot, _identity(seen))
                for one in names
                if lot_to_close(one.name)
                and (seen := _seen(one)) is not None
                and (lot := _lot_closed_by(one.name, seen, fd))
            ),
            key=lambda one: one.path,
        )


def _lot_closed_by(name: str, seen: os.stat_result, above_fd: int) -> str | None:
    """The lot that a file closes; None when its name, its kind, its size or a page in it says no.

    A page that somebody gave the ending of a closing file is a page: it is read, not removed.
    """
    lot = lot_to_close(name)
    if lot is None or not stat.S_ISREG(seen.st_mode) or seen.st_size > _MOST_CLOSING_BYTES:
        return None
    try:
        with open_regular(os.fsencode(name), above_fd) as fd:
            is_page = detect_format(os.pread(fd, _HEAD_BYTES, 0)) is not None
    except OSError:
        is_page = False  # it cannot be looked into: its name decides
    return None if is_page else lot


def _identity(seen: os.stat_result) -> tuple[int, int]:
    return seen.st_dev, seen.st_ino


def _seen(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None


def _below(
    entry: os.DirEntry[str], above_fd: int, above: tuple[str, ...], budget: list[int]
) -> Iterator[FolderEntry]:
    parts = (*above, entry.name)
    if budget[0] < 0 or is_ignored(entry.name):
        return
    seen = _seen(entry)
    if seen is None or _lot_closed_by(entry.name, seen, above_fd) is not None:
        return
    budget[0] -= 1
    if budget[0] < 0:
        return
    sighting = FileStat(seen.st_size, seen.st_mtime_ns, seen.st_ino)
    if not stat.S_ISDIR(seen.st_mode):
        yield FolderEntry(
            parts, EntryKind.FILE if stat.S_ISREG(seen.st_mode) else EntryKind.OTHER, sighting
        )
        return
    # A directory's own size and time change with temporary files: only its content counts.
    still = FileStat(0, 0, seen.st_ino)
    if len(parts) > _DEEPEST:
        yield FolderEntry(parts, EntryKind.DENIED, still)
        return
    try:
        fd = open_directory(entry.name, above_fd)
    except FileNotFoundError:
        return
    except OSError as error:
        # It may have been swapped for a link or a file since it was seen.
        is_other = isinstance(error, NotADirectoryError)
        yield FolderEntry(parts, EntryKind.OTHER if is_other else EntryKind.DENIED, still)
        return
    try:
        with os.scandir(fd) as names:
            inside = list(names)
        yield FolderEntry(parts, EntryKind.DIRECTORY, still)
        for below in inside:
            yield from _below(below, fd, parts, budget)
    finally:
        os.close(fd)


# Opening and reading are not changes: our own looking must not wake us.
_CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_SLICE_S = 0.2  # how soon a stop is noticed


class Watcher(Protocol):
    """What the rescan loop needs of a watcher."""

    def keep_alive(self) -> str:
        """Start again if it has ended; return why that failed, or an empty string."""
        ...

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Block until a hint, the time-out or ``stop``; True for a hint."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class FolderWatch:
    """Watches one folder and all below it.

    Args:
        folder: May be missing: a share comes and goes.
        mode: ``polling`` for shares, which deliver no events.
        poll_every_s: How often polling looks.
    """

    def __init__(
        self, folder: Path, mode: Literal["events", "polling"], poll_every_s: float
    ) -> None:
        self._folder = folder
        self._mode = mode
        self._poll_every_s = poll_every_s
        self._hint = threading.Event()
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] = (0, 0)

    def keep_alive(self) -> str:
        """Start the observer unless it runs on the folder that is there now."""
        try:
            seen = self._folder.stat()
            if (
                self._observer is not None
                and self._observer.is_alive()
                and all(emitter.is_alive() for emitter in self._observer.emitters)
                and self._watched == (seen.st_dev, seen.st_ino)
            ):
                return ""
            self.close()
            observer = self._new_observer()
            handler = _Hinting(self._hint, self._folder)
            observer.schedule(handler, str(self._folder), recursive=True, event_filter=_CHANGES)
            observer.start()
        except OSError as error:
            return error.strerror or str(error)
        self._observer = observer
        self._watched = (seen.st_dev, seen.st_ino)
        # What came while nobody watched gave no event.
        self._hint.set()
        return ""

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Block until a hint, the time-out or ``stop``; True for a hint."""
        deadline = time.monotonic() + timeout_s
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._hint.wait(min(left, _SLICE_S)):
                self._hint.clear()
                return True
        return False

    def close(self) -> None:
        """End the observer's threads."""
        if self._observer is not None:
            self._observer.stop()
            if self._observer.ident is not None:
                self._observer.join()
            self._observer = None

    def _new_observer(self) -> BaseObserver:
        if self._mode == "polling":
            # lstat: a link to a directory above must not be walked for ever.
            return PollingObserverVFS(os.lstat, _scandir, polling_interval=self._poll_every_s)
        return Observer()


class _Hinting(FileSystemEventHandler):
    def __init__(self, hint: threading.Event, folder: Path) -> None:
        self._hint = hint
        self._own = str(folder / STATUS_FOLDER)

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.src_path)
        if not path.startswith(self._own):
            self._hint.set()


def _scandir(path: str | None) -> "os._ScandirIterator[str]":
    return os.scandir(path)
