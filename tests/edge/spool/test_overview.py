"""What needs somebody is always shown, and a look costs the same whatever was done before."""

from collections.abc import Callable
from pathlib import Path

import pytest

from edge.results import LotResult
from edge.spool import status
from edge.spool.status import MAX_LOTS_SHOWN
from edge.spool.values import HiddenLots, OperatorState
from tests.support import page as page_of
from tests.support.full_spool import fill
from tests.support.station import Station, result_of
from vaguemestre.model.lot import RescanRequest, SetAside


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _claimed(station: Station, name: str) -> str:
    station.drop(name, name.encode())
    station.settle()
    return next(lot.lot.id for lot in station.spool.lots.lots_to_read() if lot.lot.name == name)


def _failed(station: Station) -> str:
    lot_id = _claimed(station, "FAILED.tif")
    station.spool.lots.set_lot_aside(lot_id, "page_crashed", "À traiter à la main.")
    return lot_id


def _with_a_page_aside(station: Station) -> str:
    lot_id = _claimed(station, "ASIDE.tif")
    aside = SetAside("ASIDE.tif", 1, "file_truncated", "Tronqué.")
    station.spool.lots.record_result(lot_id, LotResult((), (aside,)), 1, {})
    station.send()
    return lot_id


def _refused(station: Station) -> str:
    lot_id = _claimed(station, "REFUSED.tif")
    station.read()
    (document,) = station.spool.outbox.documents_to_send(1)
    station.spool.outbox.refuse_document(document.id, "document_invalid", "Refusé.")
    return lot_id


def _asked_again(station: Station) -> str:
    lot_id = _claimed(station, "AGAIN.tif")
    station.read()
    (document,) = station.spool.outbox.documents_to_send(1)
    station.send()
    station.spool.rescans.record_request(RescanRequest(document.id, "AGAIN", "Flou.", "r" * 32))
    return lot_id


def _incomplete(station: Station) -> str:
    lot_id = _claimed(station, "SHORT.tif")
    station.read(expected_documents=2)
    return lot_id


_NEEDS: list[Callable[[Station], str]] = [
    *(_failed, _with_a_page_aside, _refused, _asked_again, _incomplete)
]


@pytest.mark.parametrize("needs", _NEEDS, ids=lambda needs: needs.__name__)
def test_s26_what_needs_somebody_is_shown_before_any_number_of_newer_lots(
    station: Station, needs: Callable[[Station], str]
) -> None:
    lot_id = needs(station)
    fill(station.spool, MAX_LOTS_SHOWN + 50, 1)
    assert station.spool.status.lots_overview()[0].id == lot_id
    assert len(station.spool.status.lots_overview()) == MAX_LOTS_SHOWN
    assert station.spool.status.lots_hidden() == HiddenLots(needing=0, others=51)
    station.scan()
    assert [n for n in station.status() if "TERMINÉ" not in n]


def test_s26_the_page_shows_all_that_need_somebody(station: Station) -> None:
    for number in range(101):  # one more than the page shows of others
        station.drop(f"LOT{number:03}.tif", b"%d" % number)
    station.settle()
    for lot in station.spool.lots.lots_to_read(200):
        station.spool.lots.set_lot_aside(lot.lot.id, "page_crashed", "À la main.")
    fill(station.spool, MAX_LOTS_SHOWN, 0)
    body = page_of.site_of(station).get("/", "").body.decode()
    assert all(f"LOT{number:03}.tif" in body for number in range(101))
    assert "Et 500 de plus." in body


def test_s26_what_needs_somebody_is_given_up_however_many_came_after(station: Station) -> None:
    lot_id = _failed(station)
    fill(station.spool, MAX_LOTS_SHOWN + 50, 0)
    (lot,) = station.spool.status.lots_named("FAILED.tif")
    assert lot.id == lot_id
    assert station.spool.retention.discard(lot.id)
    assert station.spool.status.lots_named("FAILED.tif") == []


