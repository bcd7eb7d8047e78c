"""S29: what a lot leaves behind: nothing that names anybody, once the lot has left."""

import datetime as dt
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from edge.results import LotResult
from edge.spool import schema
from edge.spool.spool import Spool
from tests.support.station import Station, result_of
from vaguemestre.model.document import Check, Field
from vaguemestre.model.lot import AskedSheet, RescanRequest

_PERSON = "DUPONT-Jeanne"
_NIR = "2850517300024"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _raw(work: Path) -> bytes:
    """All bytes of all files of a work directory but what lies in blobs."""
    files = [p for p in work.rglob("*") if p.is_file() and "blobs" not in p.parts]
    return b"\0".join(path.read_bytes() + str(path).encode() for path in sorted(files))


def _go_through(station: Station, numbers: range) -> None:
    """Lots whose names and fields are people's; fields of all sizes, so that pages are shared."""
    for number in numbers:
        station.drop(f"{_PERSON}-{number:04}.tif", b"%d" % number)
    station.settle()
    for lot in station.spool.lots.lots_to_read(1_000):
        read = result_of(lot)
        documents = [
            replace(document, fields=tuple(_field(f"{_NIR}{n:02}" * n) for n in range(1, 9)))
            for document in read.documents
        ]
        station.spool.lots.record_result(lot.lot.id, LotResult(tuple(documents), ()), 1, {})
    station.send()
    station.let_go()


def _field(value: str) -> Field:
    return Field("nir", value, value, 0.99, True, Check.OK, 0, None)


def test_s29_after_a_lot_has_left_no_file_of_ours_names_anybody(station: Station) -> None:
    _go_through(station, range(40))
    assert _NIR.encode() in _raw(station.work)
    assert _PERSON.encode() in _raw(station.work)
    station.clock.forward(8 * 86_400)
    assert station.spool.retention.purge(station.clock()) == 40
    raw = _raw(station.work)
    assert _NIR.encode() not in raw
    assert _PERSON.encode() not in raw
    assert (station.work / "journal.sqlite3-wal").stat().st_size == 0
    station.scan()
    assert station.status() == []


def test_s29_lots_that_stay_keep_theirs_and_nothing_of_those_that_left(station: Station) -> None:
    _go_through(station, range(20))
    station.clock.forward(4 * 86_400)
    _go_through(station, range(20, 30))
    station.clock.forward(4 * 86_400)
    assert station.spool.retention.purge(station.clock()) == 20
    raw = _raw(station.work)
    gone = [number for number in range(20) if f"{_PERSON}-{number:04}".encode() in raw]
    assert gone == []
    assert all(f"{_PERSON}-{number:04}".encode() in raw for number in range(20, 30))


def test_s29_what_a_visitor_gave_up_is_wiped_too(station: Station) -> None:
    station.drop(f"{_PERSON}.tif", b"scan")
    station.settle()
    station.let_go()
    (lot,) = station.spool.lots.lots_to_read()
    station.spool.lots.set_lot_aside(lot.lot.id, "page_crashed", "À la main.")
    station.spool.retention.purge(station.clock())
    visitor = Spool.open(station.work, station.limits, station.clock, visitor=True)
    assert visitor.retention.discard(lot.lot.id)
    visitor.close()
    station.spool.retention.purge(station.clock())
    assert _PERSON.encode() not in _raw(station.work)


