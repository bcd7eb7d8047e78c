"""The main job with real processes: three lots in, each document once at its pôle.

In the middle the station is killed with -9, and so is the centre with its database. Then the
pôles give documents back, by folder and by HTTP, and a dead letter is replayed. One run for all
tests of this file: recognition takes its time.
"""

import contextlib
import datetime as dt
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from central.returns.views import sign_return
from models.training.drawing.lots import TrueLot
from tests.support import small_lots
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.prometheus import free_port
from tests.support.site import Destination, Site, destinations_of_plan
from tests.tools import verdict
from vaguemestre.pack import default_dir

_DEADLINE_S = 300.0
_FOLDER, _HTTP = "FRAIS_DE_SANTE", "MEDECIN_TRAITANT"


class Line:
    """A site, its pôles, and what was dropped."""

    def __init__(self, root: Path, pole: HttpApplication, cache: Path) -> None:
        self.pole, self.root = pole, root
        (root / "secret").write_bytes(SECRET)
        (root / "secret").chmod(0o600)
        folders = [Destination(name, root / "poles" / name) for name in destinations_of_plan()]
        http = Destination(_HTTP, url=pole.url, secret_file=root / "secret")
        self.metrics = f"127.0.0.1:{free_port()}"
        self.site = Site(
            root,
            cache,
            [*folders, http],
            # So rare that only LISTEN/NOTIFY can explain a delivery in time.
            centre={
                "dispatch": {"poll_every_s": 3_600.0, "returns_every_s": 1.0},
                "metrics": {"console_listen": self.metrics},
            },
            station={"reading": {"cache_dir": cache, "pack_dir": _pack(root / "pack")}},
        )
        self.truth: tuple[TrueLot, ...] = small_lots.draw(root / "lots")

    def drop(self, number: int) -> None:
        lot = self.truth[number]
        small_lots.copy(self.root / "lots" / lot.name, self.site.scan / lot.name)

    def board(self) -> dict[str, Any]:
        return self.site.ask("/api/board")

    def documents(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.site.ask("/api/documents?limit=500")["documents"]
        return found

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if condition():
                    return
            time.sleep(0.1)
        logs = (self.root / "station.log", self.root / "centre.log")
        pytest.fail("\n".join(log.read_text("utf-8")[-2_000:] for log in logs))

    def is_settled(self) -> bool:
        return verdict.is_settled(self.truth, self.board()["lots"], self.documents())

    def folders(self) -> list[Path]:
        """What lies in the pôles' folders."""
        return [p for p in (self.root / "poles").glob("*/*") if not p.name.startswith(".")]

    def command(self, module: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        program = [sys.executable, "-m", module, *arguments]
        return subprocess.run(program, capture_output=True, text=True, check=False, timeout=300)


def _pack(folder: Path) -> Path:
    """The pack with médecins traitants sent to an HTTP pôle of their own."""
    for part in ("forms", "onnx"):
        shutil.copytree(default_dir() / part, folder / part)
    plan = (default_dir() / "plan.toml").read_text("utf-8")
    before, name, after = plan.partition("[types.S3704]")
    told = after.replace(f'destination = "{_FOLDER}"', f'destination = "{_HTTP}"', 1)
    (folder / "plan.toml").write_text(before + name + told, "utf-8")
    return folder


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """Everything delivered, after both processes were killed in the middle."""
    pole = HttpApplication()
    running = Line(tmp_path_factory.mktemp("e2e"), pole, tmp_path_factory.mktemp("cache"))
    site = running.site
    try:
        site.start_centre()
        site.start_station()
        running.drop(0)
        running.until(lambda: len(running.documents()) > 0)
        assert site.centre is not None
        site.centre.kill()
        running.drop(1)
        running.until(lambda: any((site.work / "blobs").rglob("*")))
        time.sleep(1.0)  # anywhere in the middle of reading
        assert site.station is not None
        site.station.kill()
        site.start_centre()
        running.drop(2)
        site.start_station()
        running.until(running.is_settled)
        yield running
    finally:
        site.stop()
        pole.close()


def test_every_page_is_accounted_for_and_every_type_right(line: Line) -> None:
    found = verdict.check(line.truth, line.board()["lots"], line.documents(), line.root / "poles")
    # The HTTP pôle's packages are not in a folder: looked at below.
    assert [p for p in found.problems if "remis 0 fois" not in p and "deux tiers" not in p] == []
    assert found.documents == sum(len(lot.documents) for lot in line.truth)
    assert found.straight > 0


def test_each_document_arrives_once_at_its_pole(line: Line) -> None:
    straight = {
        f"{one['id']}-{one['destination']}-1"
        for one in line.documents()
        if one["route"] == "straight" and one["state"] != "to_name"
    }
    folders = [path.name for path in line.folders()]
    assert len(folders) == len(set(folders))
    received = line.pole.holds()
    assert line.pole.arrivals() == len(received)
    assert straight == {*folders, *received}
    assert any(key.endswith(f"{_FOLDER}-1") for key in straight)
    assert any(key.endswith(f"{_HTTP}-1") for key in straight)


def test_a_package_holds_the_scanners_bytes_and_the_values(line: Line) -> None:
    for package in line.folders():
        kinds = sorted(file.suffix for file in package.iterdir())
        assert kinds == [".json", ".pdf", ".xml"]
        told = json.loads(next(package.glob("*.json")).read_text("utf-8"))
        assert told["type"] == "S3110"
        assert next(field for field in told["fields"] if field["name"] == "nir")["accepted"]


def test_nothing_that_was_dropped_is_left_in_the_scanners_folder(line: Line) -> None:
    def left() -> set[str]:
        names = {path.name for path in line.site.scan.rglob("*") if path.is_file()}
        return {name for name in names if not name.endswith(".txt")}

    line.until(lambda: left() == {".vaguemestre"})
    states = {path.stem.partition(" - ")[2] for path in (line.site.scan / "_etat").iterdir()}
    assert states == {"TERMINÉ"}


def test_the_commands_agree_with_the_page(line: Line) -> None:
    centre, station = str(line.site.centre_file), str(line.site.station_file)
    lots = line.command("central", "lots", "--config", centre)
    assert lots.returncode == 0, lots.stdout + lots.stderr
    assert line.command("central", "deliveries", "--config", centre).returncode == 0
    status = line.command("edge", "status", "--json", "--config", station)
    told = json.loads(status.stdout)
    assert told["backlog"]["documents"] == 0
    assert {lot["shown"] for lot in told["lots"]} == {"TERMINÉ"}
    doctor = line.command("edge", "doctor", "--config", station)
    assert doctor.returncode == 0, doctor.stdout
    metrics = httpx.get(f"http://{line.metrics}/metrics").text
    assert 'vaguemestre_central_delivery_attempts_total{destination="FRAIS_DE_SANTE"' in metrics


def test_a_pole_gives_a_document_back_through_its_folder(line: Line) -> None:
    package = line.folders()[0]
    document_id = package.name[:36]
    (package / "retour.json").write_text('{"cause": "wrong_pole"}', "utf-8")
    returns = line.site.returns / _FOLDER
    returns.mkdir(parents=True, exist_ok=True)
    package.rename(returns / package.name)
    line.until(lambda: _state(line, document_id) == "to_name")
    assert (returns / "traites" / package.name).is_dir()
    causes = {(one["destination"], one["cause"]): one["count"] for one in line.board()["returns"]}
    assert causes[(_FOLDER, "wrong_pole")] == 1


def test_a_pole_gives_a_document_back_by_http(line: Line) -> None:
    key = next(iter(line.pole.holds()))
    body = json.dumps({"document_id": key[:36], "cause": "unreadable"}).encode()
    at = dt.datetime.now(dt.UTC).isoformat()
    headers = {
        "X-Vaguemestre-Destination": _HTTP,
        "X-Vaguemestre-Time": at,
        "X-Vaguemestre-Signature": sign_return(SECRET, at, _HTTP, body),
    }
    url = f"{line.site.address}v1/returns"
    assert httpx.post(url, content=body, headers=headers).json() == {
        "returned": True,
        "already": False,
    }
    assert _state(line, key[:36]) == "to_name"
    assert httpx.post(url, content=body, headers=headers).json()["already"] is True
    forged = {**headers, "X-Vaguemestre-Signature": "0" * 64}
    assert httpx.post(url, content=body, headers=forged).status_code == 401


def test_a_dead_letter_is_seen_and_replayed(line: Line) -> None:
    line.pole.answers += [(422, {}, b"refused")]
    name = small_lots.draw_one(line.root / "lots")
    small_lots.copy(line.root / "lots" / name, line.site.scan / name)
    line.until(lambda: bool(line.board()["dead"]))
    (dead,) = line.board()["dead"]
    centre = str(line.site.centre_file)
    listed = line.command("central", "deliveries", "--config", centre)
    assert dead["document_id"][:8] in listed.stdout
    replayed = line.command("central", "replay", dead["document_id"], "--config", centre)
    assert replayed.returncode == 0, replayed.stderr
    line.until(lambda: _state(line, dead["document_id"]) == "delivered")
    assert [key[:36] for key in line.pole.holds()].count(dead["document_id"]) == 1


def _state(line: Line, document_id: str) -> str:
    return next(str(one["state"]) for one in line.documents() if one["id"] == document_id)
