"""S21: a journal that is empty, missing, old or no file is told, and nothing is made over it."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.config import Spool as Limits
from edge.errors import SpoolAbsent, SpoolCorrupt
from edge.spool import journal
from edge.spool.journal import Tally
from edge.spool.spool import Spool
from tests.support.faults import Crash, FaultyDisk
from tests.support.station import Clock, Station

NAME = journal.NAME
_LIMITS = Limits(ballast_bytes=0)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _remove_all(work: Path) -> None:
    for path in work.glob(f"{NAME}*"):
        path.unlink()


def _empty(work: Path) -> None:
    _remove_all(work)
    (work / NAME).touch()


def _no_tables(work: Path) -> None:
    _remove_all(work)
    connection = sqlite3.connect(work / NAME)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _folder(work: Path) -> None:
    _remove_all(work)
    (work / NAME).mkdir()


def _link(work: Path) -> None:
    (work / NAME).rename(work.parent / "elsewhere")
    (work / NAME).symlink_to(work.parent / "elsewhere")


_WRONG: dict[Callable[[Path], None], str] = {
    _remove_all: "is missing",
    _empty: "is empty",
    _no_tables: "has no tables",
    _folder: "no ordinary file",
    _link: "no ordinary file",
}


def _leave_only_folders(work: Path) -> None:
    """What a spool of 0.3.0 leaves when everything has left it: folders of digests."""
    (work / "tally").unlink()
    (work / "blobs" / "ab").mkdir()


@pytest.mark.parametrize("old", [False, True], ids=["ours", "of-0.3.0"])
@pytest.mark.parametrize("harm", list(_WRONG), ids=lambda harm: harm.__name__)
def test_s21_a_journal_that_holds_nothing_is_damage_where_there_has_been_a_spool(
    station: Station, harm: Callable[[Path], None], old: bool
) -> None:
    station.spool.close()
    if old:
        _leave_only_folders(station.work)
    harm(station.work)
    before = _listing(station.work)
    for visitor in (False, True):
        with pytest.raises(SpoolCorrupt, match=_WRONG[harm]):
            Spool.open(station.work, station.limits, station.clock, visitor=visitor)
    assert _listing(station.work) == before


def test_s21_a_log_without_its_journal_is_damage(tmp_path: Path) -> None:
    (tmp_path / f"{NAME}-wal").write_bytes(b"frames")
    with pytest.raises(SpoolCorrupt, match="is missing"):
        Spool.open(tmp_path, _LIMITS, Clock())
    (tmp_path / NAME).touch()
    with pytest.raises(SpoolCorrupt, match="is empty"):
        Spool.open(tmp_path, _LIMITS, Clock())


def _alive(station: Station) -> Path:
    """The work directory as a killed station leaves it: with its log."""
    copy = station.root / "killed"
    shutil.copytree(station.work, copy)
    assert (copy / f"{NAME}-wal").stat().st_size > 0
    return copy


def test_s21_what_a_killed_station_leaves_is_whole(station: Station) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    spool = Spool.open(_alive(station), station.limits, station.clock)
    assert [lot.lot.name for lot in spool.lots.lots_to_read()] == ["LOT1.tif"]
    spool.close()


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.97], ids=["none", "half", "all-but-the-end"])
def test_s21_a_journal_parted_from_its_log_is_damage(station: Station, keep: float) -> None:
    for number in range(4):
        station.drop(f"LOT{number}.tif", b"%d" % number)
        station.drain()
    work = _alive(station)
    log = work / f"{NAME}-wal"
    if keep:
        log.write_bytes(log.read_bytes()[: int(log.stat().st_size * keep)])
    else:
        log.unlink()
    (work / f"{NAME}-shm").unlink()
    for visitor in (True, False):
        with pytest.raises(SpoolCorrupt, match=r"holds \d+ of \d+ transactions"):
            Spool.open(work, station.limits, station.clock, visitor=visitor)


def test_s21_an_older_copy_of_the_journal_is_damage(station: Station) -> None:
    station.spool.close()
    shutil.copy(station.work / NAME, station.root / "copy")
    station.open()
    station.drop("LOT1.tif", b"scan")
    station.drain()
    station.spool.close()
    _remove_all(station.work)
    shutil.copy(station.root / "copy", station.work / NAME)
    with pytest.raises(SpoolCorrupt, match="transactions"):
        station.open()


def test_s21_a_tally_that_cannot_be_read_stops_nothing(station: Station) -> None:
    station.spool.close()
    (station.work / "tally").write_bytes(b"\0" * 40)
    station.open()
    station.drop("LOT1.tif", b"scan")
    station.drain()
    assert station.delivered() == [b"scan"]
    assert Tally(station.work).read() > 5


def test_s21_a_start_that_is_cut_short_anywhere_is_begun_again(tmp_path: Path) -> None:
    """And never taken for damage: each step of the first start, with a crash or a power cut."""
    (tmp_path / ".backups").mkdir()
    disk = FaultyDisk()
    Spool.open(_new(tmp_path, "whole"), _LIMITS, Clock(), disk=disk).close()
    assert len(disk.steps) > 8
    for fail_at in range(1, len(disk.steps) + 1):
        for power_cut in (False, True):
            work = _new(tmp_path, f"{fail_at}-{power_cut}")
            disk = FaultyDisk(fail_at=fail_at)
            with pytest.raises(Crash):
                Spool.open(work, _LIMITS, Clock(), disk=disk)
            if power_cut:
                disk.power_cut()
            Spool.open(work, _LIMITS, Clock()).close()
            Spool.open(work, _LIMITS, Clock(), visitor=True).close()
            assert not list(work.glob("*.new*"))


@pytest.mark.parametrize("half", [_empty, _no_tables])
def test_s21_what_a_first_start_of_0_3_0_left_half_made_is_begun_again(
    tmp_path: Path, half: Callable[[Path], None]
) -> None:
    for name in ("blobs", "claims", "aside"):
        (tmp_path / name).mkdir()
    half(tmp_path)
    with pytest.raises(SpoolAbsent):
        Spool.open(tmp_path, _LIMITS, Clock(), visitor=True)
    Spool.open(tmp_path, _LIMITS, Clock()).close()


def _new(root: Path, name: str) -> Path:
    work = root / name
    work.mkdir()
    return work


def _listing(work: Path) -> list[tuple[str, bytes]]:
    """All that lies there but the lock and what SQLite makes to read."""
    return sorted(
        (str(path.relative_to(work)), path.read_bytes() if path.is_file() else b"")
        for path in work.rglob("*")
        if path.name != "lock" and not path.name.endswith(("-shm", "-wal"))
    )
