"""Parts of the agent are kept running."""

import threading

import pytest

from edge import supervise
from edge.errors import SpoolCorrupt
from edge.supervise import Pulses, Still, Supervisor


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


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_part_that_does_not_go_on_for_longer_than_it_said_stands_still() -> None:
    clock = Clock()
    pulses = Pulses(clock)
    pulses.of("source scan")("consulte le dossier", 60.0)
    pulses.of("reading")("lit", 300.0)
    clock.now = 61.0

    assert pulses.still() == (Still("source scan", "consulte le dossier", 61.0),)
    assert pulses.age_s("reading") == 61.0

    pulses.of("source scan")("attend")
    assert pulses.still() == ()


def test_a_part_that_has_not_begun_stands_not_still() -> None:
    pulses = Pulses(Clock())
    assert (pulses.still(), pulses.age_s("page")) == ((), 0.0)


def test_a_part_that_ends_again_and_again_stands_still_until_it_has_run_for_a_while() -> None:
    clock = Clock()
    pulses = Pulses(clock)
    for at in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0):
        clock.now = at
        pulses.crashed("uplink")
        pulses.of("uplink")("appelle le centre")
    assert [(one.part, one.doing) for one in pulses.still()] == [("uplink", "s'arrête sans cesse")]

    clock.now = 31.0 + 181.0
    pulses.of("uplink")("échange avec le centre")
    assert pulses.still() == ()


def test_two_crashes_in_an_hour_are_no_row_of_them() -> None:
    clock = Clock()
    pulses = Pulses(clock)
    for at in (0.0, 3_600.0):
        clock.now = at
        pulses.crashed("uplink")
    pulses.of("uplink")("échange avec le centre")
    assert pulses.still() == ()


def test_a_part_that_hangs_holds_up_neither_the_stop_nor_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervise, "_END_WITHIN_S", 0.05)
    for_ever, ended = threading.Event(), threading.Event()

    def hung(_: threading.Event) -> None:
        for_ever.wait()  # as a call on a share that died

    def other(stop: threading.Event) -> None:
        stop.wait()
        ended.set()

    stop = threading.Event()
    stop.set()
    supervisor = Supervisor({"source scan": hung, "uplink": other}, lambda *_: None)
    supervisor.run(stop)

    assert ended.is_set()
    assert supervisor.left_behind == ("source scan",)
    for_ever.set()
