"""What being confined costs a reading process: its start, and the processor's time for an image.

The same drawn images are read in turn by a process that is confined and by one whose ``lock`` does
nothing, so that whatever else the machine is at weighs on both.
"""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

from edge.pipeline.workers import Workers, handle
from edge.results import PageReading
from tests.bench import mixed
from tests.support import reading
from vaguemestre.model.document import ImageRef

_FREE = """
from edge.pipeline.workers import child, confine
confine.lock = lambda: confine.REQUIRED
child.main()
"""
_STARTS = 3


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds of processor, confined and free: of a start (median), of an image."""

    images: int
    start_s: tuple[float, float]
    image_s: tuple[float, float]

    def __str__(self) -> str:
        """A few lines for people."""
        (start, free_start), (image, free) = self.start_s, self.image_s
        return (
            f"a start: {start:.2f} s of processor confined, {free_start:.2f} s free\n"
            f"{self.images} images: {image:.3f} s of processor each confined, {free:.3f} s free:"
            f" {image / free - 1:+.1%}"
        )


def measure(images: int, seed: int) -> Outcome:
    """Read a mixed lot with both."""
    paths = sorted(path for path in mixed.draw(images, seed).rglob("*.*") if path.is_file())
    usual = handle._PROGRAM
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "free.py"
        script.write_text(_FREE, "utf-8")
        programs = (usual, (sys.executable, str(script)))
        try:
            starts = [[_start(program) for _ in range(_STARTS)] for program in programs]
            spent = _read(paths, programs)
        finally:
            handle._PROGRAM = usual
    return Outcome(
        len(paths),
        (median(starts[0]), median(starts[1])),
        (spent[0] / len(paths), spent[1] / len(paths)),
    )


def _start(program: tuple[str, ...]) -> float:
    handle._PROGRAM = program
    with reading.running(reading.settings(), count=1) as workers:
        workers.versions()
        return _spent(workers)


def _read(paths: list[Path], programs: tuple[tuple[str, ...], ...]) -> list[float]:
    """Processor seconds of each program for all files, one file after the other."""
    both = []
    for program in programs:
        handle._PROGRAM = program
        workers = Workers(reading.settings(), 1)
        workers.versions()
        both.append(workers)
    before = [_spent(workers) for workers in both]
    for turn, path in enumerate(paths):
        for workers in both if turn % 2 else reversed(both):
            answer = workers.read(path, ImageRef(path.name, 0, path.name)).result()
            if not isinstance(answer, PageReading):
                raise RuntimeError(f"{path.name}: {answer.code}")
    spent = [_spent(workers) - start for workers, start in zip(both, before, strict=True)]
    for workers in both:
        workers.close()
    return spent


def _spent(workers: Workers) -> float:
    time.sleep(0.05)  # the kernel's account lags by a tick
    (process,) = reading.living(workers)
    times: psutil._common.pcputimes = process.cpu_times()
    return float(times.user + times.system)
