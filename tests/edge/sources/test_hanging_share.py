"""A share that died, at a real station: told where people look, and nothing else is held up."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.support import pictures
from tests.support.certificates import Authority
from tests.support.markdown import ROOT
from tests.support.prometheus import free_port
from tests.support.waiting import comes_true

_READY_WITHIN_S = 120.0
_DEADLINE_S = 60.0
_STOP_WITHIN_S = 60.0


class Running:
    """The station's process, its page and its metrics."""

    def __init__(self, root: Path, process: "subprocess.Popen[str]", metrics: str) -> None:
        self.root, self.process, self._metrics = root, process, metrics
        self.page = ""

    def wait_until_ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("page : "):
                self.page = line.removeprefix("page : ").strip()
            if line.startswith("prêt :"):
                return
        raise AssertionError((self.root / "log").read_text("utf-8")[-2_000:])

    def metric(self, name: str) -> float:
        text = httpx.get(f"http://{self._metrics}/metrics", timeout=10).text
        found = [line for line in text.splitlines() if line.startswith(name + " ")]
        return float(found[0].rpartition(" ")[2]) if found else -1.0


@pytest.fixture
def station(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    for name in ("dead", "alive", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "alive" / ".vaguemestre").touch()
    os.mkfifo(tmp_path / "fifo")
    pair = (authority := Authority(tmp_path / "certificats")).station("gien")
    metrics = f"127.0.0.1:{free_port()}"
    (tmp_path / "station.toml").write_text(
        f"""
station = {{ site = "gien", name = "poste-1", fund = "45", work_dir = "{tmp_path / "work"}" }}
spool = {{ min_free_bytes = 0 }}
reading = {{ workers = 1, cache_dir = "{tmp_path_factory.getbasetemp() / "cache"}" }}
metrics = {{ listen = "{metrics}" }}
page = {{ listen = "127.0.0.1:0" }}
uplink = {{ centres = ["127.0.0.1:1"], ca_file = "{authority.file}",
  certificate_file = "{pair.certificate}", key_file = "{pair.key}" }}
[[sources]]
name = "mort"
folder = "{tmp_path / "dead"}"
[[sources]]
name = "vivant"
folder = "{tmp_path / "alive"}"
quiet_for_s = 1.0
rescan_every_s = 1.0
""".replace(",\n ", ","),
        "utf-8",
    )
    arguments = [str(tmp_path / name) for name in ("station.toml", "dead", "fifo")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.hanging_station", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        running = Running(tmp_path, process, metrics)
        running.wait_until_ready()
        yield running
    finally:
        process.kill()
        process.communicate()


def test_a_dead_share_is_told_holds_no_other_part_up_and_lets_the_station_stop(
    station: Running,
) -> None:
    page = pictures.encoded(np.full((600, 400), 255, np.uint8), "PNG")
    (station.root / "alive" / "LOT1.png").write_bytes(page)
    status = station.root / "alive" / "_etat" / "LOT1 - TERMINÉ.txt"

    stalled = 'vaguemestre_edge_part_stalled{part="source mort"}'
    assert comes_true(lambda: station.metric(stalled) == 1, passing=httpx.HTTPError)
    assert comes_true(status.exists), "reading and the other folder go on"
    for part in ("source vivant", "reading", "uplink", "page", "standing", "housekeeping"):
        assert station.metric(f'vaguemestre_edge_part_stalled{{part="{part}"}}') == 0
    shown = httpx.get(station.page, timeout=10).text
    assert "Dossier mort" in shown
    assert "Rétablissez le partage réseau" in shown
    told = _status(station)
    assert "Dossier mort : n'avance plus depuis" in told

    station.process.send_signal(signal.SIGTERM)
    assert station.process.wait(_STOP_WITHIN_S) == 0
    assert '"left_behind"' in (station.root / "log").read_text("utf-8")
    with contextlib.closing(sqlite3.connect(station.root / "work" / "journal.sqlite3")) as journal:
        assert journal.execute("PRAGMA quick_check").fetchone() == ("ok",)
        assert journal.execute("SELECT count(*) FROM documents").fetchone() == (1,)


def _status(station: Running) -> str:
    answer = subprocess.run(
        [sys.executable, "-m", "edge", "status", "--config", station.root / "station.toml"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'proto'}", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
        timeout=_DEADLINE_S,
    )
    return answer.stdout
