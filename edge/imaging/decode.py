"""The door to source files: bytes in, pages out, one at a time.

Every limit holds before a pixel is made: the file's size, the number of its pages, the
pixels of each page as its header tells them. A damaged page raises when it is asked for
and leaves the others readable.
"""

from edge.errors import FileEmpty, FormatUnknown, PageTooLarge
from edge.imaging.pdf import Opener, PdfSource
from edge.imaging.raster import RasterSource
from edge.imaging.sniff import Kind, sniff
from edge.imaging.source import Data, Limits, Source
from edge.imaging.tiff import TiffSource

__all__ = ["Data", "Limits", "Source", "open_source"]


def open_source(data: Data, limits: Limits) -> Source:
    """Recognise a file's format by its content and open it.

    Args:
        data: The whole file; must stay valid until the source is closed.
        limits: Hold for the file and each of its pages.

    Raises:
        FileEmpty, FormatUnknown, FileTruncated, FileEncrypted, NoPage, TooManyPages,
        PageTooLarge, ImageUndecodable: see ``edge.errors``.
    """
    return _open(data, limits, _attached)


def _attached(data: bytes, limits: Limits) -> Source:
    """Open a file that is attached to another: what is attached to it in turn stays closed."""
    return _open(data, limits, None)


def _open(data: Data, limits: Limits, open_attached: Opener | None) -> Source:
    if len(data) == 0:
        raise FileEmpty
    if len(data) > limits.max_file_bytes:
        raise PageTooLarge(f"{len(data)} bytes, at most {limits.max_file_bytes} are allowed")
    kind = sniff(data)
    if kind is None:
        raise FormatUnknown
    if kind is Kind.TIFF:
        return TiffSource(data, limits)
    if kind is Kind.PDF:
        return PdfSource(data, limits, open_attached)
    return RasterSource(data, kind, limits)
