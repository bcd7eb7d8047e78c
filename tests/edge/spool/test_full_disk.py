"""S20: a disk without a byte left, on a real file system of 24 MB in a namespace of our own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[3]
_ALONE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
_MOUNT = 'mount -t tmpfs -o size=24m none "$1" && shift && exec "$@"'
_MEGABYTE = 1 << 20


def _may_mount(folder: Path) -> bool:
    command = [*_ALONE, _MOUNT, "sh", str(folder), "true"]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def _go_through(tmp_path: Path, *how: str) -> dict[str, Any]:
    if not _may_mount(tmp_path):
        pytest.skip("no file system may be mounted here; tests/edge/spool/test_ballast.py plays it")
    child = (sys.executable, "-m", "tests.support.full_disk", str(tmp_path), *how)
    done = subprocess.run(
        [*_ALONE, _MOUNT, "sh", str(tmp_path), *child],
        cwd=_ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_s20_on_a_full_disk_a_station_starts_reads_sends_lets_go_and_resumes(
    tmp_path: Path,
) -> None:
    seen = _go_through(tmp_path)
    assert seen["free"] == 0
    assert seen["sent"] == 3
    assert seen["held"] == 0  # all that the centre has, long before its keep time
    assert seen["failures"] == []
    assert seen["delivered"] == ["c", "d", "r", "w"]
    assert set(seen["states"]) <= {"TERMINÉ"}
    at_first, _, at_last = seen["ballast"]
    assert at_first == at_last == 4 * _MEGABYTE


def test_s20_even_while_somebody_takes_each_byte_that_is_given_up(tmp_path: Path) -> None:
    seen = _go_through(tmp_path, "greedy")
    assert seen["free"] == 0
    assert seen["sent"] == 3
    assert seen["held"] == 0
    assert set(seen["failures"]) <= {"spool_full", "spool_failed"}
    assert seen["delivered"] == ["c", "d", "r", "w"]
    assert set(seen["states"]) <= {"TERMINÉ"}
    assert seen["ballast"][2] == 4 * _MEGABYTE
