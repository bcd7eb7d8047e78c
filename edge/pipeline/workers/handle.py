"""A reading process as its owner sees it: started clean, asked, and ended when it fails.

It gets an environment of its own and one end of a pair of sockets: nothing of what the agent holds
open or was told by its surroundings is there to be read. ``Checker`` is one that has no networks
and only looks at files (are they whole, what do they show): it is there at once, whatever the
reading processes are at.
"""

import contextlib
import os
import socket
import stat
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydantic

from edge.errors import (
    ConfinementMissing,
    FileDenied,
    FileVanished,
    NotRegularFile,
    PackInvalid,
    PageCrashed,
    PageTimeout,
    ReaderFailed,
    passes,
)
from edge.imaging.source_file import PageImage
from edge.pipeline.workers.messages import (
    ANSWER,
    FIRST,
    SETTINGS,
    TASK,
    Act,
    Answer,
    Checked,
    Decoded,
    Ended,
    Failed,
    Failure,
    FilePages,
    Link,
    LinkBroken,
    NotStarted,
    Read,
    Silent,
    Started,
    Task,
    WorkerSettings,
)
from vaguemestre.model.document import ImageRef

_PROGRAM: tuple[str, ...] = (sys.executable, "-P", "-s", "-m", "edge.pipeline.workers")
START_TIMEOUT_S = 120.0  # importing and loading networks on a busy machine
_SEND_TIMEOUT_S = 10.0
_DEATH_TIMEOUT_S = 10.0
_ATTEMPTS = 2
_MOST_BYTES = 16_000_000  # of an answer
_KEPT = ("LD_LIBRARY_PATH", "LANG", "LC_ALL")  # of the environment: how to run, no secrets
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Pixels:
    """A decoded page with its pixels, height × width bytes."""

    page: Decoded
    data: bytes


Told = FilePages | Checked | Read | Pixels | Failure


class Handle:
    """One process and the link to it; used by one thread at a time."""

    def __init__(self, settings: WorkerSettings, closed: threading.Event) -> None:
        self._settings = settings
        self._closed = closed
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._started: Started | None = None

    @property
    def pid(self) -> int | None:
        """The process's id, if there is one; it may have died."""
        process = self._process
        return process.pid if process is not None else None

    def start(self) -> Started:
        """Have a process that answers; what it reads with, and how it is confined.

        Raises:
            PackInvalid, ConfinementMissing: it says that it cannot read so.
            ReaderFailed: it does not start for another reason.
        """
        if self._started is not None and self._process is not None and self._process.poll() is None:
            return self._started
        self.end()
        ours, theirs = socket.socketpair()
        self._link = Link(ours)
        with theirs:
            try:
                self._process = _spawn(theirs.fileno())
            except OSError as error:
                raise ReaderFailed(str(error)) from error
        first = self._first()
        if isinstance(first, Started):
            self._started = first
            return first
        self.end()
        for known in (PackInvalid, ConfinementMissing):
            if first is not None and first.code == known.code:
                raise known(first.detail)
        raise ReaderFailed

    def ask(self, task: Task, path: Path, timeout_s: float) -> Told:
        """Have one task answered; a process that fails at it is ended.

        One that dies without a word may have been killed by somebody short of memory: its task is
        given once more. A page that kills its reader does so again.

        Raises:
            PackInvalid, ConfinementMissing, ReaderFailed: no process starts.
        """
        opened = open_file(path)
        if isinstance(opened, Failure):
            return opened
        try:
            return self.ask_about(task, opened, timeout_s)
        finally:
            os.close(opened)

    def ask_about(self, task: Task, fd: int, timeout_s: float) -> Told:
        """``ask`` about a file that is open already."""
        for _ in range(_ATTEMPTS):
            answer = self._attempt(task, fd, timeout_s)
            if answer is not None:
                return answer
        return Failure.of(PageCrashed)

    def end(self) -> None:
        """Kill the process; the next task starts another."""
        self._started = None
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs on a share that is gone
                self._process.wait(_DEATH_TIMEOUT_S)
            self._process = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def _first(self) -> Started | NotStarted | None:
        try:
            self._opened_link.send(SETTINGS.dump_json(self._settings), None, _SEND_TIMEOUT_S)
            return FIRST.validate_json(self._receive(_MOST_BYTES, START_TIMEOUT_S))
        except (LinkBroken, Silent, Ended, pydantic.ValidationError):
            return None

    def _attempt(self, task: Task, fd: int, timeout_s: float) -> Told | None:
        if self._closed.is_set() or not self._send(task, fd):
            return Failure.of(PageCrashed)
        answer: Told | None = None
        try:
            answer = self._answer(task, timeout_s)
        except (Silent, Ended) as error:
            answer = Failure.of(PageTimeout if isinstance(error, Silent) else PageCrashed)
        except pydantic.ValidationError:
            answer = Failure.of(PageCrashed)  # not what our program says: it is no longer ours
        except LinkBroken:
            answer = None
        if answer is None or (
            isinstance(answer, Failure) and answer.code in (PageCrashed.code, PageTimeout.code)
        ):
            self.end()
        return answer

    def _answer(self, task: Task, timeout_s: float) -> Told:
        told: Answer = ANSWER.validate_json(self._receive(_MOST_BYTES, timeout_s))
        match told:
            case Failed():
                return Failure.told(told.code, _plain(told.where))
            case Decoded():
                size = told.height * told.width
                if not 0 < size <= self._settings.limits.max_page_pixels:
                    return Failure.of(PageCrashed)
                data = self._receive(size, timeout_s)
                return Pixels(told, data) if len(data) == size else Failure.of(PageCrashed)
            case Read() if told.reading.ref != task.ref:
                return Failure.of(PageCrashed)
            case FilePages() if not 0 < len(told.indices) <= self._settings.limits.max_pages + 1:
                return Failure.of(PageCrashed)
            case _:
                return told

    def _send(self, task: Task, fd: int) -> bool:
        """Hand a task over; one that no process took yet is handed to a new process."""
        for _ in range(2):
            with contextlib.suppress(ReaderFailed):
                self.start()
                with contextlib.suppress(LinkBroken):
                    self._opened_link.send(TASK.dump_json(task), fd, _SEND_TIMEOUT_S)
                    return True
            self.end()
        if self._closed.is_set():
            return False
        raise ReaderFailed

    def _receive(self, at_most: int, timeout_s: float) -> bytes:
        return self._opened_link.receive(at_most, timeout_s, self._closed.is_set)

    @property
    def _opened_link(self) -> Link:
        if self._link is None:
            raise LinkBroken("no process")
        return self._link


