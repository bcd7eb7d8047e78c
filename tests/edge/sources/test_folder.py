"""A watched folder on a real disk, its spool, and its status files; only the clock is ours."""

import os
import shutil
import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from edge.imaging.decode import is_complete
from edge.results import LotResult
from edge.sources.folder import filesystem, grouping, kodak_index
from edge.spool.spool import Spool
from edge.spool.values import Arrival
from tests.support.faults import FaultyDisk
from tests.support.station import BROKEN, Station, document_of
from vaguemestre.model.document import ImageRef

IDX = '"I01q";"01";"0000000001";"0000000002";"0000000004";;"x"\r\n'


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _lots(station: Station) -> dict[str, list[str]]:
    return {
        lot.lot.name: [file.name for file in lot.files if file.code is None]
        for lot in station.spool.lots.lots_to_read()
    }


def test_s01_a_file_is_claimed_only_when_it_is_quiet_and_whole(station: Station) -> None:
    station.drop("LOT1.tif", b"half")
    station.scan()
    station.scan(2.9)
    station.drop("LOT1.tif", BROKEN)
    station.scan(0.2)
    station.scan(10)
    assert _lots(station) == {}
    assert "pas encore complet (LOT1.tif)" in station.status_text("LOT1 - EN COURS.txt")
    station.drop("LOT1.tif", b"now it is whole")
    station.settle()
    assert _lots(station) == {"LOT1.tif": ["LOT1.tif"]}


def test_s01_a_file_that_stays_broken_is_taken_so_that_reading_can_say_why(
    station: Station,
) -> None:
    station.drop("LOT1.tif", BROKEN)
    station.settle()
    station.scan(60)
    assert _lots(station) == {"LOT1.tif": ["LOT1.tif"]}


@pytest.mark.parametrize("step_s", [-7_200, 7_200])
def test_s01_a_step_of_the_wall_clock_takes_no_half_file_and_delays_nothing(
    station: Station, step_s: int
) -> None:
    station.drop("LOT1.tif", b"half of it")
    station.drop("LOT2.tif", BROKEN)
    station.scan()
    station.clock.step(step_s)
    station.scan(2.9)
    assert _lots(station) == {}
    station.scan(0.1)
    assert list(_lots(station)) == ["LOT1.tif"]
    station.clock.step(-step_s)
    station.scan(56.9)
    assert list(_lots(station)) == ["LOT1.tif"]
    station.scan(0.1)
    assert list(_lots(station)) == ["LOT1.tif", "LOT2.tif"]


@pytest.mark.parametrize("data", [b"", b"\0" * 4_096, b"no kind of file that is known"])
def test_s01_a_placeholder_is_waited_for_like_a_broken_file(station: Station, data: bytes) -> None:
    station.sources._look._peek = lambda path: is_complete(path.read_bytes())
    station.drop("LOT/1.tif", data)
    station.settle()
    station.scan(56)
    assert _lots(station) == {}
    assert "pas encore complet (1.tif)" in station.status_text("LOT - EN COURS.txt")
    station.drop("LOT/1.tif", b"\xff\xd8\xff a picture after all \xff\xd9")
    station.settle()
    assert _lots(station) == {"LOT": ["1.tif"]}


def test_s01_a_placeholder_that_stays_is_taken_so_that_reading_can_say_why(
    station: Station,
) -> None:
    station.sources._look._peek = lambda path: is_complete(path.read_bytes())
    station.drop("LOT1.tif", b"")
    station.settle()
    station.scan(57)
    assert _lots(station) == {"LOT1.tif": ["LOT1.tif"]}


def test_s01_a_temporary_name_is_left_and_its_final_one_is_taken(station: Station) -> None:
    partial = station.drop("LOT1.tif.filepart", b"scan")
    station.drop("LOT2.tmp/1.tif", b"scan")
    station.settle()
    assert _lots(station) == {}
    partial.rename(station.folder / "LOT1.tif")
    station.settle()
    assert list(_lots(station)) == ["LOT1.tif"]


