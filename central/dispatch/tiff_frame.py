"""Make one frame of a multi-page TIFF the only one, without touching its image data.

The file's header is pointed at that frame's directory, whose link to the next one is cut: the
compressed strips stay byte for byte, so nothing is encoded again.
"""

import struct

_HEADER = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY_BYTES = 12


def only_frame(data: bytes, index: int) -> bytes:
    """Return the file with frame ``index`` alone.

    Raises:
        ValueError: not a classic TIFF, or it has no such frame.
    """
    endian = _HEADER.get(data[:4])
    if endian is None:
        raise ValueError("not a classic TIFF")
    (offset,) = struct.unpack_from(f"{endian}I", data, 4)
    seen: set[int] = set()
    for _ in range(index):
        seen.add(offset)
        offset = _next(data, endian, offset)
        if offset == 0 or offset in seen:
            raise ValueError("no such frame")
    alone = bytearray(data)
    struct.pack_into(f"{endian}I", alone, 4, offset)
    struct.pack_into(f"{endian}I", alone, _link(data, endian, offset), 0)
    return bytes(alone)


def _link(data: bytes, endian: str, offset: int) -> int:
    """Where a directory keeps the offset of the next one."""
    try:
        (entries,) = struct.unpack_from(f"{endian}H", data, offset)
    except struct.error as error:
        raise ValueError("a directory lies outside the file") from error
    return offset + 2 + int(entries) * _ENTRY_BYTES


def _next(data: bytes, endian: str, offset: int) -> int:
    try:
        (following,) = struct.unpack_from(f"{endian}I", data, _link(data, endian, offset))
    except struct.error as error:
        raise ValueError("a directory lies outside the file") from error
    return int(following)
