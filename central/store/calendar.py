"""French public holidays; who counts working days without them is central/domain."""

import datetime as dt
from collections.abc import Iterable
from functools import cache

from holidays import country_holidays


@cache
def _of_year(year: int) -> frozenset[dt.date]:
    return frozenset(country_holidays("FR", years=year))


def public_holidays(days: Iterable[dt.date]) -> frozenset[dt.date]:
    """Those of the years of some days, and of the year after each: delays cross New Year."""
    years = {year for day in days for year in (day.year, day.year + 1)}
    return frozenset().union(*(_of_year(year) for year in years))