def test_s02_an_index_counted_lot_waits_in_the_folder_until_its_count_is_met(
    station: Station,
) -> None:
    for page in (1, 2, 10):
        station.drop(f"B0001/00000001/{page}.TIF", b"%d" % page)
    station.drop("B0001/00000001/IDX.DAT", IDX.encode())
    station.settle()
    station.scan(86_400)
    assert _lots(station) == {}
    assert station.status() == ["B0001 - INCOMPLET 3 sur 4.txt"]
    text = station.status_text("B0001 - INCOMPLET 3 sur 4.txt")
    assert "B0001.cloturer" in text
    assert station.spool.outbox.backlog().lots_incomplete == 1
    station.drop("B0001/00000001/3.TIF", b"3")
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert [file.name[9:] for file in lot.files] == ["1.TIF", "2.TIF", "3.TIF", "10.TIF"]
    assert lot.expected_pages == 4
    assert (station.folder / "B0001/00000001").is_dir()


@pytest.mark.parametrize("place", ["B0001.cloturer", "_etat/B0001.CLÔTURER"])
def test_s02_the_operator_closes_a_lot_short_of_its_index(station: Station, place: str) -> None:
    station.drop("B0001/00000001/1.TIF", b"1")
    station.drop("B0001/00000001/IDX.DAT", IDX.encode())
    station.settle()
    closing = station.drop(place, b"")
    station.scan()
    [lot] = station.spool.lots.lots_to_read()
    assert lot.closed
    assert not closing.exists()
    station.read()
    station.send()
    assert [report.state for report in station.centre.lots.values()] == ["closed_short"]
    assert [d.marks for d in station.centre.documents.values()] == [("count_short",)]


def test_s02_the_command_line_closes_a_lot_in_the_folder(station: Station) -> None:
    station.drop("B0001/00000001/1.TIF", b"1")
    station.drop("B0001/00000001/IDX.DAT", IDX.encode())
    station.settle()
    visitor = Spool.open(station.work, station.limits, station.clock, visitor=True)
    assert visitor.lots.close_lots("B0001") == 1
    visitor.close()
    station.scan()
    assert list(_lots(station)) == ["B0001"]


def test_s02_twins_are_told_with_the_files(station: Station) -> None:
    for page, ending in ((1, "JPG"), (2, "TIF"), (3, "JPG"), (4, "TIF")):
        station.drop(f"BATCHES/BATCH001/00000001/{page:08}.{ending}", b"%d" % page)
    text = IDX.replace("0000000002", "0000000001")
    station.drop("BATCHES/BATCH001/INDEX.DAT", text.encode("utf-16"))
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert lot.lot.name == "BATCHES/BATCH001"
    assert [file.twin_of for file in lot.files] == [
        *(None, "00000001/00000001.JPG", None, "00000001/00000003.JPG")
    ]
    assert all(file.twin_certain for file in lot.files)
    assert station.status() == ["BATCHES_BATCH001 - EN COURS.txt"]


def test_s02_what_an_index_counts_in_images_is_reported_in_pages(station: Station) -> None:
    for page, ending in ((1, "JPG"), (2, "TIF"), (3, "JPG"), (4, "TIF")):
        station.drop(f"BATCHES/BATCH001/00000001/{page:08}.{ending}", b"%d" % page)
    text = IDX.replace("0000000002", "0000000001")
    station.drop("BATCHES/BATCH001/INDEX.DAT", text.encode("utf-16"))
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    documents = []
    for colour, bitonal in (lot.files[:2], lot.files[2:]):
        made = document_of(colour.name, colour.sha256)
        twin = ImageRef(bitonal.name, 0, bitonal.sha256)
        documents.append(replace(made, pages=(replace(made.pages[0], twin=twin),)))
    station.spool.lots.record_result(lot.lot.id, LotResult(tuple(documents), ()), 2, {})
    for document in station.spool.outbox.documents_to_send(9):
        station.spool.outbox.acknowledge_document(document.id)
    [report] = station.spool.outbox.lots_to_send(9)
    assert lot.expected_pages == 4
    assert (report.lot.expected_pages, report.counted_pages) == (2, 2)


