"""Ask whether a file is whole to its end, without trusting what lies at its path."""

import mmap
import os
from collections.abc import Callable
from pathlib import Path

from edge.spool.files import open_regular

_READ_AT_ONCE = 32_000_000  # a mapped file that shrinks ends the process; a read one does not


def whole_check(is_whole: Callable[[bytes | mmap.mmap], bool]) -> Callable[[Path], bool]:
    """Make a check on paths from one on bytes (``edge.imaging.whole.is_whole``).

    The check raises OSError when the file cannot be read. Only large files are mapped.
    """

    def check(path: Path) -> bool:
        with open_regular(path) as fd:
            size = os.fstat(fd).st_size
            if size <= _READ_AT_ONCE:
                return is_whole(_read(fd, size))
            with mmap.mmap(fd, size, access=mmap.ACCESS_READ) as mapped:
                return is_whole(mapped)

    return check


def _read(fd: int, size: int) -> bytes:
    with open(fd, "rb", closefd=False) as file:
        return file.read(size)
