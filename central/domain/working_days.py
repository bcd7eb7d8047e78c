"""Delays in working days: Monday to Friday, no public holiday. The caller knows the holidays."""

import datetime as dt
from collections.abc import Collection, Container

_SATURDAY, _WEEK = 5, 7
_ONE = dt.timedelta(days=1)


def is_working_day(day: dt.date, holidays: Container[dt.date]) -> bool:
    """Whether somebody works on a day."""
    return day.weekday() < _SATURDAY and day not in holidays


def add_working_days(day: dt.date, days: int, holidays: Container[dt.date]) -> dt.date:
    """The last day of a delay that begins the day after ``day``; none is over on the day itself.

    A delay that would end after the calendar does ends with it.
    """
    while days > 0 and day < dt.date.max:
        day += _ONE
        if is_working_day(day, holidays):
            days -= 1
    return day


def working_days_between(first: dt.date, last: dt.date, holidays: Collection[dt.date]) -> int:
    """How many working days follow ``first`` up to ``last``, that one counted; 0 before it.

    Takes the same time however many days lie between: stored days may be thousands of years apart.
    """
    if last <= first:
        return 0
    weeks, rest = divmod((last - first).days, _WEEK)
    days = _SATURDAY * weeks
    days += sum((first.weekday() + n) % _WEEK < _SATURDAY for n in range(1, rest + 1))
    return days - sum(first < day <= last and day.weekday() < _SATURDAY for day in holidays)