def test_s03_after_the_claim_the_folder_may_burn(station: Station) -> None:
    station.drop("LOT/1.tif", b"scan")
    station.settle()
    shutil.rmtree(station.folder)
    station.read()
    station.send()
    assert station.delivered() == [b"scan"]


def test_s04_a_file_that_vanished_before_its_claim_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FaultyDisk()
    station = Station(tmp_path, disk)
    station.drop("LOT/1.tif", b"1")
    gone = station.drop("LOT/2.tif", b"2")
    station.scan()
    make_dir = disk.make_dir

    def first_lose_a_file(path: Path) -> None:
        gone.unlink(missing_ok=True)
        make_dir(path)

    monkeypatch.setattr(disk, "make_dir", first_lose_a_file)
    station.scan(3)
    assert _lots(station) == {"LOT": ["1.tif"]}
    station.read()
    station.scan()
    text = station.status_text("LOT - ERREUR.txt")
    assert "2.tif : Le fichier a disparu" in text
    assert [fields["code"] for fields in station.told("file_refused")] == ["file_vanished"]


def test_s04_a_file_rewritten_between_intent_and_move_becomes_a_lot_of_its_own(
    tmp_path: Path,
) -> None:
    disk = FaultyDisk()

    def refuse(source_fd: int, target: Path) -> str:
        raise OSError(5, "input/output error")

    disk.copy = refuse  # type: ignore[method-assign]
    station = Station(tmp_path, disk)
    station.drop("LOT1.tif", b"first")
    station.settle()
    assert len(station.told("claim_failed")) == 1
    station.drop("LOT1.tif", b"rewritten")
    station.reopen()
    station.drain()
    assert station.delivered() == [b"rewritten"]
    assert station.status() == ["LOT1 (2) - TERMINÉ.txt", "LOT1 - ERREUR.txt"]
    text = station.status_text("LOT1 - ERREUR.txt")
    assert "repris dans un autre lot" in text
    assert "disparu" not in text, "it is there: who scans it again has it twice"


def test_s04_a_file_written_to_while_other_lots_are_taken_waits_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    station = Station(tmp_path, disk)
    copy = disk.copy

    def meanwhile_the_scanner_goes_on(source_fd: int, target: Path) -> str:
        if Path(f"/proc/self/fd/{source_fd}").readlink().name == "LOT1.tif":
            with later.open("ab") as file:
                file.write(b", more")
        return copy(source_fd, target)

    disk.copy = meanwhile_the_scanner_goes_on  # type: ignore[method-assign]
    first = station.drop("LOT1.tif", b"first")
    later = station.drop("LOT2.tif", b"later")
    os.utime(first, ns=(1, 1))
    station.settle()
    assert set(_lots(station)) == {"LOT1.tif"}
    station.drain()
    station.scan()
    assert station.delivered() == [b"first", b"later, more"]
    assert station.status() == ["LOT1 - TERMINÉ.txt", "LOT2 - TERMINÉ.txt"]


