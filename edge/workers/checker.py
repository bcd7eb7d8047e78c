"""One small confined process that only looks at files: are they whole, and what do they show.

It has no networks, so it is there at once, and a folder is looked at whatever the reading
processes are at.
"""

import os
import threading
from pathlib import Path

import numpy as np

from edge.errors import FileDenied, FileVanished, NotRegularFile, PageCrashed
from edge.imaging.page import PageImage
from edge.workers.handle import Handle, Pixels, Told, open_file
from edge.workers.task import Act, Checked, Failure, FilePages, Started, Task, WorkerSettings
from vaguemestre.model.document import ImageRef

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
