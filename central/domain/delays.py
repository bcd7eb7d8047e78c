"""How much of a document's delay is left, in working days with French public holidays.

The day until which a document has to be handled was set at the station from the day of its
receipt (edge/pipeline/routing.py); here it is only compared with today.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from vaguemestre.model.calendar import add_working_days, working_days_between

_SOON_DAYS = 3
_DAY = dt.timedelta(days=1)


class Standing(StrEnum):
    """How near the end of its delay a document is."""

    LATE = "late"
    TODAY = "today"
    NEXT = "next"  # the next working day
    SOON = "soon"  # within three working days
    LATER = "later"
    NONE = "none"  # it has no delay


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days that divide what is due, as seen from today."""

    today: dt.date
    next_day: dt.date
    soon: dt.date  # the last day that is soon

    def standing(self, due_on: dt.date | None) -> Standing:
        """Where a day of the plan stands."""
        if due_on is None:
            return Standing.NONE
        if due_on < self.today:
            return Standing.LATE
        if due_on == self.today:
            return Standing.TODAY
        if due_on <= self.next_day:
            return Standing.NEXT
        return Standing.SOON if due_on <= self.soon else Standing.LATER


@dataclass(frozen=True, slots=True)
class Due:
    """Documents of one type that are due on one day."""

    type: str
    due_on: dt.date | None
    count: int


@dataclass(frozen=True, slots=True)
class TypeDelays:
    """What is outstanding of one type."""

    type: str
    counts: dict[Standing, int]
    oldest: dt.date | None
    late_days: int  # working days that the oldest is late; 0: not late

    @property
    def total(self) -> int:
        """All that is outstanding."""
        return sum(self.counts.values())


def horizon(today: dt.date, holidays: Collection[dt.date]) -> Horizon:
    """Find the next working day and the third from today."""
    after = (add_working_days(today, days, holidays) for days in (1, _SOON_DAYS))
    return Horizon(today, *after)


def working_days(first: dt.date, last: dt.date, holidays: Collection[dt.date]) -> int:
    """Count working days after ``first`` up to ``last``; negative when ``last`` lies before."""
    if last < first:
        return -working_days_between(last, first, holidays)
    return working_days_between(first, last, holidays)


def by_type(
    found: Iterable[Due], at: Horizon, holidays: Collection[dt.date]
) -> tuple[TypeDelays, ...]:
    """Put together what is outstanding of each type; the most pressing type first."""
    counts: dict[str, dict[Standing, int]] = {}
    oldest: dict[str, dt.date] = {}
    for due in found:
        of_type = counts.setdefault(due.type, dict.fromkeys(Standing, 0))
        of_type[at.standing(due.due_on)] += due.count
        if due.due_on is not None:
            oldest[due.type] = min(due.due_on, oldest.get(due.type, due.due_on))
    made = [
        TypeDelays(code, of_type, oldest.get(code), _late(oldest.get(code), at.today, holidays))
        for code, of_type in counts.items()
    ]
    pressing = (Standing.LATE, Standing.TODAY, Standing.NEXT, Standing.SOON)
    return tuple(sorted(made, key=lambda one: (*(-one.counts[s] for s in pressing), one.type)))


def _late(oldest: dt.date | None, today: dt.date, holidays: Collection[dt.date]) -> int:
    return 0 if oldest is None else max(0, working_days(oldest, today, holidays))
