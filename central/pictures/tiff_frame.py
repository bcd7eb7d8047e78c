"""Take one page out of a multi-page TIFF, its compressed image data byte for byte.

Only that page's directory and strips are read, so a lot of a thousand pages costs no more than
one of two. Pages are counted by their directories, previews included, as stations do. JPEG-in-TIFF
of one strip, and any whole JPEG that the directory names, becomes the JPEG file that it is; a
colour map written on 8 bits is mended, else the page would be black. What is left to a general
decoder is said by ValueError: BigTIFF, old-style JPEG in pieces, damaged directories.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CLASSIC = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY = 12
_MAX_ENTRIES = 500
_MAX_FRAMES = 100_000
_MAX_BYTES = 2_000_000_000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG = 3, 4
_COMPRESSION, _PHOTOMETRIC, _JPEG_TABLES = 259, 262, 347
_STRIPS, _TILES = (273, 279), (324, 325)
_OLD_JPEG, _JPEG = 6, 7
_BLACK_IS_ZERO, _YCBCR = 1, 6
_STREAM, _STREAM_LENGTH = 513, 514
_POINTERS = {288, 289, 330, _STREAM, _STREAM_LENGTH, 34665, 34853, 40965}  # do not come along
_WIDTH, _HEIGHT, _ORIENTATION, _COLORMAP = 256, 257, 274, 320
_PLAIN = {1, 2, 3, 4, 5, _JPEG, 8, 32773, 32946}  # ways of packing that are no JPEG stream, and 7
_MAX_SEGMENTS = 500  # of a JPEG header
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PADDED = 15  # pixels by which a stream may be larger than its page


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    value: bytes


def is_tiff(head: bytes) -> bool:
    """Whether a file begins as a TIFF, classic or big."""
    return head[:4] in _CLASSIC or head[:4] in (b"II+\0", b"MM\0+")


def only_frame(file: BinaryIO, index: int) -> bytes:
    """Return page ``index`` (from 0) as a file of its own: TIFF, or JPEG if that is inside.

    Raises:
        ValueError: no classic TIFF, no such page, or one for a general decoder.
    """
    file.seek(0)
    head = file.read(8)
    endian = _CLASSIC.get(head[:4])
    if endian is None or len(head) < 8:
        raise ValueError("no classic TIFF")
    entries = _directory(file, endian, _offset_of(file, endian, head, index))
    if stream := _whole_jpeg(file, entries, endian):
        return stream
    offsets_tag, counts_tag = _TILES if _TILES[0] in entries else _STRIPS
    if offsets_tag not in entries or counts_tag not in entries:
        raise ValueError("no image data")
    if _first(entries, _COMPRESSION, endian) == _OLD_JPEG:
        raise ValueError("old-style JPEG")
    offsets = _integers(entries[offsets_tag], endian)
    counts = _integers(entries[counts_tag], endian)
    if len(offsets) != len(counts) or sum(counts) > _MAX_BYTES:
        raise ValueError("strips and their sizes differ")
    pieces = [_read(file, offset, count) for offset, count in zip(offsets, counts, strict=True)]
    if jpeg := _as_jpeg(entries, pieces, endian):
        return jpeg
    return _write(endian, entries, offsets_tag, pieces)


def _offset_of(file: BinaryIO, endian: str, head: bytes, index: int) -> int:
    (offset,) = struct.unpack_from(f"{endian}I", head, 4)
    if index > _MAX_FRAMES:
        raise ValueError("no such page")
    seen: set[int] = set()
    for _ in range(index):
        if offset == 0 or offset in seen:
            raise ValueError("no such page")
        seen.add(offset)
        (entries,) = struct.unpack(f"{endian}H", _read(file, offset, 2))
        (offset,) = struct.unpack(f"{endian}I", _read(file, offset + 2 + entries * _ENTRY, 4))
    if offset == 0 or offset in seen:
        raise ValueError("no such page")
    return int(offset)


def _directory(file: BinaryIO, endian: str, offset: int) -> dict[int, _Entry]:
    (number,) = struct.unpack(f"{endian}H", _read(file, offset, 2))
    if number > _MAX_ENTRIES:
        raise ValueError("too many entries")
    raw = _read(file, offset + 2, number * _ENTRY)
    entries: dict[int, _Entry] = {}
    for at in range(0, len(raw), _ENTRY):
        tag, kind, count = struct.unpack_from(f"{endian}HHI", raw, at)
        size = _SIZES.get(kind, 0) * count
        if size == 0 or (tag in _POINTERS and tag not in (_STREAM, _STREAM_LENGTH)):
            continue
        value = raw[at + 8 : at + 8 + size]
        if size > 4:
            (where,) = struct.unpack_from(f"{endian}I", raw, at + 8)
            value = _read(file, where, size)
        entries[tag] = _Entry(kind, count, value)
    return entries


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    if size > _MAX_BYTES:
        raise ValueError("larger than any page")
    file.seek(offset)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("the file ends before its page does")
    return data


def _integers(entry: _Entry, endian: str) -> tuple[int, ...]:
    if entry.kind not in (_SHORT, _LONG):
        raise ValueError("sizes are no integers")
    return struct.unpack(
        f"{endian}{entry.count}{'H' if entry.kind == _SHORT else 'I'}", entry.value
    )


def _first(entries: dict[int, _Entry], tag: int, endian: str) -> int | None:
    entry = entries.get(tag)
    return _integers(entry, endian)[0] if entry and entry.kind in (_SHORT, _LONG) else None


def _as_jpeg(entries: dict[int, _Entry], pieces: list[bytes], endian: str) -> bytes | None:
    """Join the tables and the one strip: SOI, tables, the rest of the strip.

    Only where a JPEG file without further marks means the same colours as the TIFF does.
    """
    if _first(entries, _COMPRESSION, endian) != _JPEG or len(pieces) != 1:
        return None
    if _first(entries, _PHOTOMETRIC, endian) not in (_BLACK_IS_ZERO, _YCBCR):
        return None
    data = pieces[0]
    if data[:2] != b"\xff\xd8":
        return None
    tables = entries[_JPEG_TABLES].value if _JPEG_TABLES in entries else b""
    tables = tables.removeprefix(b"\xff\xd8").removesuffix(b"\xff\xd9")
    return _turned_as(entries, endian, data[:2] + tables + data[2:])


def _whole_jpeg(file: BinaryIO, entries: dict[int, _Entry], endian: str) -> bytes | None:
    """A stream of the page's size, where tags 513 and 514 or the one strip name one.

    Looked for where no decoder finds the page by itself: in old-style JPEG, in JPEG whose strip
    is no stream, in ways of packing that are not known.
    """
    packing = _first(entries, _COMPRESSION, endian)
    start, strip = _first(entries, _STREAM, endian), _only_strip(entries, endian)
    if packing in _PLAIN and not (packing == _JPEG and start):
        return None
    if packing == _JPEG and strip and _at(file, *strip, most=2) == b"\xff\xd8":
        return None  # _as_jpeg knows its tables
    size = (_first(entries, _WIDTH, endian), _first(entries, _HEIGHT, endian))
    for stream in _streams(file, start, _first(entries, _STREAM_LENGTH, endian) or 0, strip):
        coded = _frame_size(stream)
        if coded and all(s and 0 <= c - s <= _PADDED for c, s in zip(coded, size, strict=True)):
            return _turned_as(entries, endian, stream)
    return None


def _streams(
    file: BinaryIO, start: int | None, length: int, strip: tuple[int, int] | None
) -> Iterator[bytes]:
    """What may be a whole stream; a length that is too short ends with the strip."""
    if start and strip is None:
        yield _at(file, start, length or _MAX_BYTES)
    elif start and strip is not None:
        end = start + length
        if length and end <= strip[0]:
            yield _at(file, start, length) + _at(file, *strip)
        else:
            yield _at(file, start, max(end, strip[0] + strip[1]) - start)
    if strip is not None:
        yield _at(file, *strip)


def _only_strip(entries: dict[int, _Entry], endian: str) -> tuple[int, int] | None:
    if any(tag not in entries or entries[tag].count != 1 for tag in _STRIPS):
        return None
    start, count = (_first(entries, tag, endian) or 0 for tag in _STRIPS)
    return (start, count or _MAX_BYTES) if start else None


def _at(file: BinaryIO, offset: int, count: int, most: int = _MAX_BYTES) -> bytes:
    """Up to so many bytes from there; fewer where the file ends."""
    file.seek(offset)
    return file.read(min(count, most))


def _frame_size(stream: bytes) -> tuple[int, int] | None:
    """Width and height that a JPEG's frame tells; None unless a scan follows it."""
    if not stream.startswith(b"\xff\xd8\xff"):
        return None
    size: tuple[int, int] | None = None
    at = 2
    for _ in range(_MAX_SEGMENTS):
        if at + 9 > len(stream) or stream[at] != 0xFF:
            return None
        marker = stream[at + 1]
        if marker == 0xDA:
            return size
        if marker in _FRAMES:
            down, across = struct.unpack_from(">HH", stream, at + 5)
            size = across, down
        bare = marker == 0x01 or 0xD0 <= marker <= 0xD8
        filling = marker == 0xFF
        at += 1 if filling else 2 if bare else 2 + int.from_bytes(stream[at + 2 : at + 4])
    return None


