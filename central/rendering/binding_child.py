"""A process that makes PDFs of pages of files that it is handed, until its owner is gone.

It is handed two files to write, then each page with its source file, and is told to finish. What
was made so far lies in one of the two and is read from there while the other is written.
"""

import contextlib
import errno
import io
import os
import signal
import socket
from collections.abc import Iterator
from typing import Any, BinaryIO

import pikepdf
from PIL import Image

from central.rendering import confined, link
from central.rendering.page_pdf import PageWriter
from vaguemestre.model.document import DeliveryPage

_LONGEST_S = 180.0
_MOST_BYTES = 4_000_000_000
_MOST_FILES = 1_024
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class _Binding:
    """One PDF that grows by a page at a time."""

    def __init__(self, opened: contextlib.ExitStack) -> None:
        self._rooms: list[BinaryIO] = []
        self._written = 1  # the other one is written first
        self._opened = opened
        self._writer = PageWriter(pikepdf.new(), opened, self._settle)
        opened.callback(self._close)

    def do(self, question: dict[str, Any], fd: int) -> int:
        """Take one step; returns the number of the file that holds the PDF, once it does."""
        if question["do"] == "write":
            self._rooms.append(self._opened.enter_context(os.fdopen(fd, "r+b")))
            return 0
        file = os.fdopen(fd, "rb")
        if question["do"] == "page":
            page = question["page"] | {"sha256": bytes.fromhex(question["page"]["sha256"])}
            self._writer.append(DeliveryPage(**page), file)
            return 0
        file.close()
        try:
            self._save(self._writer.made)
        except pikepdf.PdfError as error:
            raise ValueError("a page of a damaged PDF") from error
        return self._written

    def _close(self) -> None:
        self._writer.made.close()

    def _save(self, made: pikepdf.Pdf) -> BinaryIO:
        self._written = 1 - self._written
        room = self._rooms[self._written]
        room.seek(0)
        room.truncate()
        made.save(room, deterministic_id=True)
        room.flush()
        return room

    def _settle(self, made: pikepdf.Pdf) -> pikepdf.Pdf:
        room = self._save(made)
        room.seek(0)
        return pikepdf.open(room, access_mode=pikepdf.AccessMode.stream)


def main(end: socket.socket) -> None:
    """Load all that is needed, give up all else, then make one PDF after another."""
    _warm()
    confined.lock(file_bytes=_MOST_BYTES, open_files=_MOST_FILES)
    end.sendall(b"+")
    with contextlib.suppress(link.Broken):
        question, fd = link.asked(end)
        while True:
            with contextlib.ExitStack() as opened:
                question, fd = _one(end, _Binding(opened), question, fd)


def _one(
    end: socket.socket, binding: _Binding, question: dict[str, Any], fd: int
) -> tuple[dict[str, Any], int]:
    """Serve one PDF; returns the question that begins the next one."""
    is_first = True
    while is_first or question["do"] != "begin":
        is_first = False
        # Its owner would end it sooner; this is for one whose owner was killed meanwhile.
        signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)
        outcome, number = _outcome(binding, question, fd)
        signal.setitimer(signal.ITIMER_REAL, 0)
        link.say(end, outcome, number)
        question, fd = link.asked(end)
    return question, fd


def _outcome(binding: _Binding, question: dict[str, Any], fd: int) -> tuple[int, int]:
    if question["do"] == "begin":
        os.close(fd)
        return link.DONE, 0
    try:
        return link.DONE, binding.do(question, fd)
    except OSError as error:
        return (link.NO_ROOM if error.errno in _NO_ROOM else link.FAILED), 0
    except Exception:  # what decoders raise for damaged bytes, MemoryError too
        return link.FAILED, 0


def _warm() -> None:
    """Have all loaded that is loaded late: afterwards no file is opened by its path."""
    Image.init()
    for codec in ("ascii", "latin-1", "cp1252", "utf-8", "utf-16", "utf-16-be", "pdfdoc"):
        "a".encode(codec).decode(codec)
    with contextlib.ExitStack() as opened:
        writer = PageWriter(pikepdf.new(), opened, _settled)
        for data in _samples():
            for is_negative in (False, True):
                page = DeliveryPage(data[:32], 0, "front", 90, "a", 210.0, 297.0, is_negative)
                with contextlib.suppress(ValueError):
                    writer.append(page, io.BytesIO(data))
        _settled(writer.made).close()


def _samples() -> Iterator[bytes]:
    page = Image.new("L", (8, 8), 255)
    mirrored = Image.Exif()
    mirrored[0x0112] = 2
    for image, kind, options in (
        (page, "TIFF", {}),
        (page.convert("1"), "TIFF", {"compression": "group4"}),
        (page.convert("RGBA"), "TIFF", {"compression": "tiff_lzw"}),
        (page.convert("CMYK"), "TIFF", {}),
        (page.convert("I;16"), "TIFF", {}),
        (page, "JPEG", {}),
        (page, "JPEG", {"exif": mirrored}),
        (page, "PNG", {}),
        (page, "PDF", {}),
    ):
        out = io.BytesIO()
        image.save(out, kind, **options)
        yield out.getvalue()


def _settled(made: pikepdf.Pdf) -> pikepdf.Pdf:
    out = io.BytesIO()
    made.save(out, deterministic_id=True)
    return pikepdf.open(out, access_mode=pikepdf.AccessMode.stream)
