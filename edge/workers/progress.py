"""How far the reading processes are with each lot."""

import threading
from collections.abc import Iterable, Mapping


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
