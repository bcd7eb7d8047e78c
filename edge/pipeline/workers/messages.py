"""Messages between the agent and one reading process, over a pair of sockets.

A message is eight bytes of length and as many bytes of JSON; an open file goes along with a
question. The agent's end trusts nothing: not that a message ends, is short or is taken, and what
arrives is checked against frozen types, so that a process that reads strangers' files cannot make
its owner build anything else.
"""

import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pydantic

from edge.errors import PageCrashed, ReadingError
from edge.imaging.source_file import Limits
from edge.pipeline.workers.confinement import Protection
from edge.results import PageReading
from vaguemestre.model.document import ImageRef

_HEAD = struct.Struct("=Q")
_BLOCK = 1 << 20
_LOOK_EVERY_S = 0.2  # how soon a waiting owner notices that all is to end


class LinkBroken(OSError):
    """The other side is gone, or does not keep to the form of a message."""


class Silent(Exception):
    """No whole message came in time."""


class Ended(Exception):
    """The wait was called off."""


class Link:
    """One end. ``close`` ends it; the process at the other end ends with it."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def fileno(self) -> int:
        """The number of the open socket."""
        return self._end.fileno()

    def close(self) -> None:
        """Close this end."""
        self._end.close()

    def send(self, message: bytes, fd: int | None = None, timeout_s: float | None = None) -> None:
        """Send a message, with an open file if there is one.

        Raises:
            LinkBroken: the other side is gone, or takes nothing for ``timeout_s`` seconds.
        """
        self._end.settimeout(timeout_s)
        try:
            if fd is None:
                self._end.sendall(_HEAD.pack(len(message)))
            else:
                socket.send_fds(self._end, [_HEAD.pack(len(message))], [fd])
            self._end.sendall(message)
        except OSError as error:
            raise LinkBroken(str(error)) from error

    def take(self) -> tuple[bytes, int | None]:
        """Wait for a message of the agent, and the file that came with it.

        Raises:
            LinkBroken: the agent is gone.
        """
        self._end.settimeout(None)
        head, fds, _, _ = socket.recv_fds(self._end, _HEAD.size, 1)
        head += self._exactly(_HEAD.size - len(head), lambda: None)
        (length,) = _HEAD.unpack(head)
        return self._exactly(length, lambda: None), fds[0] if fds else None

    def receive(self, at_most: int, timeout_s: float, called_off: Callable[[], bool]) -> bytes:
        """Wait for a message of a process that is not trusted.

        Args:
            at_most: Bytes; a longer message breaks the link.
            timeout_s: Until its last byte.
            called_off: Asked several times a second.

        Raises:
            LinkBroken: the process died, or says too much.
            Silent: it said nothing whole in time.
            Ended: ``called_off`` said so.
        """
        self._end.settimeout(0.0)
        until = time.monotonic() + timeout_s

        def wait() -> None:
            while not select.select([self._end], [], [], _LOOK_EVERY_S)[0]:
                if called_off():
                    raise Ended
                if time.monotonic() > until:
                    raise Silent
            if time.monotonic() > until:  # it drips
                raise Silent

        (length,) = _HEAD.unpack(self._exactly(_HEAD.size, wait))
        if length > at_most:
            raise LinkBroken(f"a message of {length} bytes")
        return self._exactly(length, wait)

    def _exactly(self, size: int, wait: Callable[[], None]) -> bytes:
        found = bytearray()
        while len(found) < size:
            wait()
            try:
                block = self._end.recv(min(_BLOCK, size - len(found)))
            except BlockingIOError:
                continue
            except OSError as error:
                raise LinkBroken(str(error)) from error
            if not block:
                raise LinkBroken("the other side has closed")
            found += block
        return bytes(found)


def _below(error: type[ReadingError]) -> Iterator[type[ReadingError]]:
    for below in error.__subclasses__():
        yield below
        yield from _below(below)


_READING_ERRORS = {error.code: error for error in _below(ReadingError)}


class Confinement(StrEnum):
    """What holds where the kernel cannot confine a reading process."""

    REQUIRED = "required"  # nothing is read
    BEST = "best"  # files are read all the same, and it is told


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """All that a reading process is told when it starts."""

    pack_dir: Path
    cache_dir: Path
    limits: Limits
    memory_bytes: int
    page_timeout_s: float
    accept_error_rate: float
    separator_barcodes: tuple[str, ...]
    confinement: Confinement = Confinement.REQUIRED
    networks: bool = True  # False: it only looks at files and decodes pages
    max_seconds_per_file: float = 7_200.0
    max_seconds_per_lot: float = 14_400.0
    max_lost_pages_per_file: int = 10
    max_pages_per_lot: int = 20_000


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a file or page could not be read."""

    code: str
    reason: str
    where: str = ""  # of a crash: files and lines of the program, never what a page says

    @classmethod
    def of(cls, error: ReadingError | type[ReadingError]) -> "Failure":
        """The same as a value."""
        return cls(error.code, error.reason)

    @classmethod
    def told(cls, code: str, where: str = "") -> "Failure":
        """What a process says: one of our codes, in our own words."""
        error = _READING_ERRORS.get(code, PageCrashed)
        return cls(error.code, error.reason, where)

    def error(self) -> ReadingError:
        """The same as an error to raise."""
        return _READING_ERRORS.get(self.code, PageCrashed)()


class Act(StrEnum):
    """What a process is asked to do with a file."""

    LIST = "list"  # its pages
    READ = "read"  # one page
    CHECK = "check"  # whether it is whole to its end
    DECODE = "decode"  # one page, to pixels


@dataclass(frozen=True, slots=True)
class Task:
    """One question to a reading process; the open file comes with it."""

    act: Act
    ref: ImageRef


@dataclass(frozen=True, slots=True)
class Started:
    """A process's first word, said once it is confined, before any file of a stranger."""

    versions: dict[str, str]
    held: frozenset[Protection]
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True)
class NotStarted:
    """A process's first word when it cannot go on."""

    code: str
    detail: str
    kind: Literal["not_started"] = "not_started"


@dataclass(frozen=True, slots=True)
class FilePages:
    """The pages of a file, by their index inside it, ascending; at least one."""

    indices: tuple[int, ...]
    kind: Literal["pages"] = "pages"


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a file is whole."""

    is_whole: bool
    kind: Literal["checked"] = "checked"


@dataclass(frozen=True, slots=True)
class Decoded:
    """One page; its pixels, height × width bytes, are a message of their own that follows."""

    height: int
    width: int
    dpi: float
    dpi_known: bool
    marks: tuple[str, ...]
    kind: Literal["decoded"] = "decoded"


@dataclass(frozen=True, slots=True)
class Read:
    """One page, read."""

    reading: PageReading
    kind: Literal["read"] = "read"


@dataclass(frozen=True, slots=True)
class Failed:
    """Why not; ``where`` tells lines of the program when it was its fault."""

    code: str
    where: str = ""
    kind: Literal["failed"] = "failed"


First = Started | NotStarted
Answer = FilePages | Checked | Decoded | Read | Failed
FIRST: pydantic.TypeAdapter[First] = pydantic.TypeAdapter(First)
ANSWER: pydantic.TypeAdapter[Answer] = pydantic.TypeAdapter(Answer)
TASK = pydantic.TypeAdapter(Task)
SETTINGS = pydantic.TypeAdapter(WorkerSettings)
