"""Whether some program has a file open for writing.

A read lease answers for sure on this machine's own file systems: the kernel refuses it while the
file is open for writing, and tells when somebody asks to. Only a file's owner, or a process with
CAP_LEASE, may take one; without it /proc answers, where all processes may be looked at. On shares
(SMB, NFS) neither sees the other machines: nobody knows.

Let go of the scanner's files of which we hold a copy.

A file is removed once nobody has it open for writing and it is, some time after it was copied,
still what was copied. What a program may write at that very moment is seen by the lease that is
held until the name is gone. Where nobody can know who writes (a share), only time is left: there
it has to stay the same for much longer. A file that cannot be removed is told once and left.
"""

import errno
import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from edge import config
from edge.errors import FileStays
from edge.sources.folder.claim import is_same, parent
from edge.sources.folder.grouping import printable_name
from edge.spool.copies import Copies
from edge.spool.disk import Disk, StillChanging, digest_of, open_regular
from edge.spool.values import CopiedFile

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


def is_on_share(folder: Path, mounts: Path = _PROC / "self/mountinfo") -> bool:
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


_AT_ONCE = 200  # files a look; the next one goes on
_TRY_AGAIN_S = 600.0  # a file that could not be removed


class _Outcome(Enum):
    GONE = "gone"
    REOPENED = "reopened"  # gone, and at that moment somebody asked to write to it
    KEPT = "kept"  # not yet
    UNSURE = "unsure"  # not yet, for nobody can tell who writes
    DIFFERENT = "different"  # same size and time, other bytes
    STAYS = "stays"


@dataclass
class _Known:
    file: CopiedFile
    since: float
    not_before: float = 0.0
    tried_at: float = 0.0


class LettingGo:
    """The copied files of one watched folder.

    Args:
        source: The folder and its times.
        copies: What the spool knows of them.
        disk: The disk door.
    """

    def __init__(self, source: config.Source, copies: Copies, disk: Disk) -> None:
        self._source = source
        self._copies, self._disk = copies, disk
        self._known: dict[bytes, _Known] = {}

    def look(self, now: float) -> dict[tuple[str, ...], CopiedFile]:
        """All copied files that may still lie in the folder, by their path below it."""
        copied = {file.origin: file for file in self._copies.of_source(self._source.name)}
        self._known = {
            origin: known
            if (known := self._known.get(origin)) is not None and known.file == file
            else _Known(file, now)
            for origin, file in copied.items()
        }
        return {_parts(origin): file for origin, file in copied.items()}

    def run(self, now: float, is_mounted: Callable[[], bool]) -> Sequence[str]:
        """Remove what may go at ``now``.

        Args:
            now: By the folder's clock.
            is_mounted: Whether the folder is still there: without it a missing file proves nothing.

        Returns:
            The ids of lots to whose files somebody wrote at that very moment.
        """
        due = [known for known in self._known.values() if self._is_due(known, now)]
        if not due:
            return []
        # Those that wait longest since their last try: files that are kept hold no others up.
        due = sorted(due, key=lambda known: known.tried_at)[:_AT_ONCE]
        is_share = self._source.mode == "polling" or is_on_share(self._source.folder)
        gone: list[bytes] = []
        reopened: list[str] = []
        for known in due:
            outcome = self._try(known, now, is_share=is_share)
            if outcome in (_Outcome.GONE, _Outcome.REOPENED):
                gone.append(known.file.origin)
            if outcome is _Outcome.REOPENED:
                reopened.append(known.file.lot_id)
        if gone and is_mounted():
            self._sync(gone)
            self._copies.record_removed(self._source.name, gone)
        return reopened

    @property
    def why_files_stay(self) -> str:
        """French; empty unless files cannot be removed."""
        return next((known.file.stays for known in self._known.values() if known.file.stays), "")

    def _is_due(self, known: _Known, now: float) -> bool:
        return now >= max(known.since + self._source.let_go_after_s, known.not_before)

    def _try(self, known: _Known, now: float, *, is_share: bool) -> _Outcome:
        file = known.file
        unseen_until = known.since + self._source.let_go_unseen_after_s
        known.tried_at = now
        try:
            _recover(self._source, file, self._disk)
            outcome = _remove(
                self._source,
                file,
                self._disk,
                is_share=is_share,
                may_be_unseen=now >= unseen_until,
            )
        except FileNotFoundError:
            return _Outcome.GONE
        except (NotADirectoryError, IsADirectoryError, StillChanging):
            return _Outcome.KEPT  # something else lies there: the next look sees what
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                return _Outcome.KEPT  # what passes, or a file server that knows who has it open
            known.not_before = now + _TRY_AGAIN_S
            self._tell(file)
            return _Outcome.STAYS
        if outcome is _Outcome.UNSURE:
            known.not_before = unseen_until  # to ask all processes again costs, and tells no more
        if outcome is _Outcome.DIFFERENT:
            self._copies.record_changed(self._source.name, file.origin)
        return outcome

    def _tell(self, file: CopiedFile) -> None:
        if not file.stays:
            name = printable_name(_parts(file.origin)[-1])
            note = f"Copié, mais ne peut pas être supprimé : {name}. {FileStays.advice}"
            self._copies.record_not_removable(
                self._source.name, file.origin, FileStays.reason, note
            )

    def _sync(self, origins: Sequence[bytes]) -> None:
        for origin in {origin.rpartition(b"/")[0]: origin for origin in origins}.values():
            try:
                with parent(self._source.folder, origin) as (folder_fd, _):
                    self._disk.sync_fd(folder_fd)
            except (FileNotFoundError, NotADirectoryError):
                continue  # the directory has gone with them


