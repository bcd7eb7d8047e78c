"""Delays in working days, and the hours at which sites are at work."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaguemestre.model.calendar import (
    add_working_days,
    is_working_day,
    is_working_time,
    public_holidays,
    working_days_between,
)

_FRIDAY, _MONDAY = dt.date(2026, 11, 6), dt.date(2026, 11, 9)
_ARMISTICE, _ASCENSION = dt.date(2026, 11, 11), dt.date(2026, 5, 14)

_DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1))
_COUNTS = st.integers(0, 60)
_HOLIDAYS = st.frozensets(_DAYS, max_size=20)


def test_week_ends_and_holidays_do_not_count() -> None:
    assert add_working_days(_FRIDAY, 1, ()) == _MONDAY
    assert add_working_days(_FRIDAY, 3, {_ARMISTICE}) == dt.date(2026, 11, 12)
    assert add_working_days(_FRIDAY, 0, ()) == _FRIDAY


def test_days_between_count_the_last_and_not_the_first() -> None:
    assert working_days_between(_FRIDAY, _MONDAY, ()) == 1
    assert working_days_between(_MONDAY, _MONDAY, ()) == 0
    assert working_days_between(_MONDAY, _FRIDAY, ()) == 0
    assert working_days_between(_MONDAY, dt.date(2026, 11, 13), {_ARMISTICE}) == 3


@given(_DAYS, _COUNTS, _HOLIDAYS)
def test_a_delay_ends_on_a_working_day_and_is_as_long_as_it_says(
    day: dt.date, days: int, holidays: frozenset[dt.date]
) -> None:
    last = add_working_days(day, days, holidays)
    assert working_days_between(day, last, holidays) == days
    assert days == 0 or is_working_day(last, holidays)


@given(_DAYS, _COUNTS, _COUNTS, _HOLIDAYS)
def test_two_delays_in_a_row_are_one(
    day: dt.date, first: int, second: int, holidays: frozenset[dt.date]
) -> None:
    there = add_working_days(add_working_days(day, first, holidays), second, holidays)
    assert there == add_working_days(day, first + second, holidays)


@pytest.mark.parametrize(
    "day", [_ARMISTICE, dt.date(2026, 7, 14), dt.date(2026, 4, 6), dt.date(2027, 1, 1)]
)
def test_french_holidays_of_the_year_and_the_next_are_known(day: dt.date) -> None:
    assert day in public_holidays([dt.date(2026, 3, 1)])


@pytest.mark.parametrize(
    ("moment", "at_work"),
    [
        ((2026, 11, 26, 7, 59), False),
        ((2026, 11, 26, 8, 0), True),
        ((2026, 11, 26, 17, 59), True),
        ((2026, 11, 26, 18, 0), False),
        ((2026, 11, 28, 10, 0), False),  # a Saturday
        ((2026, 5, 14, 10, 0), False),  # a Thursday, and a holiday
    ],
)
def test_sites_are_at_work_in_the_hours_of_working_days(
    moment: tuple[int, int, int, int, int], at_work: bool
) -> None:
    assert is_working_time(dt.datetime(*moment), {_ASCENSION}) is at_work  # noqa: DTZ001
