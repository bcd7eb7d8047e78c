"""TIFF directories, read without decoding anything.

Knowing the directories ourselves is what makes a 1,000-page lot readable in linear time, an
endless chain harmless, limits checkable before decoding, and a file that is still being
written recognisable. Classic and BigTIFF, both byte orders.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from edge.errors import FileTruncated, TooManyPages
from edge.imaging.source import Data

# field type -> struct letter and bytes; 5 and 10 are rationals, read as two numbers
_TYPES = {
    1: ("B", 1), 2: ("B", 1), 3: ("H", 2), 4: ("I", 4), 5: ("II", 8), 6: ("b", 1), 7: ("B", 1),
    8: ("h", 2), 9: ("i", 4), 10: ("ii", 8), 11: ("f", 4), 12: ("d", 8), 13: ("I", 4),
    16: ("Q", 8), 17: ("q", 8), 18: ("Q", 8),
}  # fmt: skip


_MOST_ENTRIES = 4096  # of one directory


class Tag:
    """The tags that we look at."""

    SUBFILE = 254
    OLD_SUBFILE = 255
    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    STRIP_OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS_PER_STRIP = 278
    STRIP_COUNTS = 279
    X_RESOLUTION = 282
    Y_RESOLUTION = 283
    PLANAR = 284
    RESOLUTION_UNIT = 296
    COLORMAP = 320
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_COUNTS = 325
    JPEG_OFFSET = 513
    JPEG_LENGTH = 514


class Layout(NamedTuple):
    """How numbers are written in one file."""

    endian: str  # "<" or ">"
    big: bool  # BigTIFF
    first: int  # offset of the first directory


class End(StrEnum):
    """How a chain of directories ends."""

    CLEAN = "clean"
    LOOP = "loop"  # points back to a directory already seen
    BROKEN = "broken"  # points outside the file


class Chain(NamedTuple):
    """Where the directories are, in page order, and how their chain ends."""

    offsets: tuple[int, ...]
    end: End


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a directory; ``position`` is where its values are in the file."""

    type: int
    count: int
    position: int


@dataclass(frozen=True, slots=True)
class Directory:
    """One page's fields, the values still in the file."""

    data: Data
    layout: Layout
    entries: dict[int, Entry]

    def numbers(self, tag: int, at_most: int) -> tuple[float, ...]:
        """Values of a field, rationals as quotients, () when it is absent or of no known type.

        Args:
            tag: Which field.
            at_most: Values beyond are left out, whatever the field claims to hold.

        Raises:
            FileTruncated: the values lie outside the file.
        """
        entry = self.entries.get(tag)
        if entry is None or entry.type not in _TYPES:
            return ()
        letter, size = _TYPES[entry.type]
        count = min(entry.count, at_most)
        if entry.position + count * size > len(self.data):
            raise FileTruncated(f"values of TIFF field {tag} lie outside the file")
        form = f"{self.layout.endian}{count * len(letter)}{letter[0]}"
        values = struct.unpack_from(form, self.data, entry.position)
        if len(letter) == 1:
            return values
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(up / down if down else 0.0 for up, down in pairs)

    def integers(self, tag: int, at_most: int) -> tuple[int, ...]:
        """``numbers`` as whole numbers."""
        return tuple(int(value) for value in self.numbers(tag, at_most))

    def integer(self, tag: int, default: int) -> int:
        """First value of a field."""
        values = self.integers(tag, 1)
        return values[0] if values else default

    def is_inside(self, tag: int) -> bool:
        """Whether a field's values lie within the file; they are not looked at."""
        entry = self.entries[tag]
        return entry.position + entry.count * _TYPES[entry.type][1] <= len(self.data)

    def raw(self, tag: int) -> bytes:
        """Values of a field as they are in the file.

        Raises:
            FileTruncated: they lie outside the file.
        """
        entry = self.entries[tag]
        end = entry.position + entry.count * _TYPES[entry.type][1]
        if end > len(self.data):
            raise FileTruncated(f"values of TIFF field {tag} lie outside the file")
        return bytes(self.data[entry.position : end])


def read_layout(data: Data) -> Layout:
    """Read a TIFF file's first bytes.

    Raises:
        FileTruncated: fewer bytes than a header has.
    """
    endian = "<" if data[:2] == b"II" else ">"
    try:
        (version,) = struct.unpack_from(endian + "H", data, 2)
        if version == 43:
            return Layout(endian, True, struct.unpack_from(endian + "Q", data, 8)[0])
        return Layout(endian, False, struct.unpack_from(endian + "I", data, 4)[0])
    except struct.error as error:
        raise FileTruncated("the TIFF header is cut") from error


def walk(data: Data, layout: Layout, at_most: int) -> Chain:
    """Follow the chain of directories by its pointers alone.

    Raises:
        TooManyPages: more than ``at_most`` directories.
    """
    offsets: dict[int, None] = {}
    offset = layout.first
    while offset:
        if offset in offsets:
            return Chain(tuple(offsets), End.LOOP)
        following = _next(data, layout, offset)
        if following is None:
            return Chain(tuple(offsets), End.BROKEN)
        offsets[offset] = None
        if len(offsets) > at_most:
            raise TooManyPages(f"more than {at_most} pages")
        offset = following
    return Chain(tuple(offsets), End.CLEAN)


def _next(data: Data, layout: Layout, offset: int) -> int | None:
    """Pointer after the directory at ``offset``; None when the directory is outside the file."""
    head, entry, pointer = ("Q", 20, "Q") if layout.big else ("H", 12, "I")
    try:
        (count,) = struct.unpack_from(layout.endian + head, data, offset)
        end = offset + struct.calcsize(layout.endian + head) + count * entry
        following: int = struct.unpack_from(layout.endian + pointer, data, end)[0]
    except (struct.error, OverflowError):
        return None
    return following if count else None


def read_directory(
    data: Data, layout: Layout, offset: int, at_most: int = _MOST_ENTRIES
) -> Directory:
    """Read the first fields of the directory at ``offset``, which ``walk`` found in the file."""
    head, size, form, inline = ("Q", 20, "HHQ", 8) if layout.big else ("H", 12, "HHI", 4)
    (count,) = struct.unpack_from(layout.endian + head, data, offset)
    start = offset + struct.calcsize(layout.endian + head)
    pointer = layout.endian + ("Q" if layout.big else "I")
    entries: dict[int, Entry] = {}
    for position in range(start, start + min(count, at_most) * size, size):
        tag, kind, values = struct.unpack_from(layout.endian + form, data, position)
        where = position + struct.calcsize(layout.endian + form)
        if values * _TYPES.get(kind, ("B", 1))[1] > inline:
            (where,) = struct.unpack_from(pointer, data, where)
        entries.setdefault(tag, Entry(kind, values, where))
    return Directory(data, layout, entries)
