"""Delays counted in working days: Monday to Friday, no public holiday."""

import datetime as dt
from collections.abc import Collection

_FRIDAY = 4


def is_working_day(day: dt.date, holidays: Collection[dt.date]) -> bool:
    """Whether mail is worked on that day."""
    return day.weekday() <= _FRIDAY and day not in holidays


def add_working_days(day: dt.date, days: int, holidays: Collection[dt.date]) -> dt.date:
    """The last day of a delay that begins on ``day``."""
    left = days
    while left > 0:
        day += dt.timedelta(days=1)
        if is_working_day(day, holidays):
            left -= 1
    return day