def test_s05_names_of_any_kind_are_kept_and_bytes_unaltered(station: Station) -> None:
    odd = [b"caf\xe9.tif", b"a\"b'c.pdf", b"new\nline.jpg", "é à.png".encode(), b"a..b.tif"]
    for number, name in enumerate(odd):
        with open(os.fsencode(station.folder) + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(b"%d" % number)
    station.settle()
    assert set(_lots(station)) == {
        *("caf\\xe9.tif", "a\"b'c.pdf", "new\ufffdline.jpg", "é à.png", "a..b.tif")
    }
    station.drain()
    assert sorted(station.delivered()) == [b"0", b"1", b"2", b"3", b"4"]
    assert all(name.endswith(" - TERMINÉ.txt") for name in station.status())


def test_s07_links_fifos_sockets_and_empty_directories_are_told_and_left(
    station: Station, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"not for you")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.tif").write_bytes(b"not for you")
    (station.folder / "link.tif").symlink_to(secret)
    (station.folder / "folder").symlink_to(tmp_path / "elsewhere")
    (station.folder / "loop").symlink_to(station.folder)
    os.mkfifo(station.folder / "fifo.pdf")
    (station.folder / "x.pdf").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(station.folder / "socket.tif"))
    station.drop("LOT/1.tif", b"1")
    os.mkfifo(station.folder / "LOT" / "2.tif")
    station.settle()
    assert _lots(station) == {"LOT": ["1.tif"]}
    station.drain()
    assert station.delivered() == [b"1"]
    assert station.status() == [
        *("LOT - ERREUR.txt", "fifo - ERREUR.txt", "folder - ERREUR.txt", "link - ERREUR.txt"),
        *("loop - ERREUR.txt", "socket - ERREUR.txt", "x - ERREUR.txt"),
    ]
    assert "2.tif : Ce n'est pas un fichier ordinaire" in station.status_text("LOT - ERREUR.txt")
    assert secret.read_bytes() == b"not for you"


def test_s07_a_directory_swapped_for_a_link_is_not_followed(
    tmp_path: Path, station: Station
) -> None:
    (tmp_path / "elsewhere").mkdir()
    victim = tmp_path / "elsewhere" / "1.tif"
    lot = station.drop("LOT/1.tif", b"scan").parent
    station.scan()
    begin = station.spool.claims.begin_claim

    def swap(arrival):  # type: ignore[no-untyped-def]
        victim.write_bytes(b"scan")
        os.utime(victim, ns=((lot / "1.tif").stat().st_mtime_ns,) * 2)
        lot.rename(station.root / "away")
        lot.symlink_to(victim.parent)
        return begin(arrival)

    station.spool.claims.begin_claim = swap  # type: ignore[method-assign]
    station.scan(3)
    assert victim.read_bytes() == b"scan"
    assert [v.set_aside[0].code for v in station.spool.status.lots_overview() if v.id] == [
        "not_regular_file"
    ]


def test_s07_a_file_with_a_second_name_changes_nothing_of_ours(station: Station) -> None:
    path = station.drop("LOT1.tif", b"scan")
    (station.root / "second").hardlink_to(path)
    station.settle()
    (station.root / "second").write_bytes(b"changed through the other name")
    station.read()
    station.send()
    assert station.delivered() == [b"scan"]
    station.drain()
    assert station.delivered() == [b"scan", b"changed through the other name"]
    [_, later] = (station.centre.documents[i] for i in station.centre.arrivals)
    assert later.marks == ("continuation",)


def test_s08_a_file_that_cannot_be_read_is_told_and_the_rest_of_the_lot_goes_on(
    station: Station,
) -> None:
    def peek(path: Path) -> bool:
        if path.name == "2.tif":
            raise PermissionError(13, "denied")
        return True

    station.sources._look._peek = peek
    station.drop("LOT/1.tif", b"1")
    station.drop("LOT/2.tif", b"2")
    station.drop("LOT3.tif", b"3")
    station.settle()
    assert set(_lots(station)) == {"LOT3.tif"}
    station.scan(60)
    assert _lots(station)["LOT"] == ["1.tif"]
    station.read()
    station.scan()
    assert "2.tif : La station n'a pas le droit" in station.status_text("LOT - ERREUR.txt")
    assert (station.folder / "LOT" / "2.tif").exists()


