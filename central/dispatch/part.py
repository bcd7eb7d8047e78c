"""One file of a package: few bytes in memory, or a file on the disk, read in pieces."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_PIECE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Part:
    """See the module; ``size`` in bytes, ``sha256`` in hex."""

    size: int
    sha256: str
    _data: bytes | None = None
    _path: Path | None = None

    @classmethod
    def of_bytes(cls, data: bytes) -> "Part":
        """Make a part of what is in memory."""
        return cls(len(data), hashlib.sha256(data).hexdigest(), data)

    @classmethod
    def of_file(cls, path: Path) -> "Part":
        """Make a part of a file that stays as it is.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path.stat().st_size, digest, None, path)

    def open(self) -> BinaryIO:
        """Open it; the caller closes it.

        Raises:
            OSError: it cannot be read.
        """
        if self._path is not None:
            return self._path.open("rb")
        return io.BytesIO(self._data or b"")

    def pieces(self) -> Iterator[bytes]:
        """Give its bytes, at most a megabyte at a time; the same error as ``open``."""
        with self.open() as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece

    def read(self) -> bytes:
        """Give all of it; the same error as ``open``."""
        return b"".join(self.pieces())