def _turned_as(entries: dict[int, _Entry], endian: str, jpeg: bytes) -> bytes:
    """A JPEG that says itself how the TIFF wanted it shown."""
    turn = _first(entries, _ORIENTATION, endian) or 1
    if turn == 1:
        return jpeg
    tag = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, turn, 0)
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + tag + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]


def unturned(frame: bytes) -> bytes:
    """A TIFF of one page without its orientation tag, for whoever turns the page otherwise.

    Some decoders turn by the tag and some do not. What is no classic TIFF comes back as it is.
    """
    endian = _CLASSIC.get(frame[:4])
    if endian is None:
        return frame
    (start,) = struct.unpack_from(f"{endian}I", frame, 4)
    (number,) = struct.unpack_from(f"{endian}H", frame, start)
    made = bytearray(frame)
    for at in range(start + 2, start + 2 + number * _ENTRY, _ENTRY):
        if struct.unpack_from(f"{endian}HH", frame, at) == (_ORIENTATION, _SHORT):
            struct.pack_into(f"{endian}H", made, at + 8, 1)
    return bytes(made)


def _mended(colours: _Entry, endian: str) -> _Entry:
    """Colour maps go to 65535; written on 8 bits they show an all-black page."""
    values = _integers(colours, endian)
    if colours.kind != _SHORT or not 0 < max(values, default=0) < 256:
        return colours
    packed = struct.pack(f"{endian}{len(values)}H", *(value * 257 for value in values))
    return _Entry(_SHORT, len(values), packed)


