"""A confined process of ours: started when it is needed, ended without being asked."""

import contextlib
import os
import queue
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Generic, TypeVar

from central.rendering import link

_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 5.0


class Process:
    """See the module; used by one thread at a time.

    Args:
        job: What it is to do; see central/rendering/__main__.py.
    """

    def __init__(self, job: str = "render") -> None:
        self._job = job
        self._process: subprocess.Popen[bytes] | None = None
        self._end: socket.socket | None = None

    def started(self) -> socket.socket:
        """Give our end of its connection; starts one unless one lives.

        Raises:
            Broken: it did not start.
        """
        if self._end is not None and self._process is not None and self._process.poll() is None:
            return self._end
        self.end()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _spawn(theirs.fileno(), self._job)
        self._end = ours
        ours.settimeout(_STARTS_WITHIN_S)
        try:
            is_there = ours.recv(1) == b"+"
        except OSError:
            is_there = False
        if not is_there:
            raise link.Broken("it did not start")
        return ours

    def end(self) -> None:
        """Kill it, whatever it does; the next question starts another."""
        if self._end is not None:
            self._end.close()
            self._end = None
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDS_WITHIN_S)
            self._process = None


_Kind = TypeVar("_Kind", bound=Process)


class Pool(Generic[_Kind]):
    """So many processes for many threads; who asks gets the one that was used last.

    Args:
        make: Makes one.
        count: How many.
    """

    def __init__(self, make: Callable[[], _Kind], count: int) -> None:
        self._places: queue.LifoQueue[_Kind] = queue.LifoQueue()
        for _ in range(count):
            self._places.put(make())
        self._count = count

    def take(self, within_s: float | None = None) -> _Kind:
        """One that nobody uses; waits for it.

        Raises:
            Empty: of ``queue``: none was free in time.
        """
        return self._places.get(timeout=within_s)

    def give(self, process: _Kind) -> None:
        """Let others use it."""
        self._places.put(process)

    def close(self) -> None:
        """End the processes; one that is at work is waited for a while."""
        with contextlib.suppress(queue.Empty):
            for _ in range(self._count):
                self._places.get(timeout=_ENDS_WITHIN_S).end()


@contextlib.contextmanager
def handed(file: IO[bytes]) -> Iterator[int]:
    """The file, open for reading only and from its start; one in memory is copied to memory."""
    copy = -1
    try:
        number = file.fileno()
        file.flush()
    except OSError:
        copy = number = os.memfd_create("page")
        file.seek(0)
        with os.fdopen(os.dup(copy), "wb") as into:
            while piece := file.read(1 << 20):
                into.write(piece)
    try:
        fd = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        if copy >= 0:
            os.close(copy)
    try:
        yield fd
    finally:
        os.close(fd)


def _spawn(fd: int, job: str) -> "subprocess.Popen[bytes]":
    """A new program, never a fork: it has no thread, no connection and no secret of ours."""
    path = os.pathsep.join(str(Path(part).absolute()) for part in sys.path)
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-P", "-m", "central.rendering", job, str(fd)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(fd,),
        env={"PYTHONPATH": path, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1"},
        cwd="/",
    )
