"""A station that crashes writes no image of its memory: it holds people's pages."""

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PLAYED = """
import ctypes, resource, sys
from edge.cli import main as program, read, station

def seen(*_, **__):
    print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    sys.exit(0)

station.load = lambda path: None
station.agent.run = read.read = seen
resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)
program.main(sys.argv[1:])
"""


@pytest.mark.parametrize("command", [("run", "--config", "x"), ("read", "/")], ids=["run", "read"])
def test_s29_a_station_and_a_reading_leave_no_core(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PLAYED, *command],
        cwd=_ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "(0, 0) 0\n"
