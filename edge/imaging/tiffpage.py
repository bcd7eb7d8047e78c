"""One page of a TIFF file as a small TIFF file of its own.

Decoders read a whole file for each page (quadratic in a long lot) and stumble over chains,
missing byte counts and colour maps written on 8 bits. Given one page alone, with those
repaired, they have little left to stumble over.
"""

import struct
from typing import NamedTuple

from edge.errors import FileTruncated, ImageUndecodable, PageTooLarge
from edge.imaging.source import Limits
from edge.imaging.tiffdir import Directory, Tag

_OLD_JPEG = 6
_OLD_JPEG_MAX_FILE = 256_000_000
_BYTES_A_PIXEL = 16  # four samples of 32 bits
# Fields a decoder needs; orientation and resolution are ours, profiles and notes nobody's.
_KEPT = (256, 257, 258, 259, 262, 266, 277, 278, 284, 292, 293, 317, 320, 322, 323, 332, 334,
         338, 339, 347, 529, 530, 531, 532)  # fmt: skip


class Lone(NamedTuple):
    """A one-page TIFF file and what was done to it."""

    data: bytes
    repaired: bool  # the colour map was on 8 bits
    bits: int  # of one sample


class _Shape(NamedTuple):
    width: int
    height: int
    bits: int
    samples: int


def check(directory: Directory, limits: Limits) -> tuple[int, int]:
    """Read a page's size and hold the limits against it, before anything is decoded.

    Returns:
        Width and height in stored pixels.

    Raises:
        PageTooLarge, ImageUndecodable, FileTruncated.
    """
    shape = _shape(directory)
    limits.check_pixels(shape.width, shape.height)
    if shape.bits * shape.samples > _BYTES_A_PIXEL * 8:
        raise PageTooLarge(f"{shape.samples} samples of {shape.bits} bits in a pixel")
    tile = directory.integer(Tag.TILE_WIDTH, 1) * directory.integer(Tag.TILE_HEIGHT, 1)
    limits.check_pixels(tile, 1)
    return shape.width, shape.height


def _shape(directory: Directory) -> _Shape:
    width, height = directory.integer(Tag.WIDTH, 0), directory.integer(Tag.HEIGHT, 0)
    if width <= 0 or height <= 0:
        raise ImageUndecodable("the TIFF page has no size")
    bits = max(directory.integers(Tag.BITS, 16), default=1)
    return _Shape(width, height, bits, directory.integer(Tag.SAMPLES, 1))


def extract(directory: Directory, offset: int) -> Lone:
    """Make a file of this page alone.

    Args:
        directory: Of the page; ``check`` has let it pass.
        offset: Where the directory is in its file.

    Raises:
        FileTruncated: pixel data lies outside the file.
        ImageUndecodable: the directory names no pixel data.
        PageTooLarge: an old-style JPEG page of a huge file.
    """
    bits = _shape(directory).bits
    if directory.integer(Tag.COMPRESSION, 1) == _OLD_JPEG:
        return Lone(_with_first_directory(directory, offset), False, bits)
    segments = _segments(directory)
    fields = {tag: _field(directory, tag) for tag in _KEPT if _usable(directory, tag)}
    repaired = Tag.COLORMAP in fields and _repair_colormap(directory, fields)
    tiled = Tag.TILE_OFFSETS in directory.entries
    offsets_tag = Tag.TILE_OFFSETS if tiled else Tag.STRIP_OFFSETS
    counts_tag = Tag.TILE_COUNTS if tiled else Tag.STRIP_COUNTS
    endian = directory.layout.endian
    body, starts, at = [], [], 8
    for start, count in segments:
        body.append(bytes(directory.data[start : start + count]))
        starts.append(at)
        at += count
    longs = f"{endian}{len(segments)}I"
    fields[offsets_tag] = (4, len(segments), struct.pack(longs, *starts))
    fields[counts_tag] = (4, len(segments), struct.pack(longs, *(count for _, count in segments)))
    return Lone(_compose(endian, b"".join(body), fields), repaired, bits)


def segments_inside(directory: Directory) -> bool:
    """Whether all strips or tiles lie within the file (old-style JPEG: its stream's start)."""
    try:
        if directory.integer(Tag.COMPRESSION, 1) == _OLD_JPEG:
            return directory.integer(Tag.JPEG_OFFSET, 0) < len(directory.data)
        _segments(directory)
    except FileTruncated:
        return False
    except ImageUndecodable:
        return True  # complete, and of no use: decoding will say so
    return True


