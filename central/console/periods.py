"""Days and months of French time, as reports are asked for by them."""

import calendar
import datetime as dt
import re
from dataclasses import dataclass

from central.console import formats
from central.errors import InputInvalid
from vaguemestre.model.clock import PARIS

_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month of French time; ``last`` is the last day."""

    code: str
    first: dt.date
    last: dt.date

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    @property
    def words(self) -> str:
        """As people say it."""
        return formats.day(self.first) if self.is_day else formats.month(self.first)

    @property
    def since(self) -> dt.datetime:
        """Its first moment."""
        return dt.datetime.combine(self.first, dt.time(), PARIS)

    @property
    def until(self) -> dt.datetime:
        """The first moment after it."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), PARIS)

    def beside(self, direction: int) -> "Period":
        """The one before (-1) or after (1) it."""
        if self.is_day:
            return period_of((self.first + dt.timedelta(days=direction)).isoformat())
        day = self.first - dt.timedelta(days=1) if direction < 0 else self.last
        return period_of(f"{day + dt.timedelta(days=max(0, direction)):%Y-%m}")


def period_of(text: str) -> Period:
    """Read ``2026-11`` or ``2026-11-25``.

    Raises:
        InputInvalid: it is neither.
    """
    found = _PERIOD.fullmatch(text)
    try:
        if found is None or not _FIRST_YEAR < int(found[1]) < _LAST_YEAR:
            raise ValueError
        year, month = int(found[1]), int(found[2])
        if found[3]:
            day = dt.date(year, month, int(found[3]))
            return Period(text, day, day)
        last = calendar.monthrange(year, month)[1]
        return Period(text, dt.date(year, month, 1), dt.date(year, month, last))
    except ValueError:
        raise InputInvalid("periode") from None
