"""Copy files from the scanner's folder into our own directory.

A file of ours is never the scanner's: a program that kept it open goes on writing into its own
file, not into ours. The copy shares blocks where the file system can, and is synced and verified.
The scanner's file is let go later (``letting_go``). No link is ever followed, in the name or above
it, and directories stay: the scanner may still write there.
"""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.errors import FileChanged, FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.sources.handles import directory_at
from edge.spool.files import Disk, digest_of, open_regular
from edge.spool.values import ArrivingFile, StagedFile


def take(folder: Path, staged: StagedFile, disk: Disk) -> type[ReadingError] | None:
    """Copy one file to its place in the staging directory; may be repeated after a crash.

    A file that is no longer the one that was sighted is left: it will be a lot of its own.

    Returns:
        Why it could not be taken, or None. The staging directory is still to be synced.

    Raises:
        OSError: something that may pass; nothing is lost and the claim is tried again.
    """
    if staged.staging.exists():  # copied whole before a crash: the name is given last
        return None
    try:
        with (
            parent(folder, staged.file.origin) as (folder_fd, name),
            open_regular(name, folder_fd) as fd,
        ):
            if not is_same(os.fstat(fd), staged.file.size, staged.file.mtime_ns):
                return FileChanged
            disk.copy(fd, staged.staging)
            return None
    except FileNotFoundError:
        return FileVanished
    except (NotADirectoryError, IsADirectoryError):
        return NotRegularFile
    except PermissionError:
        return FileDenied


def has_changed(folder: Path, file: ArrivingFile) -> bool:
    """Whether a file is there with another size or time than was seen; False when it has gone."""
    try:
        with parent(folder, file.origin) as (folder_fd, name):
            seen = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(seen.st_mode) and not is_same(seen, file.size, file.mtime_ns)


def is_still(folder: Path, file: ArrivingFile, sha256: str) -> bool:
    """Whether a file holds these bytes, however its time was set; False when it cannot be read."""
    try:
        with parent(folder, file.origin) as (folder_fd, name), open_regular(name, folder_fd) as fd:
            return digest_of(fd) == (sha256, file.size)
    except OSError:
        return False


def sync(files: Sequence[StagedFile], disk: Disk) -> None:
    """Make the copies of a claim last."""
    disk.sync_dirs({file.staging.parent for file in files})


def is_same(seen: os.stat_result, size: int, mtime_ns: int) -> bool:
    """Network shares invent inode numbers, so size and time must do."""
    return (seen.st_size, seen.st_mtime_ns) == (size, mtime_ns)


@contextmanager
def parent(folder: Path, origin: bytes) -> Iterator[tuple[int, bytes]]:
    """Open the directory that a file lies in, following no link below the folder.

    Yields its descriptor and the file's name in it.

    Raises:
        NotADirectoryError: a link or a file stands where a directory was.
    """
    *above, name = origin.split(b"/")
    with directory_at(folder, above) as fd:
        yield fd, name
