"""What somebody who may write in the watched folder puts there is never followed or overwritten."""

import os
import secrets
from pathlib import Path

import pytest

from edge.sources.folder import filesystem, readiness
from edge.sources.folder.grouping import EntryKind
from edge.sources.folder.readiness import ListingHistory
from tests.support.station import Station

SECRET = b"a key of the station, or its journal"
RUNNING = "LOT1 - EN COURS.txt"


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that the station's account may write, outside the watched folder."""
    path = tmp_path / "secret"
    path.write_bytes(SECRET)
    return path


def _etat(station: Station) -> Path:
    path = station.folder / "_etat"
    path.mkdir(exist_ok=True)
    return path


def _scan_a_lot(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    station.scan()
    assert [lot.lot.name for lot in station.spool.lots.lots_to_read()] == ["LOT1.tif"]


def test_s11_a_linked_status_folder_is_not_followed(station: Station, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "LOT1.cloturer").write_bytes(b"")
    (elsewhere / "LOT9 - ERREUR.txt").write_bytes(SECRET)
    (station.folder / "_etat").symlink_to(elsewhere)
    _scan_a_lot(station)
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        *("LOT1.cloturer", "LOT9 - ERREUR.txt")
    ]
    assert (elsewhere / "LOT9 - ERREUR.txt").read_bytes() == SECRET
    assert len(station.told("status_failed")) == 1


@pytest.mark.parametrize("name", [RUNNING, "LOT9 - TERMINÉ.txt"])
def test_s11_a_link_under_a_status_files_name_is_neither_followed_nor_replaced(
    station: Station, secret: Path, name: str
) -> None:
    link = _etat(station) / name
    link.symlink_to(secret)
    _scan_a_lot(station)
    assert secret.read_bytes() == SECRET
    assert link.is_symlink()


def test_s11_a_link_under_the_old_temporary_name_is_not_written_through(
    station: Station, secret: Path
) -> None:
    (_etat(station) / f".{os.getpid()}.tmp").symlink_to(secret)
    _scan_a_lot(station)
    assert secret.read_bytes() == SECRET
    assert "LOT1.tif" in station.status_text(RUNNING)


def test_s11_a_temporary_name_that_was_foreseen_is_not_opened(
    station: Station, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda size: "0" * 2 * size)
    (_etat(station) / f".vaguemestre-{'0' * 16}.tmp").symlink_to(secret)
    station.sources._status_files._is_swept = True  # planted after the first look
    _scan_a_lot(station)
    assert secret.read_bytes() == SECRET
    assert len(station.told("status_failed")) == 1


def test_s11_a_second_name_of_a_file_of_ours_is_not_written_through(
    station: Station, secret: Path
) -> None:
    (_etat(station) / RUNNING).hardlink_to(secret)
    _scan_a_lot(station)
    assert secret.read_bytes() == SECRET
    assert (_etat(station) / RUNNING).read_bytes() == SECRET
    assert len(station.told("status_failed")) == 1


@pytest.mark.parametrize("plant", [os.mkfifo, os.mkdir])
def test_s11_what_is_no_file_in_a_status_files_place_stops_only_that_file(
    station: Station, plant: object
) -> None:
    assert callable(plant)
    plant(_etat(station) / RUNNING)
    station.drop("LOT2.tif", b"another")
    _scan_two(station)
    assert "LOT2 - EN COURS.txt" in station.status()
    assert len(station.told("status_failed")) == 1
    (problem,) = station.told("status_failed")
    assert problem["detail"].startswith("EISDIR")
    assert "LOT1" not in problem["detail"]  # a lot's name may be a person's


