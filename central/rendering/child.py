"""A process that renders pages of files that it is handed, until its owner is gone."""

import contextlib
import io
import os
import signal
import socket

import pikepdf
import pypdfium2
from PIL import Image

from central.rendering import confined, link
from central.rendering.decode import View, decode

_LONGEST_S = 60.0


def main(end: socket.socket) -> None:
    """Load all that rendering needs, give up all else, then answer one question after another."""
    _warm()
    confined.lock()
    end.sendall(b"+")
    with contextlib.suppress(link.Broken):
        while True:
            question, fd = link.asked(end)
            # Its owner would end it sooner; this is for one whose owner was killed meanwhile.
            signal.setitimer(signal.ITIMER_REAL, _LONGEST_S)
            _one(end, View(**question), fd)
            signal.setitimer(signal.ITIMER_REAL, 0)


def _one(end: socket.socket, view: View, fd: int) -> None:
    with os.fdopen(fd, "rb") as file:
        try:
            image = decode(file, view)
            pixels = image.tobytes()
        except (ValueError, MemoryError, RecursionError):
            link.fail(end)
            return
    link.answer(end, image.mode, image.size, pixels)


def _warm() -> None:
    """Have every decoder loaded that is loaded late: afterwards no file is opened by its path."""
    Image.init()
    page = Image.new("L", (8, 8), 255)
    for kind in ("TIFF", "JPEG", "PNG", "PDF"):
        out = io.BytesIO()
        page.save(out, kind)
        with contextlib.suppress(ValueError):
            decode(io.BytesIO(out.getvalue()), View(0, 90, 1.0, 210.0, 297.0))
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        out = io.BytesIO()
        pdf.save(out)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        document[0].render(scale=0.1)
