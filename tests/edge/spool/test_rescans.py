"""Requests to scan again in the spool: by id, by name, over restarts and versions."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from edge.errors import SpoolBusy
from edge.spool import schema
from edge.spool.rescans import code_of
from edge.spool.spool import Spool
from tests.support.station import NOON, Station
from vaguemestre.model.lot import RescanRequest

_ID = "0197a000-0000-7000-8000-00003fa9c21b"
_ASKED = RescanRequest("d1", "LOT1.tif", "Illisible.", _ID, NOON.date().replace(day=1), "45")


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _claimed(station: Station, name: str) -> str:
    """What the lot of this name answers."""
    station.drop(name, name.encode())
    station.settle()
    (lot,) = [one.lot for one in station.spool.lots.lots_to_read() if one.lot.name == name]
    return lot.rescan_id


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("RESCAN-3FA9C21B.tif", True),
        ("rescan_3fa9c21b suite.pdf", True),
        ("Rescan 3fa9c21b.tif", True),
        ("RESCAN-3FA9C21.tif", False),
        ("RESCAN-3FA9C21BC.tif", False),
        ("RESCAN-0000AAAA.tif", False),
        ("LOT RESCAN-3FA9C21B.tif", False),
    ],
)
def test_s23_a_lots_name_answers_the_request_whose_code_it_begins_with(
    station: Station, name: str, answers: bool
) -> None:
    station.spool.rescans.record_request(_ASKED)
    assert _claimed(station, name) == (_ID if answers else "")


def test_the_answer_counts_its_delay_from_the_first_receipt(station: Station) -> None:
    station.spool.rescans.record_request(_ASKED)
    _claimed(station, "RESCAN-3FA9C21B.tif")
    (lot,) = [one.lot for one in station.spool.lots.lots_to_read()]
    assert (lot.received_on, lot.fund) == (_ASKED.received_on, "45")


def test_two_requests_of_one_code_are_answered_by_neither_name(station: Station) -> None:
    other = _ID.replace("0197a000", "0197a001")
    assert code_of(other) == code_of(_ID)
    for rescan_id in (_ID, other):
        station.spool.rescans.record_request(replace(_ASKED, rescan_id=rescan_id))
    assert _claimed(station, "RESCAN-3FA9C21B.tif") == ""


def test_s23_a_closed_request_is_shown_no_more_but_its_late_answer_is_still_known(
    station: Station,
) -> None:
    station.spool.rescans.record_request(_ASKED)
    station.spool.rescans.close(_ID)
    assert station.spool.rescans.open_requests() == []
    assert station.spool.rescans.open_ids(9) == ()
    assert _claimed(station, "RESCAN-3FA9C21B.tif") == _ID


def test_a_request_that_is_asked_again_after_it_was_over_is_open_again(station: Station) -> None:
    station.spool.rescans.record_request(_ASKED)
    station.spool.rescans.close(_ID)
    station.spool.rescans.record_request(_ASKED)
    assert [one.rescan_id for one in station.spool.rescans.open_requests()] == [_ID]


def test_s23_the_answer_is_counted_until_the_centre_has_it(station: Station) -> None:
    station.spool.rescans.record_request(_ASKED)
    _claimed(station, "RESCAN-3FA9C21B.tif")
    station.read()
    (shown,) = station.spool.rescans.open_requests()
    assert (shown.scanned, shown.sent) == (1, 0)
    station.send()
    (shown,) = station.spool.rescans.open_requests()
    assert (shown.scanned, shown.sent) == (1, 1)
    (document,) = station.centre.documents.values()
    assert document.rescan_id == _ID


def test_s24_what_is_impossible_waits_for_the_centre_over_a_restart(station: Station) -> None:
    station.spool.rescans.record_request(_ASKED)
    assert station.spool.rescans.record_impossible(_ID, "Détruit.")
    assert not station.spool.rescans.record_impossible(_ID, "Encore.")
    station.reopen()
    assert station.spool.rescans.impossible_requests() == [(_ID, "Détruit.")]
    station.spool.rescans.close(_ID)
    assert station.spool.rescans.impossible_requests() == []


def test_a_request_long_over_is_forgotten(station: Station) -> None:
    station.spool.rescans.record_request(_ASKED)
    station.spool.rescans.close(_ID)
    station.clock.forward(401 * 86_400)
    station.spool.retention.purge(station.clock())
    assert _claimed(station, "RESCAN-3FA9C21B.tif") == ""


# --- a journal of the previous version ---


def _previous_version(work: Path) -> None:
    """A journal as version 0.2 left it, with a lot and two requests, one of them done."""
    connection = sqlite3.connect(work / "journal.sqlite3")
    connection.executescript(schema.TABLES)
    connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version=1")
    connection.execute(
        "INSERT INTO lots (id, source, name, key, label, channel, fund, process, received_at,"
        " received_on, state) VALUES ('l', 'scan', 'LOT1', 'lot1', 'LOT1', 'scanner', '17', '',"
        " '2026-03-02T12:00:00+00:00', '2026-03-02', 'acknowledged')"
    )
    for document, done in (("d1", 0), ("d2", 1)):
        connection.execute(
            "INSERT INTO rescans VALUES (?, 'LOT1', 'flou', '2026-03-02T12:00:00+00:00', ?)",
            (document, done),
        )
    connection.commit()
    connection.close()


def test_s22_a_journal_of_the_previous_version_is_brought_up_to_date(station: Station) -> None:
    station.spool.close()
    for path in (*station.work.glob("journal*"), station.work / "tally"):
        path.unlink()
    _previous_version(station.work)
    with pytest.raises(SpoolBusy, match="schema 1"):
        Spool.open(station.work, station.limits, station.clock, visitor=True)
    station.open()
    (asked,) = station.spool.rescans.open_requests()
    assert (asked.document_id, asked.rescan_id, asked.reason) == ("d1", "", "flou")
    assert [lot.name for lot in station.spool.status.lots_overview()] == ["LOT1"]
    station.spool.rescans.record_request(_ASKED)
    station.reopen()
    assert len(station.spool.rescans.open_requests()) == 2
    Spool.open(station.work, station.limits, station.clock, visitor=True).close()


# --- what the agent tells of itself ---


def test_the_link_is_down_since_it_broke_whatever_centre_is_tried(station: Station) -> None:
    assert station.spool.status.agent_status().link is None
    station.spool.status.record_link("a:1", "")
    station.clock.forward(60)
    station.spool.status.record_link("a:1", "uplink_lost")
    broke = station.clock()
    station.clock.forward(60)
    station.spool.status.record_link("b:1", "uplink_refused")
    link = station.spool.status.agent_status().link
    assert link is not None
    assert (link.centre, link.code, link.since) == ("b:1", "uplink_refused", broke)
    station.spool.status.record_link("b:1", "")
    link = station.spool.status.agent_status().link
    assert link is not None
    assert (link.code, link.since) == ("", station.clock())


def test_an_agent_that_says_the_same_again_writes_nothing(station: Station) -> None:
    station.spool.status.record_link("a:1", "")
    station.spool.status.record_progress(93, {"l": 4})
    mark = station.spool.status.change_mark()
    station.spool.status.record_link("a:1", "")
    station.spool.status.record_progress(93, {"l": 4})
    assert station.spool.status.change_mark() == mark


def test_a_visitor_sees_whether_the_agent_runs(station: Station) -> None:
    visitor = Spool.open(station.work, station.limits, station.clock, visitor=True)
    assert visitor.status.agent_status().is_running
    station.spool.close()
    assert not visitor.status.agent_status().is_running
    visitor.close()
    station.open()


def test_pages_read_so_far_are_shown_while_the_lot_is_read(station: Station) -> None:
    for number in range(3):
        station.drop(f"LOT/{number}.tif", b"%d" % number)
    station.settle()
    (lot,) = station.spool.lots.lots_to_read()
    station.spool.status.record_progress(60, {lot.lot.id: 2})
    (view,) = station.spool.status.lots_overview()
    assert (view.files, view.read_pages) == (3, 2)
    station.read()
    (view,) = station.spool.status.lots_overview()
    assert (view.read_pages, view.counted_pages) == (0, 3)
