"""Pages rendered in confined processes: so many at a time, each in its time, none trusted."""

import contextlib
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import asdict
from typing import IO

from PIL import Image

from central.rendering import link
from central.rendering.decode import MOST_PIXELS, View
from central.rendering.process import Pool, Process, handed

_PAGE_WITHIN_S = 30.0
_TURN_WITHIN_S = 60.0
_TASKS_OF_A_PROCESS = 500
_FAILED_FOR_S = 300.0
_MOST_FAILED = 1_000
_MOST_WAITING = 16
"""Callers at a time; a third of the threads that answer people, so that they go on meanwhile."""
_BROKEN_PAGES = 3
"""Pages of a file that ended their process, or nearly: its other pages are left alone as well."""


class Busy(Exception):
    """Too many pages are asked for at once, or for too long: this one was not begun."""


class Renderer:
    """See the module; for many threads. ``close`` ends its processes.

    Args:
        at_once: Processes.
    """

    def __init__(self, at_once: int = 2) -> None:
        self._pool = Pool(_Process, at_once)
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)
        self._failed: OrderedDict[tuple[object, View], float] = OrderedDict()
        self._broken: OrderedDict[object, list[float]] = OrderedDict()
        self._lock = threading.Lock()

    def render(self, file: IO[bytes], view: View, name: object = None) -> Image.Image:
        """One page, upright and straight; mode L or RGB.

        Args:
            file: The source file; one that lies on a disk is handed over as it is.
            view: Which page, and how it is turned.
            name: Of the file; a page of it that cannot be rendered is not tried again at once.

        Raises:
            ValueError: it cannot be rendered, or takes more time or memory than it may.
            Busy: many wait already, or no process was free for a minute.
        """
        key = (name, view)
        if self._has_failed(key):
            raise ValueError("it could not be rendered a moment ago")
        with handed(file) as fd, self._process() as process:
            try:
                found = process.ask(view, fd)
            except link.Broken as error:
                self._remember(key, is_broken=True)
                raise ValueError("it cannot be rendered") from error
        if found is None:
            self._remember(key)
            raise ValueError("it cannot be rendered")
        return Image.frombytes(*found)

    def close(self) -> None:
        """End the processes; one that is rendering is waited for a while."""
        self._pool.close()

    @contextlib.contextmanager
    def _process(self) -> Iterator["_Process"]:
        if not self._waiting.acquire(blocking=False):
            raise Busy
        try:
            process = self._pool.take(_TURN_WITHIN_S)
        except queue.Empty:
            raise Busy from None
        finally:
            self._waiting.release()
        try:
            yield process
        finally:
            self._pool.give(process)

    def _has_failed(self, key: tuple[object, View]) -> bool:
        """Whether a page, or several of its file's in a way that costs much, failed just now."""
        since = time.monotonic() - _FAILED_FOR_S
        with self._lock:
            broken = [at for at in self._broken.get(key[0], ()) if at > since]
            return self._failed.get(key, since) > since or len(broken) >= _BROKEN_PAGES

    def _remember(self, key: tuple[object, View], *, is_broken: bool = False) -> None:
        if key[0] is None:
            return
        now = time.monotonic()
        with self._lock:
            self._failed[key] = now
            if is_broken:
                self._broken[key[0]] = [*self._broken.pop(key[0], ()), now][-_BROKEN_PAGES:]
            for kept in (self._failed, self._broken):
                if len(kept) > _MOST_FAILED:
                    kept.popitem(last=False)


class _Process(Process):
    """One rendering process; used by one thread at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._tasks = 0

    def ask(self, view: View, fd: int) -> tuple[str, tuple[int, int], bytes] | None:
        """A page's mode, size and pixels; None: it cannot be rendered.

        Raises:
            Broken: it took too long or too much memory; the process was ended.
        """
        try:
            end = self.started()
            link.ask(end, asdict(view), fd, _PAGE_WITHIN_S)
            found = link.answered(end, MOST_PIXELS, _PAGE_WITHIN_S)
        except link.Broken:
            self.end()
            raise
        self._tasks += 1
        if self._tasks >= _TASKS_OF_A_PROCESS:
            self.end()  # what libraries never give back goes with it
        return found

    def end(self) -> None:
        """Kill it, whatever it does; the next question starts another."""
        super().end()
        self._tasks = 0
