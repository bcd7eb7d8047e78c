"""The door to source files: bytes in, pages out, one at a time; and whether a file is complete.

Every limit holds before a pixel is made: the file's size, the number of its pages, the pixels of
each page as its header tells them. A damaged page raises when it is asked for and leaves the others
readable.

Complete means that what a scanner writes last is there; whether the content can be decoded is
another question. An empty file, zeros and any unknown format are no proof of an end: a scanner may
have made room and not yet written. They are waited for like a file that lacks its end.
"""

import mmap

from edge.errors import FileEmpty, FileTruncated, FormatUnknown, PageTooLarge, TooManyPages
from edge.imaging.pdf import Opener, PdfSource
from edge.imaging.raster import RasterSource
from edge.imaging.source_file import Data, FileFormat, ImageFile, Limits, detect_format
from edge.imaging.tiff import TiffSource
from edge.imaging.tiff_structure import (
    End,
    read_directory,
    read_layout,
    segment_work,
    segments_inside,
    walk,
)


def open_source(data: Data, limits: Limits) -> ImageFile:
    """Recognise a file's format by its content and open it.

    Args:
        data: The whole file; must stay valid until the source is closed.
        limits: Hold for the file and each of its pages.

    Raises:
        FileEmpty, FormatUnknown, FileTruncated, FileEncrypted, NoPage, TooManyPages,
        PageTooLarge, ImageUndecodable: see ``edge.errors``.
    """
    return _open(data, limits, _attached)


def _attached(data: bytes, limits: Limits) -> ImageFile:
    """Open a file that is attached to another: what is attached to it in turn stays closed."""
    return _open(data, limits, None)


def _open(data: Data, limits: Limits, open_attached: Opener | None) -> ImageFile:
    if len(data) == 0:
        raise FileEmpty
    if len(data) > limits.max_file_bytes:
        raise PageTooLarge(f"{len(data)} bytes, at most {limits.max_file_bytes} are allowed")
    kind = detect_format(data)
    if kind is None:
        raise FormatUnknown
    if kind is FileFormat.TIFF:
        return TiffSource(data, limits)
    if kind is FileFormat.PDF:
        return PdfSource(data, limits, open_attached)
    return RasterSource(data, kind, limits)


_TAIL_BYTES = 2048
_MOST_PAGES = 20_000
# Directories may overlap: a file of 100 MB can name its strips 20,000 times over.
_MOST_NUMBERS, _MOST_NUMBERS_A_PAGE = 4_000_000, 200_000


def is_complete(data: bytes | mmap.mmap) -> bool:
    """Look at the end of a file.

    Args:
        data: All of it.
    """
    kind = detect_format(data)
    tail = bytes(data[-_TAIL_BYTES:])
    match kind:
        case FileFormat.PDF:
            return b"%%EOF" in tail and b"startxref" in tail
        case FileFormat.JPEG:
            return b"\xff\xd9" in tail
        case FileFormat.PNG:
            return b"IEND" in tail
        case FileFormat.TIFF:
            return _tiff_is_whole(data)
        case _:
            return False


def _tiff_is_whole(data: bytes | mmap.mmap) -> bool:
    try:
        layout = read_layout(data)
        chain = walk(data, layout, _MOST_PAGES)
    except FileTruncated:
        return False
    except TooManyPages:
        return True
    if chain.end is End.BROKEN or not chain.offsets:
        return False
    numbers = 0
    for at in chain.offsets:
        directory = read_directory(data, layout, at)
        here = segment_work(directory)
        numbers += here + len(directory.entries)
        if here > _MOST_NUMBERS_A_PAGE or numbers > _MOST_NUMBERS:
            return True  # no scanner's: reading it will say so
        if not segments_inside(directory):
            return False
    return True
