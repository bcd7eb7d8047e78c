"""How fast the station has been reading lately; pure, the caller passes the time."""

from collections import deque

WINDOW_S = 300.0


class Pace:
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
