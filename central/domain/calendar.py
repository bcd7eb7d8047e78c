"""Public holidays of metropolitan France."""

import datetime as dt
from collections.abc import Iterable
from functools import cache

from holidays import country_holidays

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