def test_what_was_given_up_needs_nobody(station: Station) -> None:
    lot_id = _with_a_page_aside(station)
    assert station.spool.status.lots_overview()[0].shown is OperatorState.ERROR
    station.spool.retention.discard(lot_id)
    (lot,) = station.spool.status.lots_overview()
    assert (lot.shown, lot.set_aside) == (OperatorState.DONE, ())


def test_beyond_a_thousand_that_need_somebody_their_number_is_told(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "_MAX_NEEDING", 2)
    for number in range(5):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.settle()
    for lot in station.spool.lots.lots_to_read():
        station.spool.lots.set_lot_aside(lot.lot.id, "page_crashed", "À la main.")
    assert [lot.name for lot in station.spool.status.lots_overview()] == ["LOT4.tif", "LOT3.tif"]
    assert station.spool.status.lots_hidden() == HiddenLots(needing=3, others=0)


def test_s26_lots_under_way_are_shown_however_many_need_somebody(station: Station) -> None:
    for number in range(10):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.settle()
    for lot in station.spool.lots.lots_to_read():
        station.spool.lots.set_lot_aside(lot.lot.id, "page_crashed", "À la main.")
    for number in range(3):
        _claimed(station, f"NEW{number}.tif")
    fill(station.spool, 4, 0)
    shown = [lot.name for lot in station.spool.status.lots_overview(limit=10)]
    assert shown[10:] == ["NEW2.tif", "NEW1.tif"]
    assert station.spool.status.lots_hidden(limit=10) == HiddenLots(needing=0, others=5)


def _steps(station: Station, act: Callable[[], object]) -> int:
    """Instructions of SQLite's machine that an act takes, in hundreds."""
    connection = station.spool._store.journal._connection
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.set_progress_handler(step, 100)
    try:
        act()
    finally:
        connection.set_progress_handler(None, 100)
    return count


def test_a_look_costs_the_same_whatever_the_lots_hold(tmp_path: Path) -> None:
    costs = []
    for documents in (0, 40):
        root = tmp_path / str(documents)
        root.mkdir()
        station = Station(root)
        fill(station.spool, 100, documents)
        costs.append(_steps(station, station.spool.status.lots_overview))
        assert [lot.documents for lot in station.spool.status.lots_overview()] == [documents] * 100
    assert costs[1] == costs[0]


def test_a_look_costs_the_same_however_many_lots_lie_behind_it(station: Station) -> None:
    fill(station.spool, 700, 0)
    cost = _steps(station, lambda: station.spool.status.lots_overview(limit=20))
    assert cost < 2 * _steps(station, lambda: station.spool.status.lots_overview(limit=10)) + 5
    plan = station.spool._store.journal.all(f"EXPLAIN QUERY PLAN {status._LOTS}", (0, "", 5))
    steps = [str(row["detail"]) for row in plan]
    assert not [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step]


def test_a_look_counts_what_a_count_anew_would(station: Station) -> None:
    """Through the states in which the counts change; the state machine does so at random."""
    for needs in _NEEDS:
        needs(station)
        station.counted()
    fill(station.spool, 3, 5)
    station.counted()
    for lot in station.spool.status.lots_overview():
        station.spool.retention.discard(lot.id)
        station.counted()
    station.clock.forward(8 * 86_400)
    station.spool.retention.purge(station.clock())
    station.counted()


def test_what_the_centre_holds_of_a_document_is_counted(station: Station) -> None:
    lot_id = _claimed(station, "LOT1.tif")
    (lot,) = station.spool.lots.lots_to_read()
    station.spool.lots.record_result(lot_id, result_of(lot), 1, {})
    assert station.spool.status.lots_overview()[0].sent == 0
    (document,) = station.spool.outbox.documents_to_send(1)
    (blob,) = station.spool.outbox.blobs_to_send(document.id)
    station.spool.outbox.acknowledge_blob(blob.sha256)
    station.spool.outbox.acknowledge_blob(blob.sha256)
    assert station.spool.status.lots_overview()[0].sent == 1
    station.spool.outbox.resend_blobs(document.id)
    assert station.spool.status.lots_overview()[0].sent == 0
    station.send()
    assert station.spool.status.lots_overview()[0].sent == 1
