"""What a lot's name means: the rest of an incomplete lot, the same lot cut in two, or another."""

from pathlib import Path

import pytest

from tests.support.station import Station
from vaguemestre.model.document import RouteKind


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path, same_lot_within_s=600.0)


def _routes(station: Station) -> list[tuple[RouteKind, tuple[str, ...]]]:
    documents = [station.centre.documents[i] for i in station.centre.arrivals]
    return [(document.route.kind, document.marks) for document in documents]


def test_s14_a_lot_that_follows_another_of_its_name_is_told_as_probably_one(
    station: Station,
) -> None:
    for page in (1, 2):
        station.drop(f"LOT/{page}.tif", b"%d" % page)
    station.settle()
    for page in (3, 4):  # after a pause longer than the quiet time
        station.drop(f"LOT/{page}.tif", b"%d" % page)
    station.settle()
    station.drain()
    station.scan()
    assert len(station.centre.lots) == 2
    assert _routes(station) == [(RouteKind.NAME, ("probably_split",))] * 4
    assert station.status() == ["LOT (2) - TERMINÉ.txt", "LOT - TERMINÉ.txt"]
    assert "probablement le même lot" in station.status_text("LOT - TERMINÉ.txt")
    assert "Suit de peu le lot « LOT »" in station.status_text("LOT (2) - TERMINÉ.txt")


@pytest.mark.parametrize("step_s", [-7_200, 0, 7_200])
def test_s14_ten_minutes_later_it_is_another_lot_whatever_the_wall_clock_says(
    station: Station, step_s: int
) -> None:
    station.drop("LOT/1.tif", b"1")
    station.drain()
    station.clock.step(step_s)
    station.clock.forward(590)
    station.drop("LOT/2.tif", b"2")
    station.drain()
    station.clock.forward(600)
    station.drop("LOT/3.tif", b"3")
    station.drain()
    assert _routes(station) == [
        (RouteKind.STRAIGHT, ()),
        (RouteKind.NAME, ("probably_split",)),
        (RouteKind.STRAIGHT, ()),
    ]


def test_s14_a_lot_whose_count_is_met_is_no_part_of_another(station: Station) -> None:
    for number in (1, 2):
        station.drop(f"LOT/{number}.tif", b"%d" % number)
        station.settle()
        station.read(expected_documents=1)
        station.send()
    assert _routes(station) == [(RouteKind.STRAIGHT, ())] * 2
    assert not any(view.note for view in station.spool.status.lots_overview())


def test_s14_a_count_met_by_reading_takes_the_doubt_away(station: Station) -> None:
    station.drop("LOT/1.tif", b"1")
    station.settle()
    station.drop("LOT/2.tif", b"2")
    station.settle()
    station.read(expected_documents=1)
    station.send()
    assert _routes(station) == [(RouteKind.STRAIGHT, ())] * 2
    assert not any(view.note for view in station.spool.status.lots_overview())


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("step_s", [-7_200, 0, 7_200])
def test_s14_yesterdays_incomplete_lot_is_not_todays(
    station: Station, step_s: int, restart: bool
) -> None:
    station.drop("LOT12.tif", b"37 pages")
    station.settle()
    station.read(expected_documents=2)
    station.let_go()
    station.clock.forward(11 * 3_600)
    if restart:
        station.reopen()
        station.scan()
    station.clock.step(step_s)
    station.drop("LOT12.tif", b"12 pages")
    station.settle()
    station.read(expected_documents=3)
    assert station.spool.outbox.backlog().lots_incomplete == 1, (
        "within the day it completes the lot"
    )
    station.let_go()
    station.clock.forward(2 * 3_600)
    station.drop("LOT12.tif", b"today's")
    station.settle()
    station.read()
    station.send()
    station.scan()
    assert station.delivered() == [b"today's"]
    assert _routes(station) == [(RouteKind.NAME, ("probably_split",))]
    assert station.spool.outbox.backlog().lots_incomplete == 1
    assert "depuis trop longtemps" in station.status_text("LOT12 (2) - TERMINÉ.txt")
    assert "n'y a pas été joint" in station.status_text("LOT12 - INCOMPLET 2 sur 3.txt")


def test_s13_closing_yesterdays_lot_does_not_close_todays_of_the_same_name(
    station: Station,
) -> None:
    station.drop("LOT/1.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    station.clock.forward(station.source.complete_within_s)
    station.drop("LOT/2.tif", b"2")
    station.settle()
    station.read(expected_documents=3)
    station.scan()
    assert station.status() == [
        "LOT (2) - INCOMPLET 1 sur 3.txt",
        "LOT - INCOMPLET 1 sur 2.txt",
    ]
    station.drop("_etat/LOT.cloturer", b"")
    station.scan()
    station.scan()
    assert station.status() == ["LOT (2) - INCOMPLET 1 sur 3.txt", "LOT - TERMINÉ.txt"]
    station.drop("_etat/LOT (2).cloturer", b"")
    station.scan()
    station.scan()
    assert station.status() == ["LOT (2) - TERMINÉ.txt", "LOT - TERMINÉ.txt"]


def test_s14_a_counter_that_starts_again_is_another_lot(station: Station) -> None:
    for page in (1, 2):
        station.drop(f"LOT12/{page}.tif", b"%d" % page)
    station.settle()
    station.read(expected_documents=4)
    station.let_go()
    for page in (1, 2):
        station.drop(f"LOT12/{page}.tif", b"other %d" % page)
    station.settle()
    station.read()
    station.send()
    station.scan()
    assert station.delivered() == [b"other 1", b"other 2"]
    assert station.status() == ["LOT12 (2) - TERMINÉ.txt", "LOT12 - INCOMPLET 2 sur 4.txt"]
    assert "recommencé sa numérotation" in station.status_text("LOT12 (2) - TERMINÉ.txt")
    station.drop("LOT12/3.tif", b"3")
    station.drop("LOT12/4.tif", b"4")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert [file.name for file in lot.files] == ["1.tif", "2.tif", "3.tif", "4.tif"]


def test_s14_an_answer_to_a_request_is_never_doubted_for_its_name(station: Station) -> None:
    for content in (b"1", b"2"):
        station.drop("RESCAN-0123abcd/1.tif", content)
        station.drain()
        station.let_go()
    assert _routes(station) == [(RouteKind.STRAIGHT, ())] * 2
