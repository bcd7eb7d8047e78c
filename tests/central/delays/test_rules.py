"""Delays in working days, with the public holidays of metropolitan France."""

import datetime as dt

import pytest

from central.delays.rules import DueCount, Urgency, by_type, horizon, working_days
from vaguemestre.model.calendar import public_holidays

_TUESDAY = dt.date(2026, 11, 10)  # the 11th is a holiday
_HOLIDAYS = public_holidays([dt.date(2026, 1, 1)])


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-05-14", "Ascension"), ("2026-05-25", "lundi de Pentecôte"), ("2026-07-14", ""),
        ("2026-04-06", "lundi de Pâques"), ("2027-01-01", "the year after"),
        ("2025-12-25", "the year before"),
    ],
)  # fmt: skip
def test_french_holidays_are_known_around_the_year(day: str, name: str) -> None:
    assert _day(day) in _HOLIDAYS


def test_alsace_s_own_holidays_are_none() -> None:
    assert _day("2026-12-26") not in _HOLIDAYS


def test_the_next_working_day_leaps_over_a_holiday_and_the_third_over_the_weekend() -> None:
    at = horizon(_TUESDAY, _HOLIDAYS)
    assert (at.next_day, at.soon) == (_day("2026-11-12"), _day("2026-11-16"))


@pytest.mark.parametrize(
    ("due_on", "standing"),
    [
        ("2026-11-09", Urgency.LATE), ("2026-11-10", Urgency.TODAY),
        ("2026-11-12", Urgency.NEXT), ("2026-11-13", Urgency.SOON),
        ("2026-11-16", Urgency.SOON), ("2026-11-17", Urgency.LATER),
    ],
)  # fmt: skip
def test_a_day_stands_where_it_is_seen_from_today(due_on: str, standing: Urgency) -> None:
    assert horizon(_TUESDAY, _HOLIDAYS).standing(_day(due_on)) is standing


def test_no_day_is_no_delay() -> None:
    assert horizon(_TUESDAY, _HOLIDAYS).standing(None) is Urgency.NONE


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-10", "2026-11-10", 0), ("2026-11-10", "2026-11-11", 0),
        ("2026-11-10", "2026-11-12", 1), ("2026-11-06", "2026-11-09", 1),
        ("2026-11-12", "2026-11-10", -1), ("2026-12-31", "2027-01-04", 1),
    ],
)  # fmt: skip
def test_working_days_are_counted_between_two_days(first: str, last: str, days: int) -> None:
    assert working_days(_day(first), _day(last), _HOLIDAYS) == days


def test_types_are_told_the_most_pressing_first_with_how_late_the_oldest_is() -> None:
    found = [
        DueCount("S3110", _day("2026-11-13"), 7), DueCount("S3110", None, 2),
        DueCount("S6200", _day("2026-11-06"), 1), DueCount("S6200", _day("2026-11-10"), 3),
    ]  # fmt: skip
    late, other = by_type(found, horizon(_TUESDAY, _HOLIDAYS), _HOLIDAYS)
    assert (late.type, late.total, late.counts[Urgency.LATE], late.late_days) == ("S6200", 4, 1, 2)
    assert (other.type, other.total, other.counts[Urgency.NONE]) == ("S3110", 9, 2)
    assert (other.oldest, other.late_days) == (_day("2026-11-13"), 0)
