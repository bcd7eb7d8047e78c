"""Reach what lies in a watched folder by directory handle, never through a link.

Whoever may write in the folder may put a link at any place of a path, also between a look and an
act. Only the folder itself is opened by its path, which the settings name; everything below it is
opened by name from the handle above, and a link is refused there.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.spool.files import open_regular

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
