"""Whether some program has a file open for writing.

A read lease answers for sure on this machine's own file systems: the kernel refuses it while the
file is open for writing, and tells when somebody asks to. Only a file's owner, or a process with
CAP_LEASE, may take one; without it /proc answers, where all processes may be looked at. On shares
(SMB, NFS) neither sees the other machines: nobody knows.
"""

import errno
import fcntl
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path

_PROC = Path("/proc")
_LOCAL = frozenset(
    {
        *("ext2", "ext3", "ext4", "xfs", "btrfs", "bcachefs", "zfs", "f2fs", "jfs", "tmpfs"),
        *("overlay", "vfat", "exfat", "ntfs3"),
    }
)


class Writers(Enum):
    """Who has a file open for writing."""

    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@contextmanager
def watched(fd: int, *, is_share: bool) -> Iterator[Callable[[], Writers]]:
    """Watch an open file; yields what tells, at any time, who has it open for writing now.

    While a lease is held whoever opens the file for writing waits until this ends.

    Args:
        fd: Open for reading only.
        is_share: Other machines may have it open.
    """
    if is_share:
        yield lambda: Writers.UNKNOWN
        return
    try:
        # The usual signal when somebody wants to write ends a process; this one is ignored.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        some = error.errno in (errno.EAGAIN, errno.EBUSY)
        yield (lambda: Writers.SOME) if some else (lambda: _by_proc(fd))
        return
    try:
        yield lambda: _by_lease(fd)
    finally:
        with suppress(OSError):
            fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def is_share(folder: Path, mounts: Path = _PROC / "self/mountinfo") -> bool:
    """Whether a folder lies on a file system that other machines may write to, or may so lie."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
        real = folder.resolve(strict=True)
    except OSError:
        return True
    found: dict[Path, str] = {}
    for line in lines:
        before, _, after = line.partition(" - ")
        point = before.split()[4].encode().decode("unicode_escape")
        found[Path(point)] = after.split()[0]
    nearest = next((found[p] for p in (real, *real.parents) if p in found), "")
    return nearest not in _LOCAL


def _by_lease(fd: int) -> Writers:
    # A lease that is being broken reads as what it is to become.
    is_held = fcntl.fcntl(fd, fcntl.F_GETLEASE) == fcntl.F_RDLCK
    return Writers.NONE if is_held else Writers.SOME


def _by_proc(fd: int) -> Writers:
    """Look at every process's open files."""
    wanted = os.fstat(fd)
    answer = Writers.NONE
    for process in _PROC.iterdir():
        if not process.name.isdecimal():
            continue
        try:
            for entry in (process / "fd").iterdir():
                with suppress(FileNotFoundError):
                    seen = entry.stat()
                    is_it = (seen.st_dev, seen.st_ino) == (wanted.st_dev, wanted.st_ino)
                    if is_it and _may_write(process, entry.name):
                        return Writers.SOME
        except FileNotFoundError:
            continue
        except OSError:
            answer = Writers.UNKNOWN
    return answer


def _may_write(process: Path, fd: str) -> bool:
    for line in (process / "fdinfo" / fd).read_text().splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY
    return True
