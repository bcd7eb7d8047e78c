"""What happens to a page stops there: late, killed, too big, or with a damaged pack."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pikepdf
import psutil
import pytest
from PIL import Image

from edge.errors import PackInvalid
from edge.pipeline.workers import Failure, FilePages, Workers
from edge.pipeline.workers.handle import Handle
from edge.pipeline.workers.messages import LinkBroken, Task
from edge.results import PageReading
from tests.support import pictures, reading, tiffs
from tests.support.waiting import wait_until
from vaguemestre import pack
from vaguemestre.model.document import ImageRef, RouteKind

BLANK = np.full((600, 400), 255, np.uint8)


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of eight blank pages: quickly read, and nothing but the file can go wrong."""
    path = tmp_path_factory.mktemp("lot") / "lot.tif"
    path.write_bytes(pictures.tiff(*[BLANK] * 8, compression="tiff_lzw"))
    return path


@pytest.fixture
def one() -> Iterator[Workers]:
    """A single worker that was started, with two seconds for each page."""
    with reading.running(reading.settings(timeout_s=2.0), count=1) as workers:
        workers.versions()
        yield workers


def ask(workers: Workers, path: Path, index: int = 0) -> "Future[PageReading | Failure]":
    return workers.read(path, ImageRef(path.name, index, str(path)))


def code(answer: PageReading | Failure) -> str:
    return answer.code if isinstance(answer, Failure) else "read"


def only_process(workers: Workers) -> psutil.Process:
    (process,) = reading.living(workers)
    return process


def test_a_page_over_the_time_out_is_given_up_and_the_next_is_read(one: Workers, lot: Path) -> None:
    stuck = only_process(one)
    stuck.suspend()
    assert code(ask(one, lot).result()) == "page_timeout"
    assert not stuck.is_running()
    assert code(ask(one, lot, 1).result()) == "read"
    assert only_process(one).pid != stuck.pid


def test_a_page_whose_worker_is_killed_is_read_by_the_next(one: Workers, lot: Path) -> None:
    victim = only_process(one)
    victim.suspend()
    answer = ask(one, lot)
    with pytest.raises(TimeoutError):
        answer.result(timeout=0.3)
    victim.kill()
    assert code(answer.result()) == "read"
    assert only_process(one).pid != victim.pid


