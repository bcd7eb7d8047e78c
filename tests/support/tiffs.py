"""TIFF files made by hand: what Pillow does not write, and what nobody should.

Written apart from edge.imaging on purpose: one mistake in both would not show.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, SAMPLES, ROWS_PER_STRIP, STRIP_COUNTS = 273, 277, 278, 279
X_RESOLUTION, Y_RESOLUTION, PLANAR, RESOLUTION_UNIT = 282, 283, 284, 296
COLORMAP = 320
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_COUNTS, EXTRA_SAMPLES = 322, 323, 324, 325, 338

SHORT, LONG = 3, 4
_SHORTS = {BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, RESOLUTION_UNIT, EXTRA_SAMPLES}
_SHORTS |= {COLORMAP}
_RATIONALS = {X_RESOLUTION, Y_RESOLUTION}

Fields = Mapping[int, Sequence[int]]


def page(
    width: int, height: int, *, dpi: tuple[int, int] | None = (100, 100), **more: int
) -> dict[int, Sequence[int]]:
    """The fields of an uncompressed grey page; ``more`` by the names above, in lower case."""
    fields: dict[int, Sequence[int]] = {
        WIDTH: [width],
        HEIGHT: [height],
        BITS: [8],
        COMPRESSION: [1],
        PHOTOMETRIC: [1],
        SAMPLES: [1],
    }
    if dpi is not None:
        fields |= {X_RESOLUTION: [dpi[0]], Y_RESOLUTION: [dpi[1]], RESOLUTION_UNIT: [2]}
    return fields | {globals()[name.upper()]: [value] for name, value in more.items()}


def stripped(fields: Fields, strips: Sequence[bytes], rows: int) -> tuple[Fields, list[bytes]]:
    """A page of strips, each of ``rows`` rows."""
    return {**fields, ROWS_PER_STRIP: [rows]}, list(strips)


def tiled(pixels: NDArray[np.uint8], side: int) -> tuple[Fields, list[bytes]]:
    """A grey page of deflated tiles; those at the right and lower edge are filled up."""
    height, width = pixels.shape
    full = np.pad(pixels, ((0, -height % side), (0, -width % side)), constant_values=77)
    tiles = [
        zlib.compress(full[y : y + side, x : x + side].tobytes())
        for y in range(0, full.shape[0], side)
        for x in range(0, full.shape[1], side)
    ]
    fields = page(width, height, compression=8, tile_width=side, tile_height=side)
    return fields, tiles


def compose(
    *pages: tuple[Fields, Sequence[bytes]],
    endian: str = "<",
    big: bool = False,
    last_pointer: int = 0,
) -> bytes:
    """Write a file: header, then each page's data, values and directory.

    Args:
        pages: Fields and strips or tiles of each.
        endian: ``<`` or ``>``.
        big: BigTIFF.
        last_pointer: What the last directory names as the next one.
    """
    pointer, head = ("Q", 16) if big else ("I", 8)
    out = bytearray((b"II" if endian == "<" else b"MM") + struct.pack(endian + "H", 42 + big))
    out += struct.pack(endian + "HH", 8, 0) if big else b""
    link = len(out)  # where the offset of the next directory is to be written
    out += b"\0" * (head - len(out))
    for fields, segments in pages:
        starts = []
        for segment in segments:
            starts.append(len(out))
            out += segment
        offsets, counts = (
            (TILE_OFFSETS, TILE_COUNTS) if TILE_WIDTH in fields else (STRIP_OFFSETS, STRIP_COUNTS)
        )
        own = {offsets: starts, counts: [len(s) for s in segments]} if segments else {}
        link = _directory(out, {**own, **fields}, link, endian, big)
    struct.pack_into(endian + pointer, out, link, last_pointer)
    return bytes(out)


def _directory(out: bytearray, fields: Fields, link: int, endian: str, big: bool) -> int:
    """Append a directory, link it, and return where it names the next one."""
    pointer, number, inline = ("Q", "Q", 8) if big else ("I", "H", 4)
    entries = []
    for tag, values in sorted(fields.items()):
        kind, raw = _values(tag, values, endian)
        count = len(values)
        if len(raw) > inline:
            out += b"\0" * (len(out) % 2)
            where = struct.pack(endian + pointer, len(out))
            out += raw
        else:
            where = raw.ljust(inline, b"\0")
        entries.append(struct.pack(endian + "HH" + pointer, tag, kind, count) + where)
    out += b"\0" * (len(out) % 2)
    struct.pack_into(endian + pointer, out, link, len(out))
    out += struct.pack(endian + number, len(entries)) + b"".join(entries)
    out += b"\0" * struct.calcsize(pointer)
    return len(out) - struct.calcsize(pointer)


def _values(tag: int, values: Sequence[int], endian: str) -> tuple[int, bytes]:
    if tag in _RATIONALS:
        return 5, b"".join(struct.pack(endian + "II", value, 1) for value in values)
    letter, kind = ("H", SHORT) if tag in _SHORTS else ("I", LONG)
    return kind, struct.pack(f"{endian}{len(values)}{letter}", *values)


def overlapping(directories: int, size: int) -> bytes:
    """The head of a file of ``size`` bytes whose many directories all name the same values.

    Each page has as many strips as the rest of the file has room to name, and a field as long.
    """
    head, entries = 8, 8
    length = 2 + 12 * entries + 4
    start = head + directories * length
    strips = (size - start) // 4
    fields = [
        (WIDTH, LONG, 1, 1), (HEIGHT, LONG, 1, strips), (COMPRESSION, SHORT, 1, 5),
        (STRIP_OFFSETS, LONG, strips, start), (SAMPLES, SHORT, 1, 1),
        (ROWS_PER_STRIP, LONG, 1, 1), (STRIP_COUNTS, LONG, strips, start),
        (347, 7, size - start, start),
    ]  # fmt: skip
    body = struct.pack("<H", entries) + b"".join(struct.pack("<HHII", *f) for f in fields)
    out = bytearray(b"II*\0" + struct.pack("<I", head))
    for index in range(1, directories + 1):
        out += body + struct.pack("<I", head + index * length if index < directories else 0)
    return bytes(out)
