"""The forecast: faster is never later, more is never sooner, and no document is counted twice."""

import datetime as dt

from hypothesis import assume, given
from hypothesis import strategies as st

from central.delays.rules import (
    Forecast,
    Throughput,
    forecast_queue,
    last_working_days,
    learn_throughput,
)
from vaguemestre.model.calendar import is_working_day, public_holidays

_HOLIDAYS = public_holidays([dt.date(2026, 1, 1)])
_days = st.dates(dt.date(2026, 1, 5), dt.date(2026, 12, 20))
_moments = st.datetimes(dt.datetime(2026, 1, 5), dt.datetime(2026, 12, 20))  # noqa: DTZ001 - local
_backlogs = st.dictionaries(st.one_of(st.none(), _days), st.integers(0, 500), max_size=12)
_hours = st.sets(st.integers(0, 23), min_size=1, max_size=12).map(lambda h: tuple(sorted(h)))
_paces = st.builds(Throughput, st.floats(0.1, 500), _hours)


def _told(backlog: dict[dt.date | None, int], at: Throughput, now: dt.datetime) -> Forecast:
    return forecast_queue(backlog, at, now, _HOLIDAYS)


@given(_backlogs, _paces, _moments)
def test_every_document_is_late_or_missed_or_in_time_once(
    backlog: dict[dt.date | None, int], at: Throughput, now: dt.datetime
) -> None:
    told = _told(backlog, at, now)
    ahead = {day: n for day, n in backlog.items() if day is not None and day >= now.date()}
    assert told.backlog == sum(backlog.values())
    assert told.late + sum(ahead.values()) + backlog.get(None, 0) == told.backlog
    assert all(0 < missed <= ahead[day] for day, missed in told.missed)


@given(_backlogs, _paces, _moments, st.floats(1.01, 10))
def test_a_faster_pace_is_never_later_and_misses_no_more(
    backlog: dict[dt.date | None, int], at: Throughput, now: dt.datetime, factor: float
) -> None:
    slow = _told(backlog, at, now)
    fast = _told(backlog, Throughput(at.per_hour * factor, at.hours), now)
    assert fast.will_miss <= slow.will_miss
    if slow.empty_at is not None:
        assert fast.empty_at is not None
        assert fast.empty_at <= slow.empty_at + dt.timedelta(milliseconds=1)


@given(_backlogs, _paces, _moments, _days, st.integers(1, 200))
def test_more_to_do_is_never_sooner_done(
    backlog: dict[dt.date | None, int], at: Throughput, now: dt.datetime, day: dt.date, more: int
) -> None:
    before = _told(backlog, at, now)
    after = _told({**backlog, day: backlog.get(day, 0) + more}, at, now)
    if after.empty_at is not None:
        assert before.empty_at is not None
        assert before.empty_at <= after.empty_at
    assert before.will_miss <= after.will_miss


@given(_backlogs, _paces, _moments)
def test_a_queue_empties_in_the_hours_when_people_work(
    backlog: dict[dt.date | None, int], at: Throughput, now: dt.datetime
) -> None:
    told = _told(backlog, at, now)
    assume(told.backlog and told.empty_at is not None)
    assert told.empty_at is not None
    last = told.empty_at - dt.timedelta(seconds=1)
    assert told.empty_at >= now
    if told.empty_at - now > dt.timedelta(seconds=1):
        assert is_working_day(last.date(), _HOLIDAYS)
        assert last.hour in at.hours


@given(_backlogs, _moments)
def test_nothing_ever_empties_where_nothing_is_done(
    backlog: dict[dt.date | None, int], now: dt.datetime
) -> None:
    told = _told(backlog, Throughput(0.0, ()), now)
    assert (told.empty_at is None) == (told.backlog > 0)
    ahead = sum(n for day, n in backlog.items() if day is not None and day >= now.date())
    assert told.will_miss == ahead


@given(_days, st.integers(1, 10))
def test_the_last_working_days_lie_before_today_and_are_worked(today: dt.date, number: int) -> None:
    days = last_working_days(today, number, _HOLIDAYS)
    assert len(set(days)) == number
    assert all(day < today and is_working_day(day, _HOLIDAYS) for day in days)


def test_a_pace_is_the_mean_of_the_hours_in_which_something_was_done() -> None:
    days = (dt.date(2026, 11, 24), dt.date(2026, 11, 23))
    done = {
        dt.datetime(2026, 11, 23, 9): 30, dt.datetime(2026, 11, 23, 10): 10,  # noqa: DTZ001
        dt.datetime(2026, 11, 24, 9): 20, dt.datetime(2026, 11, 22, 9): 900,  # noqa: DTZ001
    }  # fmt: skip
    assert learn_throughput(done, days) == Throughput(15.0, (9, 10))
    assert learn_throughput(done, days).per_day == 30


def test_a_known_case_can_be_followed_by_hand() -> None:
    friday = dt.datetime(2026, 11, 27, 16, 30)  # noqa: DTZ001 - local
    at = Throughput(10.0, tuple(range(8, 18)))  # 15 left today, 100 on Monday
    backlog: dict[dt.date | None, int] = {
        dt.date(2026, 11, 26): 5,
        dt.date(2026, 11, 27): 20,
        dt.date(2026, 11, 30): 40,
    }
    told = _told(backlog, at, friday)
    assert told.late == 5
    assert told.missed == ((dt.date(2026, 11, 27), 10),)
    assert told.empty_at == dt.datetime(2026, 11, 30, 13)  # noqa: DTZ001 - 50 more at 10 an hour
