"""Decide where a document goes and whether a person must see it first.

Straight through only when everything speaks for it: a type read with confidence, a layout that
was measured, all required fields accepted, nothing failed, missing, blurred or seen before.

Public holidays of metropolitan France.

Delays in working days: Monday to Friday, no public holiday. The caller knows the holidays.

When sites are at work: their hours on days that delays are counted in.
"""

import datetime as dt
from collections.abc import Collection, Container, Iterable
from functools import cache

from holidays import country_holidays


def due_on(received_on: dt.date, working_days: int, holidays: Collection[dt.date]) -> dt.date:
    """The last day of a delay counted in working days (Monday to Friday, no public holiday)."""
    day, left = received_on, working_days
    while left > 0:
        day += dt.timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:
            left -= 1
    return day


def delay_between(received_on: dt.date, due: dt.date, holidays: Collection[dt.date]) -> int:
    """How many working days ``due_on`` has counted; 0 where ``due`` does not lie after."""
    day, days = received_on, 0
    while day < due:
        day = due_on(day, 1, holidays)
        days += 1
    return days


def public_holidays_from(day: dt.date) -> frozenset[dt.date]:
    """French public holidays of this year and the next."""
    return frozenset(country_holidays("FR", years=(day.year, day.year + 1)))


_YEARS = range(1990, 2101)


@cache
def _of_year(year: int) -> frozenset[dt.date]:
    return frozenset(country_holidays("FR", years=year))


def public_holidays(days: Iterable[dt.date]) -> frozenset[dt.date]:
    """Those of the years around some days: delays cross New Year, forwards and backwards.

    Years in which no mail is received have none: what is stored may name any year.
    """
    years = {year for day in days for year in (day.year - 1, day.year, day.year + 1)}
    return frozenset().union(*(_of_year(year) for year in years if year in _YEARS))


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


_OPENS, _CLOSES = 8, 18
"""Hours of the clock on the wall between which somebody is at every site."""


def is_working_time(local: dt.datetime, holidays: Collection[dt.date]) -> bool:
    """Whether sites are at work at a moment told by their own clock."""
    return is_working_day(local.date(), holidays) and _OPENS <= local.hour < _CLOSES
