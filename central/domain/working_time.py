"""When sites are at work: their hours on days that delays are counted in."""

import datetime as dt
from collections.abc import Collection

from central.domain.working_days import is_working_day

_OPENS, _CLOSES = 8, 18
"""Hours of the clock on the wall between which somebody is at every site."""


def is_working_time(local: dt.datetime, holidays: Collection[dt.date]) -> bool:
    """Whether sites are at work at a moment told by their own clock."""
    return is_working_day(local.date(), holidays) and _OPENS <= local.hour < _CLOSES
