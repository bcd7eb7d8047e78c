"""TIFF directories, read without decoding: which are pages, where their pixels lie, is all there.

Knowing the directories ourselves is what makes a 1,000-page lot readable in linear time, an endless
chain harmless, limits checkable before decoding, and a file that is still being written
recognisable. Classic and BigTIFF, both byte orders.

Scanners and viewers add previews (tag 254, or 255 in old files), which are no pages. The mark alone
is not enough, since some writers set it on pages too: what bears it is left out only when it is
small beside a page, or no larger than a stamp, and never when nothing would be left.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from edge.errors import FileTruncated, ImageUndecodable, TooManyPages
from edge.imaging.source_file import Data

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


_REDUCED, _MASK = 1, 4  # bits of tag 254
_OLD_REDUCED = 2  # value of tag 255
_TRANSPARENCY_MASK = 4  # photometric interpretation
_SMALLER = 1.5  # times, from which a directory may be another one's preview
_SAME_SHAPE = 0.05  # by which their proportions may differ
_STAMP_PX = 320  # long side of what is too small for any page, whatever its shape


class _Look(NamedTuple):
    width: int
    height: int
    is_marked: bool  # as a smaller image of another, or as a mask over it


def pages_among(directories: Sequence[Directory]) -> tuple[int, ...]:
    """Places of the pages in the chain, from 0, ascending.

    Args:
        directories: All of the chain, in its order.

    Raises:
        FileTruncated: a field's values lie outside the file.
    """
    looks = [_look(directory) for directory in directories]
    unmarked = [place for place, look in enumerate(looks) if not look.is_marked]
    if not unmarked or len(unmarked) == len(looks):
        return tuple(range(len(looks)))
    return tuple(
        place
        for place, look in enumerate(looks)
        if not look.is_marked or not _is_preview(look, looks, unmarked, place)
    )


def _look(directory: Directory) -> _Look:
    kind = directory.integer(Tag.SUBFILE, 0)
    is_mask = bool(kind & _MASK) and directory.integer(Tag.PHOTOMETRIC, 0) == _TRANSPARENCY_MASK
    is_reduced = bool(kind & _REDUCED) or directory.integer(Tag.OLD_SUBFILE, 0) == _OLD_REDUCED
    width, height = directory.integer(Tag.WIDTH, 0), directory.integer(Tag.HEIGHT, 0)
    return _Look(width, height, is_mask or is_reduced)


def _is_preview(look: _Look, looks: Sequence[_Look], unmarked: Sequence[int], place: int) -> bool:
    """Whether a marked directory shows the page before or after it again."""
    if max(look.width, look.height) <= _STAMP_PX:
        return True
    before = [other for other in unmarked if other < place][-1:]
    after = [other for other in unmarked if other > place][:1]
    return any(_shows_again(look, looks[other]) for other in (*before, *after))


def _shows_again(small: _Look, page: _Look) -> bool:
    if min(small.width, small.height, page.width, page.height) <= 0:
        return False
    across, down = page.width / small.width, page.height / small.height
    return min(across, down) >= _SMALLER and abs(across - down) <= _SAME_SHAPE * max(across, down)


OLD_JPEG = 6
_MOST_STRIPS = 100_000  # looked at, of a page in old-style JPEG
_UNPACKED = 1
_YCBCR = 6  # may hold fewer colours than pixels
# Fields a decoder needs; orientation and resolution are ours, profiles and notes nobody's.
KEPT = (256, 257, 258, 259, 262, 266, 277, 278, 284, 292, 293, 317, 320, 322, 323, 332, 334,
         338, 339, 347, 529, 530, 531, 532)  # fmt: skip


class Shape(NamedTuple):
    """A page's size in stored pixels, and what one of them holds."""

    width: int
    height: int
    bits: int
    samples: int


