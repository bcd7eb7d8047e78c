"""Whole JPEG streams inside TIFF pages, where the page's own directory says that they lie.

Old-style JPEG (compression 6) and some capture programs' pages are refused by image libraries,
although the directory names a stream that any JPEG decoder reads: by its interchange fields
(tags 513 and 514), as the one strip, or as a header there and the data in the strip.
"""

import struct
from collections.abc import Iterator

from edge.imaging.tiffdir import Directory, Tag

_START = b"\xff\xd8\xff"
_MOST_SEGMENTS = 500  # of a JPEG header; a colour profile takes some hundred
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame, by any coding
_SCAN, _FILLING = 0xDA, 0xFF
_BARE = frozenset(range(0xD0, 0xD9)) | {0x01}  # markers without a length
_PADDED_PX = 15  # by which a stream may be larger than its page: whole blocks are coded


def whole_jpeg(directory: Directory, width: int, height: int) -> bytes | None:
    """The stream of a page as a JPEG file, None when its directory names none of its size.

    Args:
        directory: Of the page.
        width: In stored pixels, as the directory says.
        height: The same.

    Raises:
        FileTruncated: the values of a field lie outside the file.
    """
    for stream in _streams(directory):
        size = frame_size(stream)
        if size is not None and all(
            0 <= coded - said <= _PADDED_PX
            for coded, said in zip(size, (width, height), strict=True)
        ):
            return stream
    return None


def _streams(directory: Directory) -> Iterator[bytes]:
    """What may be a whole stream: that of the interchange fields, then the only strip.

    Lengths of tag 514 are often wrong: too short, the strip's end holds. Many writers put the
    header there and the data into the strip. A decoder stops at the stream's own end.
    """
    data, size = directory.data, len(directory.data)
    strip = _strip(directory)
    start = directory.integer(Tag.JPEG_OFFSET, 0)
    if 0 < start < size:
        end = min(size, start + directory.integer(Tag.JPEG_LENGTH, 0))
        if strip is None:
            yield bytes(data[start : end if end > start else size])
        elif start < end <= strip[0]:
            yield bytes(data[start:end]) + bytes(data[slice(*strip)])
        else:
            yield bytes(data[start : max(end, strip[1])])
    if strip is not None:
        yield bytes(data[slice(*strip)])


def _strip(directory: Directory) -> tuple[int, int] | None:
    """Start and end of a page's only strip, inside the file."""
    starts = directory.integers(Tag.STRIP_OFFSETS, 2)
    counts = directory.integers(Tag.STRIP_COUNTS, 2)
    size = len(directory.data)
    if len(starts) != 1 or not 0 < starts[0] < size:
        return None
    count = counts[0] if counts and counts[0] > 0 else size
    return starts[0], min(starts[0] + count, size)


def frame_size(stream: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that a JPEG's frame tells; None unless a scan follows it."""
    if not stream.startswith(_START):
        return None
    size: tuple[int, int] | None = None
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 9 > len(stream) or stream[at] != _FILLING:
            return None
        marker = stream[at + 1]
        if marker == _FILLING:
            at += 1
        elif marker in _BARE:
            at += 2
        elif marker == _SCAN:
            return size
        else:
            if marker in _FRAMES:
                down, across = struct.unpack_from(">HH", stream, at + 5)
                size = across, down
            at += 2 + int.from_bytes(stream[at + 2 : at + 4])
    return None
