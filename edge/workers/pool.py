"""Reading in spawned processes: a memory limit and a time-out for each page.

Workers are started by *spawn*, never forked: gRPC and ONNX threads do not survive a fork. Their
owner waits for each answer with a time-out; a worker that is late or dies is ended and a new one
takes its place. Only a page that does so twice is lost to a person.
"""

import contextlib
import multiprocessing as mp
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from edge.document import PageReading, PageRef
from edge.errors import PackInvalid, PageCrashed, PageTimeout, ReaderFailed
from edge.workers import child
from edge.workers.task import Answer, Failure, FilePages, Started, Task, WorkerSettings

_START_TIMEOUT_S = 120.0  # importing and loading networks on a busy machine
_ATTEMPTS = 2
_LOOK_EVERY_S = 0.2  # how soon a waiting owner notices that all is to end


class Workers:
    """A fixed number of reading processes behind one thread each.

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
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all = [_Worker(settings, self._closed) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reading")

    def pages_of(self, path: Path, ref: PageRef) -> FilePages | Failure:
        """Open a file and say which pages it has.

        Asked twice when a worker dies over it: a whole file is worth more than a page.

        Raises:
            PackInvalid, ReaderFailed: no worker can start; nothing is wrong with the file.
        """
        task = Task(path, ref, count_only=True)
        answer: Answer = Failure.of(PageCrashed())
        for _ in range(2):
            with self._borrowed() as worker:
                answer = worker.ask(task, self._settings.page_timeout_s)
            if not isinstance(answer, Failure) or answer.code != PageCrashed.code:
                break
        return answer if isinstance(answer, FilePages | Failure) else Failure.of(PageCrashed())

    def read(self, path: Path, ref: PageRef) -> "Future[PageReading | Failure]":
        """Read one page; the answer comes when a worker was free for it.

        The future raises ``PackInvalid`` or ``ReaderFailed`` when no worker can start.
        """
        return self._threads.submit(self._read, path, ref)

    def versions(self) -> dict[str, str]:
        """Start one worker and return the versions of what it reads with.

        Raises:
            PackInvalid: the pack or a model is missing or altered; never a silent fall-back.
            ReaderFailed: the process does not start for another reason.
        """
        with self._borrowed() as worker:
            return worker.start()

    def pids(self) -> tuple[int, ...]:
        """The processes that were started, for whoever watches over their memory."""
        return tuple(pid for worker in self._all if (pid := worker.pid) is not None)

    def close(self) -> None:
        """End all processes; pages under way and those still waiting answer ``page_crashed``."""
        self._closed.set()
        self._threads.shutdown(wait=True)
        for worker in [self._idle.get() for _ in self._all]:
            worker.end()
            self._idle.put(worker)

    def _read(self, path: Path, ref: PageRef) -> PageReading | Failure:
        with self._borrowed() as worker:
            started = time.monotonic()
            answer = worker.ask(Task(path, ref, count_only=False), self._settings.page_timeout_s)
        if isinstance(answer, PageReading):
            self._page_read(answer, time.monotonic() - started)
        return answer if isinstance(answer, PageReading | Failure) else Failure.of(PageCrashed())

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator["_Worker"]:
        worker = self._idle.get()
        try:
            yield worker
        finally:
            self._idle.put(worker)


class _Worker:
    """One process and the pipe to it; used by one thread at a time."""

    def __init__(self, settings: WorkerSettings, closed: threading.Event) -> None:
        self._settings = settings
        self._closed = closed
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._versions: dict[str, str] = {}

    @property
    def pid(self) -> int | None:
        """The process's id, if there is one; it may have died."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> dict[str, str]:
        """Have a process that answers, and say what it reads with."""
        if self._process is not None and self._process.is_alive():
            return self._versions
        self.end()
        context = mp.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        process = context.Process(
            target=child.serve, args=(theirs, self._settings), daemon=True, name="reading"
        )
        process.start()
        self._process = process
        theirs.close()
        hello = self._receive(_START_TIMEOUT_S)
        if isinstance(hello, Started):
            self._versions = hello.versions
            return hello.versions
        self.end()
        if isinstance(hello, Failure) and hello.code == PackInvalid.code:
            raise PackInvalid(hello.reason)
        raise ReaderFailed

    def ask(self, task: Task, timeout_s: float) -> Answer:
        """Have one task answered; a worker that fails at it is ended.

        A worker that dies without a word may have been killed by somebody short of memory: its
        task is given once more. A page that kills its reader does so again.
        """
        for _ in range(_ATTEMPTS):
            answer = self._attempt(task, timeout_s)
            if answer is not None:
                return answer
        return Failure.of(PageCrashed())

    def _attempt(self, task: Task, timeout_s: float) -> Answer | None:
        if self._closed.is_set() or not self._send(task):
            return Failure.of(PageCrashed())
        answer = self._receive(timeout_s)
        if answer is None:
            self.end()
            return None
        if not isinstance(answer, Answer):
            answer = Failure.of(PageCrashed())
        if isinstance(answer, Failure) and answer.code in (PageCrashed.code, PageTimeout.code):
            self.end()
        return answer

    def end(self) -> None:
        """Kill the process; the next task starts another."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None

    def _send(self, task: Task) -> bool:
        """Hand a task over; one that no process took yet is handed to a new process."""
        for _ in range(2):
            with contextlib.suppress(ReaderFailed):
                self.start()
                with contextlib.suppress(OSError):
                    self._opened.send(task)
                    return True
            self.end()
        if self._closed.is_set():
            return False
        raise ReaderFailed

    def _receive(self, timeout_s: float) -> object:
        """What the process says, or the failure that stands for its silence; None: it died."""
        until = time.monotonic() + timeout_s
        try:
            while not self._opened.poll(_LOOK_EVERY_S):
                if self._closed.is_set():
                    return Failure.of(PageCrashed())
                if time.monotonic() > until:
                    return Failure.of(PageTimeout())
            answer: object = self._opened.recv()
        except (EOFError, OSError):
            return None
        return answer

    @property
    def _opened(self) -> Connection:
        if self._pipe is None:
            raise EOFError
        return self._pipe
