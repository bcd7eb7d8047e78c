"""Messages between a centre's process and one that renders, over a pair of sockets.

A question is its length, a JSON object and the open file; an answer is its length, five numbers
and the pixels. The centre's end believes nothing that it is told.
"""

import json
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("=Q")
_ABOUT = struct.Struct("=BII")
_MOST_QUESTION_BYTES = 4_096
_BLOCK = 1 << 20
_FAILED = 0
DONE, FAILED, NO_ROOM = 1, 2, 3
_SAID = struct.Struct("=BB")
_BANDS = {1: "L", 3: "RGB"}


class Broken(OSError):
    """The other side is gone, silent, or does not keep to the form of a message."""


def ask(end: socket.socket, question: dict[str, Any], fd: int, within_s: float) -> None:
    """Send a question with its open file.

    Raises:
        Broken: the other side is gone.
    """
    message = json.dumps(question).encode()
    end.settimeout(within_s)
    try:
        socket.send_fds(end, [_LENGTH.pack(len(message))], [fd])
        end.sendall(message)
    except OSError as error:
        raise Broken(str(error)) from error


def asked(end: socket.socket) -> tuple[dict[str, Any], int]:
    """Wait for a question and its file; in the rendering process.

    Raises:
        Broken: the centre is gone.
    """
    head, fds, _, _ = socket.recv_fds(end, _LENGTH.size, 1)
    if len(head) < _LENGTH.size or not fds:
        raise Broken("no question")
    (length,) = _LENGTH.unpack(head)
    if length > _MOST_QUESTION_BYTES:
        raise Broken("too long a question")
    return json.loads(_exactly(end, length, None)), fds[0]


def answer(end: socket.socket, mode: str, size: tuple[int, int], pixels: bytes) -> None:
    """Send a page's pixels, one byte a band."""
    bands = {name: bands for bands, name in _BANDS.items()}[mode]
    end.sendall(_LENGTH.pack(_ABOUT.size + len(pixels)) + _ABOUT.pack(bands, *size))
    end.sendall(pixels)


def fail(end: socket.socket) -> None:
    """Say that the file has no such page, or none that can be rendered."""
    end.sendall(_LENGTH.pack(_ABOUT.size) + _ABOUT.pack(_FAILED, 0, 0))


def say(end: socket.socket, outcome: int, number: int = 0) -> None:
    """Send an answer that is no picture."""
    end.sendall(_SAID.pack(outcome, number))


def said(end: socket.socket, within_s: float) -> tuple[int, int]:
    """Wait for what ``say`` sends.

    Raises:
        Broken: it is late, or the other side is gone.
    """
    outcome, number = _SAID.unpack(_exactly(end, _SAID.size, time.monotonic() + within_s))
    return outcome, number


def answered(
    end: socket.socket, most_pixels: int, within_s: float
) -> tuple[str, tuple[int, int], bytes] | None:
    """Wait for an answer: mode, (width, height) and pixels; None: it cannot be rendered.

    Raises:
        Broken: it is late, too long, or of no possible form.
    """
    deadline = time.monotonic() + within_s
    (length,) = _LENGTH.unpack(_exactly(end, _LENGTH.size, deadline))
    if not _ABOUT.size <= length <= _ABOUT.size + 3 * most_pixels:
        raise Broken("length")
    bands, width, height = _ABOUT.unpack(_exactly(end, _ABOUT.size, deadline))
    pixels = length - _ABOUT.size
    if bands == _FAILED:
        return None
    if bands not in _BANDS or not 0 < width * height <= most_pixels:
        raise Broken("size")
    if pixels != bands * width * height:
        raise Broken("pixels")
    return _BANDS[bands], (width, height), _exactly(end, pixels, deadline)


def _exactly(end: socket.socket, length: int, deadline: float | None) -> bytes:
    got = bytearray()
    while len(got) < length:
        try:
            if deadline is not None:
                end.settimeout(max(0.01, deadline - time.monotonic()))
            piece = end.recv(min(_BLOCK, length - len(got)))
        except OSError as error:
            raise Broken(str(error)) from error
        if not piece or (deadline is not None and time.monotonic() > deadline):
            raise Broken("ended or late")
        got += piece
    return bytes(got)
