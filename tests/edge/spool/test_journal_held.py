"""Another process holds the journal for long: good lots are read, spooled and sent all the same.

Also what else the machine refuses for a while while a lot is read: it costs the lot nothing.
"""

import errno
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from edge import agent
from edge.agent import LotReader
from edge.errors import ReaderFailed, SpoolFailed, SpoolFull, SpoolLocked
from edge.pipeline.lot import LotReading
from edge.pipeline.workers import Progress, Workers
from edge.spool import journal
from edge.spool.values import ClaimedLot, OperatorState
from edge.supervise import Supervisor
from edge.telemetry import Telemetry
from tests.support import page as page_of
from tests.support.station import Station, result_of
from vaguemestre.pack import Pack

_DEADLINE_S = 60.0
_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    made = Station(tmp_path)
    yield made
    made.spool.close()


@contextmanager
def _held(work: Path) -> Iterator[None]:
    """The journal while a process of its own is in the middle of a transaction."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(work / "journal.sqlite3")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.communicate(b"\n")


class _NoWorkers:
    def close(self) -> None:
        """There are none."""


class _Reading:
    """The agent's reading part on a real spool; recognition is played."""

    def __init__(self, station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures: list[Callable[[], BaseException]] = []
        self.lots: list[ClaimedLot] = []
        monkeypatch.setattr(agent, "read_lot", self._read_lot)
        monkeypatch.setattr(agent, "_READER_PAUSE_S", 0.05)
        self.events = Telemetry()
        self._station = station
        self._reader = LotReader(
            page_of.settings(station),
            station.spool.lots,
            cast(Workers, _NoWorkers()),
            cast(Pack, None),
            {},
            self.events,
            Progress(),
        )

    def _read_lot(self, files: Any, *_: Any) -> LotReading:
        if self.failures:
            raise self.failures.pop()()
        names = {file.name for file in files}
        (lot,) = [one for one in self.lots if {f.name for f in one.files} == names]
        return LotReading(result_of(lot), len(files))

    @contextmanager
    def running(self) -> Iterator[None]:
        self.lots = self._station.spool.lots.lots_to_read()
        stop = threading.Event()
        supervisor = Supervisor({"reading": self._reader.run}, self.events.crashed)
        thread = threading.Thread(target=supervisor.run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def errors(self, code: str) -> float:
        told = self.events.registry.get_sample_value(
            "vaguemestre_edge_errors_total", {"code": code}
        )
        return told or 0.0


def _until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _shown(station: Station) -> list[OperatorState]:
    return [lot.shown for lot in station.spool.status.lots_overview()]


def test_s22_who_holds_the_journal_for_long_turns_no_lot_into_an_error(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_WAIT_S", 0.3)
    for number in range(3):
        station.drop(f"LOT{number}.tif", b"%d" % number)
    station.settle()
    reading = _Reading(station, monkeypatch)
    with _held(station.work), reading.running():
        _until(lambda: reading.errors("spool_locked") >= 3)
        before = time.monotonic()
        assert _shown(station) == [OperatorState.RUNNING] * 3  # who looks does not wait
        assert time.monotonic() - before < 2.0
    with reading.running():
        _until(lambda: len(station.spool.outbox.documents_to_send(10)) == 3)
    station.send()
    assert sorted(station.delivered()) == [b"0", b"1", b"2"]
    assert _shown(station) == [OperatorState.DONE] * 3


def test_s22_a_lot_read_while_the_journal_is_held_is_spooled_once_it_is_free(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages are not read a second time."""
    monkeypatch.setattr(journal, "_WAIT_S", 0.1)
    station.drop("LOT1.tif", b"scan")
    station.settle()
    reading = _Reading(station, monkeypatch)
    held = _held(station.work)
    held.__enter__()
    with reading.running():
        _until(lambda: reading.errors("spool_locked") >= 1)
        reading.failures.append(lambda: AssertionError("read again"))
        held.__exit__(None, None, None)
        _until(lambda: station.spool.outbox.documents_to_send(1))
    assert _shown(station) == [OperatorState.DONE]


def test_a_folder_is_looked_at_again_after_the_journal_was_held(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "_WAIT_S", 0.1)
    station.drop("LOT1.tif", b"scan")
    with _held(station.work):
        station.settle()
    assert [told["code"] for told in station.told("spool_locked")] == ["spool_locked"]
    station.drain()
    assert station.delivered() == [b"scan"]


_PASSING: dict[str, Callable[[], BaseException]] = {
    "io": lambda: OSError(errno.EIO, "input/output error"),
    "no-room": lambda: OSError(errno.ENOSPC, "no space left"),
    "no-handles": lambda: OSError(errno.EMFILE, "too many open files"),
    "no-memory": lambda: OSError(errno.ENOMEM, "cannot allocate"),
    "spool-full": SpoolFull,
    "spool-locked": SpoolLocked,
    "spool-failed": SpoolFailed,
    "no-reader": ReaderFailed,
}


@pytest.mark.parametrize("failure", list(_PASSING.values()), ids=list(_PASSING))
def test_s08_what_the_machine_lacks_for_a_while_costs_a_lot_nothing(
    station: Station, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], BaseException]
) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    reading = _Reading(station, monkeypatch)
    reading.failures = [failure] * 3
    with reading.running():
        _until(lambda: station.spool.outbox.documents_to_send(1))
    assert reading.failures == []
    assert _shown(station) == [OperatorState.DONE]


def test_s08_what_is_wrong_with_a_lot_sets_it_aside(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    station.drop("LOT1.tif", b"scan")
    station.settle()
    reading = _Reading(station, monkeypatch)
    reading.failures = [lambda: ValueError("of this lot")]
    with reading.running():
        _until(lambda: _shown(station) == [OperatorState.ERROR])


_KINDS = {
    sqlite3.SQLITE_FULL: SpoolFull,
    sqlite3.SQLITE_BUSY: SpoolLocked,
    sqlite3.SQLITE_LOCKED: SpoolLocked,
    sqlite3.SQLITE_IOERR_WRITE: SpoolFailed,
    sqlite3.SQLITE_IOERR_SHMSIZE: SpoolFailed,
    sqlite3.SQLITE_CANTOPEN: SpoolFailed,
    sqlite3.SQLITE_READONLY: SpoolFailed,
    sqlite3.SQLITE_NOMEM: SpoolFailed,
}


@pytest.mark.parametrize(("code", "ours"), _KINDS.items(), ids=lambda v: getattr(v, "code", v))
def test_s08_what_sqlite_meets_on_the_disk_is_told_as_what_passes(
    station: Station, monkeypatch: pytest.MonkeyPatch, code: int, ours: type[Exception]
) -> None:
    def refuse(_: object) -> None:
        error = sqlite3.OperationalError("told by SQLite")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(station.spool.claims.disk, "commit", refuse)
    with pytest.raises(ours):
        station.spool.status.record_source("scan", "Raison.")
    monkeypatch.undo()
    station.spool.status.record_source("scan", "Raison.")
    assert [source.reason for source in station.spool.status.sources_overview()] == ["Raison."]
