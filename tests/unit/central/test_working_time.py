"""Working days and hours of the sites."""

import datetime as dt

import pytest

from central.domain import working_time

_ASCENSION = dt.date(2026, 5, 14)
_HOLIDAYS = frozenset({_ASCENSION, dt.date(2026, 12, 25)})


@pytest.mark.parametrize(
    ("day", "following"),
    [
        ((2026, 11, 25), (2026, 11, 26)),
        ((2026, 11, 27), (2026, 11, 30)),  # a Friday
        ((2026, 11, 28), (2026, 11, 30)),
        ((2026, 5, 13), (2026, 5, 15)),  # over the Ascension
        ((2026, 12, 24), (2026, 12, 28)),  # Christmas on a Friday
    ],
)
def test_the_next_working_day_jumps_weekends_and_holidays(
    day: tuple[int, int, int], following: tuple[int, int, int]
) -> None:
    assert working_time.next_working_day(dt.date(*day), _HOLIDAYS) == dt.date(*following)


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
    assert working_time.is_working_time(dt.datetime(*moment), _HOLIDAYS) is at_work  # noqa: DTZ001
