"""One page of a TIFF file as a small TIFF file of its own.

Decoders read a whole file for each page (quadratic in a long lot) and stumble over chains,
missing byte counts and colour maps written on 8 bits. Given one page alone, with those
repaired, they have little left to stumble over.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from edge.errors import ImageUndecodable, PageTooLarge
from edge.imaging.source import Limits
from edge.imaging.tiffdir import Directory, Tag
from edge.imaging.tiffjpeg import frame_size
from edge.imaging.tiffsegments import KEPT, OLD_JPEG, is_usable, segments_of, shape_of

_OLD_JPEG_MAX_FILE = 256_000_000
_JPEG = 7
_BYTES_A_PIXEL = 16  # four samples of 32 bits


class Lone(NamedTuple):
    """A one-page TIFF file and what was done to it."""

    data: bytes
    repaired: bool  # the colour map was on 8 bits
    bits: int  # of one sample


def check(directory: Directory, limits: Limits) -> tuple[int, int]:
    """Read a page's size and hold the limits against it, before anything is decoded.

    Returns:
        Width and height in stored pixels.

    Raises:
        PageTooLarge, ImageUndecodable, FileTruncated.
    """
    shape = shape_of(directory)
    limits.check_pixels(shape.width, shape.height)
    if shape.bits * shape.samples > _BYTES_A_PIXEL * 8:
        raise PageTooLarge(f"{shape.samples} samples of {shape.bits} bits in a pixel")
    tile = directory.integer(Tag.TILE_WIDTH, 1) * directory.integer(Tag.TILE_HEIGHT, 1)
    limits.check_pixels(tile, 1)
    return shape.width, shape.height


def extract(directory: Directory, offset: int) -> Lone:
    """Make a file of this page alone.

    Args:
        directory: Of the page; ``check`` has let it pass.
        offset: Where the directory is in its file.

    Raises:
        FileTruncated: pixel data is missing or lies outside the file.
        ImageUndecodable: the directory names no pixel data, or less than the page's.
        PageTooLarge: an old-style JPEG page of a huge file.
    """
    bits = shape_of(directory).bits
    if directory.integer(Tag.COMPRESSION, 1) == OLD_JPEG:
        return Lone(_with_first_directory(directory, offset), False, bits)
    segments = segments_of(directory)
    fields = {tag: _field(directory, tag) for tag in KEPT if is_usable(directory, tag)}
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
    if directory.integer(Tag.COMPRESSION, 1) == _JPEG and not tiled:
        _check_frames(body, directory)
    longs = f"{endian}{len(segments)}I"
    fields[offsets_tag] = (4, len(segments), struct.pack(longs, *starts))
    fields[counts_tag] = (4, len(segments), struct.pack(longs, *(count for _, count in segments)))
    return Lone(_compose(endian, b"".join(body), fields), repaired, bits)


def _check_frames(strips: Sequence[bytes], directory: Directory) -> None:
    """Refuse JPEG strips of fewer pixels than they are to fill: decoders leave the rest empty."""
    shape = shape_of(directory)
    rows = min(directory.integer(Tag.ROWS_PER_STRIP, 0) or shape.height, shape.height)
    for place, strip in enumerate(strips[: -(-shape.height // rows)]):
        size = frame_size(strip)
        if size is None:
            continue
        width, height = size
        if width < shape.width or height < min(rows, shape.height - place * rows):
            raise ImageUndecodable("a JPEG strip holds fewer pixels than the page")


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
