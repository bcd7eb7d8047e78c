"""Lots take turns with real reading processes; a file and a lot have a budget."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest

from edge import sheets
from edge.agent import _OPEN_LOTS, LotReader
from edge.pipeline.lot import LotContext, read_lot
from edge.pipeline.workers import Checker, Progress, Workers, WorkerSettings
from edge.results import LotResult, PageReading
from edge.spool.values import LotStatus
from edge.telemetry import Telemetry
from tests.support import page as page_of
from tests.support import paper, pictures, reading
from tests.support.station import Station
from vaguemestre import pack
from vaguemestre.model.lot import LotHeader

PACK = pack.load(pack.default_dir())
PAGES = 60


class Order:
    """The pages as they were read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.files: list[str] = []

    def __call__(self, read: PageReading, _: float) -> None:
        with self._lock:
            self.files.append(read.ref.file)


def letter(seed: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """A page of a few lines: some tenths of a second to read."""
    return paper.text(paper.sheet(seed), lines=4)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lots") / "large.tif"
    pages = [letter(seed) for seed in range(3)] * (PAGES // 3)
    path.write_bytes(pictures.tiff(*pages, compression="tiff_lzw", dpi=(200, 200)))
    return path


def running(order: Order, told: WorkerSettings) -> Workers:
    workers = Workers(told, 2, order)
    workers.versions()
    return workers


def read(workers: Workers, priority: int, *paths: Path) -> LotResult:
    context = LotContext("17", reading.TODAY, LotHeader(priority=priority))
    return read_lot(reading.claimed(*paths), workers, PACK, context).result


def wait_for(order: Order, pages: int) -> None:
    until = time.monotonic() + 120
    while len(order.files) < pages:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
def test_an_urgent_sheet_waits_for_no_large_lot_and_neither_does_any_other(
    large: Path, tmp_path: Path
) -> None:
    for name in ("urgent.tif", "sheet.tif"):
        (tmp_path / name).write_bytes(pictures.tiff(letter(9), compression="tiff_lzw"))
    order = Order()
    workers = running(order, reading.settings())
    try:
        with ThreadPoolExecutor(3) as threads:
            whole = threads.submit(read, workers, 0, large)
            wait_for(order, 6)
            sheet = threads.submit(read, workers, 0, tmp_path / "sheet.tif")
            urgent = threads.submit(read, workers, 1, tmp_path / "urgent.tif")
            for lot in (urgent, sheet):
                assert len(lot.result().documents) == 1
            read_before = len(order.files)
            everything = whole.result()
    finally:
        workers.close()
    assert sum(len(document.pages) for document in everything.documents) == PAGES
    # Those begun before they came, one of each process while their pages were counted, and theirs.
    assert read_before <= 6 + 10
    assert order.files.index("urgent.tif") <= 6 + 8


@pytest.mark.slow
def test_a_lot_whose_header_sheet_says_urgent_is_raised_when_the_sheet_is_read(
    large: Path, tmp_path: Path
) -> None:
    header = sheets.header_sheet_pdf(LotHeader(process="FSP", fund="17", priority=1), "LOT")
    (tmp_path / "1.pdf").write_bytes(header)
    (tmp_path / "2.tif").write_bytes(
        pictures.tiff(*[letter(seed) for seed in range(5)], compression="tiff_lzw", dpi=(200, 200))
    )
    order = Order()
    workers = running(order, reading.settings())
    try:
        with ThreadPoolExecutor(2) as threads:
            whole = threads.submit(read, workers, 0, large)
            wait_for(order, 6)
            urgent = read(workers, 0, tmp_path / "1.pdf", tmp_path / "2.tif")
            between = len(order.files)
            whole.result()
    finally:
        workers.close()
    assert any("urgent" in document.marks for document in urgent.documents)
    start = order.files.index("1.pdf")
    others = [name for name in order.files[start:between] if name == "large.tif"]
    # Two under way when the sheet was read, and now and then anybody's turn; level they would be 5.
    assert len(others) <= 4


def endless(path: Path, pages: int) -> Path:
    """Pages each drawn by ten drawings, each of them by ten others, ten deep."""
    with pikepdf.new() as pdf:
        form: dict[str, pikepdf.Object] = {"/Type": pikepdf.Name.XObject}
        form |= {"/Subtype": pikepdf.Name.Form, "/BBox": pikepdf.Array([0, 0, 9, 9])}
        inner = pdf.make_stream(b"0 0 1 1 re f", form)
        for _ in range(10):
            resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
            inner = pdf.make_stream(b"/X Do " * 10, form | {"/Resources": resources})
        for _ in range(pages):
            page = pdf.add_blank_page()
            page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
            page.Contents = pdf.make_stream(b"/X Do")
        pdf.save(path)
    return path


@pytest.mark.slow
def test_a_file_of_five_thousand_pages_that_take_all_their_time_is_given_up(tmp_path: Path) -> None:
    """With two minutes a page it held both processes for 87 hours."""
    told = replace(reading.settings(timeout_s=1.0), max_lost_pages_per_file=3)
    (tmp_path / "sheet.tif").write_bytes(pictures.tiff(pictures.page(), compression="tiff_lzw"))
    workers = running(Order(), told)
    try:
        result = read(workers, 0, endless(tmp_path / "endless.pdf", 5_000), tmp_path / "sheet.tif")
    finally:
        workers.close()
    codes = [aside.code for aside in result.set_aside]
    assert {aside.file for aside in result.set_aside} == {"endless.pdf"}
    assert 3 <= codes.count("page_timeout") <= 4  # one was under way
    assert codes.count("reading_too_long") == 5_000 - codes.count("page_timeout")
    assert [page.ref.file for document in result.documents for page in document.pages] == [
        "sheet.tif"
    ]


def test_what_a_lot_holds_beyond_its_pages_is_set_aside_file_by_file(
    tmp_path: Path,
) -> None:
    paths: Sequence[Path] = [tmp_path / f"{number}.tif" for number in range(4)]
    for path in paths:
        path.write_bytes(
            pictures.tiff(*[np.full((300, 200), 255, np.uint8)] * 3, compression="tiff_lzw")
        )
    workers = running(Order(), replace(reading.settings(), max_pages_per_lot=7))
    try:
        result = read(workers, 0, *paths)
    finally:
        workers.close()
    read_pages = [page for document in result.documents for page in document.pages]
    assert len(read_pages) + len(result.loose_pages) == 6
    assert [(aside.code, aside.page) for aside in result.set_aside] == [("lot_too_long", None)] * 2


@pytest.mark.slow
def test_a_sheet_dropped_while_large_lots_are_read_is_spooled_within_a_few_pages(
    large: Path, tmp_path: Path
) -> None:
    """The watched folder, the spool and the agent's reading part, with real processes."""
    order = Order()
    workers = running(order, reading.settings())
    station, stop = Station(tmp_path, quiet_for_s=1.0), threading.Event()
    checker = Checker(replace(reading.settings(), networks=False), 60.0)
    station.sources._look._peek = checker.is_whole
    for number in range(_OPEN_LOTS + 2):  # more than are read in turns
        data = large.read_bytes() + bytes([number]) * 9_000_000
        station.drop(f"L{number}.tif", data)
    station.settle()
    reader = LotReader(
        page_of.settings(station), station.spool.lots, workers, PACK, {}, Telemetry(), Progress()
    )
    thread = threading.Thread(target=reader.run, args=(stop,))
    thread.start()
    try:
        wait_for(order, 4)
        (station.folder / "SHEET.tif").write_bytes(
            pictures.tiff(letter(9), compression="tiff_lzw", dpi=(200, 200))
        )
        station.settle()
        dropped = len(order.files)
        until = time.monotonic() + 200
        while not any(lot.name == "SHEET.tif" and lot.documents for lot in _lots(station)):
            assert time.monotonic() < until
            time.sleep(0.05)
        read_meanwhile = len(order.files) - dropped
    finally:
        stop.set()
        thread.join()
        checker.close()
        station.spool.close()
    # A page of each large lot, those under way, and what is read until the reader looks again.
    assert read_meanwhile <= _OPEN_LOTS + 12


def _lots(station: Station) -> Sequence[LotStatus]:
    return station.spool.status.lots_overview()
