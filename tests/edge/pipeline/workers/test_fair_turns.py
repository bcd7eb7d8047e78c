"""Whose page is next: urgent first, else the lot that has had the least time; nobody starves."""

from collections import Counter
from collections.abc import Callable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from edge.pipeline.workers.turns import Taken, Turns

_SECOND: Callable[[str], float] = lambda _: 1.0  # noqa: E731


def opened(turns: Turns[str], name: str, pages: int, priority: int = 0) -> int:
    lot = turns.open(priority)
    for index in range(pages):
        turns.put(lot, f"{name}{index}")
    return lot


def served(turns: Turns[str], pages: int, took: Callable[[str], float] = _SECOND) -> list[str]:
    """The next pages, as one process would read them."""
    order = []
    for _ in range(pages):
        taken = turns.take()
        if taken is None:
            break
        order.append(taken.job)
        turns.done(taken, took(taken.job))
    return order


def test_the_pages_of_a_lot_come_in_order() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 5)
    assert served(turns, 9) == ["A0", "A1", "A2", "A3", "A4"]


def test_lots_take_turns() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 4)
    opened(turns, "B", 4)
    assert Counter(page[0] for page in served(turns, 6)) == {"A": 3, "B": 3}


def test_a_sheet_alone_waits_for_one_page_whatever_lies_before_it() -> None:
    turns = Turns[str](1)
    for name in "ABCD":
        opened(turns, name, 60)
    served(turns, 100)
    opened(turns, "S", 1)
    assert "S0" in served(turns, 5)  # one page of each of the four at most


def test_a_sheet_alone_waits_for_a_page_when_one_large_lot_is_read() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 60)
    served(turns, 30)
    opened(turns, "S", 1)
    assert "S0" in served(turns, 2)


def test_an_urgent_lot_goes_first_from_the_moment_that_it_is_known() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 60)
    late = opened(turns, "B", 10)
    served(turns, 4)
    turns.raise_to(late, 1)
    turns.raise_to(late, 0)  # and stays so
    found = served(turns, 8)
    assert Counter(page[0] for page in found)["B"] >= 7
    urgent = opened(turns, "U", 2, priority=2)
    assert urgent
    assert served(turns, 3).count("U0") == 1


def test_a_lot_whose_pages_take_long_pays_for_them() -> None:
    turns = Turns[str](1)
    opened(turns, "S", 100)  # a hundred seconds a page
    opened(turns, "Q", 100)
    found = served(turns, 80, lambda page: 100.0 if page[0] == "S" else 1.0)
    assert Counter(page[0] for page in found)["S"] <= 2 + 80 // 8  # with everybody's turns


def test_urgent_lots_that_never_end_starve_nobody() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 10)
    opened(turns, "U", 1_000, priority=5)
    found = served(turns, 100)
    assert "A9" in found


def test_lots_of_one_page_that_never_end_starve_no_large_one() -> None:
    turns = Turns[str](1)
    opened(turns, "A", 20)
    found: list[str] = []
    for index in range(5):
        opened(turns, f"s{index}-", 1)
    for index in range(5, 300):  # five of them wait at any time
        opened(turns, f"s{index}-", 1)
        found += served(turns, 1)
        if found[-1].startswith("A"):
            found += served(turns, 1)
    assert "A19" in found


def test_a_lot_that_lost_a_page_never_holds_every_process() -> None:
    turns = Turns[str](2)
    lot = opened(turns, "A", 3)
    turns.slow(lot)
    first = turns.take()
    assert first is not None
    assert turns.take() is None
    opened(turns, "B", 1)
    other = turns.take()
    assert other is not None
    assert other.job == "B0"
    turns.done(first, 120.0)
    again = turns.take()
    assert again is not None
    assert again.job == "A1"


def test_one_process_alone_goes_on_with_a_lot_that_lost_a_page() -> None:
    turns = Turns[str](1)
    turns.slow(opened(turns, "A", 2))
    assert served(turns, 5) == ["A0", "A1"]


def test_a_lot_that_was_given_up_is_forgotten_and_its_pages_told() -> None:
    turns = Turns[str](1)
    lot = opened(turns, "A", 3)
    taken = turns.take()
    assert taken is not None
    assert turns.close(lot) == ["A1", "A2"]
    turns.done(taken, 1.0)
    turns.raise_to(lot, 3)
    turns.slow(lot)
    assert turns.take() is None
    assert turns.close(lot) == []


@given(
    st.lists(st.tuples(st.integers(1, 12), st.integers(0, 2)), min_size=1, max_size=8),
    st.dictionaries(st.integers(0, 7), st.floats(0.01, 120.0)),
    st.integers(1, 4),
)
def test_every_page_is_read_once_and_in_the_order_of_its_lot(
    lots: list[tuple[int, int]], slow: Mapping[int, float], processes: int
) -> None:
    turns = Turns[tuple[int, int]](processes)
    for number, (pages, priority) in enumerate(lots):
        lot = turns.open(priority)
        for page in range(pages):
            turns.put(lot, (number, page))
        if number % 3 == 2:
            turns.slow(lot)
    order: list[tuple[int, int]] = []
    busy: list[Taken[tuple[int, int]]] = []
    while True:
        taken = turns.take() if len(busy) < processes else None
        if taken is not None:
            order.append(taken.job)
            busy.append(taken)
        elif busy:
            done = busy.pop(0)
            turns.done(done, slow.get(done.job[0], 1.0))
        else:
            break
    for number, (pages, _) in enumerate(lots):
        assert [page for lot, page in order if lot == number] == list(range(pages))
