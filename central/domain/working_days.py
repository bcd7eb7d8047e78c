"""Delays in working days: Monday to Friday, no public holiday. The caller knows the holidays."""

import datetime as dt
from collections.abc import Container

_SATURDAY = 5
_ONE = dt.timedelta(days=1)


def is_working_day(day: dt.date, holidays: Container[dt.date]) -> bool:
    """Whether somebody works on a day."""
    return day.weekday() < _SATURDAY and day not in holidays


def add_working_days(day: dt.date, days: int, holidays: Container[dt.date]) -> dt.date:
    """The last day of a delay that begins the day after ``day``; none is over on the day itself."""
    while days > 0:
        day += _ONE
        if is_working_day(day, holidays):
            days -= 1
    return day


def working_days_between(first: dt.date, last: dt.date, holidays: Container[dt.date]) -> int:
    """How many working days follow ``first`` up to ``last``, that one counted; 0 before it."""
    days = 0
    while first < last:
        first += _ONE
        days += is_working_day(first, holidays)
    return days
