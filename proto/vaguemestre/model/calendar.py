"""Time as people have it: France's days and hours, working days, public holidays, opening hours.

Moments are stored in UTC and people read France's time. Days, too, begin at midnight in France,
whatever zone a machine or PostgreSQL is set to: mail of half past midnight in July belongs to the
day that began, and from that day the fund counts its delays.

Delays are counted in working days: Monday to Friday, no public holiday of metropolitan France.
"""

import datetime as dt
from collections.abc import Collection, Container, Iterable
from functools import cache
from zoneinfo import ZoneInfo

TIME_ZONE = "Europe/Paris"
_PARIS = ZoneInfo(TIME_ZONE)
_YEARS = range(1990, 2101)
_SATURDAY, _WEEK = 5, 7
_ONE = dt.timedelta(days=1)
_OPENS, _CLOSES = 8, 18  # hours between which somebody is at every site


def paris_time(moment: dt.datetime) -> dt.datetime:
    """The same moment with the time that it is in France."""
    return moment.astimezone(_PARIS)


def paris_day(moment: dt.datetime) -> dt.date:
    """The day that it is in France at a moment."""
    return paris_time(moment).date()


def start_of_day(day: dt.date) -> dt.datetime:
    """The moment at which a day begins in France, in UTC."""
    return dt.datetime.combine(day, dt.time(), _PARIS).astimezone(dt.UTC)


def public_holidays(days: Iterable[dt.date]) -> frozenset[dt.date]:
    """Those of the years around some days: delays cross New Year, forwards and backwards.

    Years in which no mail is received have none: what is stored may name any year.
    """
    years = {year for day in days for year in (day.year - 1, day.year, day.year + 1)}
    return frozenset().union(*(_holidays_of(year) for year in years if year in _YEARS))


@cache
def _holidays_of(year: int) -> frozenset[dt.date]:
    # Only here: the processes that read pages ask for the day and never for holidays.
    from holidays import country_holidays  # noqa: PLC0415

    return frozenset(country_holidays("FR", years=year))


def is_working_day(day: dt.date, holidays: Container[dt.date]) -> bool:
    """Whether somebody works on a day."""
    return day.weekday() < _SATURDAY and day not in holidays


def is_working_time(local: dt.datetime, holidays: Container[dt.date]) -> bool:
    """Whether sites are at work at a moment of France's time."""
    return is_working_day(local.date(), holidays) and _OPENS <= local.hour < _CLOSES


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
