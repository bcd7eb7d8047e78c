"""Delays counted in working days: Monday to Friday, no public holiday."""

import datetime as dt
from collections.abc import Collection


def add_working_days(day: dt.date, days: int, holidays: Collection[dt.date]) -> dt.date:
    """The last day of a delay that begins on ``day``."""
    left = days
    while left > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            left -= 1
    return day
