"""Tell a waiting thread that something changed, here or in another process."""

import threading
import time

from edge.spool.journal import Journal

_LOOK_ELSEWHERE_EVERY_S = 0.5  # how soon the command line's changes are noticed


class News:
    """Wakes one waiting thread when something changed, here or in another process."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._event = threading.Event()
        self._event.set()  # whatever waited before the start is news
        self._elsewhere = journal.changes_elsewhere()

    def tell(self) -> None:
        """Something changed."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Block until something changed since the last call; False when the time has passed."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            told = self._event.wait(max(0.0, min(left, _LOOK_ELSEWHERE_EVERY_S)))
            elsewhere = self._journal.changes_elsewhere()
            if told or elsewhere != self._elsewhere:
                self._event.clear()
                self._elsewhere = elsewhere
                return True
            if left <= 0:
                return False
