"""Which kind of file bytes are, from their first bytes and never from a name."""

import io
from enum import StrEnum
from typing import BinaryIO, cast

from edge.imaging.source import Data

_PDF_HEADER_WITHIN = 1024  # mail gateways leave a few lines before it
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-")


class Kind(StrEnum):
    """The formats that are read."""

    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


def sniff(data: Data) -> Kind | None:
    """Tell the format, or None for one that is not read."""
    head = bytes(data[:_PDF_HEADER_WITHIN])
    if head[:4] in _MAGIC[:4]:
        return Kind.TIFF
    if head.startswith(b"\xff\xd8"):
        return Kind.JPEG
    if head.startswith(_MAGIC[5]):
        return Kind.PNG
    if b"%PDF-" in head:
        return Kind.PDF
    return None


class Window(io.RawIOBase):
    """A read-only file over bytes or a memory map, copying only what is read.

    ``mmap`` itself lacks ``readinto`` and ``BytesIO`` would copy the map.
    """

    def __init__(self, data: Data) -> None:
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where the next read starts."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as any file does."""
        base = (0, self._position, len(self._data))[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer`` from here on."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        chunk = self._data[self._position : self._position + len(view)]
        view[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)


def as_file(data: Data) -> BinaryIO:
    """A ``Window`` typed as Pillow asks for it, who only reads, seeks and tells."""
    return cast(BinaryIO, Window(data))
