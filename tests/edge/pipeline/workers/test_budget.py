"""What one file and one lot may take of the reading processes."""

import pytest

from edge.pipeline.workers.pool import Allowance, Budget

ALLOWANCE = Allowance(file_s=100.0, lot_s=250.0, lost_pages=3, lot_pages=50)


@pytest.fixture
def budget() -> Budget:
    return Budget(ALLOWANCE)


def test_a_file_is_spent_once_its_time_is_and_others_are_not(budget: Budget) -> None:
    budget.spend("a", 99.0, lost=False)
    assert not budget.is_spent("a")
    budget.spend("a", 1.0, lost=False)
    assert (budget.is_spent("a"), budget.is_spent("b")) == (True, False)


def test_a_lot_is_spent_for_all_its_files(budget: Budget) -> None:
    for name in "abc":
        budget.spend(name, 85.0, lost=False)
    assert budget.is_spent("d")


def test_lost_pages_end_a_file(budget: Budget) -> None:
    for _ in range(3):
        assert not budget.is_spent("a")
        budget.spend("a", 1.0, lost=True)
    assert budget.is_spent("a")


def test_pages_are_admitted_up_to_the_lots_limit(budget: Budget) -> None:
    assert budget.admit(40)
    assert not budget.admit(11)
    assert budget.admit(10)
    assert not budget.admit(1)
