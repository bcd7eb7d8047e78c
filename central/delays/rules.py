"""How much of a document's delay is left, and which due days a queue will miss; pure functions.

The due day was set at the station from the day of receipt (edge/pipeline/routing.py); here it is
only compared with today, in working days with French public holidays.

The forecast is simple enough to follow: a queue is worked on in the order of its due days, at the
throughput of the last working days, in the hours and on the days when people work. What arrives
meanwhile is due later, so it changes nothing for what waits already; it is left out.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vaguemestre.model.calendar import add_working_days, is_working_day, working_days_between

_SOON_DAYS = 3
_DAY = dt.timedelta(days=1)


class Urgency(StrEnum):
    """How near the end of its delay a document is."""

    LATE = "late"
    TODAY = "today"
    NEXT = "next"  # the next working day
    SOON = "soon"  # within three working days
    LATER = "later"
    NONE = "none"  # it has no delay


@dataclass(frozen=True, slots=True)
class DueHorizon:
    """The days that divide what is due, as seen from today."""

    today: dt.date
    next_day: dt.date
    soon: dt.date  # the last day that is soon

    def standing(self, due_on: dt.date | None) -> Urgency:
        """Where a day of the plan stands."""
        if due_on is None:
            return Urgency.NONE
        if due_on < self.today:
            return Urgency.LATE
        if due_on == self.today:
            return Urgency.TODAY
        if due_on <= self.next_day:
            return Urgency.NEXT
        return Urgency.SOON if due_on <= self.soon else Urgency.LATER


@dataclass(frozen=True, slots=True)
class DueCount:
    """Documents of one type that are due on one day."""

    type: str
    due_on: dt.date | None
    count: int


@dataclass(frozen=True, slots=True)
class TypeDelays:
    """What is outstanding of one type."""

    type: str
    counts: dict[Urgency, int]
    oldest: dt.date | None
    late_days: int  # working days that the oldest is late; 0: not late

    @property
    def total(self) -> int:
        """All that is outstanding."""
        return sum(self.counts.values())


def horizon(today: dt.date, holidays: Collection[dt.date]) -> DueHorizon:
    """Find the next working day and the third from today."""
    after = (add_working_days(today, days, holidays) for days in (1, _SOON_DAYS))
    return DueHorizon(today, *after)


def working_days(first: dt.date, last: dt.date, holidays: Collection[dt.date]) -> int:
    """Count working days after ``first`` up to ``last``; negative when ``last`` lies before."""
    if last < first:
        return -working_days_between(last, first, holidays)
    return working_days_between(first, last, holidays)


def by_type(
    found: Iterable[DueCount], at: DueHorizon, holidays: Collection[dt.date]
) -> tuple[TypeDelays, ...]:
    """Put together what is outstanding of each type; the most pressing type first."""
    counts: dict[str, dict[Urgency, int]] = {}
    oldest: dict[str, dt.date] = {}
    for due in found:
        of_type = counts.setdefault(due.type, dict.fromkeys(Urgency, 0))
        of_type[at.standing(due.due_on)] += due.count
        if due.due_on is not None:
            oldest[due.type] = min(due.due_on, oldest.get(due.type, due.due_on))
    made = [
        TypeDelays(code, of_type, oldest.get(code), _late(oldest.get(code), at.today, holidays))
        for code, of_type in counts.items()
    ]
    pressing = (Urgency.LATE, Urgency.TODAY, Urgency.NEXT, Urgency.SOON)
    return tuple(sorted(made, key=lambda one: (*(-one.counts[s] for s in pressing), one.type)))


def _late(oldest: dt.date | None, today: dt.date, holidays: Collection[dt.date]) -> int:
    return 0 if oldest is None else max(0, working_days(oldest, today, holidays))


_HORIZON_DAYS = 92
_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Throughput:
    """How fast a queue was worked on of late.

    ``hours`` are those of the clock in Paris, of working days, in which something was done.
    """

    per_hour: float
    hours: tuple[int, ...]

    @property
    def per_day(self) -> float:
        """Documents a working day."""
        return self.per_hour * len(self.hours)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of a queue.

    ``empty_at`` is None when that lies beyond the horizon of three months, or nothing is done at
    all. ``missed`` holds the due days that lie ahead and will not be met, with how many documents
    each; what is late today already is ``late``.
    """

    backlog: int
    late: int
    empty_at: dt.datetime | None
    missed: tuple[tuple[dt.date, int], ...]

    @property
    def will_miss(self) -> int:
        """Documents that are in time today and will not be."""
        return sum(count for _, count in self.missed)


