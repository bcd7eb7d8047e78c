"""The disk door: every lasting act of the spool on its disk goes through one object.

A file is written under a temporary name, synced, renamed, and its directory synced; a journal
transaction is committed here too. Tests put a fault before each of these steps: whatever lies
between two of them must be safe to lose.

Here is also what makes a work directory the station's own: one process holds its lock, which the
kernel gives back when the process ends; everything in it is for the station's account alone (what
an earlier version, a scanner's rename or a restored copy left otherwise is put right at the start);
and a ballast takes room that is given up when nothing else is left. Bytes leave only after what the
centre said, and that they leave, are in the journal: on a full disk it could write neither. The
ballast goes in pieces, each just before it is needed, for whoever filled the disk takes what he
finds.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from edge.errors import SpoolBusy

FILE_MODE, DIRECTORY_MODE = 0o600, 0o700  # all that is here quotes or shows what people wrote

_BLOCK = 1 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FICLONE = 0x40049409  # linux/fs.h


class StillChanging(OSError):
    """A file changed while it was read; it is tried again later."""

    def __init__(self, path: object) -> None:
        super().__init__(errno.EBUSY, "changed while it was read", str(path))


class Disk:
    """The real disk."""

    def step(self, name: str) -> None:
        """Called before each lasting step; a test raises here."""

    def make_dir(self, path: Path) -> None:
        """Create a directory below one that exists, durably; nothing if it is there."""
        if path.is_dir():
            return
        self.step("make_dir")
        path.mkdir(mode=DIRECTORY_MODE, exist_ok=True)
        self.sync_dir(path.parent)

    def write(self, path: Path, data: bytes) -> None:
        """Write a small file, durably: all of it is there or nothing."""
        partial = path.with_name(path.name + ".part")
        self.step("write")
        with _made(partial) as file:
            file.write(data)
            file.flush()
            self.step("sync")
            os.fsync(file.fileno())
        self.rename(partial, path)
        self.sync_dir(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        """Rename inside the work directory; lasts once both directories are synced."""
        self.step("rename")
        source.rename(target)

    def copy(self, source_fd: int, target: Path) -> str:
        """Copy an open file to ``target``, a file of our own (0600), and verify what was written.

        A file system that can share blocks makes a snapshot. Lasts once the directory is synced.

        Returns:
            The SHA-256 of the bytes, in hex.

        Raises:
            StillChanging: the file did not stay the same meanwhile.
        """
        partial = target.with_name(target.name + ".part")
        before = os.fstat(source_fd)
        self.step("copy")
        with _made(partial) as file:
            fd = file.fileno()
            copied = None if _cloned(source_fd, fd) else _copied(source_fd, file)
            self.step("sync")
            os.fsync(fd)
        written = self.digest(partial, is_synced=True)[0]
        if _changed(before, os.fstat(source_fd)) or copied not in (None, written):
            partial.unlink()
            raise StillChanging(target)
        self.rename(partial, target)
        return written

    def digest(self, path: Path, *, is_synced: bool = False) -> tuple[str, int]:
        """Sync a file's bytes and return their SHA-256 in hex and their number.

        Args:
            path: The file.
            is_synced: Its bytes last already; a sync of nothing still waits for the disk.

        Raises:
            StillChanging: somebody still writes to it.
            IsADirectoryError: it is not a regular file.
        """
        with open_regular(path) as fd:
            if not is_synced:
                self.step("sync")
                os.fsync(fd)
            return digest_of(fd)

    def unlink(self, path: Path | bytes, folder_fd: int | None = None) -> None:
        """Remove a file; nothing if it is gone; lasts once its directory is synced."""
        self.step("unlink")
        with suppress(FileNotFoundError):
            os.unlink(path, dir_fd=folder_fd)

    def link(self, name: bytes, second: bytes, folder_fd: int) -> bool:
        """Give a file a second name beside its own; False where no file has two."""
        self.step("link")
        try:
            os.link(name, second, src_dir_fd=folder_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                return False
            raise
        return True

    def remove_dir(self, path: Path) -> None:
        """Remove an empty directory; nothing if it is gone or holds something."""
        self.step("remove_dir")
        with suppress(OSError):
            path.rmdir()

    def sync_dirs(self, paths: Iterable[Path]) -> None:
        """Make renames and removals in several directories last, each synced once."""
        for path in sorted(set(paths)):
            self.sync_dir(path)

    def sync_dir(self, path: Path) -> None:
        """Make renames and removals in a directory last."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sync_fd(fd)
        finally:
            os.close(fd)

    def sync_fd(self, fd: int) -> None:
        """Make changes of an open directory last; some network shares cannot, and say so."""
        self.step("sync_dir")
        try:
            os.fsync(fd)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                raise

    def commit(self, connection: sqlite3.Connection) -> None:
        """Commit a journal transaction (synchronous=FULL: on disk when it returns)."""
        self.step("commit")
        connection.execute("COMMIT")

    def reserve(self, path: Path, size: int) -> None:
        """Make a file of so many bytes and their room, or make it larger.

        Raises:
            OSError: there is no room; the file has the size that it had.
        """
        self.step("reserve")
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(path, flags, FILE_MODE)
        before = os.fstat(fd).st_size
        try:
            os.posix_fallocate(fd, 0, size)
        except OSError:
            os.ftruncate(fd, before)
            raise
        finally:
            os.close(fd)

    def free_bytes(self, path: Path) -> int:
        """Bytes free on a path's file system."""
        return shutil.disk_usage(path).free