def test_s08_a_claim_that_fails_is_told_once_and_tried_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    station = Station(tmp_path, disk)
    copy = disk.copy

    def refuse(source_fd: int, target: Path) -> str:
        if Path(f"/proc/self/fd/{source_fd}").readlink().name == "LOT1.tif":
            raise OSError(5, "input/output error")
        return copy(source_fd, target)

    disk.copy = refuse  # type: ignore[method-assign]
    station.drop("LOT1.tif", b"1")
    station.drop("LOT2.tif", b"2")
    station.settle()
    station.scan(3)
    station.scan(3)
    assert set(_lots(station)) == {"LOT2.tif"}
    assert len(station.told("claim_failed")) == 1
    assert station.status() == ["LOT1 - EN COURS.txt", "LOT2 - EN COURS.txt"]
    disk.copy = copy  # type: ignore[method-assign]
    station.drain()
    assert sorted(station.delivered()) == [b"1", b"2"]


def test_s09_without_its_marker_nothing_is_concluded_or_written(station: Station) -> None:
    station.drop("B0001/00000001/1.TIF", b"1")
    station.drop("B0001/00000001/IDX.DAT", IDX.encode())
    station.settle()
    station.folder.rename(station.root / "unmounted")
    station.folder.mkdir()
    station.scan(3)
    station.scan(3)
    assert list(station.folder.iterdir()) == []
    assert [view.name for view in station.spool.status.lots_overview()] == ["B0001"]
    assert "pas accessible" in station.spool.status.sources_overview()[0].reason
    assert len(station.told("source_absent")) == 1
    station.folder.rmdir()
    (station.root / "unmounted").rename(station.folder)
    station.scan(3)
    assert station.spool.status.sources_overview()[0].reason == ""
    assert station.told("recovered")


