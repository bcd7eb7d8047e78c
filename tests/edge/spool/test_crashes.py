"""S4: a fault before every single step of the disk door, from the claim to the last removal."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.faults import Crash, FaultyDisk
from tests.support.memory import memory_folder
from tests.support.station import Station

FILES = {
    "LOT1.tif": b"one",
    "LOT2/1.jpg": b"two",
    "LOT2/2.jpg": b"two",  # the same bytes twice in one lot
    "LOT3.pdf": b"one",  # and again in another
}


def _go_through(station: Station) -> None:
    """The whole life of the files: claim, read, send, let go in the folder, reap."""
    station.drain()
    station.let_go()
    station.clock.forward(8 * 86_400)
    station.spool.retention.purge(station.clock())


def _steps() -> int:
    disk = FaultyDisk()
    with _station(disk) as station:
        _go_through(station)
    return len(disk.steps)


@contextmanager
def _station(disk: FaultyDisk) -> Iterator[Station]:
    """A station with the files in its folder; the disk's steps count from here."""
    with memory_folder() as root:
        station = Station(Path(root), disk)
        for name, data in FILES.items():
            station.drop(name, data)
        disk.steps.clear()
        yield station
        station.spool.close()


def _check(station: Station) -> None:
    assert sorted(station.delivered()) == sorted(FILES.values())
    assert not [path for path in station.folder.rglob("*.*") if path.suffix in (".tif", ".pdf")]
    assert list((station.work / "aside").iterdir()) == []
    assert [path for path in (station.work / "blobs").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("power_cut", [False, True], ids=["killed", "power-cut"])
def test_s04_a_crash_before_any_step_loses_nothing_and_delivers_once(
    power_cut: bool,
) -> None:
    steps = _steps()
    assert steps > 60
    for fail_at in range(1, steps + 1):
        disk = FaultyDisk()
        with _station(disk) as station:
            disk.fail_at = fail_at
            with pytest.raises(Crash):
                _go_through(station)
            if power_cut:
                disk.power_cut()
            station.reopen(FaultyDisk())
            _go_through(station)
            _check(station)


@pytest.mark.parametrize(
    "failure",
    [lambda: OSError(errno.EIO, "input/output error"), lambda: OSError(errno.ENOSPC, "full")],
    ids=["io-error", "disk-full"],
)
def test_s04_a_failing_disk_call_is_tried_again_in_the_same_process(
    failure: Callable[[], OSError],
) -> None:
    for fail_at in range(1, _steps() + 1, 3):
        disk = FaultyDisk(failure=failure)
        with _station(disk) as station:
            disk.fail_at = fail_at
            for _ in range(2):
                try:
                    _go_through(station)
                except OSError:
                    continue  # reading and sending are tried again by their own loops
            _check(station)