def test_a_page_that_kills_its_reader_twice_is_lost_alone(
    one: Workers, lot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[float]()

    def dies(_: Handle, __: Task, timeout_s: float) -> object:
        asked.append(timeout_s)
        raise LinkBroken("it died")

    with monkeypatch.context() as patched:
        patched.setattr(Handle, "_answer", dies)
        assert code(ask(one, lot).result()) == "page_crashed"
    assert len(asked) == 2
    assert [code(ask(one, lot, i).result()) for i in range(8)] == ["read"] * 8


def test_a_worker_killed_while_it_had_nothing_to_do_costs_no_page(one: Workers, lot: Path) -> None:
    for _ in range(2):
        process = only_process(one)
        process.kill()
        wait_until(partial(_is_dead, process))
        assert code(ask(one, lot).result()) == "read"


def test_a_lot_with_one_of_two_workers_killed_in_its_middle_lacks_a_page_at_most(lot: Path) -> None:
    with reading.running(reading.settings(), count=2) as workers:
        reading.read(workers, lot)
        processes = reading.living(workers)
        assert len(processes) == 2
        processes[0].suspend()
        with ThreadPoolExecutor(1) as thread:
            result = thread.submit(reading.read, workers, lot)
            # The other worker reads what is left; then only the stopped one's task is open.
            wait_until(lambda: _is_idle(processes[1]))
            processes[0].kill()
            found = result.result()
    (document,) = found.documents
    aside = [(aside.page, aside.code) for aside in found.set_aside]
    pages = [page.ref.index for page in document.pages]
    assert sorted(pages + [page for page, _ in aside if page is not None]) == list(range(8))
    # None at all when the task was to count the pages: that is asked again.
    assert [code for _, code in aside] in ([], ["page_crashed"])


def test_counting_is_asked_again_when_its_worker_is_killed(one: Workers, lot: Path) -> None:
    victim = only_process(one)
    victim.suspend()
    with ThreadPoolExecutor(1) as thread:
        count = thread.submit(one.pages_of, lot, ImageRef("lot.tif", 0, str(lot)))
        with pytest.raises(TimeoutError):
            count.result(timeout=0.3)
        victim.kill()
        assert count.result() == FilePages(tuple(range(8)))


def _is_dead(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)


def _is_idle(process: psutil.Process) -> bool:
    before = process.cpu_times().user
    time.sleep(0.5)
    return bool(process.cpu_times().user == before)


def huge(path: Path) -> Path:
    """Within the limit of pixels, and 430 MB to decode."""
    Image.new("RGB", (12_000, 12_000), "white").save(path, compress_level=1)
    return path


def test_a_page_of_ten_metres_is_read_for_a_person(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    tall = np.full((78_740, 1_654), 255, np.uint8)
    tall[::400, 200:1400] = 0
    path = tmp_path / "tall.tif"
    path.write_bytes(pictures.tiff(pictures.bitonal(tall), compression="group4", dpi=(200, 200)))
    with reading.running(reading.settings(), count=1) as workers:
        (document,) = reading.read(workers, path).documents
    (page,) = document.pages
    assert (round(page.height_mm), page.dpi) == (10_000, 200)
    assert (document.type, document.route.kind) == ("unknown", RouteKind.NAME)
    assert capfd.readouterr().err == ""


def bomb(path: Path) -> Path:
    """A page whose content inflates to 2 GB."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(b" " * 10_000_000) for _ in range(200)) + packer.flush()
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = pdf.make_stream(packed)
        page.Contents.Filter = pikepdf.Name.FlateDecode
        pdf.save(path, compress_streams=False)
    return path


@pytest.mark.parametrize(("make", "name"), [(huge, "huge.png"), (bomb, "bomb.pdf")])
def test_a_page_that_needs_too_much_memory_stops_only_itself(
    make: Callable[[Path], Path], name: str, tmp_path: Path, lot: Path
) -> None:
    made = make(tmp_path / name)
    assert made.stat().st_size < 20_000_000
    with reading.running(reading.settings(memory_bytes=600_000_000), count=1) as workers:
        workers.versions()
        answer = ask(workers, made)
        peak = 0
        while not answer.done():
            with contextlib.suppress(psutil.NoSuchProcess):
                peak = max(peak, *(p.memory_info().rss for p in reading.living(workers)), 0)
            time.sleep(0.01)
        assert code(answer.result()) in ("page_too_large", "page_crashed", "image_undecodable")
        assert peak < 700_000_000
        assert code(ask(workers, lot).result()) == "read"


def laughs(path: Path) -> Path:
    """A page drawn by ten drawings, each of them drawn by ten others, ten deep."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        form: dict[str, pikepdf.Object] = {"/Type": pikepdf.Name.XObject}
        form |= {"/Subtype": pikepdf.Name.Form, "/BBox": pikepdf.Array([0, 0, 9, 9])}
        inner = pdf.make_stream(b"0 0 1 1 re f", form)
        for _ in range(10):
            resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
            inner = pdf.make_stream(b"/X Do " * 10, form | {"/Resources": resources})
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=inner))
        page.Contents = pdf.make_stream(b"/X Do")
        pdf.save(path)
    return path


def test_a_drawing_without_end_is_given_up(one: Workers, tmp_path: Path, lot: Path) -> None:
    started = time.monotonic()
    answer = ask(one, laughs(tmp_path / "laughs.pdf")).result()
    assert code(answer) in ("page_timeout", "page_crashed")
    assert time.monotonic() - started < 20
    assert code(ask(one, lot).result()) == "read"


