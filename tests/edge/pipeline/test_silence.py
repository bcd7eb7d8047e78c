"""Reading tells nobody that it took place."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOAD = """
from edge.inference.general_reader import CAREFUL_DETECTOR, read_model
from edge.inference.session import Session
Session(read_model(CAREFUL_DETECTOR), 1)
"""


def test_the_networks_leave_no_report_of_their_use(tmp_path: Path) -> None:
    """The networks' engine keeps one for its maker in the user's cache unless it is told not to."""
    environment = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        environment.pop(name, None)
    subprocess.run([sys.executable, "-c", LOAD], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
