"""A lot that a wrong clock took in reaches the centre once a person has set it."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from central.errors import DocumentInvalid
from central.intake import messages as centre
from edge.results import LotResult
from edge.uplink import messages
from edge.uplink.session import Identity, record_of
from tests.support.station import Station, result_of
from vaguemestre.model.calendar import add_working_days, public_holidays, working_days_between

_TODAY = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)
_DAYS = 5


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _delayed(result: LotResult, received_on: dt.date) -> LotResult:
    due = add_working_days(received_on, _DAYS, public_holidays([received_on]))
    documents = [replace(d, route=replace(d.route, due_on=due)) for d in result.documents]
    return replace(result, documents=tuple(documents))


def _refused(station: Station, at: dt.datetime) -> tuple[str, str]:
    """Take a lot in at a moment, and have the centre refuse its document and its report."""
    station.clock.now = at
    station.drop("LOT1.tif", b"scan")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    result = _delayed(result_of(lot), lot.lot.received_on)
    station.spool.lots.record_result(lot.lot.id, result, 1, {})
    [document] = station.spool.outbox.documents_to_send(1)
    with pytest.raises(DocumentInvalid):
        _told_document(station)
    station.spool.outbox.refuse_document(document.id, "document_invalid", "Refusé.")
    with pytest.raises(DocumentInvalid):
        _told_report(station)
    return lot.lot.id, document.id


def _told_document(station: Station) -> dt.date | None:
    [document] = station.spool.outbox.documents_to_send(1)
    record = record_of(document, Identity("gien", "poste-1", {}))
    told = centre.document(messages.document(record), _TODAY)
    assert told.lot.received_on == _TODAY.date()
    return told.document.route.due_on


def _told_report(station: Station) -> None:
    [report] = station.spool.outbox.lots_to_send(1)
    centre.lot(messages.lot(replace(report, site="gien", station="poste-1")), _TODAY)


@pytest.mark.parametrize("which", ["lot", "document"])
@pytest.mark.parametrize(
    "wrong",
    [_TODAY + dt.timedelta(days=150), dt.datetime(1970, 1, 1, 0, 5, tzinfo=dt.UTC)],
    ids=["ahead", "1970"],
)
def test_what_a_wrong_clock_took_in_is_of_the_day_on_which_it_is_sent_again(
    station: Station, wrong: dt.datetime, which: str
) -> None:
    lot_id, document_id = _refused(station, wrong)
    station.clock.now = _TODAY
    station.spool.outbox.replay(lot_id if which == "lot" else document_id)
    assert _told_document(station) == dt.date(2026, 11, 10), "five working days from today"
    station.send()
    assert station.delivered() == [b"scan"]


def test_a_report_alone_is_sent_again(station: Station) -> None:
    lot_id, _ = _refused(station, _TODAY + dt.timedelta(days=150))
    assert station.spool.retention.discard(lot_id)
    station.clock.now = _TODAY
    station.spool.outbox.replay(lot_id)
    _told_report(station)
    with pytest.raises(LookupError):
        station.spool.outbox.replay(lot_id)


def test_a_lot_that_came_in_before_stays_of_its_day(station: Station) -> None:
    station.clock.now = _TODAY - dt.timedelta(days=150)
    station.drop("LOT1.tif", b"scan")
    station.settle()
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    station.spool.outbox.refuse_document(document.id, "blob_too_large", "Refusé.")
    station.clock.now = _TODAY
    station.spool.outbox.replay(document.id)
    [again] = station.spool.outbox.documents_to_send(1)
    assert again.lot == document.lot


@pytest.mark.parametrize("days", [0, 1, 5, 60])
def test_working_days_are_counted_as_they_were_added(days: int) -> None:
    received = dt.date(2026, 12, 20)
    holidays = public_holidays([received])
    assert (
        working_days_between(received, add_working_days(received, days, holidays), holidays) == days
    )