def _remove(
    source: config.Source, file: CopiedFile, disk: Disk, *, is_share: bool, may_be_unseen: bool
) -> _Outcome:
    with (
        parent(source.folder, file.origin) as (folder_fd, name),
        open_regular(name, folder_fd) as fd,
    ):
        if not is_same(os.fstat(fd), file.size, file.mtime_ns):
            return _Outcome.KEPT
        with watched(fd, is_share=is_share) as who_writes:
            who = who_writes()
            if not _may_go(who, may_be_unseen=may_be_unseen):
                return _Outcome.UNSURE if who is Writers.UNKNOWN else _Outcome.KEPT
            if digest_of(fd) != (file.sha256, file.size):
                return _Outcome.DIFFERENT
            there = os.stat(name, dir_fd=folder_fd, follow_symlinks=False)
            opened = os.fstat(fd)
            is_it = (there.st_dev, there.st_ino) == (opened.st_dev, opened.st_ino)
            if not (is_it and is_same(there, file.size, file.mtime_ns)):
                return _Outcome.KEPT
            if not _may_go(who_writes(), may_be_unseen=may_be_unseen):
                return _Outcome.KEPT
            return _unlink(name, _second_name(file), folder_fd, who_writes, disk)


def _unlink(
    name: bytes, second: bytes, folder_fd: int, who_writes: Callable[[], Writers], disk: Disk
) -> _Outcome:
    """Remove a name; take it back when somebody asked to write to the file just then.

    Whoever asked waits for the end of the lease, and then writes to the file under its name.
    """
    has_second = disk.link(name, second, folder_fd)
    disk.unlink(name, folder_fd)
    outcome = _Outcome.GONE
    if who_writes() is Writers.SOME:
        is_back = has_second and disk.link(second, name, folder_fd)
        outcome = _Outcome.KEPT if is_back else _Outcome.REOPENED
    if has_second and outcome is not _Outcome.REOPENED:
        disk.unlink(second, folder_fd)
    return outcome


def _recover(source: config.Source, file: CopiedFile, disk: Disk) -> None:
    """After a crash between two names: give the file its own name again, or leave it none."""
    second = _second_name(file)
    with parent(source.folder, file.origin) as (folder_fd, name):
        try:
            with open_regular(second, folder_fd) as fd:
                is_known = digest_of(fd) == (file.sha256, file.size)
        except (FileNotFoundError, IsADirectoryError, StillChanging):
            return
        if is_known or disk.link(second, name, folder_fd):
            disk.unlink(second, folder_fd)


def _second_name(file: CopiedFile) -> bytes:
    """Hidden, so that it is no lot; of this file alone."""
    return f".vaguemestre-{file.lot_id}-{file.sha256[:16]}".encode()


def _parts(origin: bytes) -> tuple[str, ...]:
    return tuple(os.fsdecode(part) for part in origin.split(b"/"))


def _may_go(who: Writers, *, may_be_unseen: bool) -> bool:
    return who is Writers.NONE or (who is Writers.UNKNOWN and may_be_unseen)
