"""Take one page out of a multi-page TIFF, its compressed image data byte for byte.

Only that page's directory and strips are read, so a lot of a thousand pages costs no more than
one of two. JPEG-in-TIFF of one strip becomes the JPEG file that it is. What is left to a general
decoder is said by ValueError: BigTIFF, old-style JPEG, damaged directories.
"""

import struct
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
_POINTERS = {288, 289, 330, 513, 514, 34665, 34853, 40965}  # to places that do not come along


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
        if size == 0 or tag in _POINTERS:
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
    return data[:2] + tables.removeprefix(b"\xff\xd8").removesuffix(b"\xff\xd9") + data[2:]


def _write(endian: str, entries: dict[int, _Entry], offsets_tag: int, pieces: list[bytes]) -> bytes:
    """Lay out header, strips, long values, directory."""
    out = bytearray(struct.pack(f"{endian}2sHI", b"II" if endian == "<" else b"MM", 42, 0))
    offsets = []
    for piece in pieces:
        offsets.append(len(out))
        out += piece + b"\0" * (len(piece) % 2)
    packed = struct.pack(f"{endian}{len(offsets)}I", *offsets)
    entries = {**entries, offsets_tag: _Entry(_LONG, len(offsets), packed)}
    lines = bytearray()
    for tag, entry in sorted(entries.items()):
        value = entry.value
        if len(value) > 4:
            value = struct.pack(f"{endian}I", len(out))
            out += entry.value + b"\0" * (len(entry.value) % 2)
        lines += struct.pack(f"{endian}HHI4s", tag, entry.kind, entry.count, value)
    struct.pack_into(f"{endian}I", out, 4, len(out))
    return bytes(out + struct.pack(f"{endian}H", len(entries)) + lines + b"\0\0\0\0")
