"""What strangers wrote is put into a package's PDF by a process that can do nothing else."""

import contextlib
import errno
import hashlib
import io
import os
import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pikepdf
import psutil
import pytest

from central.rendering import binding, binding_child, link
from central.rendering.binding import Binder
from tests.support.central import picture, tiff
from vaguemestre.model.document import DeliveryPage

_MOST_GROWN = 100_000_000


@pytest.fixture
def binder() -> Iterator[Binder]:
    with contextlib.closing(Binder(at_once=1)) as made:
        yield made


def _bound(binder: Binder, folder: Path, *files: bytes, index: int = 0) -> bytes:
    known = {hashlib.sha256(data).digest(): data for data in files}

    def opened(sha256: bytes) -> BinaryIO:
        return io.BytesIO(known[sha256])

    pages = [DeliveryPage(one, index, "front", 0, "a", 210.0, 297.0) for one in known]
    return binder.bind(pages, opened, (folder / "one", folder / "other")).read_bytes()


def _is_made(binder: Binder, folder: Path) -> bool:
    with pikepdf.open(io.BytesIO(_bound(binder, folder, tiff([picture()])))) as made:
        return len(made.pages) == 1


def _png_bomb(side: int) -> bytes:
    """A square page with transparency, which must be decoded to be shown, all zeros."""
    packer = zlib.compressobj(9)
    row = bytes(1 + side * 4)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def test_a_process_that_delivers_has_no_decoder_in_it() -> None:
    """Neither img2pdf, Pillow, qpdf nor PDFium parses a byte beside the database's password."""
    program = (
        "import sys, central.processes\n"
        "print([one for one in ('PIL', 'pikepdf', 'img2pdf', 'pypdfium2') if one in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("side", [13_000, 30_000])
def test_a_page_that_unpacks_into_gigabytes_is_refused_and_takes_none_of_them_here(
    binder: Binder, tmp_path: Path, side: int
) -> None:
    bomb = _png_bomb(side)
    assert len(bomb) < 4 * side**2 / 500
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match="into a PDF"):
        _bound(binder, tmp_path, bomb)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1_024
    assert grown < _MOST_GROWN
    assert _is_made(binder, tmp_path)


def test_a_stream_that_grows_when_it_is_written_again_is_bounded(
    binder: Binder, tmp_path: Path
) -> None:
    """A form's page is kept in memory until the end; what one process may take is the bound."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        packed = zlib.compress(bytes(150_000_000), 1)
        stream = pikepdf.Stream(pdf, b"")
        stream.write(
            zlib.compress(packed, 9),
            filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]),
        )
        page.Contents = stream
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array())
        out = io.BytesIO()
        pdf.save(out, compress_streams=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(ValueError):
        assert len(_bound(binder, tmp_path, out.getvalue())) < 10_000_000
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1_024
    assert grown < _MOST_GROWN
    assert _is_made(binder, tmp_path)


def test_a_process_that_dies_is_replaced_and_one_that_always_does_refuses_the_page(
    binder: Binder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _is_made(binder, tmp_path)
    ours = psutil.Process().children()
    (child,) = (one for one in ours if "bind" in one.cmdline())
    child.kill()
    child.wait(20)
    assert _is_made(binder, tmp_path)
    monkeypatch.setattr(binding, "_PDF_WITHIN_S", 0.0)
    with pytest.raises(ValueError, match="into a PDF"):
        _is_made(binder, tmp_path)
    monkeypatch.undo()
    assert _is_made(binder, tmp_path)


def test_a_page_that_is_missing_leaves_nothing_of_its_package_in_the_next(
    binder: Binder, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="into a PDF"):
        _bound(binder, tmp_path, tiff([picture()]), index=7)
    assert _is_made(binder, tmp_path)


class _Full(io.BytesIO):
    """A file on a disk that is full."""

    def write(self, _: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_no_room_on_the_disk_is_said_as_such() -> None:
    with contextlib.ExitStack() as opened:
        made = binding_child._Binding(opened)
        made._rooms = [_Full(), _Full()]
        told = binding_child._outcome(made, {"do": "save"}, os.open(os.devnull, os.O_RDONLY))
    assert told == (link.NO_ROOM, 0)
