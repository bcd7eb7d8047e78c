"""The error rates of weeks as coordinates of a picture that the page draws itself."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from central.domain.measures import Rate, rate
from central.domain.quality import Week

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 8, 24
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LINES = 4
_MOST_LABELS = 8
_ROOM = 1.25  # above the highest rate; wide bounds of weeks with few values are cut off


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the grid: where it is, and the share or the Monday that it stands for."""

    at: float
    share: float = 0.0
    monday: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Plot:
    """What the page draws; points as SVG writes them."""

    machine: str
    people: str
    band: str
    dots: tuple[tuple[float, float], ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    wanted_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    bottom: int = HEIGHT - _BOTTOM


def plot(weeks: Sequence[Week], wanted: float) -> Plot | None:
    """Lay out the rates of machine and people, and the machine's bounds; None of nothing.

    A week without controls has no point: its neighbours are joined.
    """
    if not weeks:
        return None
    machine = [rate(week.machine_wrong, week.fields) for week in weeks]
    people = [rate(week.person_wrong, week.fields) for week in weeks]
    step = _step(max([wanted, *(one.value for one in machine + people)]) * _ROOM)
    most = step * _LINES
    first, span = weeks[0].monday, max(1, (weeks[-1].monday - weeks[0].monday).days)

    def x(monday: dt.date) -> float:
        room = WIDTH - _LEFT - _RIGHT
        if len(weeks) == 1:
            return _LEFT + room / 2
        return round(_LEFT + room * (monday - first).days / span, 1)

    def y(share: float) -> float:
        room = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + room * (1 - min(share, most) / most), 1)

    def line(rates: Iterable[Rate]) -> list[tuple[float, float]]:
        return [(x(week.monday), y(one.value)) for week, one in zip(weeks, rates, strict=True)]

    high = [(x(week.monday), y(one.high)) for week, one in zip(weeks, machine, strict=True)]
    low = [(x(week.monday), y(one.low)) for week, one in zip(weeks, machine, strict=True)]
    every = 1 + (len(weeks) - 1) // _MOST_LABELS
    return Plot(
        machine=_points(line(machine)),
        people=_points(line(people)),
        band=_points([*high, *reversed(low)]),
        dots=tuple(line(machine)),
        rows=tuple(Mark(y(step * n), share=step * n) for n in range(_LINES + 1)),
        columns=tuple(Mark(x(week.monday), monday=week.monday) for week in weeks[::every]),
        wanted_y=y(wanted),
    )


def _step(most: float) -> float:
    return next((step for step in _STEPS if step * _LINES >= most), _STEPS[-1])


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
