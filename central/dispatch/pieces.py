"""Room on the disk for the pieces of one package, given back when it is done.

The pages of a PDF wait in one file until the whole is saved, so that a package of a thousand
pages needs neither their memory nor a thousand open files.
"""

import io
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Pieces:
    """See the module; use it in a ``with``.

    Args:
        folder: Where it may write; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> "Pieces":
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._own = tempfile.TemporaryDirectory(dir=self._folder, ignore_cleanup_errors=True)
        self._file = tempfile.TemporaryFile(dir=self._own.name)
        self._count = 0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()
        self._own.cleanup()

    def keep(self, data: bytes) -> BinaryIO:
        """Put bytes aside; gives them back as a file to read from.

        Raises:
            OSError: no room.
        """
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(data)
        self._file.flush()
        return cast(BinaryIO, io.BufferedReader(_Slice(self._file.fileno(), start, len(data))))

    def new_file(self) -> Path:
        """Name a file that does not exist yet and goes with the rest."""
        self._count += 1
        return Path(self._own.name) / str(self._count)


class _Slice(io.RawIOBase):
    """A part of an open file, read without moving its position."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor, self._start, self._size, self._at = descriptor, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        most = max(0, min(len(view), self._size - self._at))
        data = os.pread(self._descriptor, most, self._start + self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
