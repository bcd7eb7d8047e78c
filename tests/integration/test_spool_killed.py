"""S4 with a real process: killed with -9 again and again, every lot arrives once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_DEADLINE_S = 60.0


def _start(root: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.spool_child", str(root)],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def _delivered(root: Path) -> list[bytes]:
    return sorted(p.read_bytes() for p in (root / "centre").iterdir() if p.name[0] != ".")


@pytest.mark.parametrize("first", [3, 40])
def test_s04_killed_in_the_middle_again_and_again_each_lot_arrives_once(
    tmp_path: Path, first: int
) -> None:
    for name in ("scan", "work", "centre"):
        (tmp_path / name).mkdir()
    (tmp_path / "scan" / ".vaguemestre").touch()
    contents = sorted(b"lot %d" % number for number in range(12))
    for number, content in enumerate(contents):
        folder = tmp_path / "scan" / f"LOT{number}"
        folder.mkdir()
        (folder / "1.tif").write_bytes(content)
    for steps in range(first, first + 75, 15):
        child = _start(tmp_path)
        assert child.stdout is not None
        assert len(child.stdout.read(steps)) == steps, "the station ended by itself"
        child.send_signal(signal.SIGKILL)
        child.communicate()
    child = _start(tmp_path)
    assert child.stdout is not None
    os.set_blocking(child.stdout.fileno(), False)
    deadline = time.monotonic() + _DEADLINE_S
    while _delivered(tmp_path) != contents and time.monotonic() < deadline:
        child.stdout.read()  # else the pipe fills up and stops it
        time.sleep(0.02)
    os.set_blocking(child.stdout.fileno(), True)
    child.communicate(timeout=_DEADLINE_S)
    assert child.returncode == 0
    assert _delivered(tmp_path) == contents
    assert not list((tmp_path / "scan").rglob("*.tif"))
    assert not list((tmp_path / "work" / "aside").iterdir())
