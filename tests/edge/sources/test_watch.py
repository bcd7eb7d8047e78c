"""The real watcher on a real folder: hints come, bursts and deaths cost nothing.

Each test waits for a condition with a deadline; none depends on how fast events come.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from edge import config
from edge.sources.folder.filesystem import FolderWatch
from edge.sources.folder.source import FolderSource, SpoolParts
from edge.spool.spool import Spool

_DEADLINE_S = 20.0
_NEVER_S = 3_600.0  # so rare that only a hint can explain a rescan in time


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@contextmanager
def _running(
    root: Path, mode: Literal["events", "polling"], rescan_every_s: float
) -> Iterator[tuple[FolderSource, Spool]]:
    for name in ("scan", "work"):
        (root / name).mkdir(exist_ok=True)
    (root / "scan" / ".vaguemestre").touch()

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    spool = Spool.open(root / "work", config.Spool(min_free_bytes=0), clock)
    settings = config.Source(
        name="scan",
        folder=root / "scan",
        mode=mode,
        quiet_for_s=0.1,
        rescan_every_s=rescan_every_s,
    )
    source = FolderSource(
        settings,
        SpoolParts(spool.claims, spool.lots, spool.status),
        lambda _: True,
        time.monotonic,
        lambda *_, **__: None,
        fund="17",
    )
    stop = threading.Event()
    thread = threading.Thread(target=source.run, args=(stop,))
    thread.start()
    try:
        yield source, spool
    finally:
        stop.set()
        thread.join(_DEADLINE_S)
        spool.close()
    assert not thread.is_alive()


def _names(spool: Spool) -> set[str]:
    return {lot.lot.name for lot in spool.lots.lots_to_read(1_000)}


@pytest.mark.parametrize("mode", ["events", "polling"])
def test_s10_a_hint_wakes_the_rescan(tmp_path: Path, mode: Literal["events", "polling"]) -> None:
    with _running(tmp_path, mode, _NEVER_S) as (source, spool):
        assert _until(lambda: source._watch._observer is not None)  # type: ignore[attr-defined]
        assert _until((tmp_path / "scan" / "_etat").is_dir)
        (tmp_path / "scan" / "LOT1.tif").write_bytes(b"scan")
        assert _until(lambda: _names(spool) == {"LOT1.tif"})


def test_s10_a_burst_of_lots_is_claimed_each_once(tmp_path: Path) -> None:
    with _running(tmp_path, "events", 0.5) as (_, spool):
        for number in range(60):
            folder = tmp_path / "scan" / f"LOT{number}"
            folder.mkdir()
            for page in range(5):
                (folder / f"{page}.tif.part").write_bytes(b"%d-%d" % (number, page))
                (folder / f"{page}.tif.part").rename(folder / f"{page}.tif")
        files = 60 * 5
        assert _until(lambda: sum(len(x.files) for x in spool.lots.lots_to_read(1_000)) == files)
        digests = [file.sha256 for lot in spool.lots.lots_to_read(1_000) for file in lot.files]
        assert len(set(digests)) == files


def test_s10_a_dead_watcher_is_started_again_and_misses_nothing(tmp_path: Path) -> None:
    with _running(tmp_path, "events", 0.3) as (source, spool):
        watch = source._watch
        assert isinstance(watch, FolderWatch)
        assert _until(lambda: watch._observer is not None)
        first = watch._observer
        assert first is not None
        first.stop()
        (tmp_path / "scan" / "LOT1.tif").write_bytes(b"scan")
        assert _until(lambda: _names(spool) == {"LOT1.tif"})
        assert _until(lambda: watch._observer is not first and watch._observer is not None)


def test_s10_a_folder_that_is_mounted_later_is_watched_then(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path / "scan", "events", 0.1)
    assert watch.keep_alive() != ""
    (tmp_path / "scan").mkdir()
    assert watch.keep_alive() == ""
    stop = threading.Event()
    assert watch.wait(_DEADLINE_S, stop), "what came before the watch gave no event: look"
    (tmp_path / "scan" / "LOT1.tif").write_bytes(b"scan")
    assert watch.wait(_DEADLINE_S, stop)
    (tmp_path / "scan").rename(tmp_path / "unmounted")
    (tmp_path / "scan").mkdir()
    before = watch._observer
    assert watch.keep_alive() == ""
    assert watch._observer is not before
    watch.close()


def test_s10_our_own_status_files_and_reading_give_no_hint(tmp_path: Path) -> None:
    (tmp_path / "_etat").mkdir()
    (tmp_path / "LOT1.tif").write_bytes(b"scan")
    watch = FolderWatch(tmp_path, "events", 0.1)
    stop = threading.Event()
    watch.keep_alive()
    while watch.wait(0.2, stop):
        pass
    (tmp_path / "_etat" / "LOT1 - EN COURS.txt").write_text("x")
    (tmp_path / "LOT1.tif").read_bytes()
    assert not watch.wait(0.5, stop)
    (tmp_path / "LOT2.tif").write_bytes(b"scan")
    assert watch.wait(_DEADLINE_S, stop)
    watch.close()


def test_s10_a_stop_ends_the_wait(tmp_path: Path) -> None:
    watch = FolderWatch(tmp_path, "events", 0.1)
    stop = threading.Event()
    stop.set()
    assert not watch.wait(_NEVER_S, stop)
