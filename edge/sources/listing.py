"""Look into a scanner's folder without following any link."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge.imaging.sniff import sniff
from edge.sources.handles import directory_at, folder_at, open_directory
from edge.sources.layouts import MAX_ENTRIES, Entry, Kind
from edge.sources.names import STATUS_FOLDER, is_ignored, lot_to_close
from edge.sources.stability import Sighting
from edge.spool.files import open_regular
from edge.spool.keys import composed

_DEEPEST = 8  # levels below the folder; a tree deeper than that is not a scanner's
_MOST_CLOSING_BYTES = 65_536  # what is larger closes nothing
_HEAD_BYTES = 1_024
_NO_SIGHTING = Sighting(0, 0, 0)


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


def scan(folder: Path, marker: str) -> list[Entry]:
    """List all that may belong to a lot; what vanishes meanwhile is left out.

    Raises:
        OSError: the folder itself cannot be listed; nothing may be concluded then.
    """
    found: list[Entry] = []
    with folder_at(folder) as fd:
        with os.scandir(fd) as names:
            roots = [one for one in names if composed(one.name) != composed(marker)]
        for root in roots:
            budget = [MAX_ENTRIES]  # of each root, so that one tree stops only itself
            below = list(_below(root, fd, (), budget))
            # Of a part of a tree nothing may be concluded: a lot in it may be a part too.
            is_whole = budget[0] >= 0
            found += below if is_whole else [Entry((root.name,), Kind.TOO_FULL, _NO_SIGHTING)]
    return found


def closings(folder: Path) -> list[Closing]:
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
            is_page = sniff(os.pread(fd, _HEAD_BYTES, 0)) is not None
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
) -> Iterator[Entry]:
    parts = (*above, entry.name)
    if budget[0] < 0 or is_ignored(entry.name):
        return
    seen = _seen(entry)
    if seen is None or _lot_closed_by(entry.name, seen, above_fd) is not None:
        return
    budget[0] -= 1
    if budget[0] < 0:
        return
    sighting = Sighting(seen.st_size, seen.st_mtime_ns, seen.st_ino)
    if not stat.S_ISDIR(seen.st_mode):
        yield Entry(parts, Kind.FILE if stat.S_ISREG(seen.st_mode) else Kind.OTHER, sighting)
        return
    # A directory's own size and time change with temporary files: only its content counts.
    still = Sighting(0, 0, seen.st_ino)
    if len(parts) > _DEEPEST:
        yield Entry(parts, Kind.DENIED, still)
        return
    try:
        fd = open_directory(entry.name, above_fd)
    except FileNotFoundError:
        return
    except OSError as error:
        # It may have been swapped for a link or a file since it was seen.
        is_other = isinstance(error, NotADirectoryError)
        yield Entry(parts, Kind.OTHER if is_other else Kind.DENIED, still)
        return
    try:
        with os.scandir(fd) as names:
            inside = list(names)
        yield Entry(parts, Kind.DIRECTORY, still)
        for below in inside:
            yield from _below(below, fd, parts, budget)
    finally:
        os.close(fd)
