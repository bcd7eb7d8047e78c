"""What stands still is told in the log, the metrics, the journal, on the page and in ``status``."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from edge import agent
from edge.cli.status import screen
from edge.spool.values import StalledPart
from edge.supervise import Pulses
from edge.telemetry import Telemetry
from edge.web import status
from edge.web import views as web_views
from edge.web.status import StationStatus, read_status
from tests.support.page import settings
from tests.support.station import Station


class Steps(threading.Event):
    """A stop that comes once every step was done, one before each look."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        super().__init__()
        self._steps = iter(steps)

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        step = next(self._steps, None)
        if step is not None:
            step()
        return step is None


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path)


def _stalled(events: Telemetry, part: str) -> float | None:
    return events.registry.get_sample_value("vaguemestre_edge_part_stalled", {"part": part})


def test_a_part_that_stands_still_is_told_once_and_so_is_that_it_goes_on(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, events = [0.0], Telemetry()
    pulses = Pulses(lambda: seconds[0])
    events.watch_parts(["reading", "uplink"], pulses.age_s)
    pulses.of("reading")("lit", 100.0)
    seen: list[tuple[float | None, list[str]]] = []

    def later(at: float) -> Callable[[], None]:
        def step() -> None:
            stalled = [one.part for one in station.spool.status.agent_status().stalled]
            seen.append((_stalled(events, "reading"), stalled))
            seconds[0] = at

        return step

    def goes_on() -> None:
        later(500.0)()
        pulses.of("reading")("lit", 100.0)

    stop = Steps(later(101.0), later(102.0), later(103.0), goes_on, later(501.0))
    agent._watch_over(pulses, station.spool.status, events, stop)

    assert seen == [(0, []), (1, ["reading"]), (1, ["reading"]), (1, ["reading"]), (0, [])]
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [one["event"] for one in told] == ["stalled", "goes_on"]
    assert (told[0]["code"], told[0]["part"]) == ("part_stalled", "reading")


def test_what_an_agent_said_that_ended_meanwhile_is_forgotten(station: Station) -> None:
    pulses, events = Pulses(), Telemetry()
    station.spool.status.record_stalled([_one(station, "reading")])
    agent._watch_over(pulses, station.spool.status, events, Steps(lambda: None))
    assert station.spool.status.agent_status().stalled == ()


def _one(station: Station, part: str) -> StalledPart:
    return StalledPart(part, "lit", station.clock())


def _situation(station: Station, *parts: str) -> StationStatus:
    now = read_status(settings(station), station.spool, station.clock())
    stalled = tuple(_one(station, part) for part in parts)
    return replace(now, standing=replace(now.standing, stalled=stalled))


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("source scan", "Dossier scan"),
        ("reading", "La lecture"),
        ("uplink", "L'envoi au centre"),
        ("page", "Cette page"),
        ("standing", "Le suivi de la station"),
        ("housekeeping", "Le ménage du disque"),
        ("watchdog", "La surveillance"),
    ],
)
def test_the_page_and_the_terminal_name_what_stands_still_and_what_to_do(
    station: Station, part: str, name: str
) -> None:
    now = _situation(station, part)
    told, what = status.stalled(now.standing.stalled[0], now.now)
    assert told == name
    assert "n'avance plus depuis" in what
    assert "edémarre" in what

    assert f"{name} : " in str(web_views.overview_page(now)).replace("&#x27;", "'").replace(
        "&#39;", "'"
    )
    console = Console(width=200, height=60)
    with console.capture() as shown:
        console.print(screen(now, 200, 60))
    assert f"{name} : n'avance plus" in shown.get()
