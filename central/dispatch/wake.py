"""Wakes sleeping workers; a call that comes while all are busy is not forgotten."""

import threading


class Bell:
    """Rung when something may be due."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it has been rung; read it before looking for work."""
        return self._rung

    def ring(self) -> None:
        """Wake all who wait, and let those who are about to wait look again."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, since: int, timeout_s: float) -> None:
        """Sleep until it is rung after ``since``, or the time has passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != since, timeout_s)
