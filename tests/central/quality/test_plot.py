"""Where the points of the quality page's plot lie, and readings that look alike."""

import datetime as dt

import pytest

from central.keying import rules as keying_rules
from central.quality.rules import Week
from central.quality.views import HEIGHT, WIDTH, rate_chart

_MONDAY = dt.date(2026, 11, 2)


def _weeks(*counts: tuple[int, int, int]) -> list[Week]:
    return [
        Week(_MONDAY + dt.timedelta(weeks=number), *count) for number, count in enumerate(counts)
    ]


def test_nothing_is_drawn_of_no_controls() -> None:
    assert rate_chart([], 0.001) is None


def test_every_point_lies_inside_the_picture() -> None:
    found = rate_chart(_weeks((100, 0, 1), (3, 3, 0), (10, 1, 2)), 0.001)
    assert found is not None
    for points in (found.machine, found.people, found.band):
        for point in points.split():
            x, y = map(float, point.split(","))
            assert found.left <= x <= WIDTH
            assert 0 <= y <= found.bottom < HEIGHT


def test_a_week_of_the_wanted_rate_lies_on_its_line() -> None:
    found = rate_chart(_weeks((1_000, 1, 0), (1_000, 1, 0)), 0.001)
    assert found is not None
    assert [y for _, y in found.dots] == [found.wanted_y] * 2


def test_a_worse_week_lies_higher() -> None:
    found = rate_chart(_weeks((100, 1, 0), (100, 5, 0)), 0.001)
    assert found is not None
    assert found.dots[1][1] < found.dots[0][1]


def test_one_week_stands_alone_and_many_have_few_labels() -> None:
    alone = rate_chart(_weeks((10, 0, 0)), 0.001)
    many = rate_chart(_weeks(*[(10, 0, 0)] * 26), 0.001)
    assert alone is not None
    assert many is not None
    assert len(alone.dots) == 1
    assert len(many.columns) <= 8


def test_readings_stand_beside_what_looks_like_them() -> None:
    order = keying_rules.order_by_likeness({0: "711", 1: "17", 2: "111", 3: "117"})
    assert order == [1, 2, 3, 0]


def test_a_pair_is_found_by_either_character() -> None:
    assert keying_rules.has_character("0O", "ABO")
    assert keying_rules.has_character("0O", "AB0")
    assert not keying_rules.has_character("0O", "AB1")
    with pytest.raises(KeyError):
        keying_rules.has_character("xy", "x")
