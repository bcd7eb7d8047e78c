"""Blanks of tick boxes as a form's file holds them: four steps of darkness, packed into text.

A blank is 64 × 80 pixels of two bits, four pixels a byte, compressed and in base 64. What a blank
means is in ``edge.extraction.tick_blank``.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence

WIDE_PX, HIGH_PX = 80, 64

_BYTES = WIDE_PX * HIGH_PX // 4
_LONGEST = 4 * _BYTES  # of a packed blank, in characters
_MOST = 8  # printings of a form


def pack(data: bytes) -> str:
    """Four pixels a byte as a form's file has them."""
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def unpack(text: str) -> bytes:
    """Four pixels a byte again.

    Raises:
        ValueError: not what ``pack`` made of a blank.
    """
    if len(text) > _LONGEST:
        raise ValueError("a blank is too long")
    try:
        reader = zlib.decompressobj()
        data = reader.decompress(base64.b64decode(text, validate=True), _BYTES + 1)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"not a blank: {error}") from error
    if len(data) != _BYTES:
        raise ValueError(f"a blank has {_BYTES} bytes, not {len(data)}")
    return data


def check(texts: Sequence[str]) -> None:
    """Look whether a form's file has blanks that can be used.

    Raises:
        ValueError: too many, or not what ``pack`` made.
    """
    if len(texts) > _MOST:
        raise ValueError(f"a tick has {len(texts)} blanks, at most {_MOST} are compared")
    for text in texts:
        unpack(text)
