"""Take a process's paths, its TCP and its signals away (Landlock).

Each generation of the kernel's interface (its ABI) can take more. What a generation does not know
is not asked for, and told as lacking. Names of files, their times and their owners stay visible.
"""

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from edge.workers.calls import LANDLOCK_ADD, LANDLOCK_CREATE, LANDLOCK_RESTRICT

_ASK_VERSION = 1
_BENEATH_PATH = 1
_READ_FILE, _READ_DIRECTORY = 1 << 2, 1 << 3
# Acts on files that each generation added to those before it, as bits; 1 has thirteen.
_FILE_BITS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
_NEWEST_FILE_BITS = 16
TCP_SINCE, SIGNALS_SINCE = 4, 6
_TCP = 1 | 2  # to bind, to connect
_SCOPE = 1 | 2  # abstract sockets and signals beyond this process


def generation() -> int:
    """The kernel's generation of the interface; 0: it has none, or it is switched off."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), _ASK_VERSION)))


def restrict(readable: Iterable[Path], version: int) -> bool:
    """Leave this thread, for good, only reading below some directories.

    ``no_new_privs`` must be set before, and no other thread may run: each would stay free.

    Args:
        readable: Directories or files that may be read; those that are not there are left out.
        version: Of ``generation``.

    Returns:
        False when the kernel refuses; then nothing is taken away.
    """
    if version < 1:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    told = struct.pack(
        "=QQQ",
        (1 << _FILE_BITS.get(version, _NEWEST_FILE_BITS)) - 1,
        _TCP if version >= TCP_SINCE else 0,
        _SCOPE if version >= SIGNALS_SINCE else 0,
    )
    size = 24 if version >= SIGNALS_SINCE else 16 if version >= TCP_SINCE else 8
    rules = libc.syscall(LANDLOCK_CREATE, told, ctypes.c_size_t(size), 0)
    if rules < 0:
        return False
    try:
        for path in readable:
            with suppress(OSError):
                _may_read(libc, rules, path)
        return bool(libc.syscall(LANDLOCK_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _may_read(libc: ctypes.CDLL, rules: int, path: Path) -> None:
    fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = _READ_FILE | (_READ_DIRECTORY if path.is_dir() else 0)
        libc.syscall(LANDLOCK_ADD, rules, _BENEATH_PATH, struct.pack("=Qi", rights, fd), 0)
    finally:
        os.close(fd)
