"""TIFF files: any number of pages, each decoded from a small file of its own.

Decoders read a whole file for each page (quadratic in a long lot) and stumble over chains, missing
byte counts and colour maps written on 8 bits. Given one page alone, with those repaired, they have
little left to stumble over.

Old-style JPEG (compression 6) and some capture programs' pages are refused by image libraries
although the directory names a stream that any JPEG decoder reads: by its interchange fields
(tags 513 and 514), as the one strip, or as a header there and the data in the strip. That stream is
decoded instead.
"""

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from PIL import JpegImagePlugin, TiffImagePlugin

from edge.errors import FileTruncated, ImageUndecodable, NoPage, PageTooLarge
from edge.imaging import raster
from edge.imaging.raster import to_gray, translate_errors
from edge.imaging.source_file import Data, Gray, ImageFile, Limits, PageImage, as_file
from edge.imaging.tiff_structure import (
    KEPT,
    OLD_JPEG,
    Directory,
    End,
    Tag,
    is_usable,
    pages_among,
    read_directory,
    read_layout,
    segments_of,
    shape_of,
    walk,
)

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


_OLD_JPEG_MAX_FILE = 256_000_000
_JPEG = 7
_BYTES_A_PIXEL = 16  # four samples of 32 bits


class SinglePageTiff(NamedTuple):
    """A one-page TIFF file and what was done to it."""

    data: bytes
    repaired: bool  # the colour map was on 8 bits
    bits: int  # of one sample


def check_limits(directory: Directory, limits: Limits) -> tuple[int, int]:
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


def extract_page(directory: Directory, offset: int) -> SinglePageTiff:
    """Make a file of this page alone.

    Args:
        directory: Of the page; ``check_limits`` has let it pass.
        offset: Where the directory is in its file.

    Raises:
        FileTruncated: pixel data is missing or lies outside the file.
        ImageUndecodable: the directory names no pixel data, or less than the page's.
        PageTooLarge: an old-style JPEG page of a huge file.
    """
    bits = shape_of(directory).bits
    if directory.integer(Tag.COMPRESSION, 1) == OLD_JPEG:
        return SinglePageTiff(_with_first_directory(directory, offset), False, bits)
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
    return SinglePageTiff(_compose(endian, b"".join(body), fields), repaired, bits)


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


_CENTIMETRE = 3
_WHITE_IS_ZERO = 0
_FIRST_FIELDS = 64  # what a directory is stands at its beginning: fields are sorted by number


class TiffSource(ImageFile):
    """A TIFF file.

    A page's index is its directory's place in the chain; previews are passed over. A chain of
    directories that loops ends where it bites its tail. One that points outside the file has
    lost pages: it counts one more, which raises ``FileTruncated`` when asked for, so that the
    loss is seen beside the pages that are there.
    """

    def __init__(self, data: Data, limits: Limits) -> None:
        self._data = data
        self._limits = limits
        self._layout = read_layout(data)
        self._chain = walk(data, self._layout, limits.max_pages)
        if not self._chain.offsets:
            if self._chain.end is End.BROKEN:
                raise FileTruncated("the first TIFF directory lies outside the file")
            raise NoPage("the TIFF file has no directory")
        self._indices = self._find_pages()

    def _find_pages(self) -> tuple[int, ...]:
        offsets = self._chain.offsets
        pages = pages_among(
            [read_directory(self._data, self._layout, at, _FIRST_FIELDS) for at in offsets]
        )
        return (*pages, len(offsets)) if self._chain.end is End.BROKEN else pages

    @property
    def indices(self) -> tuple[int, ...]:
        """See ``Source.indices``."""
        return self._indices

    def page(self, index: int) -> PageImage:
        """See ``Source.page``."""
        self.check_index(index)
        if index == len(self._chain.offsets):
            raise FileTruncated("the chain of TIFF directories leads outside the file")
        offset = self._chain.offsets[index]
        with translate_errors():
            directory = read_directory(self._data, self._layout, offset)
            width, height = check_limits(directory, self._limits)
            gray, is_repaired = _gray(directory, offset, width, height)
            where = raster.resolve_dpi(width, height, _told(directory))
            marks = ("colormap_repaired",) if is_repaired else ()
            orientation = directory.integer(Tag.ORIENTATION, 1)
            return raster.to_square_pixels(gray, where, orientation, self._limits, marks)


def _gray(directory: Directory, offset: int, width: int, height: int) -> tuple[Gray, bool]:
    """Pixels of a page, and whether its colour map was repaired.

    A page in old-style JPEG is its whole stream where it has one. So is a page that the decoder
    refuses: no other decoder is tried on the page itself, since OpenCV's answers for a damaged
    page too, with a page of rubbish.
    """
    if directory.integer(Tag.COMPRESSION, 1) == OLD_JPEG:
        stream = whole_jpeg(directory, width, height)
        if stream is not None:
            return _decode_stream(stream, directory, width, height), False
    try:
        with translate_errors():
            lone = extract_page(directory, offset)
            gray = _decode(lone.data, lone.bits)
            if gray.shape != (height, width):
                raise ImageUndecodable("the decoded page has another size than announced")
            return gray, lone.repaired
    except ImageUndecodable:
        stream = whole_jpeg(directory, width, height)
        if stream is None:
            raise
        return _decode_stream(stream, directory, width, height), False


def _decode(data: bytes, bits: int) -> Gray:
    with TiffImagePlugin.TiffImageFile(as_file(data)) as image:
        return to_gray(image, bits)


def _decode_stream(stream: bytes, directory: Directory, width: int, height: int) -> Gray:
    """Decode a whole JPEG; rows and columns that fill up its last blocks are cut."""
    with JpegImagePlugin.JpegImageFile(as_file(stream)) as image:
        if image.mode == "RGB":
            image.draft("L", image.size)
        is_gray = image.mode == "L"
        gray = to_gray(image)[:height, :width]
    if gray.shape != (height, width):
        raise ImageUndecodable("the JPEG in the TIFF page has another size than announced")
    if is_gray and directory.integer(Tag.PHOTOMETRIC, 1) == _WHITE_IS_ZERO:
        return 255 - gray
    return gray


def _told(directory: Directory) -> tuple[float, float] | None:
    across = directory.numbers(Tag.X_RESOLUTION, 1)
    down = directory.numbers(Tag.Y_RESOLUTION, 1)
    if not across or not down:
        return None
    unit = 2.54 if directory.integer(Tag.RESOLUTION_UNIT, 2) == _CENTIMETRE else 1.0
    return across[0] * unit, down[0] * unit
