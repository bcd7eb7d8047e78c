"""Plots: bars stand on the axis, reach no higher than the top, and hold the figures they show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.web.charts import ChartNote, Series, axis_scale, short_number, stacked_chart

_counts = st.lists(st.integers(0, 1_000_000), min_size=1, max_size=31)


@given(st.integers(0, 10_000_000))
def test_the_top_of_the_axis_holds_the_highest_value_in_few_round_steps(highest: int) -> None:
    top, step = axis_scale(highest)
    assert top >= highest
    assert top % step == 0
    assert top // step <= 6


@given(_counts)
def test_bars_stand_on_one_another_within_the_plot(values: list[int]) -> None:
    other = [value // 2 for value in values]
    line = Series("c", "delivered", other)
    labels = [str(i) for i in range(len(values))]
    made = stacked_chart(
        "t", labels, [Series("a", "good", values), Series("b", "bad", other)], line
    )
    assert all(made.left <= bar.x <= made.width for bar in made.bars)
    assert all(bar.y >= -2.0 and bar.y + bar.height <= made.floor + 0.2 for bar in made.bars)
    assert len(made.line.split()) == len(values)
    assert len(made.columns) == len(values)
    assert made.is_empty == (not any(values))


def test_every_figure_is_told_with_its_label() -> None:
    made = stacked_chart("t", ["lundi"], [Series("reçus", "good", [7])], Series("livrés", "x", [5]))
    assert made.columns[0].text == "lundi : reçus 7, livrés 5"


def test_what_is_said_beside_the_figures_stands_with_them() -> None:
    told = ChartNote("part", ["50 %"], "50 %")
    made = stacked_chart("t", ["lundi"], [Series("reçus", "good", [2])], told=told)
    assert made.columns[0].text == "lundi : reçus 2, part 50 %"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (999, "999"), (1_500, "1,5\u00a0k"), (2_000_000, "2\u00a0M")]
)
def test_large_figures_are_short(value: int, text: str) -> None:
    assert short_number(value) == text


def test_the_last_label_is_always_written() -> None:
    made = stacked_chart(
        "t", [str(i) for i in range(24)], [Series("a", "good", [1] * 24)], mark_every=3
    )
    assert [mark.text for mark in made.marks] == ["2", "5", "8", "11", "14", "17", "20", "23"]
