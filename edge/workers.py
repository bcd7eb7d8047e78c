"""Reading in spawned processes: a memory limit and a time-out for each page.

Hostile files make decoders loop, allocate or crash. Each worker is a process of its own,
started by *spawn* (never forked: gRPC and ONNX threads do not survive a fork), with a limit
on its private memory. Its owner waits for each answer with a time-out; a worker that is late
or dies is ended and a new one takes its place. Only that page is lost to a person.
"""

import contextlib
import datetime as dt
import mmap
import multiprocessing as mp
import queue
import resource
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from edge import pack, process
from edge.document import PageReading, PageRef
from edge.errors import (
    FileVanished,
    NotRegularFile,
    PackInvalid,
    PageCrashed,
    PageTimeout,
    ReadingError,
)
from edge.imaging.decode import Limits, Source, open_source
from edge.inference.careful import load_careful

_START_TIMEOUT_S = 120.0  # importing and loading networks on a busy machine


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """All that a worker process is told when it starts."""

    pack_dir: Path
    cache_dir: Path
    limits: Limits
    memory_bytes: int
    page_timeout_s: float
    accept_error_rate: float
    separator_barcodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file or page could not be read."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Task:
    path: Path
    ref: PageRef
    count_only: bool


class Workers:
    """A fixed number of reading processes behind one thread each.

    Args:
        settings: Told to every process.
        count: How many processes.
    """

    def __init__(self, settings: WorkerSettings, count: int) -> None:
        self._settings = settings
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all = [_Worker(settings) for _ in range(count)]
        for worker in self._all:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="reading")

    def count_pages(self, path: Path, ref: PageRef) -> int | Failure:
        """Open a file and count its pages."""
        answer = self._run(_Task(path, ref, count_only=True))
        return answer if isinstance(answer, int | Failure) else Failure("edge", "")

    def read(self, path: Path, ref: PageRef) -> "Future[PageReading | Failure]":
        """Read one page; the answer comes when a worker was free for it."""
        return self._threads.submit(self._read, path, ref)

    def versions(self) -> dict[str, str]:
        """Start one worker and return the versions of what it reads with.

        Raises:
            PackInvalid: the pack or a model is missing or altered; never a silent fall-back.
        """
        with self._borrowed() as worker:
            return worker.start()

    def close(self) -> None:
        """End all processes; pages under way answer ``page_crashed``."""
        for worker in self._all:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for worker in self._all:
            worker.end()

    def _read(self, path: Path, ref: PageRef) -> PageReading | Failure:
        answer = self._run(_Task(path, ref, count_only=False))
        return answer if isinstance(answer, PageReading | Failure) else Failure("edge", "")

    def _run(self, task: _Task) -> int | PageReading | Failure:
        with self._borrowed() as worker:
            return worker.ask(task, self._settings.page_timeout_s)

    @contextlib.contextmanager
    def _borrowed(self) -> Iterator["_Worker"]:
        worker = self._idle.get()
        try:
            yield worker
        finally:
            self._idle.put(worker)


class _Worker:
    """One process and the pipe to it; used by one thread at a time."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._versions: dict[str, str] = {}

    def start(self) -> dict[str, str]:
        if self._process is not None and self._process.is_alive():
            return self._versions
        context = mp.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._settings), daemon=True, name="reading"
        )
        self._process.start()
        theirs.close()
        self._pipe = ours
        hello = self._receive(_START_TIMEOUT_S)
        if isinstance(hello, dict):
            self._versions = hello
            return hello
        self.end()
        raise PackInvalid(
            hello.reason if isinstance(hello, Failure) else "the reader did not start"
        )

    def ask(self, task: _Task, timeout_s: float) -> int | PageReading | Failure:
        try:
            self.start()
        except PackInvalid as error:
            return Failure(error.code, error.reason)
        answer = self._exchange(task, timeout_s)
        if isinstance(answer, Failure) and answer.code in (PageCrashed.code, PageTimeout.code):
            self.end()
        return answer

    def _exchange(self, task: _Task, timeout_s: float) -> int | PageReading | Failure:
        if self._pipe is None:
            return _failure(PageCrashed())
        try:
            self._pipe.send(task)
        except OSError:
            return _failure(PageCrashed())
        answer = self._receive(timeout_s)
        if answer is None:
            return _failure(PageTimeout())
        return (
            answer if isinstance(answer, int | PageReading | Failure) else _failure(PageCrashed())
        )

    def _receive(self, timeout_s: float) -> object:
        if self._pipe is None:
            return _failure(PageCrashed())
        try:
            if not self._pipe.poll(timeout_s):
                return None
            answer: object = self._pipe.recv()
        except (EOFError, OSError):
            return _failure(PageCrashed())
        return answer

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None
        if self._pipe is not None:
            self._pipe.close()
            self._pipe = None


def _failure(error: ReadingError | PackInvalid) -> Failure:
    return Failure(error.code, error.reason)


def _serve(pipe: Connection, settings: WorkerSettings) -> None:
    """Answer tasks until the pipe closes: the life of a worker process."""
    resource.setrlimit(resource.RLIMIT_DATA, (settings.memory_bytes, settings.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        recognition = pack.load(settings.pack_dir)
        readers = load_careful(settings.cache_dir, threads=1)
    except PackInvalid as error:
        pipe.send(Failure(error.code, str(error)))
        return
    pipe.send({**recognition.versions, **readers.versions})
    recipe = process.Recipe(
        recognition.forms, settings.accept_error_rate, settings.separator_barcodes
    )
    files = _OpenFile(settings.limits)
    while True:
        try:
            task: _Task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            source = files.open(task.path, task.ref.sha256)
            if task.count_only:
                pipe.send(source.page_count)
                continue
            image = source.page(task.ref.index)
            today = dt.datetime.now(dt.UTC).date()
            pipe.send(process.read_page(image, task.ref, recipe, readers, today))
        except ReadingError as error:
            pipe.send(_failure(error))
        except MemoryError:
            # What is left of this process cannot be trusted with the next page.
            pipe.send(_failure(PageCrashed()))
            return


class _OpenFile:
    """The file read last stays open: the pages of a lot of 1,000 come one by one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._key: tuple[Path, str] | None = None
        self._source: Source | None = None

    def open(self, path: Path, sha256: str) -> Source:
        if self._source is not None and self._key == (path, sha256):
            return self._source
        if self._source is not None:
            self._source.close()
            self._source = None
        try:
            if not path.is_file() or path.is_symlink():
                raise NotRegularFile
            with path.open("rb") as file:
                size = path.stat().st_size
                data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except FileNotFoundError as error:
            raise FileVanished from error
        self._source = open_source(data, self._limits)
        self._key = (path, sha256)
        return self._source
