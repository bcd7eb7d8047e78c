"""S20 where no small file system can be mounted: a disk whose room is counted, not real."""

import sqlite3
from pathlib import Path

import pytest

from edge.errors import SpoolFull
from edge.spool.disk import Ballast, Disk
from edge.spool.values import OperatorState
from tests.support.station import Station

_PAGE = 4_096
_BALLAST = 64 * _PAGE


class SmallDisk(Disk):
    """So many bytes free beside the ballast; each commit takes a page, others take ``greed``."""

    def __init__(self, free: int, work: Path) -> None:
        self.free, self.greed = free, 0
        self._work, self.held = work, 0

    def free_bytes(self, path: Path) -> int:
        ballast = self._work / "ballast"
        held = ballast.stat().st_size if ballast.exists() else 0
        self.free += self.held - held
        self.held = held
        return max(0, self.free)

    def reserve(self, path: Path, size: int) -> None:
        with path.open("ab") as file:
            file.truncate(size)

    def commit(self, connection: sqlite3.Connection) -> None:
        if self.free_bytes(self._work) < _PAGE:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        super().commit(connection)
        self.free -= _PAGE
        self.free -= min(self.free, self.greed)

    def unlink(self, path: Path | bytes, folder_fd: int | None = None) -> None:
        size = path.stat().st_size if isinstance(path, Path) and path.exists() else 0
        super().unlink(path, folder_fd)
        self.free += size


@pytest.fixture
def disk(tmp_path: Path) -> SmallDisk:
    return SmallDisk(1_000 * _PAGE, tmp_path / "work")


@pytest.fixture
def station(tmp_path: Path, disk: SmallDisk) -> Station:
    made = Station(tmp_path, disk, ballast_bytes=_BALLAST, min_free_bytes=10 * _PAGE)
    disk.free_bytes(made.work)
    return made


def test_s20_what_is_acknowledged_leaves_a_full_disk_and_claiming_resumes(
    station: Station, disk: SmallDisk
) -> None:
    station.drop("LOT1.tif", b"1" * 100 * _PAGE)
    station.settle()
    station.read()
    disk.free = 0
    station.drop("LOT2.tif", b"2")
    station.settle()
    assert station.spool.lots.lots_to_read() == []  # it waits in the folder
    station.send()
    station.clock.forward(60)
    station.spool.retention.purge(station.clock())
    station.drain()
    assert len(station.delivered()) == 2


def test_s20_the_ballast_goes_in_pieces_and_comes_back(station: Station, disk: SmallDisk) -> None:
    ballast = station.work / "ballast"
    assert ballast.stat().st_size == _BALLAST
    disk.free, disk.greed = 0, 10**9
    sizes = []
    for number in range(8):
        station.spool.status.record_source("scan", str(number))
        sizes.append(ballast.stat().st_size)
    assert sizes == [_BALLAST * left // 8 for left in range(7, -1, -1)]
    with pytest.raises(SpoolFull):
        station.spool.status.record_source("scan", "9")
    disk.free, disk.greed = 1_000 * _PAGE, 0
    station.spool.retention.purge(station.clock())
    assert ballast.stat().st_size == _BALLAST


def test_s20_without_any_room_the_bytes_that_nobody_needs_go_before_their_record(
    station: Station, disk: SmallDisk
) -> None:
    station.drop("LOT1.tif", b"1" * 100 * _PAGE)
    station.drop("LOT2.tif", b"2")
    station.drain()
    station.drop("LOT3.tif", b"2")  # the bytes of a finished lot, in one that is not
    station.drop("LOT4.tif", b"4")
    station.settle()
    station.read()
    station.clock.forward(60)
    (station.work / "ballast").unlink()
    disk.free = disk.held = 0
    with pytest.raises(SpoolFull):
        station.spool.retention.purge(station.clock())
    assert disk.free >= 100 * _PAGE
    station.spool.retention.purge(station.clock())
    station.drain()
    assert len(station.delivered()) == 4
    station.reopen()
    assert {lot.shown for lot in station.spool.status.lots_overview()} == {OperatorState.DONE}


def test_a_smaller_ballast_is_asked_for_by_the_settings(tmp_path: Path) -> None:
    Ballast(tmp_path, Disk(), 8_000).take_back(0)
    assert (tmp_path / "ballast").stat().st_size == 8_000
    Ballast(tmp_path, Disk(), 0).take_back(0)
    assert (tmp_path / "ballast").stat().st_size == 0


def test_no_ballast_is_held_where_the_disk_lacks_room(station: Station, disk: SmallDisk) -> None:
    (station.work / "ballast").unlink()
    disk.held = 0
    disk.free = _BALLAST
    station.spool.retention.purge(station.clock())
    assert not (station.work / "ballast").exists()
