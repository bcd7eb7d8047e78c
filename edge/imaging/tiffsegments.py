"""Where the pixel data of a TIFF page is, and whether all of it is there."""

from typing import NamedTuple

from edge.errors import FileTruncated, ImageUndecodable
from edge.imaging.tiffdir import Directory, Tag

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
