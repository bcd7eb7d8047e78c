"""A scanner writes five pages, pauses with its file open, and writes five more: all ten arrive.

The station is a process of its own; this one is the scanner.
"""

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest
from PIL import Image

from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support.memory import memory_folder
from tests.support.waiting import wait_until

_ROOT = Path(__file__).parents[3]
_DEADLINE_S = 90.0
_PAUSE_S = 1.5  # the station's quiet time and its time to let go are 0.4 s


def _picture(number: int) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    return np.random.default_rng(number).integers(0, 256, (90, 64), dtype=np.uint8)


class _Tiff:
    """Appends one page after the other to an open file, as scanners do; whole after each."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._link, self._pages = file, 4, 0
        file.write(b"II*\0" + b"\0" * 4)

    def add(self, count: int) -> None:
        for _ in range(count):
            pixels = _picture(self._pages)
            at = self._file.seek(0, os.SEEK_END)
            self._file.write(pixels.tobytes())
            directory = self._file.tell()
            height, width = pixels.shape
            entries = [(256, width), (257, height), (258, 8), (259, 1), (262, 1)]
            entries += [(273, at), (277, 1), (278, height), (279, pixels.size)]
            self._file.write(struct.pack("<H", len(entries)))
            for tag, value in entries:
                self._file.write(struct.pack("<HHII", tag, 4, 1, value))
            after = self._file.tell()
            self._file.write(b"\0" * 4)
            self._file.seek(self._link)
            self._file.write(struct.pack("<I", directory))
            self._link = after
            self._file.flush()
            self._pages += 1


class _Pdf:
    """Writes the whole PDF again through the same open file for each further batch of pages."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._pages = file, 0

    def add(self, count: int) -> None:
        self._pages += count
        first, *others = (Image.fromarray(_picture(number)) for number in range(self._pages))
        whole = BytesIO()
        first.save(whole, "PDF", save_all=True, append_images=others)
        self._file.seek(0)
        self._file.truncate()
        self._file.write(whole.getvalue())
        self._file.flush()


@dataclass
class _Site:
    root: Path
    work: Path
    mode: str

    def documents(self) -> list[dict[str, Any]]:
        paths = sorted((self.root / "centre").glob("*.json"))
        return [json.loads(path.read_text()) for path in paths]

    def pages(self) -> Counter[str]:
        """The pictures of all pages that arrived, each as often as it did."""
        found: Counter[str] = Counter()
        for document in self.documents():
            for sha256, index in document["pages"]:
                data = (self.root / "centre" / f"{sha256}.bytes").read_bytes()
                with open_source(data, Limits()) as source:
                    found[source.page(index).digest()] += 1
        return found

    def status(self) -> str:
        folder = self.root / "scan" / "_etat"
        return "\n".join(path.read_text("utf-8-sig") for path in sorted(folder.glob("*.txt")))

    @contextmanager
    def running(self) -> "Iterator[subprocess.Popen[bytes]]":
        names = (str(self.root), str(self.work), self.mode)
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.support.decoding_child", *names],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
        )
        try:
            yield child
            child.communicate(timeout=_DEADLINE_S)
            assert child.returncode in (0, -signal.SIGKILL)
        finally:
            child.kill()
            child.communicate()


_ALL = ["same-file-system", "another-file-system", "share"]


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[_Site]:
    for name in ("scan", "centre", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "scan" / ".vaguemestre").touch()
    with memory_folder() as memory:
        work = Path(memory) if request.param == "another-file-system" else tmp_path / "work"
        yield _Site(tmp_path, work, "polling" if request.param == "share" else "events")


def _all_ten(site: _Site) -> bool:
    return len(site.pages()) == 10


@pytest.mark.parametrize(
    ("site", "writer"), [*((one, _Tiff) for one in _ALL), (_ALL[0], _Pdf)], indirect=["site"]
)
def test_s27_pages_written_after_a_pause_arrive_once_and_a_person_sees_them(
    site: _Site, writer: type[_Tiff | _Pdf]
) -> None:
    (site.root / "go").touch()
    path = site.root / "scan" / "LOT1.scan"
    with site.running() as station, path.open("w+b") as file:
        scanner = writer(file)
        scanner.add(5)
        wait_until(lambda: len(site.documents()) == 5)
        time.sleep(_PAUSE_S)
        assert os.fstat(file.fileno()).st_nlink == 1, "still under its name while it is open"
        scanner.add(5)
        wait_until(lambda: _all_ten(site))
        file.close()
        if site.mode == "events":
            wait_until(lambda: not path.exists())
        assert station.poll() is None
    assert set(site.pages().values()) == {1}, "no page twice"
    lots = sorted({document["lot"] for document in site.documents()})
    assert len(lots) == 2
    later = [document for document in site.documents() if document["lot"] == lots[1]]
    assert len(later) == 5
    assert all(d["route"] == "name" and "continuation" in d["marks"] for d in later)
    assert "Suite du lot « LOT1.scan »" in site.status()


@pytest.mark.parametrize("site", _ALL[:1], indirect=True)
def test_s27_pages_written_before_the_lot_is_read_are_read_as_one_lot(site: _Site) -> None:
    path = site.root / "scan" / "LOT1.tif"
    with site.running(), path.open("w+b") as file:
        scanner = _Tiff(file)
        scanner.add(5)
        wait_until(lambda: any(p.is_file() for p in (site.work / "blobs").rglob("*")))
        time.sleep(_PAUSE_S)
        scanner.add(5)
        wait_until(lambda: sum(p.is_file() for p in (site.work / "blobs").rglob("*")) == 2)
        (site.root / "go").touch()
        wait_until(lambda: _all_ten(site))
    assert set(site.pages().values()) == {1}
    assert len({document["lot"] for document in site.documents()}) == 1


@pytest.mark.parametrize("site", _ALL[1:], indirect=True)
def test_s27_killed_between_the_copy_and_the_end_nothing_is_lost_or_read_twice(
    site: _Site,
) -> None:
    (site.root / "go").touch()
    path = site.root / "scan" / "LOT1.tif"
    with path.open("w+b") as file:
        scanner = _Tiff(file)
        scanner.add(5)
        with site.running() as station:
            wait_until(lambda: len(site.documents()) == 5)
            station.kill()
        with site.running() as station:
            time.sleep(_PAUSE_S)
            assert len(site.documents()) == 5, "the file that still lies there is no new lot"
            scanner.add(5)
            wait_until(lambda: _all_ten(site))
            station.kill()
        file.close()
        with site.running():
            if site.mode == "events":
                wait_until(lambda: not path.exists())
            time.sleep(_PAUSE_S)
    assert set(site.pages().values()) == {1}
    assert len(site.documents()) == 10


@pytest.mark.parametrize("site", _ALL[:1], indirect=True)
def test_s01_a_placeholder_that_is_filled_later_is_read_as_it_is_then(site: _Site) -> None:
    (site.root / "go").touch()
    path = site.root / "scan" / "LOT1.tif"
    with site.running(), path.open("w+b") as file:
        file.write(b"\0" * 60_000)  # room for all of it, and nothing in it yet
        file.flush()
        time.sleep(_PAUSE_S)
        assert not site.documents()
        file.seek(0)
        scanner = _Tiff(file)
        file.truncate()
        scanner.add(10)
        wait_until(lambda: _all_ten(site))
    assert set(site.pages().values()) == {1}
    assert len({document["lot"] for document in site.documents()}) == 1
