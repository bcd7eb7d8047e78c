"""How long ago a lot was claimed, whatever the wall clock did since.

Of lots claimed by this process the monotonic clock knows. Of older ones the journal holds the wall
clock's time alone: their age at the start of the process is taken from it, and grows monotonically
from there. So no step of the wall clock under way changes an age.
"""

import datetime as dt
from collections.abc import Callable

_REMEMBERED = 10_000  # lots; more than a day of any station


class Ages:
    """Ages of lots, in seconds.

    Args:
        clock: The wall clock, aware.
        monotonic: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], dt.datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._opened_at, self._opened = clock(), monotonic()
        self._began: dict[str, float] = {}

    def begin(self, lot_id: str) -> None:
        """This lot is claimed now."""
        self._began.setdefault(lot_id, self._monotonic())
        if len(self._began) > _REMEMBERED:
            del self._began[next(iter(self._began))]

    def of(self, lot_id: str, received_at: dt.datetime) -> float:
        """Seconds since a lot was claimed; ``received_at`` is what the wall clock said then."""
        began = self._began.get(lot_id)
        if began is not None:
            return self._monotonic() - began
        before = (self._opened_at - received_at).total_seconds()
        return max(0.0, before) + self._monotonic() - self._opened
