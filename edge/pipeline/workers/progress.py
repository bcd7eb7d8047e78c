"""How fast the station has been reading lately; pure, the caller passes the time.

How far the reading processes are with each lot.
"""

import threading
from collections import deque
from collections.abc import Iterable, Mapping

WINDOW_S = 300.0


class ReadingRate:
    """Counts pages over the last minutes; a reader adds, the uplink asks, each in its thread.

    ``deque`` appends and pops from one end each are atomic, and a reading that is one page off
    harms nobody.
    """

    def __init__(self) -> None:
        self._read_at: deque[float] = deque(maxlen=100_000)

    def page(self, now_s: float) -> None:
        """A page was read."""
        self._read_at.append(now_s)

    def per_minute(self, now_s: float) -> float:
        """Pages a minute over the window, or since the first page in it."""
        while self._read_at and self._read_at[0] < now_s - WINDOW_S:
            self._read_at.popleft()
        if not self._read_at:
            return 0.0
        since_s = max(now_s - self._read_at[0], 60.0)
        return len(self._read_at) * 60.0 / since_s


class Progress:
    """Counts the pages read of each lot under way; safe to call from any thread.

    A page is known by its file's digest, so that a file in two lots counts in both.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, frozenset[str]] = {}
        self._read: dict[str, int] = {}

    def begin(self, lot_id: str, digests: Iterable[str]) -> None:
        """A lot is being read, from its first page."""
        with self._lock:
            self._files[lot_id], self._read[lot_id] = frozenset(digests), 0

    def page(self, sha256: str) -> None:
        """A page of this file was read."""
        with self._lock:
            for lot_id, digests in self._files.items():
                self._read[lot_id] += sha256 in digests

    def end(self, lot_id: str) -> None:
        """The lot is read, or given up."""
        with self._lock:
            self._files.pop(lot_id, None)
            self._read.pop(lot_id, None)

    def read(self) -> Mapping[str, int]:
        """Pages read so far, by the lot's id."""
        with self._lock:
            return dict(self._read)
