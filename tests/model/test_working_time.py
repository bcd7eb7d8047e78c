"""Hours at which sites are at work."""

import datetime as dt

import pytest

from vaguemestre.model import calendar

_ASCENSION = dt.date(2026, 5, 14)
_HOLIDAYS = frozenset({_ASCENSION, dt.date(2026, 12, 25)})


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
    assert calendar.is_working_time(dt.datetime(*moment), _HOLIDAYS) is at_work  # noqa: DTZ001
