"""Names as Windows, macOS and scanners give them: closed, completed, ordered, or left alone."""

import os
import unicodedata
from pathlib import Path

import pytest

from edge.cli.read import _find_files
from edge.sources.folder import grouping
from edge.sources.folder.filesystem import LotFinder
from edge.sources.folder.grouping import EntryKind, FileStat, FolderEntry
from edge.spool.spool import Spool
from tests.support.station import Station

NFC = "Numérisé à Évry"
NFD = unicodedata.normalize("NFD", NFC)
SECOND = 1_000_000_000


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _write_in_turn(station: Station, *paths: str) -> None:
    for turn, name in enumerate(paths):
        path = station.drop(name, name.encode())
        os.utime(path, ns=(turn * SECOND, turn * SECOND))


def _claimed(station: Station) -> list[str]:
    [lot] = station.spool.lots.lots_to_read()
    return [file.name for file in lot.files]


@pytest.mark.parametrize(("scanned", "closed"), [(NFD, NFC), (NFC, NFD), (NFD, NFD)])
def test_s13_a_lot_is_closed_by_its_name_however_its_accents_are_spelt(
    station: Station, scanned: str, closed: str
) -> None:
    station.drop(f"{scanned}.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    assert station.spool.outbox.backlog().lots_incomplete == 1
    station.drop(f"{closed}.cloturer", b"")
    station.scan()
    assert station.spool.outbox.backlog().lots_incomplete == 0
    assert len(station.told("lot_closed")) == 1


@pytest.mark.parametrize(("first", "then"), [(NFD, NFC), (NFC, NFD)])
def test_s14_a_lot_is_completed_by_its_name_however_its_accents_are_spelt(
    station: Station, first: str, then: str
) -> None:
    station.drop(f"{first}.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    station.drop(f"{then}.TIF", b"2")
    station.settle()
    [lot] = station.read(expected_documents=2)
    assert len(lot.files) == 2
    station.send()
    assert station.delivered() == [b"1", b"2"]


def test_s05_the_bytes_of_a_name_on_the_disk_are_left_and_what_is_shown_is_composed(
    station: Station,
) -> None:
    path = station.drop(f"{NFD}.tif", b"1")
    station.scan()
    assert path.name in {there.name for there in station.folder.iterdir()}
    [view] = station.spool.status.lots_overview()
    assert view.name == f"{NFC}.tif"
    assert station.status() == [f"{NFC} - EN COURS.txt"]
    station.drain()
    assert station.delivered() == [b"1"]


def test_s11_a_status_file_that_the_share_spells_its_own_way_is_known(station: Station) -> None:
    station.drop(f"{NFC}.tif", b"1")
    station.settle()
    [name] = station.status()
    etat = station.folder / "_etat"
    (etat / name).rename(etat / unicodedata.normalize("NFD", name))
    station.reopen()
    station.read()
    station.scan()
    assert station.status() == [f"{NFC} - TERMINÉ.txt"]


def test_s14_a_lot_of_an_earlier_version_can_be_completed_too(station: Station) -> None:
    station.drop(f"{NFC}.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    with station.spool._store.journal.transaction() as t:
        t.execute("UPDATE lots SET key = ?", (NFD.casefold(),))
    station.reopen()
    assert station.spool.lots.close_lots(NFD) == 1


def test_s11_a_lot_of_an_earlier_version_keeps_its_status_file(station: Station) -> None:
    station.drop(f"{NFC}.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    station.scan()
    [name] = station.status()
    etat = station.folder / "_etat"
    (etat / name).rename(etat / unicodedata.normalize("NFD", name))
    with station.spool._store.journal.transaction() as t:
        t.execute("UPDATE lots SET name = ?, label = ?, key = ?", (f"{NFD}.tif", NFD, NFD))
    station.reopen()
    for number in range(3):  # each with something new to show
        station.drop(f"LOT{number}.tif", b"%d" % number)
        station.scan()
        assert name in station.status()
    assert [view.label for view in station.spool.status.lots_named(f"{NFC}.tif")] == [NFC]


def test_the_command_line_closes_a_lot_whose_name_is_typed_in_the_other_spelling(
    station: Station,
) -> None:
    station.drop(f"{NFC}.tif", b"1")
    station.settle()
    station.read(expected_documents=2)
    visitor = Spool.open(station.work, station.limits, station.clock, visitor=True)
    assert visitor.lots.close_lots(NFD) == 1
    visitor.close()


@pytest.mark.parametrize(
    "series",
    [
        ["Numérisation.jpg", "Numérisation (2).jpg", "Numérisation (3).jpg"],
        ["Scan.jpg", "Scan 1.jpg", "Scan 2.jpg", "Scan 9.JPG", "scan 10.jpg"],
        ["IMG_9998.jpg", "IMG_9999.jpg", "IMG_0001.jpg", "IMG_0002.jpg"],
        [f"{NFD}.jpg", f"{NFC} (2).jpg", f"{NFD} (10).jpg"],
    ],
)
def test_pages_come_in_the_order_in_which_their_names_were_given(
    station: Station, series: list[str]
) -> None:
    _write_in_turn(station, *(f"LOT/{name}" for name in series))
    station.settle()
    assert _claimed(station) == [unicodedata.normalize("NFC", name) for name in series]
    [lot] = station.spool.lots.lots_to_read()
    assert all(file.order_certain for file in lot.files)


def test_a_counter_that_wraps_is_unsure_when_a_copy_took_the_times_away(station: Station) -> None:
    for name in ("IMG_9999.jpg", "IMG_0001.jpg"):
        os.utime(station.drop(f"LOT/{name}", name.encode()), ns=(SECOND, SECOND))
    station.settle()
    [lot] = station.spool.lots.lots_to_read()
    assert [file.name for file in lot.files] == ["IMG_0001.jpg", "IMG_9999.jpg"]
    assert not any(file.order_certain for file in lot.files)


BESIDE = [
    *("0001.xml", "index.csv", "0001.JSON", "lisezmoi.txt", "scan.log", "0001.jpg.md5"),
    *("0001.lck", "lot.done", "scan.ini"),
]


@pytest.mark.parametrize("name", [*BESIDE, "Lot.XML"])
def test_metadata_sums_locks_and_signals_are_known_to_hold_no_page(name: str) -> None:
    assert grouping.is_beside_pages(name)


@pytest.mark.parametrize(
    "name", ["lettre", "lettre.html", "courriel.eml", "0001.dat", "page.bmp", "x.docx", "xml"]
)
def test_what_may_hold_a_page_is_not_taken_for_something_beside_it(name: str) -> None:
    assert not grouping.is_beside_pages(name)


def test_s07_what_lies_beside_pages_makes_no_gap_and_is_told_once(station: Station) -> None:
    for name in ("LOT/0001.jpg", "LOT/0002.jpg", *(f"LOT/{beside}" for beside in BESIDE)):
        station.drop(name, b"content of " + name.encode())
    for litter in ("._0001.jpg", ".DS_Store", "Thumbs.db", "~$x.pdf", ".~lock.0001.jpg#"):
        station.drop(f"LOT/{litter}", b"litter")
    station.drop("LOT1.tif", b"alone")
    station.drop("LOT1.xml", b"<about/>")
    station.drain()
    station.scan()
    assert sorted(station.delivered()) == [
        *(b"alone", b"content of LOT/0001.jpg", b"content of LOT/0002.jpg")
    ]
    told = "Fichiers qui ne sont pas des pages.txt"
    assert station.status() == [told, "LOT - TERMINÉ.txt", "LOT1 - TERMINÉ.txt"]
    assert " - LOT1.xml" in station.status_text(told)
    assert " - LOT/0001.xml" in station.status_text(told)
    assert [fields["files"] for fields in station.told("left_alone")] == [len(BESIDE) + 1]
    assert (station.folder / "LOT" / "0001.xml").read_bytes() == b"content of LOT/0001.xml"
    for path in [*(station.folder / "LOT").iterdir(), station.folder / "LOT1.xml"]:
        path.unlink()
    station.scan()
    assert told not in station.status()


def test_s07_a_page_under_the_name_of_something_beside_pages_is_read(station: Station) -> None:
    station.drop("LOT/0001.xml", b"\xff\xd8\xff\xe0 a picture")
    station.drop("LOT/0002.txt", b"\n\n%PDF-1.4")
    station.drop("LOT/0003.xml", b"<about/>")
    station.settle()
    assert _claimed(station) == ["0001.xml", "0002.txt"]


def test_s07_a_file_of_a_kind_that_nobody_knows_still_goes_to_a_person(station: Station) -> None:
    station.drop("LOT/0001.jpg", b"1")
    station.drop("LOT/lettre.html", b"<p>Madame, Monsieur</p>")
    station.settle()
    assert _claimed(station) == ["0001.jpg", "lettre.html"]


def test_the_command_line_tells_of_what_holds_no_page_and_misses_it_nowhere(
    tmp_path: Path,
) -> None:
    for name in ("Scan.jpg", "Scan 1.jpg", "Scan.xml"):
        (tmp_path / name).write_bytes(b"content")
    found = _find_files(tmp_path)
    assert [(one.name, one.holds_no_page) for one in found] == [
        *(("Scan.jpg", False), ("Scan 1.jpg", False), ("Scan.xml", True))
    ]
    for name in ("Scan.jpg", "Scan 1.jpg"):
        (tmp_path / name).unlink()
    assert [one.name for one in _find_files(tmp_path)] == ["Scan.xml"]


def test_a_file_that_is_still_empty_is_looked_into_again_once_it_is_written(
    tmp_path: Path,
) -> None:
    path = tmp_path / "1.txt"
    finder = LotFinder(tmp_path)
    for content, is_page in ((b"", False), (b"II*\0", True), (b"II*\0 more", True)):
        path.write_bytes(content)
        found = finder.folder_as_lot("LOT")
        files = [entry.parts for lot in found.lots for entry in lot.files]
        left_alone = [entry.parts for entry in found.left_alone]
        assert (files, left_alone) == (([("LOT", "1.txt")], []) if is_page else ([], [("1.txt",)]))


def test_a_directory_is_never_taken_for_something_beside_pages(station: Station) -> None:
    station.drop("LOT.xml/1.jpg", b"1")
    station.drop("LOT2.cloturer/1.jpg", b"2")
    station.settle()
    assert {lot.lot.name for lot in station.spool.lots.lots_to_read()} == {
        "LOT.xml",
        "LOT2.cloturer",
    }


def test_two_bitonal_images_of_one_name_are_both_read() -> None:
    assert grouping.pair_images(["a.jpg", "a.tif", "A.TIFF"], None) == {}
    assert grouping.pair_images(["a.JPG", "A.tif"], None)["A.tif"].colour == "a.JPG"


def test_lots_of_both_spellings_are_told_apart() -> None:
    entries = [FolderEntry((f"{n}.tif",), EntryKind.FILE, FileStat(1, 1, 1)) for n in (NFC, NFD)]
    lots = grouping.group_entries(entries, always_index=False)
    assert {lot.name for lot in lots} == {f"{NFC}.tif", f"{NFC}.tif (2)"}
