"""The one form in which a page travels through imaging and reading.

What every kind of source file offers, and the limits that hold before it is decoded.

Which kind of file bytes are, from their first bytes and never from a name.
"""

import hashlib
import io
import mmap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from edge.errors import PageTooLarge

Gray: TypeAlias = NDArray[np.uint8]  # height × width, 0 black .. 255 white


@dataclass(frozen=True, slots=True)
class PageImage:
    """One decoded page.

    Attributes:
        gray: Height × width, uint8, 0 black .. 255 white, C-contiguous, as its orientation
            tag wants it shown (TIFF and EXIF orientations are already applied).
        dpi: Dots an inch, the same in both directions, at most 300.
        dpi_known: False when the file told none or an absurd one and it was guessed.
        marks: ``dpi_assumed``, ``resampled`` when the stored pixels were stretched to squares
            or lowered to 300 dpi, ``colormap_repaired``.
    """

    gray: Gray
    dpi: float
    dpi_known: bool
    marks: tuple[str, ...] = ()

    def digest(self) -> str:
        """Of the pixels, in hex: equal for one picture decoded from two copies of a file."""
        digest = hashlib.sha256(repr((self.gray.shape, self.dpi)).encode())
        digest.update(self.gray.data)
        return digest.hexdigest()


Data: TypeAlias = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may ask of this machine; checked from headers, before any pixel is made.

    Attributes:
        max_page_pixels: Of one page, as stored and as rendered.
        max_pages: Of one file.
        max_file_bytes: Of one file.
    """

    max_page_pixels: int = 150_000_000
    max_pages: int = 5_000
    max_file_bytes: int = 4_000_000_000

    def check_pixels(self, width: int, height: int) -> None:
        """Refuse a page that would be too large.

        Raises:
            PageTooLarge: with the size in the message.
        """
        if width * height > self.max_page_pixels:
            raise PageTooLarge(
                f"{width} x {height} pixels, at most {self.max_page_pixels} are allowed"
            )


class ImageFile(ABC):
    """An open source file: pages are decoded one at a time, in any order.

    The data it was opened from must stay valid until ``close``.
    """

    @property
    @abstractmethod
    def indices(self) -> Sequence[int]:
        """Index of each page inside the file, ascending, those that will not decode included.

        An index is where the page lies in the file, from 0: in a TIFF its directory's place in
        the chain. What is no page (a preview) keeps its place, so an index means the same to
        whoever opens the file, and none is used twice.
        """

    @property
    def page_count(self) -> int:
        """Number of pages, at least 1."""
        return len(self.indices)

    @abstractmethod
    def page(self, index: int) -> PageImage:
        """Decode one page of ``indices``.

        Raises:
            ReadingError: this page cannot be read; the others may.
            IndexError: there is no such page.
        """

    def close(self) -> None:  # noqa: B027  (most sources hold nothing)
        """Let go of what the decoder holds; the source is of no use afterwards."""

    def check_index(self, index: int) -> None:
        """Refuse an index outside of the file.

        Raises:
            IndexError: there is no such page.
        """
        if index not in self.indices:
            raise IndexError(f"page {index} of {self.page_count}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_PDF_HEADER_WITHIN = 1024  # mail gateways leave a few lines before it
_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-")


class FileFormat(StrEnum):
    """The formats that are read."""

    TIFF = "tiff"
    JPEG = "jpeg"
    PNG = "png"
    PDF = "pdf"


def detect_format(data: Data) -> FileFormat | None:
    """Tell the format, or None for one that is not read."""
    head = bytes(data[:_PDF_HEADER_WITHIN])
    if head[:4] in _MAGIC[:4]:
        return FileFormat.TIFF
    if head.startswith(b"\xff\xd8"):
        return FileFormat.JPEG
    if head.startswith(_MAGIC[5]):
        return FileFormat.PNG
    if b"%PDF-" in head:
        return FileFormat.PDF
    return None


class ByteWindow(io.RawIOBase):
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
    """A ``ByteWindow`` typed as Pillow asks for it, who only reads, seeks and tells."""
    return cast(BinaryIO, ByteWindow(data))