def _spawn(fd: int) -> "subprocess.Popen[bytes]":
    """Start the program of ``edge/pipeline/workers/__main__.py`` on one end of a link.

    A new program, never a fork: threads of gRPC and onnxruntime do not survive one.
    """
    return subprocess.Popen(  # noqa: S603 - our own program
        [*_PROGRAM, str(fd)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(fd,),
        env=environment(),
        cwd="/",
    )


def environment() -> dict[str, str]:
    """All that a process is told by its surroundings: where the code is, and to use one thread."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join(str(Path(part).absolute()) for part in sys.path)
    return {**kept, **one_thread, "PYTHONPATH": path, "PYTHONUTF8": "1"}


def open_file(path: Path) -> int | Failure:
    """Open a regular file for a process to read; never waits at a fifo, follows no link."""
    try:
        fd = os.open(path, _OPEN)
    except FileNotFoundError:
        return Failure.of(FileVanished)
    except PermissionError:
        return Failure.of(FileDenied)
    except OSError as error:
        if passes(error):
            raise  # nothing is wrong with the file
        return Failure.of(NotRegularFile)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        return Failure.of(NotRegularFile)
    return fd


def _plain(text: str) -> str:
    return "".join(c for c in text[:2000] if c.isascii() and c.isprintable())


_CANNOT_OPEN = {error.code: error for error in (FileDenied, FileVanished, NotRegularFile)}


class Checker:
    """Looks at one file at a time; safe to call from any thread.

    Args:
        settings: ``networks`` must be False.
        timeout_s: For one look.
    """

    def __init__(self, settings: WorkerSettings, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._asks = 0
        self._handle = Handle(settings, self._closed)

    @property
    def pid(self) -> int | None:
        """The process's id, if it was started."""
        return self._handle.pid

    def start(self) -> Started:
        """Start the process; raises as ``Workers.versions`` does."""
        with self._lock:
            return self._handle.start()

    def is_whole(self, path: Path) -> bool:
        """Whether a file is complete to its end.

        One that cannot be judged in time, or ends the process that looks at it, counts as whole:
        it is taken, and set aside with a reason when it is read.

        Raises:
            OSError: it cannot be opened, or is no regular file.
            ReaderFailed, ConfinementMissing: the process does not start.
        """
        answer = self._asked(Act.CHECK, path, 0)
        if isinstance(answer, Failure) and answer.code in _CANNOT_OPEN:
            raise OSError(answer.code)
        return answer.is_whole if isinstance(answer, Checked) else True

    def decode(self, path: Path, number: int) -> PageImage | None:
        """Decode the n-th page of a file, from 0; None when it has fewer.

        Raises:
            ReadingError: it cannot be; ``edge.errors`` says why.
        """
        found = self._asked(Act.LIST, path, 0)
        if isinstance(found, FilePages):
            if not 0 <= number < len(found.indices):
                return None
            found = self._asked(Act.DECODE, path, found.indices[number])
        if isinstance(found, Pixels):
            page = found.page
            gray = np.frombuffer(found.data, np.uint8).reshape(page.height, page.width).copy()
            return PageImage(gray, page.dpi, page.dpi_known, page.marks)
        raise found.error() if isinstance(found, Failure) else PageCrashed()

    def _asked(self, act: Act, path: Path, index: int) -> Told:
        opened = open_file(path)  # may hang on a share that is gone, and holds nobody else up
        if isinstance(opened, Failure):
            return opened
        try:
            with self._lock:
                # Each time a name of its own: nothing is kept of a file that may have changed.
                self._asks += 1
                task = Task(act, ImageRef(str(self._asks), index, ""))
                return self._handle.ask_about(task, opened, self._timeout_s)
        finally:
            os.close(opened)

    def close(self) -> None:
        """End the process."""
        self._closed.set()
        with self._lock:
            self._handle.end()
