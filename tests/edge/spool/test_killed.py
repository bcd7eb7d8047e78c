"""S4 with a real process: killed with -9 again and again, every lot arrives once."""

import datetime as dt
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge import config
from edge.spool.spool import Spool
from edge.spool.values import LotStatus

_ROOT = Path(__file__).parents[3]
_DEADLINE_S = 30.0
_LAST_STEP = 64
_STRIDE = 7
_STEPS_OF_A_LOT = 15  # at the least


@contextmanager
def _station(root: Path, last_step: int = 0) -> "Iterator[subprocess.Popen[bytes]]":
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.spool_child", str(root), str(last_step)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def _drop(root: Path, number: int) -> bytes:
    content = b"lot %d" % number
    folder = root / "scan" / f"LOT{number}"
    folder.mkdir()
    (folder / "1.tif").write_bytes(content)
    return content


def _lots(root: Path) -> list[LotStatus]:
    limits = config.Spool(min_free_bytes=0)
    spool = Spool.open(root / "work", limits, lambda: dt.datetime.now(dt.UTC), visitor=True)
    try:
        return spool.status.lots_overview()
    finally:
        spool.close()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("first", [1, 4])
def test_s04_killed_in_the_middle_again_and_again_each_lot_arrives_once(
    tmp_path: Path, first: int
) -> None:
    for name in ("scan", "work", "centre"):
        (tmp_path / name).mkdir()
    (tmp_path / "scan" / ".vaguemestre").touch()
    contents: list[bytes] = []
    for last_step in range(first, _LAST_STEP, _STRIDE):
        # New lots each time, enough by themselves to keep it busy until it dies.
        for _ in range(1 + last_step // _STEPS_OF_A_LOT):
            contents.append(_drop(tmp_path, len(contents)))
        with _station(tmp_path, last_step) as station:
            assert station.wait(_DEADLINE_S) == -signal.SIGKILL

    with _station(tmp_path) as station:
        deadline = time.monotonic() + _DEADLINE_S
        while True:
            lots = _lots(tmp_path)
            done = [lot for lot in lots if (lot.documents, lot.acknowledged) == (1, 1)]
            left = [path for path in _files(tmp_path / "scan") if path.suffix == ".tif"]
            is_over = len(done) >= len(contents) and not left
            if is_over or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        station.communicate(timeout=_DEADLINE_S)
        assert station.returncode == 0
    arrived = [path.read_bytes() for path in _files(tmp_path / "centre") if path.name[0] != "."]
    assert sorted(arrived) == sorted(contents)
    assert len(_lots(tmp_path)) == len(done) == len(contents)
    assert not [path for path in _files(tmp_path / "scan") if path.suffix == ".tif"]
    assert not _files(tmp_path / "work" / "claims")
    assert not _files(tmp_path / "work" / "aside")