def shape_of(directory: Directory) -> Shape:
    """Read a page's shape.

    Raises:
        ImageUndecodable: it has no size.
    """
    width, height = directory.integer(Tag.WIDTH, 0), directory.integer(Tag.HEIGHT, 0)
    if width <= 0 or height <= 0:
        raise ImageUndecodable("the TIFF page has no size")
    bits = max(directory.integers(Tag.BITS, 16), default=1)
    return Shape(width, height, bits, directory.integer(Tag.SAMPLES, 1))


def segments_inside(directory: Directory) -> bool:
    """Whether all strips or tiles lie within the file (old-style JPEG: also its stream's start).

    So must the values of the fields: some writers put them last.
    """
    try:
        for tag in (*KEPT, Tag.X_RESOLUTION, Tag.Y_RESOLUTION):
            if is_usable(directory, tag) and not directory.is_inside(tag):
                return False
        if directory.integer(Tag.COMPRESSION, 1) == OLD_JPEG:
            return _old_jpeg_inside(directory)
        segments_of(directory)
    except FileTruncated:
        return False
    except ImageUndecodable:
        return True  # complete, and of no use: decoding will say so
    return True


def _old_jpeg_inside(directory: Directory) -> bool:
    """Whether an old-style JPEG's stream begins, and its strips end, within the file.

    The length of its stream is left alone: where there are strips too, it is often wrong.
    """
    size = len(directory.data)
    starts = directory.integers(Tag.STRIP_OFFSETS, _MOST_STRIPS)
    counts = directory.integers(Tag.STRIP_COUNTS, _MOST_STRIPS)
    strips_end = max((sum(strip) for strip in zip(starts, counts, strict=False)), default=0)
    return directory.integer(Tag.JPEG_OFFSET, 0) < size and strips_end <= size


def segment_work(directory: Directory) -> int:
    """How many numbers ``segments_inside`` would look through, at most."""
    tags = (Tag.STRIP_OFFSETS, Tag.STRIP_COUNTS, Tag.TILE_OFFSETS, Tag.TILE_COUNTS)
    try:
        most = _segment_count(directory, Tag.TILE_OFFSETS in directory.entries)
    except (FileTruncated, ImageUndecodable):
        return 0
    return sum(min(directory.entries[tag].count, most) for tag in tags if tag in directory.entries)


def segments_of(directory: Directory) -> list[tuple[int, int]]:
    """Start and length of each strip or tile.

    Raises:
        FileTruncated: some lie outside the file, or are missing.
        ImageUndecodable: there is none, or they overlap.
    """
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
    if len(pairs) < most or not all(count for _, count in pairs):
        raise FileTruncated("strips or tiles are missing")
    if not tiled and sum(count for _, count in pairs) < _least_bytes(directory):
        raise FileTruncated("the page has fewer bytes than pixels")
    if sum(count for _, count in pairs) > size:
        raise ImageUndecodable("strips of the TIFF page overlap")
    return pairs


def _segment_count(directory: Directory, tiled: bool) -> int:
    shape = shape_of(directory)
    planes = shape.samples if directory.integer(Tag.PLANAR, 1) == 2 else 1
    if tiled:
        across = -(-shape.width // max(1, directory.integer(Tag.TILE_WIDTH, shape.width)))
        down = -(-shape.height // max(1, directory.integer(Tag.TILE_HEIGHT, shape.height)))
        return across * down * planes
    rows = directory.integer(Tag.ROWS_PER_STRIP, 0) or shape.height
    return -(-shape.height // rows) * planes


def _least_bytes(directory: Directory) -> int:
    """What the pixels take when nothing packs them; decoders fill up what is missing, silently."""
    if (
        directory.integer(Tag.COMPRESSION, 1) != _UNPACKED
        or directory.integer(Tag.PHOTOMETRIC, 1) == _YCBCR
    ):
        return 0
    shape = shape_of(directory)
    return shape.height * (shape.width * shape.bits * shape.samples // 8)


def is_usable(directory: Directory, tag: int) -> bool:
    """Whether a field is there, of a type that classic TIFF knows."""
    entry = directory.entries.get(tag)
    return entry is not None and entry.type in range(1, 13)
