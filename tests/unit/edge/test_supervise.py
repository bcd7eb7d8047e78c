"""Parts of the agent are kept running."""

import threading

import pytest

from edge import supervise
from edge.errors import SpoolCorrupt
from edge.supervise import Supervisor


def test_a_part_that_crashes_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_FIRST_PAUSE_S", 0.0)
    stop, starts, told = threading.Event(), [], []

    def part(_: threading.Event) -> None:
        starts.append(1)
        if len(starts) < 3:
            raise ValueError("unforeseen")
        stop.set()

    Supervisor({"part": part}, lambda name, error: told.append((name, str(error)))).run(stop)

    assert len(starts) == 3
    assert told == [("part", "unforeseen")] * 2


def test_a_damaged_journal_ends_the_agent_with_its_error() -> None:
    other_stopped = threading.Event()

    def damaged(_: threading.Event) -> None:
        raise SpoolCorrupt("page 3")

    def other(stop: threading.Event) -> None:
        stop.wait()
        other_stopped.set()

    supervisor = Supervisor({"other": other, "journal": damaged}, lambda *_: None)

    with pytest.raises(SpoolCorrupt, match="page 3"):
        supervisor.run(threading.Event())
    assert other_stopped.is_set()


def test_parts_stop_in_the_order_given() -> None:
    order: list[str] = []

    def part(name: str) -> supervise.Part:
        def run(stop: threading.Event) -> None:
            stop.wait()
            order.append(name)

        return run

    stop = threading.Event()
    stop.set()
    Supervisor({name: part(name) for name in ("sources", "reading", "uplink")}, print).run(stop)

    assert order == ["sources", "reading", "uplink"]
