"""Plots as values: where each bar, line and label lies; templates/plots.html draws them as SVG.

Drawn in the page itself, so that they need no script, no image request and no inline style; the
same figures go with each plot as a table, for who cannot see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 6.0, 8.0, 20.0
_GAP = 0.22
_LEAST_SEEN = 0.75
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one kind; ``css`` names its colour in operations.css."""

    name: str
    css: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Bar:
    """One piece of a stacked bar."""

    x: float
    y: float
    width: float
    height: float
    css: str


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """A text at a place of an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """The whole height above one label, for the pointer, with all its figures."""

    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartNote:
    """Something said of each label and of the whole that is not drawn, such as a rate."""

    name: str
    values: Sequence[str]
    whole: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """A plot ready to be drawn, and its figures."""

    title: str
    width: float
    height: float
    bars: tuple[Bar, ...]
    line: str  # points of the line; empty: none
    line_css: str
    ticks: tuple[AxisLabel, ...]
    marks: tuple[AxisLabel, ...]
    columns: tuple[Column, ...]
    series: tuple[Series, ...]
    labels: tuple[str, ...]
    told: ChartNote | None = None

    @property
    def left(self) -> float:
        """Where the plot's own area begins."""
        return _LEFT

    @property
    def floor(self) -> float:
        """Where the bars stand."""
        return self.height - _BOTTOM

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to see."""
        return not any(any(one.values) for one in self.series)


def stacked_chart(
    title: str,
    labels: Sequence[str],
    stacks: Sequence[Series],
    line: Series | None = None,
    *,
    told: ChartNote | None = None,
    size: tuple[float, float] = (640.0, 170.0),
    mark_every: int = 1,
) -> BarChart:
    """Bars of several pieces, one a label, and a line over them.

    Args:
        title: What is shown.
        labels: Under each bar; all series have as many values.
        stacks: The pieces, the lowest first.
        line: Drawn over the bars on the same scale.
        told: Said beside the figures.
        size: Width and height in the units of the drawing.
        mark_every: Labels that are written; all of them are in the table.
    """
    width, height = size
    highest = max((sum(one.values[i] for one in stacks) for i in range(len(labels))), default=0)
    if line is not None:
        highest = max(highest, *line.values, 0)
    top, tick = axis_scale(highest)
    floor, tall = height - _BOTTOM, height - _BOTTOM - _TOP
    slot = (width - _LEFT - _RIGHT) / max(1, len(labels))
    bars = [
        bar
        for i in range(len(labels))
        for bar in _stack(stacks, i, _LEFT + slot * i, slot, (floor, tall / top))
    ]
    middle = [_LEFT + slot * (i + 0.5) for i in range(len(labels))]
    points = (
        ""
        if line is None
        else " ".join(
            f"{x:.1f},{floor - value * tall / top:.1f}"
            for x, value in zip(middle, line.values, strict=True)
        )
    )
    everything = (*stacks, line) if line is not None else tuple(stacks)
    return BarChart(
        title=title,
        width=width,
        height=height,
        bars=tuple(bars),
        line=points,
        line_css=line.css if line is not None else "",
        ticks=tuple(
            AxisLabel(floor - value * tall / top, short_number(value))
            for value in range(0, top + 1, tick)
        ),
        marks=tuple(
            AxisLabel(x, label)
            for i, (x, label) in enumerate(zip(middle, labels, strict=True))
            if (len(labels) - 1 - i) % mark_every == 0
        ),
        columns=tuple(
            Column(_LEFT + slot * i, slot, _figures(label, everything, i, told))
            for i, label in enumerate(labels)
        ),
        series=everything,
        labels=tuple(labels),
        told=told,
    )


def axis_scale(highest: int) -> tuple[int, int]:
    """A round top of the axis that holds the highest value, and the step of its ticks."""
    rough = max(1.0, highest / _TICKS)
    power = 10 ** math.floor(math.log10(rough))
    step = next(int(power * m) for m in (1, 2, 5, 10) if power * m >= rough - 1e-9)
    step = max(1, step)
    return max(step, math.ceil(highest / step) * step), step


def short_number(value: int) -> str:
    """``1,5 k`` for 1500; as it is below a thousand."""
    if value < 1_000:
        return str(value)
    unit, size = ("k", 1_000) if value < 1_000_000 else ("M", 1_000_000)
    return f"{value / size:.1f}".rstrip("0").rstrip(".").replace(".", ",") + f"\u00a0{unit}"


def _stack(
    stacks: Sequence[Series], i: int, x: float, slot: float, scaled: tuple[float, float]
) -> list[Bar]:
    """The pieces of one bar; ``scaled``: where it stands, and the height of one."""
    below, unit = scaled
    left, wide = round(x + slot * _GAP / 2, 1), round(slot * (1 - _GAP), 1)
    bars = []
    for one in stacks:
        if one.values[i]:
            tall = max(_LEAST_SEEN, one.values[i] * unit)
            below -= tall
            bars.append(Bar(left, round(below, 1), wide, round(tall, 1), one.css))
    return bars


def _figures(label: str, series: Sequence[Series], i: int, told: ChartNote | None) -> str:
    figures = [f"{one.name} {one.values[i]}" for one in series]
    if told is not None:
        figures.append(f"{told.name} {told.values[i]}")
    return f"{label} : {', '.join(figures)}"
