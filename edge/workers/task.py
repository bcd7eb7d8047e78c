"""What passes between the agent and its reading processes, as frozen values.

They travel as JSON and are checked against these types when they arrive: a process that reads
strangers' files must not be able to make its owner build anything else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import pydantic

from edge.errors import PageCrashed, ReadingError
from edge.imaging.source import Limits
from edge.results import PageReading
from edge.workers.confine import Protection
from vaguemestre.model.document import ImageRef


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
