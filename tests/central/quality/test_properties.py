"""Bounds of error rates, and the doubts that keep them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.quality.rules import accept_doubt, error_rate

_COUNTS = st.integers(0, 5_000).flatmap(
    lambda total: st.tuples(st.integers(0, total), st.just(total))
)


@given(_COUNTS)
def test_the_share_lies_between_its_bounds(counts: tuple[int, int]) -> None:
    found = error_rate(*counts)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0


@given(_COUNTS.filter(lambda counts: counts[1] > 0))
def test_the_same_share_of_more_values_is_known_better(counts: tuple[int, int]) -> None:
    wrong, total = counts
    few, many = error_rate(wrong, total), error_rate(10 * wrong, 10 * total)
    assert many.high - many.low < few.high - few.low


def test_bounds_are_wilsons() -> None:
    found = error_rate(1, 10)
    assert (found.low, found.high) == pytest.approx((0.017876, 0.404150), abs=1e-6)
    assert error_rate(0, 3_838).high == pytest.approx(0.001, abs=1e-6)
    assert (error_rate(0, 0).low, error_rate(0, 0).high) == (0.0, 1.0)


def test_more_wrong_than_there_were_is_no_rate() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        error_rate(3, 2)


_VALUES = st.lists(st.tuples(st.floats(0, 0.4, allow_subnormal=False), st.booleans()), max_size=60)
Values = list[tuple[float, bool]]


def _limit(values: Values, wanted: float) -> float | None:
    wrong = [doubt for doubt, is_wrong in values if is_wrong]
    return accept_doubt(Counter(doubt for doubt, _ in values), wrong, wanted)


@given(_VALUES, st.floats(0.0005, 0.1))
def test_a_proposed_doubt_keeps_the_wanted_rate(values: Values, wanted: float) -> None:
    limit = _limit(values, wanted)
    wrong = sum(is_wrong for _, is_wrong in values)
    if limit is None:
        assert wrong <= wanted * len(values)
        return
    assert wrong > wanted * len(values)
    kept = [is_wrong for doubt, is_wrong in values if doubt <= limit]
    assert sum(kept) <= wanted * len(kept) or limit == 0.0


def test_the_doubt_stops_short_of_the_surest_wrong_value() -> None:
    values = [(i / 1_000, False) for i in range(100)]
    assert _limit(values, 0.001) is None
    assert _limit([*values, (0.05, True)], 0.001) == 0.045
    assert _limit([*values, (0.0, True)], 0.001) == 0.0


def test_as_many_wrong_values_pass_as_the_rate_allows() -> None:
    values = [(0.01, False)] * 3_000 + [(0.011, True)] * 3 + [(0.1, True)] * 3
    assert _limit(values, 0.001) == 0.09