def _segments(directory: Directory) -> list[tuple[int, int]]:
    """Start and length of each strip or tile."""
    tiled = Tag.TILE_OFFSETS in directory.entries
    most = _segment_count(directory, tiled)
    starts = directory.integers(Tag.TILE_OFFSETS if tiled else Tag.STRIP_OFFSETS, most)
    counts = directory.integers(Tag.TILE_COUNTS if tiled else Tag.STRIP_COUNTS, most)
    if not starts or not any(starts):
        raise ImageUndecodable("the TIFF page names no pixel data")
    size = len(directory.data)
    if len(counts) < len(starts) or not any(counts):
        # Some writers leave the counts out or zero: data runs on to the next strip or the end.
        edges = [*sorted(starts), size]
        counts = tuple(edges[edges.index(start) + 1] - start for start in starts)
    pairs = list(zip(starts, counts, strict=False))
    if any(start < 0 or count < 0 or start + count > size for start, count in pairs):
        raise FileTruncated("pixel data lies outside the file")
    if sum(count for _, count in pairs) > size:
        raise ImageUndecodable("strips of the TIFF page overlap")
    return pairs


def _segment_count(directory: Directory, tiled: bool) -> int:
    shape = _shape(directory)
    planes = shape.samples if directory.integer(Tag.PLANAR, 1) == 2 else 1
    if tiled:
        across = -(-shape.width // max(1, directory.integer(Tag.TILE_WIDTH, shape.width)))
        down = -(-shape.height // max(1, directory.integer(Tag.TILE_HEIGHT, shape.height)))
        return across * down * planes
    rows = max(1, directory.integer(Tag.ROWS_PER_STRIP, shape.height))
    return -(-shape.height // rows) * planes


def _usable(directory: Directory, tag: int) -> bool:
    entry = directory.entries.get(tag)
    return entry is not None and entry.type in range(1, 13)


def _field(directory: Directory, tag: int) -> tuple[int, int, bytes]:
    entry = directory.entries[tag]
    return entry.type, entry.count, directory.raw(tag)


def _repair_colormap(directory: Directory, fields: dict[int, tuple[int, int, bytes]]) -> bool:
    """Colour maps go to 65535; written on 8 bits they show an all-black page without an error."""
    values = directory.integers(Tag.COLORMAP, 3 * 65536)
    if not values or not 0 < max(values) < 256:
        return False
    packed = struct.pack(f"{directory.layout.endian}{len(values)}H", *(v * 257 for v in values))
    fields[Tag.COLORMAP] = (3, len(values), packed)
    return True


def _compose(endian: str, body: bytes, fields: dict[int, tuple[int, int, bytes]]) -> bytes:
    """Header, pixel data, directory, then the values that do not fit into it."""
    body += b"\0" * (len(body) % 2)
    start = 8 + len(body)
    mark = b"II*\0" if endian == "<" else b"MM\0*"
    far = start + 2 + 12 * len(fields) + 4
    directory, values = [struct.pack(endian + "H", len(fields))], []
    for tag, (kind, count, raw) in sorted(fields.items()):
        if len(raw) <= 4:
            where = raw.ljust(4, b"\0")
        else:
            where = struct.pack(endian + "I", far)
            raw += b"\0" * (len(raw) % 2)  # noqa: PLW2901  (values start on even offsets)
            values.append(raw)
            far += len(raw)
        directory.append(struct.pack(endian + "HHI", tag, kind, count) + where)
    directory.append(b"\0\0\0\0")
    return b"".join([mark, struct.pack(endian + "I", start), body, *directory, *values])


def _with_first_directory(directory: Directory, offset: int) -> bytes:
    """The whole file with its header naming this page first.

    Old-style JPEG spreads tables and streams over the file in ways that only decoders know.
    """
    data, layout = directory.data, directory.layout
    if len(data) > _OLD_JPEG_MAX_FILE:
        raise PageTooLarge("a page in old-style JPEG of a file over 256 MB")
    copy = bytearray(data)
    struct.pack_into(
        layout.endian + ("Q" if layout.big else "I"), copy, 8 if layout.big else 4, offset
    )
    turn = directory.entries.get(Tag.ORIENTATION)
    if turn is not None and turn.type == 3:
        struct.pack_into(layout.endian + "H", copy, turn.position, 1)  # we turn, nobody else
    return bytes(copy)
