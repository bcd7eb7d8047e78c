"""What a reading process gives up once it is loaded; for good, and each part by the kernel's word.

Who opens files of strangers must be believed to be theirs one day: a decoder with a fault obeys
the file. It then finds itself without network, files, programs or rights, with the one pipe to
its owner. docs/decisions/0018-confined-reading.md says what each part stops and what is left.
"""

import ctypes
import os
import platform
import resource
import struct
import sysconfig
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from edge.workers import landlock, seccomp
from edge.workers.calls import MACHINES

_SET_DUMPABLE, _SET_NO_NEW_PRIVS, _DROP_FROM_BOUNDING = 4, 38, 24
_AMBIENT, _AMBIENT_CLEAR_ALL = 47, 4
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_OPEN_FILES = 64
# Where PDFium looks for fonts that a PDF names and does not hold.
_FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/X11/fonts")


class Protection(StrEnum):
    """What is in force, each on its own; ``doctor`` has a sentence for each."""

    NO_NEW_RIGHTS = "no_new_rights"  # no program that it runs gains rights (no_new_privs)
    NO_CAPABILITIES = "no_capabilities"  # nothing of root but the name
    NO_MEMORY_IMAGE = "no_memory_image"  # no core file, memory closed to other processes
    CALLS = "calls"  # no socket, process, program, signal, owner, mode (seccomp)
    FILES = "files"  # none is opened but code and fonts
    LANDLOCK = "landlock"  # files are judged by path; without it none is opened at all
    TCP = "tcp"  # no connection even by a socket that was left open
    SIGNALS = "signals"  # no signal, no abstract socket, to anything outside


# Without these a process reads nothing unless the settings say so.
REQUIRED = frozenset({Protection.NO_NEW_RIGHTS, Protection.CALLS, Protection.FILES})


def no_memory_image() -> None:
    """Leave no core file, and let no other process of the account look into this one."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(_SET_DUMPABLE, 0)


def lock(*, with_landlock: bool = True) -> frozenset[Protection]:
    """Give up all that reading does not need; what the kernel does not take is not in the answer.

    Everything that is ever to be imported must be. With a second thread there is neither Landlock
    nor a word of capabilities; the filter holds for all threads.

    Args:
        with_landlock: False does as on a kernel that has none.
    """
    held = set[Protection]()
    no_memory_image()
    held.add(Protection.NO_MEMORY_IMAGE)
    last = _last_capability()
    _limit()
    if _prctl(_SET_NO_NEW_PRIVS, 1):
        held.add(Protection.NO_NEW_RIGHTS)
    is_alone = _threads() == 1  # these two are given up by one thread, the others would stay free
    version = landlock.generation() if with_landlock and is_alone else 0
    if landlock.restrict(readable(), version):
        held |= {Protection.LANDLOCK, Protection.FILES}
        held |= {Protection.TCP} if version >= landlock.TCP_SINCE else set()
        held |= {Protection.SIGNALS} if version >= landlock.SIGNALS_SINCE else set()
    if _drop_capabilities(last) and is_alone:
        held.add(Protection.NO_CAPABILITIES)
    machine = MACHINES.get(platform.machine())
    if machine is not None:
        steps = seccomp.program(machine, os.getpid(), opens=Protection.LANDLOCK in held)
        if seccomp.install(machine, steps):
            held |= {Protection.CALLS, Protection.FILES}
    return frozenset(held)


def readable() -> Sequence[Path]:
    """Directories that may be read: installed code, for what is imported late, and fonts."""
    code = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return [Path(path) for path in (*sorted(filter(None, code)), *_FONTS)]


def _limit() -> None:
    """No file grows, few are open, none is locked in memory; as far as they can be lowered."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    most = min(_MOST_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return 0


def _last_capability() -> int:
    try:
        return int(Path("/proc/sys/kernel/cap_last_cap").read_bytes())
    except (OSError, ValueError):
        return 40


def _drop_capabilities(last: int) -> bool:
    """Empty every set of them. Those of an ordinary account are empty, and cannot be filled."""
    for capability in range(last + 1):
        _prctl(_DROP_FROM_BOUNDING, capability)
    _prctl(_AMBIENT, _AMBIENT_CLEAR_ALL)
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    return bool(libc.capset(header, struct.pack("=6I", *[0] * 6)) == 0)


def _prctl(option: int, *arguments: int) -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return bool(libc.prctl(option, *padded) == 0)
