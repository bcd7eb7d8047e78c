"""The spool's promises, one by one, on a real disk and journal."""

import datetime as dt
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from edge.config import Spool as Limits
from edge.errors import SpoolAbsent, SpoolBusy, SpoolCorrupt
from edge.results import LotResult
from edge.spool import documents
from edge.spool.rules import HasRoom, NoRoom, SpoolState
from edge.spool.spool import Spool
from edge.spool.values import OperatorState
from edge.web import status
from tests.support.faults import FaultyDisk
from tests.support.station import Clock, Station, document_of, result_of
from vaguemestre.model.document import PageRole, RouteKind
from vaguemestre.model.lot import LotHeader, RescanRequest, SetAside


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _claim(station: Station, name: str, data: bytes = b"scan") -> str:
    station.drop(name, data)
    station.settle()
    return station.spool.lots.lots_to_read()[-1].lot.id


def test_s12_a_lot_read_twice_has_one_set_of_ids(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    lot = station.spool.lots.lots_to_read()[0]
    assert station.spool.lots.record_result(lot_id, result_of(lot), 1, {}) is SpoolState.SPOOLED
    before = [d.id for d in station.spool.outbox.documents_to_send(10)]
    station.reopen()
    assert station.spool.lots.record_result(lot_id, result_of(lot), 1, {}) is SpoolState.SPOOLED
    assert [d.id for d in station.spool.outbox.documents_to_send(10)] == before
    assert len(before) == 1


def test_s12_ids_survive_a_restart_with_the_whole_document(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    lot = station.spool.lots.lots_to_read()[0]
    station.spool.lots.record_result(lot_id, result_of(lot), 1, {"forms": "3"})
    before = station.spool.outbox.documents_to_send(10)
    station.reopen()
    assert station.spool.outbox.documents_to_send(10) == before
    assert before[0].document == result_of(lot).documents[0]
    assert before[0].versions == {"forms": "3"}
    assert before[0].lot == lot.lot


def test_s12_a_document_of_a_file_that_the_lot_does_not_hold_is_refused(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    strange = LotResult((document_of("other.tif", "0" * 64),), ())
    with pytest.raises(ValueError, match="holds no file"):
        station.spool.lots.record_result(lot_id, strange, 1, {})
    assert station.spool.lots.lots_to_read()[0].lot.id == lot_id


def test_s13_a_lot_short_of_its_header_sends_nothing_until_closed(station: Station) -> None:
    _claim(station, "LOT12.tif")
    station.read(expected_documents=2)
    assert station.spool.outbox.documents_to_send(10) == []
    assert station.spool.outbox.lots_to_send(10) == []
    assert station.spool.outbox.backlog().lots_incomplete == 1
    station.reopen()
    assert station.spool.lots.close_lots("lot12") == 1
    [document] = station.spool.outbox.documents_to_send(10)
    assert document.document.marks == ("count_short",)
    station.send()
    assert [report.state for report in station.centre.lots.values()] == ["closed_short"]


def test_s13_a_lot_over_its_count_waits_too(station: Station) -> None:
    station.drop("LOT12/1.tif", b"1")
    station.drop("LOT12/2.tif", b"2")
    station.settle()
    station.read(expected_documents=1)
    assert station.spool.outbox.documents_to_send(10) == []
    station.spool.lots.close_lots("LOT12")
    station.send()
    assert [report.state for report in station.centre.lots.values()] == ["closed_over"]


def test_s13_a_lot_closed_before_it_was_read_is_sent_as_it_is_read(station: Station) -> None:
    _claim(station, "LOT12.tif")
    assert station.spool.lots.close_lots("LOT12") == 1
    station.read(expected_documents=2)
    assert len(station.spool.outbox.documents_to_send(10)) == 1


def test_s13_a_header_gives_its_date_process_fund_and_priority(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read(
        received_on=dt.date(2026, 2, 27), process="FSP", fund="45", priority=1, expected_pages=1
    )
    lot = station.spool.outbox.documents_to_send(1)[0].lot
    assert (lot.received_on, lot.process, lot.fund, lot.priority, lot.expected_pages) == (
        *(dt.date(2026, 2, 27), "FSP", "45", 1, 1),
    )


def test_s14_further_files_join_an_incomplete_lot_and_the_whole_is_read(station: Station) -> None:
    first = _claim(station, "LOT12.tif", b"37 pages")
    station.read(expected_documents=2)
    station.drop("LOT12.tif", b"13 pages")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert lot.lot.id == first
    assert [file.name for file in lot.files] == ["LOT12.tif", "LOT12 (2).tif"]
    station.read(expected_documents=2)
    station.send()
    assert station.delivered() == [b"37 pages", b"13 pages"]
    assert [report.state for report in station.centre.lots.values()] == ["read"]


def test_s14_what_arrives_while_the_whole_is_read_waits(station: Station) -> None:
    _claim(station, "LOT12.tif", b"1")
    station.read(expected_documents=3)
    station.drop("LOT12.tif", b"2")
    station.settle()
    station.drop("LOT12.tif", b"3")
    station.settle()
    assert (station.folder / "LOT12.tif").exists()
    station.read(expected_documents=3)
    station.settle()
    station.read(expected_documents=3)
    station.send()
    assert station.delivered() == [b"1", b"2", b"3"]


def test_s16_documents_are_offered_oldest_first_until_they_are_acknowledged(
    station: Station,
) -> None:
    for number in range(5):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.settle()
    station.read()
    ids = [d.id for d in station.spool.outbox.documents_to_send(10)]
    assert ids == sorted(ids)
    assert [d.id for d in station.spool.outbox.documents_to_send(2)] == ids[:2]
    assert [d.id for d in station.spool.outbox.documents_to_send(2, after=ids[1])] == ids[2:4]
    station.spool.outbox.acknowledge_document(ids[0])
    station.spool.outbox.acknowledge_document(ids[0])
    station.spool.outbox.acknowledge_document("unknown")
    assert [d.id for d in station.spool.outbox.documents_to_send(10)] == ids[1:]


def test_s16_an_acknowledged_blob_is_not_offered_until_the_centre_wants_it_again(
    station: Station,
) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    [blob] = station.spool.outbox.blobs_to_send(document.id)
    assert blob.path.read_bytes() == b"scan"
    station.spool.outbox.acknowledge_blob(blob.sha256)
    assert station.spool.outbox.blobs_to_send(document.id) == []
    station.spool.outbox.resend_blobs(document.id)
    assert station.spool.outbox.blobs_to_send(document.id) == [blob]


def test_s17_a_report_is_offered_when_every_document_is_answered(station: Station) -> None:
    station.drop("LOT/1.tif", b"1")
    station.drop("LOT/2.tif", b"2")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    aside = SetAside("2.tif", None, "file_truncated", "Tronqué.")
    documents = (document_of("1.tif", lot.files[0].sha256),) * 2
    result = LotResult(documents, (aside,), None, documents[0].pages)
    station.spool.lots.record_result(lot.lot.id, result, 3, {})
    first, second = station.spool.outbox.documents_to_send(10)
    station.spool.outbox.acknowledge_document(first.id)
    assert station.spool.outbox.lots_to_send(10) == []
    station.spool.outbox.refuse_document(second.id, "document_invalid", "Refusé.")
    [report] = station.spool.outbox.lots_to_send(10)
    assert (report.counted_pages, report.documents, report.document_pages) == (3, 2, 2)
    assert (report.loose_pages, report.set_aside, report.state) == (1, (aside,), "read")
    station.spool.outbox.acknowledge_lot(lot.lot.id)
    assert station.spool.outbox.lots_to_send(10) == []


def test_s17_a_lot_without_documents_has_its_report_at_once(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    station.spool.lots.record_result(lot_id, LotResult((), ()), 1, {})
    assert [report.documents for report in station.spool.outbox.lots_to_send(10)] == [0]


def test_a_lot_of_nothing_but_sheets_is_for_a_person_unless_more_is_to_come(
    station: Station,
) -> None:
    lot_id = _claim(station, "LOT1.tif")
    (document,) = result_of(station.spool.lots.lots_to_read()[0]).documents
    sheets = tuple(replace(page, role=PageRole.SEPARATOR) for page in document.pages)
    assert (
        station.spool.lots.record_result(lot_id, LotResult((), (), None, sheets), 1, {})
        is SpoolState.SET_ASIDE
    )
    (lot,) = station.spool.status.lots_overview()
    assert lot.shown is OperatorState.ERROR
    assert lot.detail.startswith("Le lot ne contient que des feuilles")
    assert station.spool.retention.discard(lot_id)

    lot_id = _claim(station, "LOT2.tif", b"other")
    (document,) = result_of(station.spool.lots.lots_to_read()[0]).documents
    sheets = tuple(replace(page, role=PageRole.SEPARATOR) for page in document.pages)
    expected = LotResult((), (), LotHeader(expected_documents=2), sheets)
    assert station.spool.lots.record_result(lot_id, expected, 1, {}) is SpoolState.READ


def test_a_broken_rhythm_of_sides_is_told_to_the_operator_who_holds_the_paper(
    station: Station,
) -> None:
    lot_id = _claim(station, "LOT1.tif")
    result = result_of(station.spool.lots.lots_to_read()[0])
    broken = tuple(replace(d, marks=("rhythm_broken",)) for d in result.documents)
    station.spool.lots.record_result(lot_id, replace(result, documents=broken), 1, {})
    (lot,) = station.spool.status.lots_overview()
    assert lot.note.startswith("Rythme recto verso rompu : 1 document est vu par une personne.")
    assert lot.note in status.advice_text(lot)
    assert lot.detail.startswith(lot.note)


def test_s18_a_refused_document_stays_until_it_is_replayed(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    station.spool.outbox.acknowledge_blob(station.spool.outbox.blobs_to_send(document.id)[0].sha256)
    station.spool.outbox.refuse_document(document.id, "document_invalid", "Refusé.")
    station.spool.outbox.acknowledge_lot(lot_id)
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=30)) == 0
    [view] = station.spool.status.lots_overview()
    assert (view.shown, view.refused) == (OperatorState.ERROR, 1)
    station.spool.outbox.replay(lot_id)
    assert [d.id for d in station.spool.outbox.documents_to_send(1)] == [document.id]
    station.send()
    assert station.delivered() == [b"scan"]
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=30)) == 1


def test_s18_a_refused_document_leaves_when_a_person_discards_it(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    station.read()
    station.spool.outbox.refuse_document(
        station.spool.outbox.documents_to_send(1)[0].id, "no", "Refusé."
    )
    station.spool.outbox.acknowledge_lot(lot_id)
    assert station.spool.retention.discard(lot_id)
    assert not station.spool.retention.discard(lot_id)
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=30)) == 1


def test_s18_a_lot_that_could_not_be_read_waits_and_is_read_again(station: Station) -> None:
    lot_id = _claim(station, "LOT1.tif")
    station.spool.lots.set_lot_aside(lot_id, "page_crashed", "La page a fait échouer la lecture.")
    assert station.spool.lots.lots_to_read() == []
    [view] = station.spool.status.lots_overview()
    assert (view.shown, view.detail) == (OperatorState.ERROR, "La page a fait échouer la lecture.")
    station.spool.outbox.replay(lot_id)
    station.drain()
    assert station.delivered() == [b"scan"]


def test_s18_an_acknowledged_document_can_be_sent_again_with_its_bytes(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    station.send()
    [document_id] = station.centre.arrivals
    station.spool.outbox.replay(document_id)
    assert len(station.spool.outbox.blobs_to_send(document_id)) == 1
    station.send()
    assert station.centre.arrivals == [document_id]
    with pytest.raises(LookupError):
        station.spool.outbox.replay("unknown")


def test_s19_bytes_leave_after_the_acknowledgement_and_the_keep_time(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    [blob] = station.spool.outbox.blobs_to_send(document.id)
    long_after = station.clock() + dt.timedelta(days=30)
    assert station.spool.retention.purge(long_after) == 0
    station.send()
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=6)) == 0
    assert blob.path.exists()
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=7)) == 1
    assert not blob.path.exists()
    assert station.spool.status.lots_overview() == []


