"""What passes between the agent and its reading processes, as frozen values."""

from dataclasses import dataclass
from pathlib import Path

from edge.document import PageReading, PageRef
from edge.errors import ReadingError
from edge.imaging.decode import Limits


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

    @classmethod
    def of(cls, error: ReadingError) -> "Failure":
        """The same as a value."""
        return cls(error.code, error.reason)


@dataclass(frozen=True, slots=True)
class Task:
    """One question to a worker: read a page, or only say which pages its file has."""

    path: Path
    ref: PageRef
    count_only: bool


@dataclass(frozen=True, slots=True)
class Started:
    """A worker's first word: the versions of what it reads with."""

    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class FilePages:
    """The pages of a file, by their index inside it, ascending; at least one."""

    indices: tuple[int, ...]


Answer = FilePages | PageReading | Failure