def test_s09_a_share_that_goes_away_during_a_claim_costs_nothing(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.scan()
    begin = station.spool.claims.begin_claim

    def unmount(arrival):  # type: ignore[no-untyped-def]
        lot_id = begin(arrival)
        station.folder.rename(station.root / "unmounted")
        station.folder.mkdir()
        return lot_id

    station.spool.claims.begin_claim = unmount  # type: ignore[method-assign]
    station.scan(3)
    station.spool.claims.begin_claim = begin  # type: ignore[method-assign]
    assert _lots(station) == {}
    for path in sorted(station.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    station.folder.rmdir()
    (station.root / "unmounted").rename(station.folder)
    station.drain()
    assert station.delivered() == [b"scan"]


def test_s10_without_any_event_the_rescan_finds_everything(station: Station) -> None:
    stop = threading.Event()
    names = [f"LOT{number}.tif" for number in range(5)]
    for name in names:
        station.drop(name, name.encode())
    station.sources._source = station.source.model_copy(update={"rescan_every_s": 0.01})
    scan_once = station.sources.scan_once

    def look(now):  # type: ignore[no-untyped-def]
        scan_once(station.clock.monotonic())
        station.clock.forward(3)
        if len(_lots(station)) == len(names):
            stop.set()

    station.sources.scan_once = look  # type: ignore[method-assign]
    station.sources.run(stop)
    assert set(_lots(station)) == set(names)


def test_s11_a_lot_has_one_status_file_from_the_first_sighting_to_the_end(
    station: Station,
) -> None:
    station.drop("LOT12.tif", b"37 pages")
    seen = []
    station.scan()
    seen += station.status()
    station.scan(3)
    seen += station.status()
    station.read(expected_documents=2)
    station.scan()
    seen += station.status()
    station.drop("LOT12.tif", b"13 pages")
    station.settle()
    station.read(expected_documents=2)
    station.send()
    station.scan()
    seen += station.status()
    assert seen == [
        *("LOT12 - EN COURS.txt", "LOT12 - EN COURS.txt"),
        *("LOT12 - INCOMPLET 1 sur 2.txt", "LOT12 - TERMINÉ.txt"),
    ]
    assert "2, dont 2 reçus par le centre" in station.status_text("LOT12 - TERMINÉ.txt")
    station.clock.forward(8 * 86_400)
    station.spool.retention.purge(station.clock())
    station.scan()
    assert station.status() == []


def test_s11_two_lots_of_one_name_have_two_status_files(station: Station) -> None:
    station.drop("LOT1.tif", b"monday")
    station.drain()
    station.drop("LOT1.tif", b"tuesday")
    station.drop("LOT1.pdf", b"another")
    station.drain()
    station.scan()
    assert station.status() == [
        *("LOT1 (2) - TERMINÉ.txt", "LOT1 (3) - TERMINÉ.txt", "LOT1 - TERMINÉ.txt")
    ]


def test_s11_a_status_file_that_somebody_removed_comes_back(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    (station.folder / "_etat" / "LOT1 - EN COURS.txt").unlink()
    (station.folder / "_etat" / "notes.txt").write_text("mine")
    station.read()
    station.scan()
    assert station.status() == ["LOT1 - TERMINÉ.txt", "notes.txt"]


def test_s11_after_a_restart_the_status_files_are_taken_up(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    station.reopen()
    station.scan()
    assert station.status() == ["LOT1 - EN COURS.txt"]


def test_s11_trouble_with_status_files_does_not_stop_claims(station: Station) -> None:
    (station.folder / "_etat").symlink_to(station.root)
    station.drop("LOT1.tif", b"scan")
    station.settle()
    assert list(_lots(station)) == ["LOT1.tif"]
    assert len(station.told("status_failed")) == 1


def test_s13_a_closing_file_for_no_lot_is_removed_before_it_can_close_tomorrows(
    station: Station,
) -> None:
    closing = station.drop("LOT99.cloturer", b"")
    station.scan()
    assert closing.exists()
    station.clock.step(86_400)
    station.scan(599)
    assert closing.exists(), "another day on the wall clock is not ten minutes"
    station.scan(2)
    assert not closing.exists()
    assert len(station.told("closing_unknown")) == 1


@pytest.mark.parametrize(
    "page", [b"%PDF-1.7\n%", b"II*\0" + b"\0" * 100, b"a kind nobody knows" * 4_000]
)
def test_s13_a_page_under_a_closing_files_name_closes_nothing_and_is_read(
    station: Station, page: bytes
) -> None:
    station.drop("LOT7.tif", b"first of two")
    station.settle()
    station.read(expected_documents=2)
    station.drop("LOT7.tif.cloturer", page)
    station.scan()
    assert "LOT7 - INCOMPLET 1 sur 2.txt" in station.status()
    station.settle()
    assert _lots(station) == {"LOT7.tif.cloturer": ["LOT7.tif.cloturer"]}
    station.drain()
    assert page in station.delivered()


def test_s25_what_is_lost_at_the_claim_keeps_its_place_among_the_pages(
    station: Station, tmp_path: Path
) -> None:
    for number in (1, 2, 4, 10):
        station.drop(f"LOT/{number}.tif", b"%d" % number)
    (station.folder / "LOT/3.tif").symlink_to(tmp_path / "somewhere")
    (station.folder / "LOT/9.tif").mkdir()
    os.mkfifo(station.folder / "LOT/11.tif")
    station.scan()
    begin = station.spool.claims.begin_claim

    def lose_one(arrival: Arrival) -> str:
        (station.folder / "LOT/2.tif").unlink(missing_ok=True)
        return begin(arrival)

    station.spool.claims.begin_claim = lose_one  # type: ignore[method-assign]
    station.scan(3)
    [lot] = station.spool.lots.lots_to_read()
    assert [(file.name, file.code) for file in lot.files] == [
        *(("1.tif", None), ("2.tif", "file_vanished"), ("3.tif", "not_regular_file")),
        *(("4.tif", None), ("10.tif", None), ("11.tif", "not_regular_file")),
    ]


def test_s25_a_file_that_may_not_be_read_keeps_its_place(station: Station) -> None:
    def peek(path: Path) -> bool:
        if path.name == "2.tif":
            raise PermissionError(13, "denied")
        return True

    station.sources._look._peek = peek
    for number in (1, 2, 3):
        station.drop(f"LOT/{number}.tif", b"%d" % number)
    station.settle()
    station.scan(57)
    [lot] = station.spool.lots.lots_to_read()
    assert [(file.name, file.code) for file in lot.files] == [
        ("1.tif", None),
        ("2.tif", "file_denied"),
        ("3.tif", None),
    ]


def test_s20_a_full_spool_leaves_lots_in_the_folder_and_resumes(tmp_path: Path) -> None:
    station = Station(tmp_path, max_bytes=10)
    for number in (1, 2):
        station.drop(f"LOT{number}.tif", b"%d" % number * 6)
        station.settle()
    assert list(_lots(station)) == ["LOT1.tif"]
    assert (station.folder / "LOT2.tif").exists()
    assert "espace de travail est plein" in station.status_text("LOT2 - EN COURS.txt")
    assert len(station.told("spool_full")) == 1
    station.drain()
    station.clock.forward(8 * 86_400)
    station.spool.retention.purge(station.clock())
    station.drain()
    assert station.delivered() == [b"111111", b"222222"]


def test_s20_a_lot_larger_than_the_spool_stops_only_itself(tmp_path: Path) -> None:
    station = Station(tmp_path, max_bytes=10)
    station.drop("LOT1.tif", b"x" * 11)
    station.drop("LOT2.tif", b"x")
    station.settle()
    assert list(_lots(station)) == ["LOT2.tif"]
    assert "plus grand" in station.status_text("LOT1 - ERREUR.txt")


def test_s20_a_disk_with_too_little_free_space_stops_claims(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FaultyDisk()
    free = [50]
    monkeypatch.setattr(disk, "free_bytes", lambda _: free[0])
    station = Station(tmp_path, disk, min_free_bytes=100)
    station.drop("LOT1.tif", b"scan")
    station.settle()
    assert _lots(station) == {}
    free[0] = 200
    station.scan(3)
    assert list(_lots(station)) == ["LOT1.tif"]


def test_s08_what_scanners_leave_in_one_directory_hides_no_new_lot(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MAX_FILES", 5)
    for number in range(30):
        (station.folder / f"BATCHES/BATCH{number:03}/00000001").mkdir(parents=True)
    for number in range(10):
        station.drop(f"SCAN/{number}.xml", b"<page/>")
    station.drop("BATCHES/BATCH030/00000001/00000001.tif", b"1")
    station.drop("BATCHES/BATCH030/INDEX.DAT", b"1 1 1")
    station.drop("SCAN/page.tif", b"2")
    station.settle()
    assert "SCAN" in _lots(station)
    assert any("BATCH030" in name for name in station.status())


def test_s08_a_directory_with_too_much_below_it_is_told_and_no_part_of_it_taken(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "MAX_ENTRIES", 8)
    left = [station.drop(f"BATCHES/B{number}/1.tif", b"%d" % number) for number in range(9)]
    station.drop("LOT1.tif", b"1")
    station.settle()
    assert set(_lots(station)) == {"LOT1.tif"}
    assert station.status() == ["BATCHES - ERREUR.txt", "LOT1 - EN COURS.txt"]
    assert "trop de fichiers" in station.status_text("BATCHES - ERREUR.txt")
    assert all(path.exists() for path in left)
    shutil.rmtree(left[0].parent.parent)
    station.scan()
    assert station.status() == ["LOT1 - EN COURS.txt"]


def test_an_index_is_parsed_once_until_it_changes(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of 4 MB made to be slow would cost seconds at every look."""
    parsed, parse = list[bytes](), kodak_index.parse_index

    def counted(data: bytes) -> tuple[kodak_index.IndexRecord, ...]:
        parsed.append(data)
        return parse(data)

    monkeypatch.setattr(kodak_index, "parse_index", counted)
    station.drop("B0001/00000001/IDX.DAT", IDX.encode())
    station.drop("B0001/00000001/00000001.jpg", b"x")  # of four: it waits
    station.settle()
    for _ in range(3):
        station.scan(1.0)
    assert len(parsed) == 1
    station.drop("B0001/00000001/IDX.DAT", b"no index")
    station.settle()
    station.scan(1.0)
    assert parsed[1:] == [b"no index"]
