"""What every kind of source file offers, and the limits that hold before it is decoded."""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias

from edge.errors import PageTooLarge
from edge.imaging.page import PageImage

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


class Source(ABC):
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