def learn_throughput(done: Mapping[dt.datetime, int], days: Collection[dt.date]) -> Throughput:
    """Learn the pace from what was done.

    Args:
        done: Documents by the hour in which they were done, in local time.
        days: Working days to look at; those on which nothing was done count too.
    """
    of_days = {at: count for at, count in done.items() if at.date() in days and count > 0}
    hours = tuple(sorted({at.hour for at in of_days}))
    if not hours:
        return Throughput(0.0, ())
    return Throughput(sum(of_days.values()) / (len(days) * len(hours)), hours)


def last_working_days(
    today: dt.date, number: int, holidays: Collection[dt.date]
) -> tuple[dt.date, ...]:
    """The working days before today, the last one first; today is not over and left out."""
    found: list[dt.date] = []
    day = today
    while len(found) < number:
        day -= _DAY
        if is_working_day(day, holidays):
            found.append(day)
    return tuple(found)


def forecast_queue(
    backlog: Mapping[dt.date | None, int],
    at: Throughput,
    now: dt.datetime,
    holidays: Collection[dt.date],
) -> Forecast:
    """Reckon when a queue is empty and what it will miss.

    Args:
        backlog: Documents by due day; None: without one, these come last.
        at: The pace.
        now: In local time.
        holidays: On which nobody works.
    """
    today = now.date()
    total = sum(backlog.values())
    late = sum(count for day, count in backlog.items() if day is not None and day < today)
    ahead = sorted(day for day in backlog if day is not None and day >= today)
    ends = _done_by_end_of(ahead, at, now, holidays)
    missed, before = [], late
    for day in ahead:
        before += backlog[day]
        short = min(backlog[day], max(0, before - int(ends[day] + 1e-9)))
        if short:
            missed.append((day, short))
    return Forecast(total, late, _empty_at(total, at, now, holidays), tuple(missed))


def _done_by_end_of(
    days: Sequence[dt.date], at: Throughput, now: dt.datetime, holidays: Collection[dt.date]
) -> dict[dt.date, float]:
    """How many documents are done by the end of each of these days, which are in order."""
    done, day, found = 0.0, now.date(), {}
    horizon = now.date() + _HORIZON_DAYS * _DAY
    for wanted in days:
        while day <= min(wanted, horizon):
            done += at.per_hour * _hours_left(day, at, now, holidays)
            day += _DAY
        # Day by day would take as long as the calendar is long; beyond, the pace goes on.
        found[wanted] = done + at.per_day * working_days_between(horizon, wanted, holidays)
    return found


def _empty_at(
    total: int, at: Throughput, now: dt.datetime, holidays: Collection[dt.date]
) -> dt.datetime | None:
    if total == 0:
        return now
    if at.per_hour <= 0:
        return None
    left = total / at.per_hour  # hours of work
    for number in range(_HORIZON_DAYS):
        day = now.date() + number * _DAY
        if not is_working_day(day, holidays):
            continue
        for hour in at.hours:
            begins = dt.datetime.combine(day, dt.time(hour), now.tzinfo)
            worked = _worked(begins, now)
            if worked >= left:
                return max(begins, now) + left * _HOUR
            left -= worked
    return None


def _hours_left(
    day: dt.date, at: Throughput, now: dt.datetime, holidays: Collection[dt.date]
) -> float:
    """Hours of work between now and the end of a day, on that day."""
    if not is_working_day(day, holidays):
        return 0.0
    begin = (dt.datetime.combine(day, dt.time(hour), now.tzinfo) for hour in at.hours)
    return sum(_worked(begins, now) for begins in begin)


def _worked(begins: dt.datetime, now: dt.datetime) -> float:
    """How much of an hour lies ahead, from 0 to 1."""
    return min(1.0, max(0.0, (begins + _HOUR - now) / _HOUR))