def test_s29_what_somebody_still_reads_is_wiped_at_the_next_look(station: Station) -> None:
    _go_through(station, range(3))
    station.clock.forward(8 * 86_400)
    reader = sqlite3.connect(station.work / "journal.sqlite3", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM lots").fetchone()
    assert station.spool.retention.purge(station.clock()) == 3
    assert _PERSON.encode() in _raw(station.work)
    reader.execute("COMMIT")
    station.spool.retention.purge(station.clock())
    assert _PERSON.encode() not in _raw(station.work)
    reader.close()


def test_s29_a_request_that_is_over_keeps_no_words(station: Station) -> None:
    picture = b"\xff\xd8\xff" + _PERSON.encode()
    sheet = AskedSheet(3, _PERSON, 1, 2, picture)
    why = f"{_PERSON} est illisible."
    request = RescanRequest("d" * 32, _PERSON, why, "r" * 32, sheet=sheet)
    station.spool.rescans.record_request(request)
    assert station.spool.rescans.record_impossible("r" * 32, f"{_PERSON} : papier détruit.")
    station.spool.rescans.close("r" * 32)
    station.spool.retention._is_wiped = False
    station.spool.retention.purge(station.clock())
    assert _PERSON.encode() not in _raw(station.work)
    station.spool.rescans.record_request(request)  # the centre was restored from a backup
    assert [(r.lot_name, r.reason) for r in station.spool.rescans.open_requests()] == [
        (_PERSON, f"{_PERSON} est illisible.")
    ]


def test_s29_an_answer_that_has_left_is_still_counted(station: Station) -> None:
    station.spool.rescans.record_request(
        RescanRequest("d" * 32, "LOT0", "Flou.", "0" * 24 + "3fa9c21b")
    )
    station.drop("RESCAN-3FA9C21B.tif", b"again")
    station.drain()
    assert [(r.scanned, r.sent) for r in station.spool.rescans.open_requests()] == [(1, 1)]
    station.clock.forward(8 * 86_400)
    assert station.spool.retention.purge(station.clock()) == 1
    assert [(r.scanned, r.sent) for r in station.spool.rescans.open_requests()] == [(1, 1)]


def test_s06_bytes_are_known_again_after_their_lot_and_its_name_have_left(
    station: Station,
) -> None:
    _go_through(station, range(1))
    station.clock.forward(300 * 86_400)
    station.spool.retention.purge(station.clock())
    station.drop("AGAIN.tif", b"0")
    station.drain()
    marks = [document.marks for document in station.centre.documents.values()]
    assert marks == [(), ("probable_duplicate",)]


def test_s29_a_journal_of_0_3_0_loses_what_its_lots_left_behind(station: Station) -> None:
    station.spool.close()
    for path in (*station.work.glob("journal*"), station.work / "tally"):
        path.unlink()
    connection = sqlite3.connect(station.work / "journal.sqlite3")
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    connection.executescript(schema.TABLES + schema._MIGRATIONS[1])
    connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
    connection.execute("PRAGMA user_version=2")
    for number, state in enumerate(["reaped"] * 50 + ["acknowledged"]):
        name = f"{_PERSON}-{number:04}"
        connection.execute(
            "INSERT INTO lots (id, source, name, key, label, channel, fund, process, received_at,"
            " received_on, state) VALUES (?1, 'scan', ?1, ?1, ?1, 'scanner', '17', '',"
            " '2026-03-02T12:00:00+00:00', '2026-03-02', ?2)",
            (name, state),
        )
        connection.execute("INSERT INTO digests VALUES (?1, ?1, '2026-03-02')", (f"{number}",))
    connection.commit()
    connection.close()
    station.open()
    station.spool.retention.purge(station.clock())
    raw = _raw(station.work)
    assert [lot.name for lot in station.spool.status.lots_overview()] == [f"{_PERSON}-0050"]
    assert not [n for n in range(50) if f"{_PERSON}-{n:04}".encode() in raw]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_s29_all_is_for_the_stations_account_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(0o022)
    try:
        station = Station(tmp_path, ballast_bytes=4_096)
        station.spool.close()
        os.umask(umask)
        station.drop("LOT1.tif", b"scan").chmod(0o666)
        station.open()
        station.drain()
        assert _open_to_others(station.work) == []
    finally:
        os.umask(before)


def test_s29_what_was_open_to_others_is_closed_at_the_start(station: Station) -> None:
    station.drop("LOT1.tif", b"scan").chmod(0o666)
    station.drain()
    station.spool.close()
    outside = station.root / "outside"
    outside.write_bytes(b"not ours")
    outside.chmod(0o644)
    (station.work / "link").symlink_to(outside)
    for path in (station.work, *station.work.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o777 if path.is_dir() else 0o666)
    station.open()
    assert _open_to_others(station.work) == []
    assert outside.stat().st_mode & 0o777 == 0o644


def _open_to_others(work: Path) -> list[str]:
    paths = [path for path in (work, *work.rglob("*")) if not path.is_symlink()]
    return [str(path) for path in paths if path.stat().st_mode & 0o077]


def test_s29_of_what_was_put_aside_only_what_the_centre_holds_leaves(station: Station) -> None:
    station.drop("LOT1.tif", b"at the centre")
    station.drain()
    station.drop("LOT2.tif", b"not sent yet")
    station.settle()
    station.read()
    blobs = [path for path in (station.work / "blobs").rglob("*") if path.is_file()]
    aside = station.work / "aside"
    for number, data in enumerate([*(path.read_bytes() for path in blobs), b"whose?"]):
        (aside / f"lost-{number}").write_bytes(data)
    now = dt.datetime.now(dt.UTC)
    assert station.spool.retention.clear_aside(now + dt.timedelta(days=89)) == 3
    assert station.spool.retention.clear_aside(now + dt.timedelta(days=91)) == 2
    assert sorted(path.read_bytes() for path in aside.iterdir()) == [b"not sent yet", b"whose?"]
    station.send()
    assert station.spool.retention.clear_aside(now + dt.timedelta(days=91)) == 1
    assert station.spool.retention.count_aside() == 1


def test_s29_logs_name_nobody(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    station.drop(f"{_PERSON}.tif", b"scan")

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error", f"/scan/{_PERSON}.tif")

    monkeypatch.setattr(station.spool.claims, "begin_claim", refuse)
    station.settle()
    (station.folder / f"{_PERSON}.cloturer").write_bytes(b"")
    monkeypatch.setattr("edge.sources.folder.filesystem.remove", refuse)
    station.scan(700)
    assert {"source_failed"} <= {event for event, _ in station.events}
    assert _PERSON not in str(station.events)