def _write(endian: str, entries: dict[int, _Entry], offsets_tag: int, pieces: list[bytes]) -> bytes:
    """Lay out header, strips, long values, directory."""
    out = bytearray(struct.pack(f"{endian}2sHI", b"II" if endian == "<" else b"MM", 42, 0))
    offsets = []
    for piece in pieces:
        offsets.append(len(out))
        out += piece + b"\0" * (len(piece) % 2)
    packed = struct.pack(f"{endian}{len(offsets)}I", *offsets)
    entries = {tag: entry for tag, entry in entries.items() if tag not in _POINTERS}
    entries[offsets_tag] = _Entry(_LONG, len(offsets), packed)
    if _COLORMAP in entries:
        entries[_COLORMAP] = _mended(entries[_COLORMAP], endian)
    lines = bytearray()
    for tag, entry in sorted(entries.items()):
        value = entry.value
        if len(value) > 4:
            value = struct.pack(f"{endian}I", len(out))
            out += entry.value + b"\0" * (len(entry.value) % 2)
        lines += struct.pack(f"{endian}HHI4s", tag, entry.kind, entry.count, value)
    struct.pack_into(f"{endian}I", out, 4, len(out))
    return bytes(out + struct.pack(f"{endian}H", len(entries)) + lines + b"\0\0\0\0")
