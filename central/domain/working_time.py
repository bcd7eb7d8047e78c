"""When sites are at work: their hours on days that delays are counted in."""

import datetime as dt
from collections.abc import Collection

_FRIDAY = 4
_OPENS, _CLOSES = 8, 18
"""Hours of the clock on the wall between which somebody is at every site."""


def is_working_time(local: dt.datetime, holidays: Collection[dt.date]) -> bool:
    """Whether sites are at work at a moment told by their own clock."""
    is_working_day = local.weekday() <= _FRIDAY and local.date() not in holidays
    return is_working_day and _OPENS <= local.hour < _CLOSES