def _scan_two(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    assert len(station.spool.lots.lots_to_read()) == 2


def test_s11_a_persons_file_that_is_named_like_ours_is_left(station: Station) -> None:
    notes = _etat(station) / "Consignes - ERREUR.txt"
    notes.write_text("Rappeler le service des archives.")
    _scan_a_lot(station)
    assert notes.read_text() == "Rappeler le service des archives."


def test_s11_what_a_station_left_that_ended_while_it_wrote_is_swept(station: Station) -> None:
    left = _etat(station) / f".vaguemestre-{'a' * 16}.tmp"
    left.write_text("Lot LOT")
    empty = _etat(station) / "LOT8 - EN COURS.txt"
    empty.touch()
    _scan_a_lot(station)
    assert station.status() == [RUNNING]


def test_s13_a_link_or_a_fifo_closes_nothing_and_is_not_removed(
    station: Station, secret: Path
) -> None:
    station.drop("LOT1.tif", b"1")
    station.drop("LOT2.tif", b"2")
    station.settle()
    station.read(expected_documents=2)
    (_etat(station) / "LOT1.cloturer").symlink_to(secret)
    os.mkfifo(_etat(station) / "LOT2.cloturer")
    station.scan()
    assert station.told("lot_closed") == []
    assert station.spool.outbox.backlog().lots_incomplete == 2
    assert secret.exists()


def test_s13_a_closing_file_that_was_swapped_since_it_was_seen_is_left(station: Station) -> None:
    path = station.drop("LOT1.cloturer", b"")
    [seen] = filesystem.close_requests(station.folder)
    (station.folder / "other").write_bytes(b"a scan that took the name over")
    (station.folder / "other").rename(path)
    filesystem.remove(station.folder, seen)
    assert path.read_bytes() == b"a scan that took the name over"


def test_s07_a_directory_swapped_for_a_link_between_look_and_open_is_not_listed(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "private.tif").write_bytes(SECRET)
    lot = station.drop("LOT/1.tif", b"1").parent
    opened = filesystem.open_directory

    def swap_then_open(name: str | bytes, above: int) -> int:
        lot.rename(tmp_path / "away")
        lot.symlink_to(elsewhere)
        return opened(name, above)

    monkeypatch.setattr(filesystem, "open_directory", swap_then_open)
    [entry] = filesystem.list_folder(station.folder, ".vaguemestre")
    assert (entry.parts, entry.kind) == (("LOT",), EntryKind.OTHER)


def test_s02_an_index_behind_a_swapped_directory_is_not_read(
    station: Station, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "IDX.DAT").write_bytes(SECRET)
    (station.folder / "B0001").symlink_to(elsewhere)
    with pytest.raises(NotADirectoryError):
        filesystem.read_at(station.folder, ("B0001", "IDX.DAT"), 100)
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "IDX.DAT").symlink_to(elsewhere / "IDX.DAT")
    with pytest.raises(IsADirectoryError):
        filesystem.read_at(tmp_path, ("real", "IDX.DAT"), 100)


def test_s07_a_directory_swapped_before_its_files_are_looked_into_is_not_followed(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "1.tif").write_bytes(SECRET)
    lot = station.drop("LOT/1.tif", b"1").parent
    looked_into: list[bytes] = []
    is_quiet = readiness.is_quiet

    def peek(path: Path) -> bool:
        looked_into.append(path.read_bytes())
        return True

    def swap_once_quiet(watched: ListingHistory, now: float, quiet_for: float) -> bool:
        if is_quiet(watched, now, quiet_for) and not lot.is_symlink():
            lot.rename(tmp_path / "away")
            lot.symlink_to(elsewhere)
        return is_quiet(watched, now, quiet_for)

    monkeypatch.setattr(station.sources._look, "_peek", peek)
    monkeypatch.setattr(readiness, "is_quiet", swap_once_quiet)
    station.settle()
    assert lot.is_symlink()
    assert looked_into == []


def test_s09_a_marker_that_is_a_link_marks_nothing(station: Station, secret: Path) -> None:
    marker = station.folder / ".vaguemestre"
    marker.unlink()
    marker.symlink_to(secret)
    station.drop("LOT1.tif", b"scan")
    station.settle()
    assert station.spool.lots.lots_to_read() == []
    assert len(station.told("source_absent")) == 1
