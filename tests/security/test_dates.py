"""Dates that no mail can have are refused where they come in; what is stored is shown."""

import datetime as dt
import hashlib
import time
from typing import Any

import pytest

from central.delays import rules as delays_rules
from central.delays.rules import Throughput, working_days
from central.errors import DocumentInvalid
from central.intake import messages
from vaguemestre.model.calendar import (
    add_working_days,
    is_working_day,
    public_holidays,
    working_days_between,
)
from vaguemestre.v1 import document_pb2 as wire

_NOW = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
_ID = "0197a000-0000-7000-8000-00003fa9c21b"


def _document(**changes: Any) -> wire.Document:
    ref = wire.PageRef(file="a.tif", index=0, sha256=hashlib.sha256(b"").digest())
    page = wire.Page(ref=ref, role=wire.ROLE_FRONT, dpi=200, width_mm=210, height_mm=297)
    route = wire.Route(kind=wire.ROUTE_KIND_NAME, due_on=str(changes.pop("due_on", "2026-12-01")))
    told: dict[str, Any] = {
        "id": _ID, "lot_id": _ID, "lot_name": "lot", "site": "gien", "station": "p",
        "channel": wire.CHANNEL_SCANNER, "received_on": "2026-11-30", "fund": "45",
        "type": "S3110", "pages": [page], "route": route, **changes,
    }  # fmt: skip
    moment = told.pop("received_at", _NOW)
    made = wire.Document(**told)
    made.received_at.FromDatetime(moment)
    return made


def test_a_document_of_today_is_taken() -> None:
    assert messages.document(_document(), _NOW).lot.received_on == _NOW.date()


@pytest.mark.parametrize(
    "changes",
    [
        {"received_on": "9999-12-31"},
        {"received_on": "2026-12-03"},
        {"received_on": "1999-12-31"},
        {"received_at": dt.datetime(9999, 12, 31, 23, 59, 59, tzinfo=dt.UTC)},
        {"received_at": _NOW + dt.timedelta(days=2, seconds=1)},
        {"received_at": dt.datetime(1999, 12, 31, tzinfo=dt.UTC)},
        {"due_on": "9999-12-31"},
        {"due_on": "2028-12-02"},
        {"due_on": "0001-01-01"},
    ],
    ids=str,
)
def test_a_document_of_no_possible_date_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DocumentInvalid):
        messages.document(_document(**changes), _NOW)


@pytest.mark.parametrize("year", [1, 1999, 2027, 9999])
def test_a_lot_of_no_possible_date_is_refused(year: int) -> None:
    lot = wire.Lot(
        id=_ID, name="lot", site="gien", station="p", channel=wire.CHANNEL_SCANNER, state="read"
    )
    lot.received_at.FromDatetime(dt.datetime(year, 12, 31, tzinfo=dt.UTC))
    with pytest.raises(DocumentInvalid):
        messages.lot(lot, _NOW)


def test_days_of_thousands_of_years_are_counted_at_once() -> None:
    began = time.process_time()
    for _ in range(100):
        assert working_days(_NOW.date(), dt.date.max, public_holidays([_NOW.date()])) > 2_000_000
        assert working_days(_NOW.date(), dt.date.min, public_holidays([_NOW.date()])) < -500_000
    assert time.process_time() - began < 2.0, "one of them alone took longer day by day"


@pytest.mark.parametrize("first", [dt.date(2026, 4, 27) + dt.timedelta(days=n) for n in range(9)])
def test_days_are_counted_as_one_counts_them(first: dt.date) -> None:
    holidays = public_holidays([first])
    for length in range(60):
        last = first + dt.timedelta(days=length)
        days = (first + dt.timedelta(days=n) for n in range(1, length + 1))
        counted = sum(is_working_day(day, holidays) for day in days)
        assert working_days_between(first, last, holidays) == counted


def test_the_end_of_the_calendar_ends_a_delay() -> None:
    for day in (dt.date.max, dt.date.max - dt.timedelta(days=3)):
        assert add_working_days(day, 250, public_holidays([day])) == dt.date.max


def test_what_is_due_in_the_year_9999_is_not_foretold_as_missed() -> None:
    at = Throughput(10.0, (9, 10, 11))
    backlog = {dt.date.max: 5, _NOW.date(): 1, None: 2}
    found = delays_rules.forecast_queue(backlog, at, _NOW.replace(tzinfo=None), frozenset())
    assert found.backlog == 8
    assert [day for day, _ in found.missed] == [_NOW.date()]
