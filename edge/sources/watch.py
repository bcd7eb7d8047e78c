"""Hints that something happened in a folder; the rescan is the truth.

Events only wake the rescan early. They are missing on SMB and NFS, lost when the kernel's queue
overflows or the watcher dies, and come in bursts: none of that matters, because no event names
what is to be done.
"""

import os
import threading
import time
from pathlib import Path
from typing import Literal, Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS

from edge.sources.names import STATUS_FOLDER

# Opening and reading are not changes: our own looking must not wake us.
_CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    FileDeletedEvent,
    DirCreatedEvent,
    DirMovedEvent,
    DirDeletedEvent,
]
_SLICE_S = 0.2  # how soon a stop is noticed


class Watch(Protocol):
    """What the rescan loop needs of a watcher."""

    def keep_alive(self) -> str:
        """Start again if it has ended; return why that failed, or an empty string."""
        ...

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Block until a hint, the time-out or ``stop``; True for a hint."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class FolderWatch:
    """Watches one folder and all below it.

    Args:
        folder: May be missing: a share comes and goes.
        mode: ``polling`` for shares, which deliver no events.
        poll_every_s: How often polling looks.
    """

    def __init__(
        self, folder: Path, mode: Literal["events", "polling"], poll_every_s: float
    ) -> None:
        self._folder = folder
        self._mode = mode
        self._poll_every_s = poll_every_s
        self._hint = threading.Event()
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] = (0, 0)

    def keep_alive(self) -> str:
        """Start the observer unless it runs on the folder that is there now."""
        try:
            seen = self._folder.stat()
            if (
                self._observer is not None
                and self._observer.is_alive()
                and all(emitter.is_alive() for emitter in self._observer.emitters)
                and self._watched == (seen.st_dev, seen.st_ino)
            ):
                return ""
            self.close()
            observer = self._new_observer()
            handler = _Hinting(self._hint, self._folder)
            observer.schedule(handler, str(self._folder), recursive=True, event_filter=_CHANGES)
            observer.start()
        except OSError as error:
            return error.strerror or str(error)
        self._observer = observer
        self._watched = (seen.st_dev, seen.st_ino)
        # What came while nobody watched gave no event.
        self._hint.set()
        return ""

    def wait(self, timeout_s: float, stop: threading.Event) -> bool:
        """Block until a hint, the time-out or ``stop``; True for a hint."""
        deadline = time.monotonic() + timeout_s
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            if self._hint.wait(min(left, _SLICE_S)):
                self._hint.clear()
                return True
        return False

    def close(self) -> None:
        """End the observer's threads."""
        if self._observer is not None:
            self._observer.stop()
            if self._observer.ident is not None:
                self._observer.join()
            self._observer = None

    def _new_observer(self) -> BaseObserver:
        if self._mode == "polling":
            # lstat: a link to a directory above must not be walked for ever.
            return PollingObserverVFS(os.lstat, _scandir, polling_interval=self._poll_every_s)
        return Observer()


class _Hinting(FileSystemEventHandler):
    def __init__(self, hint: threading.Event, folder: Path) -> None:
        self._hint = hint
        self._own = str(folder / STATUS_FOLDER)

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = os.fsdecode(event.src_path)
        if not path.startswith(self._own):
            self._hint.set()


def _scandir(path: str | None) -> "os._ScandirIterator[str]":
    return os.scandir(path)
