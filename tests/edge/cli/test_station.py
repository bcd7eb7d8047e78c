"""``vaguemestre-edge rescan`` and ``status --watch``, beside the agent that owns the spool."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from edge.cli.main import main
from edge.cli.status import screen
from edge.imaging import separators
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.results import SeparatorKind
from edge.web.status import read_status
from tests.support import page as page_of
from tests.support.page import RESCANS, WHY, busy_station
from tests.support.station import Station


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return busy_station(tmp_path)


@pytest.fixture
def settings(station: Station) -> str:
    path = station.root / "station.toml"
    path.write_text(
        f'[station]\nsite = "la-rochelle"\nname = "poste-1"\nfund = "17"\n'
        f'work_dir = "{station.work}"\n'
        f'[[sources]]\nname = "scan"\nfolder = "{station.folder}"\n'
        '[uplink]\ncentres = ["127.0.0.1:1"]\nca_file = "/none"\ncertificate_file = "/none"\n'
        'key_file = "/none"\n',
        "utf-8",
    )
    return str(path)


class _Clock:
    """``time`` with a ``sleep`` of the test's."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self.sleep = sleep


@pytest.mark.parametrize("code", ["3FA9C21B", "rescan-3fa9c21b", RESCANS[0]])
def test_a_request_is_shown_by_its_code(
    settings: str, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rescan", code, "--config", settings]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert WHY in told
    assert "À numériser" in told
    assert "document n° 12 du lot, Feuille de soins - médecin, page 2 sur 3" in told


def test_status_tells_which_sheet_and_a_program_gets_no_picture(
    settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--config", settings]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "document n° 12 du lot, Feuille de soins - médecin, page 2 sur 3" in told
    assert main(["status", "--json", "--config", settings]) == 0
    asked = json.loads(capsys.readouterr().out)["rescans"]
    assert {"number": 12, "type_title": "Feuille de soins - médecin", "page": 2, "pages": 3} in [
        one["sheet"] for one in asked
    ]


def test_its_sheet_is_written(settings: str, tmp_path: Path) -> None:
    output = tmp_path / "feuille.pdf"
    assert main(["rescan", "3FA9C21B", "--output", str(output), "--config", settings]) == 0
    with open_source(output.read_bytes(), Limits()) as source:
        found = separators.find_separator(source.page(0).gray, 200.0, [])
    assert found is not None
    assert found.separator.kind is SeparatorKind.HEADER
    assert found.separator.header is not None
    assert found.separator.header.rescan_id == RESCANS[0]


def test_a_sheet_that_cannot_be_written_ends_with_1(
    settings: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = str(tmp_path / "absent" / "feuille.pdf")
    assert main(["rescan", "3FA9C21B", "--output", output, "--config", settings]) == 1
    assert "n'a pas pu être écrit" in capsys.readouterr().err


def test_it_is_impossible_once_and_for_a_reason(settings: str, station: Station) -> None:
    command = ["rescan", "3FA9C21B", "--config", settings, "--impossible"]
    assert main([*command, " "]) == 2
    assert main([*command, "Détruit."]) == 0
    assert station.spool.rescans.impossible_requests() == [(RESCANS[0], "Détruit.")]
    assert main([*command, "Encore."]) == 1


def test_an_unknown_code_ends_with_1(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rescan", "00000000", "--config", settings]) == 1
    assert "Aucune demande ouverte" in capsys.readouterr().out


def test_watching_needs_a_terminal(settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--watch", "--config", settings]) == 2
    assert "--watch" in capsys.readouterr().err


def test_an_interrupted_watch_ends_with_0(settings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[float] = []

    def interrupted(seconds: float) -> None:
        shown.append(seconds)
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.cli.status.time", _Clock(interrupted))
    monkeypatch.setattr(
        "edge.cli.main.Console", lambda **_: Console(file=io.StringIO(), force_terminal=True)
    )
    assert main(["status", "--watch", "--config", settings]) == 0
    assert shown


@pytest.mark.parametrize(("width", "height"), [(80, 24), (110, 30), (140, 40), (200, 60)])
def test_what_an_operator_must_act_on_fits_any_terminal(
    station: Station, width: int, height: int
) -> None:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=False)
    now = read_status(page_of.settings(station), station.spool, station.clock())
    console.print(screen(now, width, height))
    lines = out.getvalue().rstrip("\n").split("\n")
    assert len(lines) <= height
    assert max(len(line) for line in lines) <= width
    for told in ("Centre", "93 pages/min", "DMT-0037", "37 sur 50", "3FA9C21B", "815C02DE"):
        assert any(told in line for line in lines), told
    assert "Ctrl-C" in lines[-1]
