"""When people work: days from Monday to Friday that are no public holiday, and their hours."""

import datetime as dt
from collections.abc import Collection

_FRIDAY = 4
_OPENS, _CLOSES = 8, 18
"""Hours of the clock in Paris between which somebody is at every site."""


def is_working_day(day: dt.date, holidays: Collection[dt.date]) -> bool:
    """Whether mail is worked on that day."""
    return day.weekday() <= _FRIDAY and day not in holidays


def next_working_day(day: dt.date, holidays: Collection[dt.date]) -> dt.date:
    """The first working day after a day."""
    day += dt.timedelta(days=1)
    while not is_working_day(day, holidays):
        day += dt.timedelta(days=1)
    return day


def is_working_time(local: dt.datetime, holidays: Collection[dt.date]) -> bool:
    """Whether sites are at work at a moment told by their own clock."""
    return is_working_day(local.date(), holidays) and _OPENS <= local.hour < _CLOSES
