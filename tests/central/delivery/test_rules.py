"""A destination that stays away is left alone, and tried again by one delivery."""

import datetime as dt

from central.delivery.rules import (
    CLOSED,
    Circuit,
    CircuitPolicy,
    CircuitState,
    after_failure,
    may_start_trial,
    trial_started,
)

NOW = dt.datetime(2026, 11, 3, 8, tzinfo=dt.UTC)
POLICY = CircuitPolicy(opens_after=3, stays_open_s=30)
MINUTE = dt.timedelta(minutes=1)


def _after_failures(count: int) -> Circuit:
    circuit = CLOSED
    for _ in range(count):
        circuit = after_failure(circuit, NOW, POLICY)
    return circuit


def test_a_few_failures_leave_the_circuit_closed() -> None:
    assert _after_failures(2) == Circuit(CircuitState.CLOSED, 2)


def test_failures_in_a_row_open_the_circuit_for_a_while() -> None:
    assert _after_failures(3) == Circuit(CircuitState.OPEN, 3, NOW + dt.timedelta(seconds=30))


def test_an_open_circuit_lets_a_trial_start_once_its_time_has_passed() -> None:
    opened = _after_failures(3)
    assert not may_start_trial(opened, NOW + dt.timedelta(seconds=29))
    assert may_start_trial(opened, NOW + dt.timedelta(seconds=30))


def test_a_closed_circuit_needs_no_trial() -> None:
    assert not may_start_trial(CLOSED, NOW)


def test_one_trial_at_a_time() -> None:
    trying = trial_started(_after_failures(3), NOW + MINUTE, answer_within_s=120)
    assert trying.state is CircuitState.HALF_OPEN
    assert not may_start_trial(trying, NOW + MINUTE)


def test_a_trial_whose_worker_died_does_not_shut_the_destination_out_for_ever() -> None:
    trying = trial_started(_after_failures(3), NOW, answer_within_s=120)
    assert may_start_trial(trying, NOW + 2 * MINUTE)


def test_a_failed_trial_opens_the_circuit_again_at_once() -> None:
    trying = trial_started(_after_failures(3), NOW + MINUTE, answer_within_s=120)
    again = after_failure(trying, NOW + MINUTE, POLICY)
    assert again == Circuit(CircuitState.OPEN, 4, NOW + MINUTE + dt.timedelta(seconds=30))
