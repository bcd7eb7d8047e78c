"""The pool of confined reading processes: a memory limit and a time-out a page, lots in turn.

Each process has a thread that takes the next job (edge/pipeline/workers/turns.py), asks it and
waits with a time-out; a process that is late or dies is ended and a new one takes its place. Only a
page that does so twice is lost to a person. A budget bounds what one file and one lot may take, all
pages together: a limit for a page does not end a file of 5,000 pages that each take all of it.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import PageCrashed, PageTimeout, ReadingTooLong
from edge.pipeline.workers.confinement import Protection
from edge.pipeline.workers.handle import Handle
from edge.pipeline.workers.messages import (
    Act,
    Failure,
    FilePages,
    Read,
    Started,
    Task,
    WorkerSettings,
)
from edge.pipeline.workers.turns import Taken, Turns
from edge.results import PageReading
from vaguemestre.model.document import ImageRef


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a lot and each of its files may ask for.

    ``file_s`` and ``lot_s`` are seconds of one process; ``lost_pages`` of one file are those that
    took too long or ended their process.
    """

    file_s: float
    lot_s: float
    lost_pages: int
    lot_pages: int


class Budget:
    """What one lot has used; its owner calls it from one thread at a time."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._lot_s = 0.0
        self._lot_pages = 0
        self._file_s: dict[str, float] = {}
        self._lost: dict[str, int] = {}

    def admit(self, pages: int) -> bool:
        """Whether a file of so many pages may still be read; if so they are counted."""
        if self._lot_pages + pages > self._allowance.lot_pages:
            return False
        self._lot_pages += pages
        return True

    def spend(self, file: str, seconds: float, *, lost: bool) -> None:
        """A page of a file took so long, and was lost or not."""
        self._lot_s += seconds
        self._file_s[file] = self._file_s.get(file, 0.0) + seconds
        self._lost[file] = self._lost.get(file, 0) + lost

    def is_spent(self, file: str) -> bool:
        """No page more of this file is read."""
        return (
            self._lot_s >= self._allowance.lot_s
            or self._file_s.get(file, 0.0) >= self._allowance.file_s
            or self._lost.get(file, 0) >= self._allowance.lost_pages
        )


_LISTED_TIMES = 2  # a whole file is worth more than a page


@dataclass(frozen=True, slots=True)
class _Job:
    ask: Callable[[Handle], object]
    answer: "Future[Any]"


class Workers:
    """A fixed number of reading processes, and a thread for each.

    Args:
        settings: Told to every process.
        count: How many processes.
        page_read: Told each page's reading and the seconds that it took.
    """

    def __init__(
        self,
        settings: WorkerSettings,
        count: int,
        page_read: Callable[[PageReading, float], None] = lambda *_: None,
    ) -> None:
        self.count = count
        self._settings, self._page_read = settings, page_read
        self._closed = threading.Event()
        self._turns: Turns[_Job] = Turns(count)
        self._changed = threading.Condition()
        self._all = [Handle(settings, self._closed) for _ in range(count)]
        self._threads = [
            threading.Thread(target=self._serve, args=(handle,), name=f"reading-{i}", daemon=True)
            for i, handle in enumerate(self._all)
        ]
        self._no_lot = LotWorkers(self, 0)
        for thread in self._threads:
            thread.start()

    @contextlib.contextmanager
    def lot(self, priority: int = 0) -> Iterator["LotWorkers"]:
        """A lot is read: its pages take turns with those of the others, within its budget."""
        lot = LotWorkers(self, priority)
        try:
            yield lot
        finally:
            lot.close()

    def pages_of(self, path: Path, ref: ImageRef) -> FilePages | Failure:
        """``LotWorkers.pages_of`` of a file that belongs to no lot."""
        return self._no_lot.pages_of(path, ref)

    def read(self, path: Path, ref: ImageRef) -> "Future[PageReading | Failure]":
        """``LotWorkers.read`` of a file that belongs to no lot."""
        return self._no_lot.read(path, ref)

    def versions(self) -> dict[str, str]:
        """Start one process and return the versions of what it reads with.

        Raises:
            PackInvalid: the pack or a model is missing or altered; never a silent fall-back.
            ConfinementMissing: the kernel cannot confine it, and the settings want it so.
            ReaderFailed: the process does not start for another reason.
        """
        return self._start().versions

    def held(self) -> frozenset[Protection]:
        """Start one process and return how it is confined; raises as ``versions`` does."""
        return self._start().held

    def pids(self) -> tuple[int, ...]:
        """The processes that were started, for whoever watches over their memory."""
        return tuple(pid for handle in self._all if (pid := handle.pid) is not None)

    def close(self) -> None:
        """End all processes; pages under way and those still waiting answer ``page_crashed``."""
        with self._changed:
            self._closed.set()
            waiting = self._turns.drain()
            self._changed.notify_all()
        for job in waiting:
            job.answer.set_result(Failure.of(PageCrashed))
        for thread in self._threads:
            thread.join()
        for handle in self._all:
            handle.end()

    def _start(self) -> Started:
        started: Started = self._no_lot.ask(Handle.start).result()
        return started

    def _serve(self, handle: Handle) -> None:
        while (taken := self._next()) is not None:
            began = time.monotonic()
            try:
                answer = taken.job.ask(handle)
            except Exception as error:
                taken.job.answer.set_exception(error)
            else:
                taken.job.answer.set_result(answer)
            finally:
                with self._changed:
                    self._turns.done(taken, time.monotonic() - began)
                    self._changed.notify_all()

    def _next(self) -> Taken[_Job] | None:
        """Wait for a job; None at the end."""
        with self._changed:
            while not self._closed.is_set():
                taken = self._turns.take()
                if taken is not None:
                    return taken
                self._changed.wait()
        return None


class LotWorkers:
    """Where one lot has its files read; made by ``Workers.lot``. Safe to call from any thread."""

    def __init__(self, workers: Workers, priority: int) -> None:
        self._workers, self._settings = workers, workers._settings
        self._turns, self._changed = workers._turns, workers._changed
        told = workers._settings
        self._budget = Budget(
            Allowance(
                told.max_seconds_per_file,
                told.max_seconds_per_lot,
                told.max_lost_pages_per_file,
                told.max_pages_per_lot,
            )
        )
        with self._changed:
            self._lot = self._turns.open(priority)

    @property
    def count(self) -> int:
        """How many files it is worth asking for at once."""
        return self._workers.count

    def admit(self, pages: int) -> bool:
        """Whether the lot may have so many pages more; if so they are counted."""
        with self._changed:
            return self._budget.admit(pages)

    def pages_of(self, path: Path, ref: ImageRef) -> FilePages | Failure:
        """Open a file and say which pages it has.

        Raises:
            PackInvalid, ConfinementMissing, ReaderFailed: no process can start; nothing is wrong
                with the file.
        """
        answer: FilePages | Failure = self.ask(
            lambda handle: self._list(handle, path, ref)
        ).result()
        return answer

    def read(self, path: Path, ref: ImageRef) -> "Future[PageReading | Failure]":
        """Read one page; the answer comes when it was its turn.

        The future raises as ``pages_of`` does.
        """
        return self.ask(lambda handle: self._read(handle, path, ref))

    def ask(self, act: Callable[[Handle], object]) -> "Future[Any]":
        """Have something done with a process when it is this lot's turn."""
        job = _Job(act, Future())
        with self._changed:
            if self._workers._closed.is_set():
                job.answer.set_result(Failure.of(PageCrashed))
            else:
                self._turns.put(self._lot, job)
                self._changed.notify()
        return job.answer

    def close(self) -> None:
        """The lot is done, or given up: what still waits of it is forgotten."""
        with self._changed:
            waiting = self._turns.close(self._lot)
        for job in waiting:
            job.answer.set_result(Failure.of(PageCrashed))

    def _list(self, handle: Handle, path: Path, ref: ImageRef) -> FilePages | Failure:
        answer: object = Failure.of(PageCrashed)
        for _ in range(_LISTED_TIMES):
            answer = self._asked(handle, Task(Act.LIST, ref), path)
            if not isinstance(answer, Failure) or answer.code != PageCrashed.code:
                break
        return answer if isinstance(answer, FilePages | Failure) else Failure.of(PageCrashed)

    def _read(self, handle: Handle, path: Path, ref: ImageRef) -> PageReading | Failure:
        with self._changed:
            if self._budget.is_spent(ref.file):
                return Failure.of(ReadingTooLong)
        began = time.monotonic()
        answer = self._asked(handle, Task(Act.READ, ref), path)
        seconds = time.monotonic() - began
        if not isinstance(answer, Read):
            return answer if isinstance(answer, Failure) else Failure.of(PageCrashed)
        reading = answer.reading
        if reading.separator is not None and reading.separator.header is not None:
            with self._changed:
                self._turns.raise_to(self._lot, reading.separator.header.priority)
        self._workers._page_read(reading, seconds)
        return reading

    def _asked(self, handle: Handle, task: Task, path: Path) -> object:
        began = time.monotonic()
        answer = handle.ask(task, path, self._settings.page_timeout_s)
        lost = isinstance(answer, Failure) and answer.code in (PageCrashed.code, PageTimeout.code)
        with self._changed:
            self._budget.spend(task.ref.file, time.monotonic() - began, lost=lost)
            if lost:
                self._turns.slow(self._lot)
        if isinstance(answer, Failure) and answer.where:
            sys.stderr.write(f"reading process: {answer.where}\n")
        return answer