def test_s19_bytes_that_another_lot_needs_stay(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    station.send()
    _claim(station, "LOT2.tif")
    assert station.spool.retention.purge(station.clock() + dt.timedelta(days=8)) == 1
    [lot] = station.spool.lots.lots_to_read()
    assert lot.files[0].path.read_bytes() == b"scan"


def test_s19_a_lot_with_something_set_aside_stays_until_a_person_gives_it_up(
    station: Station,
) -> None:
    lot_id = _claim(station, "LOT1.tif")
    aside = SetAside("LOT1.tif", None, "file_truncated", "Tronqué.")
    station.spool.lots.record_result(lot_id, LotResult((), (aside,)), 1, {})
    station.send()
    later = station.clock() + dt.timedelta(days=8)
    assert station.spool.retention.purge(later) == 0
    assert station.spool.retention.discard(lot_id)
    assert station.spool.retention.purge(later) == 1


def test_s19_digests_are_remembered_after_the_bytes_have_left(station: Station) -> None:
    first = _claim(station, "LOT1.tif")
    station.read()
    station.send()
    station.clock.forward(8 * 86_400)
    station.spool.retention.purge(station.clock())
    _claim(station, "LOT2.tif")
    assert station.spool.lots.lots_to_read()[0].files[0].duplicate_of == first
    station.clock.forward(401 * 86_400)
    station.read()
    station.send()
    station.spool.retention.purge(station.clock())
    _claim(station, "LOT3.tif")
    assert station.spool.lots.lots_to_read()[0].files[0].duplicate_of is None


def test_s06_a_duplicate_is_marked_and_goes_to_a_person(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    station.send()
    _claim(station, "LOT2.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    assert document.document.marks == ("probable_duplicate",)
    assert document.document.route.kind is RouteKind.NAME
    assert "probable_duplicate" in document.document.route.reasons


def test_s06_the_same_bytes_twice_in_one_lot_are_marked_once(station: Station) -> None:
    station.drop("LOT/1.tif", b"same")
    station.drop("LOT/2.tif", b"same")
    station.settle()
    station.read()
    marks = [d.document.marks for d in station.spool.outbox.documents_to_send(10)]
    assert marks == [(), ("probable_duplicate",)]


def test_s06_a_document_for_keying_stays_there(station: Station) -> None:
    station.drop("LOT/1.tif", b"same")
    station.drop("LOT/2.tif", b"same")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    documents = tuple(
        replace(d, route=replace(d.route, kind=RouteKind.KEY)) for d in result_of(lot).documents
    )
    station.spool.lots.record_result(lot.lot.id, LotResult(documents, ()), 2, {})
    kinds = [d.document.route.kind for d in station.spool.outbox.documents_to_send(10)]
    assert kinds == [RouteKind.KEY, RouteKind.KEY]


@pytest.mark.parametrize("role", [PageRole.BLANK, PageRole.SEPARATOR])
def test_s06_a_sheet_that_looks_the_same_in_every_lot_proves_nothing(
    station: Station, role: PageRole
) -> None:
    for name in ("LOT1", "LOT2"):
        station.drop(f"{name}/1.tif", name.encode())
        station.drop(f"{name}/2.tif", b"white")
        station.settle()
        [lot] = station.spool.lots.lots_to_read()
        form, back = (document_of(f.name, f.sha256) for f in lot.files)
        pages = (*form.pages, replace(back.pages[0], role=role))
        station.spool.lots.record_result(
            lot.lot.id, LotResult((replace(form, pages=pages),), ()), 2, {}
        )
    assert [d.document.marks for d in station.spool.outbox.documents_to_send(10)] == [(), ()]


def test_s20_the_spool_says_how_full_it_is(tmp_path: Path) -> None:
    station = Station(tmp_path, max_bytes=5)
    _claim(station, "LOT1.tif")
    assert station.spool.room.check(2) == NoRoom("the spool holds 4 of 5 bytes")
    assert station.spool.room.check(1) == HasRoom()


def test_s21_a_damaged_journal_is_told(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.spool.close()
    path = station.work / "journal.sqlite3"
    data = bytearray(path.read_bytes())
    data[:100] = b"\xff" * 100
    path.write_bytes(data)
    with pytest.raises(SpoolCorrupt):
        station.open()


def test_s21_a_journal_of_a_later_version_is_told(station: Station) -> None:
    station.spool.close()
    connection = sqlite3.connect(station.work / "journal.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SpoolCorrupt, match="schema 99"):
        station.open()


def test_s21_a_missing_journal_beside_files_is_told(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.spool.close()
    for path in station.work.glob("journal.sqlite3*"):
        path.unlink()
    with pytest.raises(SpoolCorrupt, match="missing"):
        station.open()


def test_s21_damage_to_one_document_costs_one_document(station: Station) -> None:
    for number in range(3):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.settle()
    station.read()
    victim = station.spool.outbox.documents_to_send(10)[1]
    station.spool.close()
    connection = sqlite3.connect(station.work / "journal.sqlite3")
    with connection:
        connection.execute("UPDATE documents SET json = '{}' WHERE id = ?", (victim.id,))
    connection.close()
    station.open()
    assert victim.id not in [d.id for d in station.spool.outbox.documents_to_send(10)]
    assert len(station.spool.outbox.documents_to_send(10)) == 2
    assert [v.name for v in station.spool.status.lots_overview() if v.refused] == [victim.lot.name]


def test_s21_a_document_whose_bytes_are_gone_is_set_aside_at_the_start(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    station.spool.outbox.blobs_to_send(document.id)[0].path.unlink()
    station.reopen()
    assert station.spool.outbox.documents_to_send(1) == []
    assert station.spool.status.lots_overview()[0].shown is OperatorState.ERROR


def test_s21_a_file_without_a_record_is_moved_aside_never_deleted(station: Station) -> None:
    station.spool.close()
    for name in ("blobs/ab/abcd", "claims/somelot/0"):
        path = station.work / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"whose?")
    station.open()
    assert sorted(station.spool.unknown_files) == ["0", "abcd"]
    assert [p.read_bytes() for p in (station.work / "aside").iterdir()] == [b"whose?"] * 2


def test_s22_a_second_owner_is_refused_and_a_visitor_is_not(station: Station) -> None:
    _claim(station, "LOT12.tif")
    station.read(expected_documents=2)
    with pytest.raises(SpoolBusy):
        Spool.open(station.work, Limits(), station.clock)
    while station.spool.outbox.wait_for_work(0.0):
        pass
    visitor = Spool.open(station.work, Limits(), station.clock, visitor=True)
    assert visitor.lots.close_lots("LOT12") == 1
    visitor.close()
    assert station.spool.outbox.wait_for_work(5.0)
    assert len(station.spool.outbox.documents_to_send(10)) == 1


def test_s22_an_idle_spool_has_no_news(station: Station) -> None:
    assert station.spool.outbox.wait_for_work(0.0)
    assert not station.spool.outbox.wait_for_work(0.0)
    assert station.spool.lots.wait_for_lots(0.0)
    assert not station.spool.lots.wait_for_lots(0.0)


def test_rescan_requests_are_kept_once_and_shown_with_their_lot(station: Station) -> None:
    _claim(station, "LOT1.tif")
    station.read()
    [document] = station.spool.outbox.documents_to_send(1)
    for _ in range(2):
        station.spool.rescans.record_request(RescanRequest(document.id, "LOT1.tif", "Illisible."))
    station.reopen()
    assert [r.reason for r in station.spool.rescans.open_requests()] == ["Illisible."]
    [view] = station.spool.status.lots_overview()
    assert (view.shown, view.rescans) == (OperatorState.ERROR, ("Illisible.",))
    station.spool.rescans.close(document.id)
    assert station.spool.rescans.open_requests() == []


def test_the_backlog_counts_what_waits(station: Station) -> None:
    station.drop("LOT1.tif", b"four")
    station.drop("LOT2.tif", b"four more")
    station.settle()
    assert station.spool.outbox.backlog().lots_open == 2
    station.read()
    backlog = station.spool.outbox.backlog()
    assert (backlog.documents, backlog.bytes) == (2, 13)
    station.send()
    assert station.spool.outbox.backlog().documents == station.spool.outbox.backlog().bytes == 0


def test_urgent_lots_are_read_first(station: Station) -> None:
    for number in (1, 2):
        station.drop(f"LOT{number}.tif", b"%d" % number)
        station.settle()
    second = station.spool.lots.lots_to_read()[1].lot.id
    station.spool.lots.record_result(
        second,
        LotResult((), (), LotHeader(priority=1, expected_documents=1)),
        1,
        {},
    )
    station.drop("LOT2.tif", b"more")
    station.settle()
    assert station.spool.lots.lots_to_read()[0].lot.id == second


def test_the_work_directory_is_not_readable_by_everyone(station: Station) -> None:
    assert os.stat(station.work / "blobs").st_mode & 0o007 == 0  # noqa: PTH116


def test_the_reason_of_a_refused_document_reaches_its_operator(station: Station) -> None:
    station.drop("LOT1.tif", b"a")
    station.settle()
    station.read()
    (document,) = station.spool.outbox.documents_to_send(10)
    station.spool.outbox.refuse_document(document.id, "document_invalid", "Il reste à la station.")
    (lot,) = station.spool.status.lots_overview()
    assert [(a.file, a.reason) for a in lot.set_aside] == [("document 1", "Il reste à la station.")]
    assert station.spool.retention.discard(lot.id)
    assert not station.spool.retention.discard(lot.id)


def test_all_that_came_since_a_day_is_sent_again_under_its_ids(station: Station) -> None:
    station.drop("LOT1.tif", b"a")
    station.drain()
    station.clock.forward(86_400)
    station.drop("LOT2.tif", b"b")
    station.drain()
    sent = set(station.centre.arrivals)
    assert station.spool.outbox.replay_since(station.clock().date()) == 1
    assert station.spool.outbox.replay_since((station.clock() - dt.timedelta(days=1)).date()) == 1
    assert {one.id for one in station.spool.outbox.documents_to_send(10)} == sent
    station.send()
    assert set(station.centre.arrivals) == sent


def test_s22_what_a_visitor_sends_again_is_recorded_in_short_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_MAX_REPLAYED_AT_ONCE", 2)
    disk = FaultyDisk()
    station = Station(tmp_path, disk)
    for number in range(5):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.drain()
    disk.steps.clear()
    assert station.spool.outbox.replay_since(station.clock().date()) == 5
    assert disk.steps == ["commit"] * 3
    assert station.spool.outbox.replay_since(station.clock().date()) == 0
    assert len(station.spool.outbox.documents_to_send(10)) == 5


def test_a_visitor_makes_nothing_where_no_agent_ever_started(tmp_path: Path) -> None:
    with pytest.raises(SpoolAbsent):
        Spool.open(tmp_path, Limits(), Clock(), visitor=True)
    assert not list(tmp_path.iterdir())


def test_s20_a_full_spool_lets_the_oldest_acknowledged_lots_go_before_their_time(
    tmp_path: Path,
) -> None:
    station = Station(tmp_path, max_bytes=3_000)
    for number in range(6):
        station.drop(f"LOT{number}.tif", b"%d" % number * 1_000)
        station.drain()
        station.spool.retention.purge(station.clock())
        station.clock.forward(60)
    station.drain()
    assert len(station.centre.arrivals) == 6
    kept = [lot.name for lot in station.spool.status.lots_overview()]
    assert "LOT5.tif" in kept
    assert "LOT0.tif" not in kept


def test_the_journal_is_for_the_stations_group_alone(station: Station) -> None:
    for file in station.work.glob("journal.sqlite3*"):
        assert file.stat().st_mode & 0o007 == 0
