"""Every step that a delivery may take, and the document's state that follows."""

import itertools

import pytest

from central.db.tables import mail as tables
from central.documents.rules import (
    WAITING_FOR_A_PERSON,
    DeliveryState,
    DeliveryStep,
    DocumentState,
    document_after,
    end_state,
    may_change,
    next_state,
    states_before,
)


def test_a_delivery_is_claimed_then_delivered() -> None:
    assert next_state(DeliveryState.WAITING, DeliveryStep.CLAIM) is DeliveryState.CLAIMED
    assert next_state(DeliveryState.CLAIMED, DeliveryStep.DELIVER) is DeliveryState.DELIVERED


def test_only_a_claimed_delivery_can_be_finished() -> None:
    for step in (
        DeliveryStep.DELIVER,
        DeliveryStep.POSTPONE,
        DeliveryStep.GIVE_UP,
        DeliveryStep.EXPIRE,
    ):
        assert states_before(step) == {DeliveryState.CLAIMED}


def test_what_is_delivered_can_only_be_given_back() -> None:
    allowed = {step for step in DeliveryStep if next_state(DeliveryState.DELIVERED, step)}
    assert allowed == {DeliveryStep.GIVE_BACK}


def test_only_a_new_route_leads_out_of_discarded() -> None:
    assert {step for step in DeliveryStep if next_state(DeliveryState.DISCARDED, step)} == {
        DeliveryStep.REROUTE
    }


def test_a_step_ends_in_the_same_state_wherever_it_is_taken() -> None:
    for step in DeliveryStep:
        assert {next_state(state, step) for state in states_before(step)} == {end_state(step)}


def test_a_dead_or_held_delivery_can_be_discarded_and_no_other() -> None:
    assert states_before(DeliveryStep.DISCARD) == {DeliveryState.DEAD, DeliveryState.HELD}


def test_only_what_no_worker_has_in_hand_follows_a_change_of_the_plan() -> None:
    assert states_before(DeliveryStep.MOVE) == {
        DeliveryState.WAITING,
        DeliveryState.HELD,
        DeliveryState.DEAD,
    }


def test_every_state_can_be_reached() -> None:
    reached = {DeliveryState.WAITING}
    for _ in DeliveryState:
        reached |= {
            to for state in reached for step in DeliveryStep if (to := next_state(state, step))
        }
    assert reached == set(DeliveryState)


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
        ((), None),
        (("waiting",), "ready"),
        (("held",), "ready"),
        (("claimed", "delivered"), "ready"),
        (("delivered",), "delivered"),
        (("delivered", "discarded"), "delivered"),
        (("discarded",), "discarded"),
        (("dead", "waiting"), "dead"),
        (("returned",), "to_name"),
        (("returned", "dead"), "to_name"),
    ],
)
def test_a_document_stands_where_its_deliveries_put_it(
    deliveries: tuple[str, ...], expected: str | None
) -> None:
    assert document_after([DeliveryState(state) for state in deliveries]) == expected


def test_no_step_of_a_delivery_takes_its_document_where_it_may_not_go() -> None:
    for state, step in itertools.product(DeliveryState, DeliveryStep):
        if (following := next_state(state, step)) is None or step is DeliveryStep.SUPERSEDE:
            continue  # never alone: the same act makes a delivery to another destination
        was, becomes = document_after([state]), document_after([following])
        assert was is not None
        assert becomes is not None
        assert was == becomes or may_change(was, becomes), (state, step)


def test_a_document_that_waits_for_a_person_can_become_ready() -> None:
    assert all(may_change(state, DocumentState.READY) for state in WAITING_FOR_A_PERSON)


def test_the_database_allows_every_state() -> None:
    assert set(DeliveryState) == set(tables.DELIVERY_STATES)
    assert set(DocumentState) <= set(tables.DOCUMENT_STATES)