def test_closing_waits_for_no_page(lot: Path) -> None:
    workers = Workers(reading.settings(), 1)
    workers.versions()
    stuck = only_process(workers)
    stuck.suspend()
    answers = [ask(workers, lot, index) for index in range(8)]
    started = time.monotonic()
    workers.close()
    assert time.monotonic() - started < 5
    assert [code(answer.result(timeout=0)) for answer in answers] == ["page_crashed"] * 8
    assert reading.living(workers) == []
    assert isinstance(workers.pages_of(lot, ImageRef("lot.tif", 0, "")), Failure)
    workers.close()
    assert reading.living(workers) == []


def test_a_damaged_pack_is_said_and_never_set_aside_page_by_page(tmp_path: Path, lot: Path) -> None:
    shutil.copytree(pack.default_dir() / "forms", tmp_path / "pack" / "forms")
    (tmp_path / "pack" / "plan.toml").write_text("version = 1")
    with reading.running(reading.settings(pack_dir=tmp_path / "pack"), count=1) as workers:
        with pytest.raises(PackInvalid, match=r"plan\.toml"):
            workers.versions()
        with pytest.raises(PackInvalid, match=r"plan\.toml"):
            reading.read(workers, lot)
        assert reading.living(workers) == []


def test_a_pack_without_its_networks_starts_no_process(tmp_path: Path) -> None:
    for name in ("forms", "onnx"):
        shutil.copytree(pack.default_dir() / name, tmp_path / "pack" / name)
    shutil.copy(pack.default_dir() / "plan.toml", tmp_path / "pack" / "plan.toml")
    (tmp_path / "pack" / "onnx" / "cells.onnx").write_bytes(b"altered")
    with reading.running(reading.settings(pack_dir=tmp_path / "pack"), count=1) as workers:
        with pytest.raises(PackInvalid, match=r"cells\.onnx: digest"):
            workers.versions()
        assert reading.living(workers) == []


_OWNER = """
import sys, time
from tests.support import reading
if __name__ == "__main__":
    with reading.running(reading.settings(), count=2) as workers:
        workers.versions()
        print(*[process.pid for process in reading.living(workers)], flush=True)
        time.sleep(600)
"""


def test_workers_end_by_themselves_when_their_owner_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "owner.py"
    script.write_text(_OWNER)
    root = Path(__file__).parents[3]
    owner = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert pids
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in pids))


def test_answers_of_a_vanished_or_unusual_file_are_failures(one: Workers, tmp_path: Path) -> None:
    (tmp_path / "empty.tif").touch()
    os.mkfifo(tmp_path / "fifo.tif")
    (tmp_path / "link.tif").symlink_to("empty.tif")
    (tmp_path / "folder.tif").mkdir()
    expected = {
        "absent.tif": "file_vanished",
        "empty.tif": "file_empty",
        "fifo.tif": "not_regular_file",
        "link.tif": "not_regular_file",
        "folder.tif": "not_regular_file",
    }
    for name, wanted in expected.items():
        counted = one.pages_of(tmp_path / name, ImageRef(name, 0, name))
        assert isinstance(counted, Failure)
        assert (counted.code, code(ask(one, tmp_path / name).result())) == (wanted, wanted)


def test_a_file_that_is_cut_under_its_reader_stops_only_itself(
    one: Workers, tmp_path: Path, lot: Path
) -> None:
    """A memory map of a file that shrinks ends the process at the first page that is gone."""
    noise = np.random.default_rng(0).integers(0, 255, (600, 400), np.uint8)
    growing = tmp_path / "cut.tif"
    strip = tiffs.stripped(tiffs.page(400, 600), [noise.tobytes()], 600)
    growing.write_bytes(tiffs.compose(*[strip] * 8))
    assert one.pages_of(growing, ImageRef("cut.tif", 0, str(growing))) == FilePages(tuple(range(8)))
    os.truncate(growing, 4096)
    assert code(ask(one, growing, 7).result()) in ("page_crashed", "file_truncated")
    assert code(ask(one, lot).result()) == "read"
