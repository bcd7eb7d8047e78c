"""Move files from the scanner's folder into our own directory.

A rename where both lie on one file system; else a copy that is synced and verified before the
original goes. No link is ever followed, in the name or above it, and directories stay: the
scanner may still write there.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.sources.handles import directory_at
from edge.spool.files import Disk, open_regular
from edge.spool.values import ArrivingFile, StagedFile


def take(folder: Path, staged: StagedFile, disk: Disk) -> type[ReadingError] | None:
    """Bring one file to its place in the staging directory; may be repeated after a crash.

    A file that is no longer the one that was sighted is left: it will be a lot of its own.

    Returns:
        Why it could not be taken, or None. The staging directory is still to be synced.

    Raises:
        OSError: something that may pass; nothing is lost and the claim is tried again.
    """
    try:
        with _parent(folder, staged.file.origin) as (folder_fd, name):
            return _take(folder_fd, name, staged, disk)
    except FileNotFoundError:
        return None if staged.staging.exists() else FileVanished
    except (NotADirectoryError, IsADirectoryError):
        return None if staged.staging.exists() else NotRegularFile
    except PermissionError:
        return None if staged.staging.exists() else FileDenied


def sync(folder: Path, files: Sequence[StagedFile], disk: Disk) -> None:
    """Make the renames of a claim last."""
    disk.sync_dirs({file.staging.parent for file in files})
    origins = {file.file.origin.rpartition(b"/")[0]: file.file.origin for file in files}
    for origin in origins.values():
        with suppress(OSError), _parent(folder, origin) as (folder_fd, _):
            disk.sync_fd(folder_fd)


def _take(folder_fd: int, name: bytes, staged: StagedFile, disk: Disk) -> type[ReadingError] | None:
    with open_regular(name, folder_fd) as fd:
        seen = os.fstat(fd)
        if not _is_same(seen, staged.file):
            return None if staged.staging.exists() else FileVanished
        if staged.staging.exists():  # copied before a crash, and the original not yet removed
            disk.unlink(name, folder_fd)
            return None
        if seen.st_nlink == 1:
            try:
                disk.take(folder_fd, name, staged.staging)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
            else:
                return None
        # Another file system, or another name for the same bytes through which they may change.
        disk.copy(fd, staged.staging)
        if _is_same(os.stat(name, dir_fd=folder_fd, follow_symlinks=False), staged.file):
            disk.unlink(name, folder_fd)
        return None


def _is_same(seen: os.stat_result, sighted: ArrivingFile) -> bool:
    """Network shares invent inode numbers, so size and time must do."""
    return (seen.st_size, seen.st_mtime_ns) == (sighted.size, sighted.mtime_ns)


@contextmanager
def _parent(folder: Path, origin: bytes) -> Iterator[tuple[int, bytes]]:
    *above, name = origin.split(b"/")
    with directory_at(folder, above) as fd:
        yield fd, name
