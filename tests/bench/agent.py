"""The whole agent at speed: files in, documents in the spool, on a drawn mixed lot.

A real station with its default settings, two reading processes and no centre to send to. What is
counted is the processor time of all its processes; what is timed is the clock from the moment
the lots lie in the folder, the quiet time that a scanner needs included.
"""

import contextlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from edge import config
from tests.bench import mixed
from tests.support.site import Process, Site

_WITHIN_S = 3_600.0
_LOOK_EVERY_S = 0.25
_CLOSED_PORT = 9  # nobody answers: documents wait in the spool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run took."""

    images: int
    documents: int
    seconds: float
    core_seconds: float
    agent_bytes: int
    worker_bytes: tuple[int, ...]
    total_bytes: int
    first_page_s: float

    def __str__(self) -> str:
        """A few lines for people."""
        mega = [round(size / 1e6) for size in self.worker_bytes]
        return (
            f"{self.images} images, {self.documents} documents in the spool\n"
            f"{self.images / self.seconds:.2f} images/s, "
            f"{self.core_seconds / self.images:.3f} core-seconds an image\n"
            f"peak memory: {self.total_bytes / 1e6:.0f} MB in all (shared pages once), "
            f"agent {self.agent_bytes / 1e6:.0f} MB, workers {mega} MB\n"
            f"start to first page read: {self.first_page_s:.1f} s"
        )


def measure(images: int, seed: int) -> Outcome:
    """Run a station over the mixed lot."""
    lots = mixed.draw(images, seed)
    first = _first_page(lots)
    with tempfile.TemporaryDirectory() as folder, _station(Path(folder)) as (site, process):
        watch = _Watch(process.process.pid)
        before, started = watch.core_seconds(), time.monotonic()
        folders = sorted(path for path in lots.iterdir() if path.is_dir())
        for path in folders:
            shutil.copytree(path, site.scan.parent / path.name)
            (site.scan.parent / path.name).rename(site.scan / path.name)
        log = Path(folder) / "station.log"
        _until(lambda: len(_events(log, "lot_read")) == len(folders), process)
        seconds, spent = time.monotonic() - started, watch.core_seconds() - before
        watch.close()
        read = _events(log, "lot_read")
        documents = sum(int(one["documents"]) for one in read)
        return Outcome(
            sum(int(one["pages"]) for one in read), documents, seconds, spent, watch.agent,
            tuple(watch.workers.values()), watch.total, first,
        )  # fmt: skip


def _first_page(lots: Path) -> float:
    """Seconds from the start of the program to its first page; the file lies there already."""
    with tempfile.TemporaryDirectory() as folder:
        site = _site(Path(folder), quiet_for_s=0.1)
        page = next(iter(sorted(next(iter(sorted(lots.glob("L*")))).iterdir())))
        shutil.copy(page, site.scan / page.name)
        started = time.monotonic()
        site.start_station()
        assert site.station is not None
        try:
            _until(lambda: bool(_events(Path(folder) / "station.log", "lot_read")), site.station)
            return time.monotonic() - started
        finally:
            site.stop()


def _site(folder: Path, quiet_for_s: float) -> Site:
    times = {"quiet_for_s": quiet_for_s, "rescan_every_s": 1.0}
    site = Site(folder, config.user_cache_dir(), station={"sources": times})
    site.port = _CLOSED_PORT
    return site


@contextlib.contextmanager
def _station(folder: Path) -> Iterator[tuple[Site, Process]]:
    site = _site(folder, quiet_for_s=1.0)
    site.start_station()
    assert site.station is not None
    try:
        yield site, site.station
    finally:
        site.stop()


class _Watch:
    """Looks at a process and its children now and then, for their memory."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._stop = threading.Event()
        self.agent, self.total = 0, 0
        self.workers: dict[int, int] = {}
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def core_seconds(self) -> float:
        """Spent so far by all of them."""
        spent = 0.0
        for process in (self._root, *self._root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                spent += times.user + times.system
        return spent

    def close(self) -> None:
        """Stop looking."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            total = 0
            for process in (self._root, *self._root.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    size, shared = process.memory_info().rss, process.memory_full_info().pss
                    total += shared
                    if _reads(process):
                        self.workers[process.pid] = max(size, self.workers.get(process.pid, 0))
                    else:
                        self.agent = max(size, self.agent)
            self.total = max(total, self.total)


def _reads(process: psutil.Process) -> bool:
    return "edge.pipeline.workers" in process.cmdline()


def _until(done: Callable[[], bool], process: Process) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not done():
        if process.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("the station ended, or takes too long")
        time.sleep(_LOOK_EVERY_S)


def _events(log: Path, name: str) -> list[dict[str, Any]]:
    if not log.exists():
        return []
    found = []
    for line in log.read_text("utf-8", "replace").splitlines():
        if f'"{name}"' in line:
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
    return found