def _made(path: Path) -> BinaryIO:
    """Make a file that nobody else has open, for this account alone whatever the umask says."""
    with suppress(FileNotFoundError):
        path.unlink()  # of an attempt cut short
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags, FILE_MODE), "wb")
    os.fchmod(file.fileno(), FILE_MODE)
    return file


def digest_of(fd: int) -> tuple[str, int]:
    """The SHA-256 in hex of an open file's bytes, and their number.

    Raises:
        StillChanging: somebody still writes to it.
    """
    before = os.fstat(fd)
    digest = hashlib.sha256()
    size = 0
    for block in _blocks(fd):
        digest.update(block)
        size += len(block)
    if _changed(before, os.fstat(fd)) or size != before.st_size:
        raise StillChanging(fd)
    return digest.hexdigest(), size


@contextmanager
def open_regular(name: Path | bytes, folder_fd: int | None = None) -> Iterator[int]:
    """Open a regular file for reading; a link, fifo, device, socket or directory is refused.

    Raises:
        IsADirectoryError: it is none (one error for all kinds, so that callers need one).
    """
    try:
        fd = os.open(name, _OPEN, dir_fd=folder_fd)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV):
            raise IsADirectoryError(error.errno, "not a regular file", str(name)) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise IsADirectoryError(errno.EISDIR, "not a regular file", str(name))
        yield fd
    finally:
        os.close(fd)


def _blocks(fd: int) -> Iterator[bytes]:
    offset = 0
    while block := os.pread(fd, _BLOCK, offset):
        yield block
        offset += len(block)


def _cloned(source_fd: int, target_fd: int) -> bool:
    """Share the source's blocks (btrfs, xfs, …); False where that cannot be done."""
    try:
        fcntl.ioctl(target_fd, _FICLONE, source_fd)
    except OSError:
        return False
    return True


def _copied(source_fd: int, file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for block in _blocks(source_fd):
        digest.update(block)
        file.write(block)
    file.flush()
    return digest.hexdigest()


def _changed(before: os.stat_result, now: os.stat_result) -> bool:
    return (before.st_size, before.st_mtime_ns) != (now.st_size, now.st_mtime_ns)


_PIECES = 8
_LOW_BYTES = 4 << 20  # SQLite's log between two checkpoints


class Ballast:
    """The file ``ballast`` of a work directory.

    Args:
        work_dir: The station's own directory.
        disk: The disk door.
        full_bytes: Its size when there is room.
    """

    def __init__(self, work_dir: Path, disk: Disk, full_bytes: int) -> None:
        self._path, self._disk, self._full_bytes = work_dir / "ballast", disk, full_bytes

    @property
    def missing(self) -> int:
        """Bytes of it that were given up: free on the disk, and not for lots."""
        return self._full_bytes - self._size()

    def make_room(self) -> None:
        """Give up a piece when the journal might not find room for its next transaction."""
        low = min(_LOW_BYTES, self._full_bytes // _PIECES)
        if self._disk.free_bytes(self._path.parent) < low:
            self.give_up()

    def give_up(self) -> None:
        """Give up a piece now; nothing once all are gone."""
        left = max(0, self._size() - -(-self._full_bytes // _PIECES))
        with suppress(OSError):
            os.truncate(self._path, left)

    def take_back(self, spare: int) -> None:
        """Have the whole again if at least ``spare`` bytes stay free beside it."""
        missing = self.missing
        if missing < 0:  # by a setting that has changed
            os.truncate(self._path, self._full_bytes)
        if missing <= 0 or self._disk.free_bytes(self._path.parent) - missing < spare:
            return
        try:
            self._disk.reserve(self._path, self._full_bytes)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0


def restrict_modes(work_dir: Path) -> int:
    """Take away what others may do, in the directory and below; return how many were changed.

    What belongs to another account stays as it is: only root could change it.
    """
    changed = int(_restrict_mode(work_dir, DIRECTORY_MODE))
    for folder, folders, files in os.walk(work_dir):
        for names, mode in ((folders, DIRECTORY_MODE), (files, FILE_MODE)):
            changed += sum(_restrict_mode(Path(folder, name), mode) for name in names)
    return changed


def _restrict_mode(path: Path, mode: int) -> bool:
    with suppress(FileNotFoundError, PermissionError):
        present = path.lstat().st_mode
        is_wrong = (stat.S_ISDIR(present) or stat.S_ISREG(present)) and stat.S_IMODE(
            present
        ) != mode
        if is_wrong:
            path.chmod(mode)
        return is_wrong
    return False


_LOOKS = 5  # somebody who only looks holds the lock for less than a moment
_PAUSE_S = 0.02


def lock_directory(work_dir: Path) -> int:
    """Lock a work directory and return the descriptor that holds the lock.

    Raises:
        SpoolBusy: another process holds it.
    """
    fd = os.open(work_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    for look in range(_LOOKS):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if look == _LOOKS - 1:
                os.close(fd)
                raise SpoolBusy(f"{work_dir} belongs to another process") from error
            time.sleep(_PAUSE_S)
        else:
            break
    return fd


def is_locked(work_dir: Path) -> bool:
    """Whether some process owns a work directory now."""
    try:
        fd = os.open(work_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
