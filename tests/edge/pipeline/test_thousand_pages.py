"""A lot of 1,000 pages is legitimate: it is read whole, in bounded memory, by all workers."""

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from edge.imaging.tiff_structure import read_directory, read_layout, segments_of
from edge.pipeline.workers import Workers
from tests.support import paper, pictures, reading, tiffs
from tests.support.pictures import Gray
from vaguemestre.model.document import PageRole

PAGES, TEXT_EVERY, DPI = 1_000, 100, 100
SIZE = (827, 1169)
# 1,000 pages kept as pixels would be 1 GB; as readings they are a few MB.
OWNER_MAY_GROW = 60_000_000
WORKER_MAY_HOLD = 700_000_000


def group4(page: Gray) -> tuple[tiffs.Fields, Sequence[bytes]]:
    """A page as Pillow packs it, to be put into a file as often as wanted."""
    data = pictures.tiff(pictures.bitonal(page), compression="group4", dpi=(DPI, DPI))
    layout = read_layout(data)
    directory = read_directory(data, layout, layout.first)
    strips = [data[start : start + count] for start, count in segments_of(directory)]
    white_is_zero = directory.integer(tiffs.PHOTOMETRIC, 0)
    fields = tiffs.page(*SIZE, dpi=(DPI, DPI), bits=1, compression=4, photometric=white_is_zero)
    return tiffs.stripped(fields, strips, directory.integer(tiffs.ROWS_PER_STRIP, SIZE[1]))


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Blank pages, every hundredth with a line of text."""
    blank = np.full(SIZE[::-1], 255, np.uint8)
    pages = [group4(blank)] * PAGES
    pages[::TEXT_EVERY] = [group4(paper.text(blank, lines=1))] * (PAGES // TEXT_EVERY)
    path = tmp_path_factory.mktemp("lot") / "mille.tif"
    path.write_bytes(tiffs.compose(*pages))
    return path


class Peaks:
    """The most that this process and any worker held while it was looked at."""

    def __init__(self, workers: Workers) -> None:
        self._reading = workers
        self.owner_at_first = psutil.Process().memory_info().rss
        self.owner = self.worker = 0
        self.workers: set[int] = set()

    def look(self) -> None:
        self.owner = max(self.owner, psutil.Process().memory_info().rss)
        for process in reading.living(self._reading):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.worker = max(self.worker, process.memory_info().rss)
                self.workers.add(process.pid)


@contextlib.contextmanager
def watching(workers: Workers) -> Iterator[Peaks]:
    peaks, over = Peaks(workers), threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            peaks.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peaks
    finally:
        over.set()
        thread.join()


@pytest.mark.slow
def test_a_lot_of_a_thousand_pages_is_read_in_bounded_memory(lot: Path) -> None:
    assert lot.stat().st_size < 2_000_000
    with reading.running(reading.settings(), count=2) as workers:
        workers.versions()
        with watching(workers) as peaks:
            result = reading.read(workers, lot)
    assert result.set_aside == ()
    pages = [page for document in result.documents for page in document.pages]
    assert [page.ref.index for page in pages] == list(range(PAGES))
    written = [page.ref.index for page in pages if page.role is not PageRole.BLANK]
    assert written == list(range(0, PAGES, TEXT_EVERY))
    assert all("remboursement" in page.text for page in pages if page.role is not PageRole.BLANK)
    assert peaks.owner - peaks.owner_at_first < OWNER_MAY_GROW
    assert peaks.worker < WORKER_MAY_HOLD
    assert len(peaks.workers) == 2


def test_a_directory_of_single_images_keeps_both_workers_busy(tmp_path: Path) -> None:
    data = pictures.encoded(np.full(SIZE[::-1], 255, np.uint8), "PNG")
    paths = [tmp_path / f"{number}.png" for number in range(60)]
    for path in paths:
        path.write_bytes(data)
    with reading.running(reading.settings(), count=2) as workers:
        reading.read(workers, *paths[:4])
        processes = reading.living(workers)
        before = [process.cpu_times().user for process in processes]
        result = reading.read(workers, *paths)
        worked = [p.cpu_times().user - b for p, b in zip(processes, before, strict=True)]
    (document,) = result.documents
    assert [page.ref.file for page in document.pages] == [path.name for path in paths]
    assert len(worked) == 2
    assert min(worked) > 0.25 * sum(worked)
