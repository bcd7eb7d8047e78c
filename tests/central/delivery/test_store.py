"""Deliveries on a real PostgreSQL: claimed once, finished once, never lost."""

import datetime as dt
import threading
import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING
from central.db.engine import transaction
from central.db.tables import audit as audit_table
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents as documents_table
from central.delivery import failure_store
from central.delivery import store as delivery_store
from central.delivery.failure_store import DeliverySelection
from central.delivery.rules import CircuitPolicy, Delivery
from central.documents.rules import ReturnCause, ReturnNote
from central.errors import NotFound
from central.returns import store as returns_store
from central.returns.store import ReturnOutcome
from tests.support.central import document, reroute, store

pytestmark = pytest.mark.on_both_servers

HERE = ["FRAIS_DE_SANTE"]
BOTH = ["FRAIS_DE_SANTE", "ATEMPO"]
POLICY = CircuitPolicy(opens_after=2, stays_open_s=0.0)
PATIENT = CircuitPolicy(opens_after=2, stays_open_s=3_600)
WRONG_POLE = ReturnNote(ReturnCause.WRONG_POLE, "pour ATEMPO")


def _claim(engine: sa.Engine, worker: str = "w1", lease_s: float = 60.0) -> Delivery:
    found = delivery_store.claim_next(engine, worker, BOTH, lease_s)
    assert found is not None
    return found


def _row(engine: sa.Engine, document_id: uuid.UUID) -> Any:
    with transaction(engine) as connection:
        return connection.execute(
            sa.select(deliveries_table).where(deliveries_table.c.document_id == document_id)
        ).one()


def _state(engine: sa.Engine, document_id: uuid.UUID) -> str:
    with transaction(engine) as connection:
        return str(
            connection.scalar(
                sa.select(documents_table.c.state).where(documents_table.c.id == document_id)
            )
        )


def _actions(engine: sa.Engine, document_id: uuid.UUID) -> list[str]:
    with transaction(engine) as connection:
        return list(
            connection.scalars(
                sa.select(audit_table.c.action)
                .where(audit_table.c.subject == str(document_id))
                .order_by(audit_table.c.id)
            )
        )


def _unreachable(engine: sa.Engine, times: int, policy: CircuitPolicy) -> None:
    for _ in range(times):
        delivery_store.record_unreachable(engine, "FRAIS_DE_SANTE", policy, "http_503")


def test_a_claimed_delivery_carries_its_document(engine: sa.Engine) -> None:
    made = store(engine, document())
    found = _claim(engine)
    assert found.document.id == made.id
    assert found.claim.idempotency_key == f"{made.id}-FRAIS_DE_SANTE-1"
    assert [field.name for field in found.document.fields] == ["nir", "total"]
    assert found.document.pages[0].sha256.hex() == made.document.pages[0].ref.sha256


def test_many_workers_never_claim_the_same_delivery(engine: sa.Engine) -> None:
    wanted = {store(engine, document()).id for _ in range(24)}
    claimed: Counter[uuid.UUID] = Counter()

    def work(name: str) -> None:
        while found := delivery_store.claim_next(engine, name, HERE, 60.0):
            claimed[found.document.id] += 1

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert claimed == dict.fromkeys(wanted, 1)


def test_urgent_documents_go_first_then_the_oldest(engine: sa.Engine) -> None:
    old, new = store(engine, document()), store(engine, document())
    urgent = store(engine, document(priority=1))
    assert [_claim(engine).document.id for _ in range(3)] == [urgent.id, old.id, new.id]


def test_a_delivered_document_is_done(engine: sa.Engine) -> None:
    made = store(engine, document())
    assert delivery_store.record_delivered(engine, _claim(engine).claim, "reçu 7")
    assert _state(engine, made.id) == "delivered"
    assert _row(engine, made.id).receipt == "reçu 7"
    assert delivery_store.claim_next(engine, "w2", HERE, 60.0) is None
    assert _actions(engine, made.id) == ["document_stored", "delivery_delivered"]


def test_a_worker_that_lost_its_claim_changes_nothing(engine: sa.Engine) -> None:
    made = store(engine, document())
    slow = _claim(engine, "slow", lease_s=0.0)
    assert failure_store.release_expired_claims(
        engine, give_up_after=5
    ) == failure_store.ReleasedClaims(1, 0)
    fast = _claim(engine, "fast")
    assert not delivery_store.record_dead(engine, slow.claim, "http_400", "trop tard")
    assert delivery_store.record_delivered(engine, fast.claim, "")
    assert _state(engine, made.id) == "delivered"


def test_a_claim_whose_lease_lasts_is_not_swept(engine: sa.Engine) -> None:
    store(engine, document())
    _claim(engine, lease_s=60.0)
    assert failure_store.release_expired_claims(
        engine, give_up_after=5
    ) == failure_store.ReleasedClaims(0, 0)


def test_a_document_that_ends_its_worker_each_time_becomes_a_dead_letter(
    engine: sa.Engine,
) -> None:
    made = store(engine, document())
    for _ in range(2):
        _claim(engine, lease_s=0.0)
        swept = failure_store.release_expired_claims(engine, give_up_after=2)
    assert swept == failure_store.ReleasedClaims(1, 1)
    assert _state(engine, made.id) == "dead"
    assert _row(engine, made.id).last_code == "worker_lost"


def test_a_postponed_delivery_is_not_due_before_its_time(engine: sa.Engine) -> None:
    made = store(engine, document())
    assert delivery_store.postpone(engine, _claim(engine).claim, 3_600, "http_503", "plus tard")
    assert delivery_store.claim_next(engine, "w", HERE, 60.0) is None
    left = delivery_store.seconds_to_next(engine, HERE)
    assert left is not None
    assert 3_500 < left <= 3_600
    assert _state(engine, made.id) == "ready"


def test_a_dead_letter_is_replayed_from_the_start(engine: sa.Engine) -> None:
    made, other = store(engine, document()), store(engine, document(destination="ATEMPO"))
    for _ in range(2):
        assert delivery_store.record_dead(engine, _claim(engine).claim, "http_422", "refusé")
    assert _state(engine, made.id) == "dead"
    assert (
        failure_store.replay(
            engine, "person:lea", DeliverySelection(EVERYTHING, destination="FRAIS_DE_SANTE")
        )
        == 1
    )
    assert _state(engine, made.id) == "ready"
    assert _state(engine, other.id) == "dead"
    again = _claim(engine)
    assert again.claim.attempts == 1
    assert again.claim.idempotency_key == f"{made.id}-FRAIS_DE_SANTE-1"
    assert (
        failure_store.replay(
            engine, "person:lea", DeliverySelection(EVERYTHING, [made.id, other.id])
        )
        == 1
    )
    assert "delivery_replayed" in _actions(engine, other.id)


def test_a_dead_letter_is_discarded_with_a_reason(engine: sa.Engine) -> None:
    made = store(engine, document())
    delivery_store.record_dead(engine, _claim(engine).claim, "http_422", "refusé")
    assert (
        failure_store.discard(
            engine, "person:lea", "doublon papier", DeliverySelection(EVERYTHING, [made.id])
        )
        == 1
    )
    assert _state(engine, made.id) == "discarded"
    assert _row(engine, made.id).last_reason == "doublon papier"
    assert failure_store.replay(engine, "person:lea", DeliverySelection(EVERYTHING, [made.id])) == 0


def test_a_delivery_under_way_can_be_neither_replayed_nor_discarded(engine: sa.Engine) -> None:
    made = store(engine, document())
    _claim(engine)
    assert failure_store.replay(engine, "person:lea", DeliverySelection(EVERYTHING, [made.id])) == 0
    assert (
        failure_store.discard(engine, "person:lea", "non", DeliverySelection(EVERYTHING, [made.id]))
        == 0
    )


def test_a_delivery_to_an_unknown_destination_is_held_until_it_is_configured(
    engine: sa.Engine,
) -> None:
    made = store(engine, document(destination="ATEMPO"))
    assert failure_store.hold_unknown_destinations(engine, HERE) == (1, 0)
    assert delivery_store.claim_next(engine, "w", BOTH, 60.0) is None
    assert _row(engine, made.id).last_code == "destination_unknown"
    assert failure_store.hold_unknown_destinations(engine, BOTH) == (0, 1)
    assert _claim(engine).document.id == made.id


def test_with_no_destination_at_all_everything_is_held(engine: sa.Engine) -> None:
    store(engine, document())
    assert failure_store.hold_unknown_destinations(engine, []) == (1, 0)


def test_a_destination_that_stays_away_does_not_hold_up_others(engine: sa.Engine) -> None:
    store(engine, document())
    other = store(engine, document(destination="ATEMPO"))
    _unreachable(engine, 2, PATIENT)
    assert _claim(engine).document.id == other.id
    assert delivery_store.claim_next(engine, "w", BOTH, 60.0) is None


def test_once_it_has_been_open_long_enough_one_delivery_alone_is_tried(engine: sa.Engine) -> None:
    for _ in range(3):
        store(engine, document())
    _unreachable(engine, 2, POLICY)
    trial = _claim(engine)
    assert trial.claim.is_trial
    assert delivery_store.claim_next(engine, "w2", BOTH, 60.0) is None
    assert delivery_store.record_answer(engine, "FRAIS_DE_SANTE")
    assert not _claim(engine).claim.is_trial


def test_a_failed_trial_does_not_count_against_the_document(engine: sa.Engine) -> None:
    made = store(engine, document())
    _unreachable(engine, 2, POLICY)
    for _ in range(5):
        trial = _claim(engine).claim
        assert trial.is_trial
        assert delivery_store.record_unreachable(engine, "FRAIS_DE_SANTE", POLICY, "http_503")
        assert delivery_store.postpone(engine, trial, 0.0, "http_503", "")
    assert _row(engine, made.id).attempts == 0


def test_a_success_between_failures_keeps_the_circuit_closed(engine: sa.Engine) -> None:
    assert not delivery_store.record_unreachable(engine, "FRAIS_DE_SANTE", PATIENT, "http_503")
    assert not delivery_store.record_answer(engine, "FRAIS_DE_SANTE")
    assert not delivery_store.record_unreachable(engine, "FRAIS_DE_SANTE", PATIENT, "http_503")


def test_a_returned_document_comes_back_to_naming_once(engine: sa.Engine) -> None:
    made = store(engine, document())
    delivery_store.record_delivered(engine, _claim(engine).claim, "")
    took = [
        returns_store.accept_return(engine, made.id, "FRAIS_DE_SANTE", WRONG_POLE, "http")
        for _ in range(2)
    ]
    assert took == [ReturnOutcome.TAKEN, ReturnOutcome.ALREADY]
    assert _state(engine, made.id) == "to_name"
    assert _actions(engine, made.id)[-1] == "document_returned"


def test_only_a_pole_that_received_it_gives_a_document_back(engine: sa.Engine) -> None:
    made = store(engine, document())
    with pytest.raises(NotFound):
        returns_store.accept_return(engine, made.id, "ATEMPO", WRONG_POLE, "http")
    for _ in range(2):
        given = returns_store.accept_return(engine, made.id, "FRAIS_DE_SANTE", WRONG_POLE, "http")
        assert given is ReturnOutcome.NOT_YET
        found = delivery_store.claim_next(engine, "w", HERE, 60.0)
    assert found is None


def test_a_returned_document_goes_to_another_pole_and_back_to_the_first(engine: sa.Engine) -> None:
    made = store(engine, document())
    for destination, key in (("ATEMPO", "ATEMPO-1"), ("FRAIS_DE_SANTE", "FRAIS_DE_SANTE-2")):
        sent = _claim(engine)
        delivery_store.record_delivered(engine, sent.claim, "")
        returns_store.accept_return(engine, made.id, sent.claim.destination, WRONG_POLE, "http")
        reroute(engine, "person:lea", made.id, destination)
        assert _state(engine, made.id) == "ready"
        again = delivery_store.claim_next(engine, "w", [destination], 60.0)
        assert again is not None
        assert again.claim.idempotency_key == f"{made.id}-{key}"
        delivery_store.postpone(engine, again.claim, 0.0, "", "")
    delivery_store.record_delivered(engine, _claim(engine).claim, "")
    assert _state(engine, made.id) == "delivered"
    with pytest.raises(NotFound):
        reroute(engine, "person:lea", made.id, "ATEMPO")


def test_the_time_to_the_next_trial_is_known(engine: sa.Engine) -> None:
    assert delivery_store.seconds_to_next(engine, HERE) is None
    _unreachable(engine, 2, PATIENT)
    left = delivery_store.seconds_to_next(engine, HERE)
    assert left is not None
    assert dt.timedelta(minutes=58).total_seconds() < left <= 3_600


def test_a_package_that_the_centre_could_not_make_is_no_attempt(engine: sa.Engine) -> None:
    made = store(engine, document())
    for _ in range(3):
        claimed = _claim(engine).claim
        assert delivery_store.postpone(engine, claimed, 0.0, "dispatch_disk", "plein", counts=False)
    assert _row(engine, made.id).attempts == 0
    assert delivery_store.postpone(engine, _claim(engine).claim, 0.0, "http_500", "non")
    assert _row(engine, made.id).attempts == 1


def test_dispatchers_that_know_different_destinations_do_not_undo_each_others_work(
    engine: sa.Engine,
) -> None:
    here, there = store(engine, document()), store(engine, document(destination="ATEMPO"))
    nowhere = store(engine, document(destination="NOWHERE"))
    for name, knows in (("one", HERE), ("other", ["ATEMPO"])):
        failure_store.tell(engine, name, knows, 600)
    for _ in range(2):
        for knows in (HERE, ["ATEMPO"]):
            failure_store.hold_unknown_destinations(engine, knows)
            states = {one.id: _row(engine, one.id).state for one in (here, there, nowhere)}
            assert states == {here.id: "waiting", there.id: "waiting", nowhere.id: "held"}


def test_what_only_a_dead_dispatcher_knew_is_held_until_one_knows_it_again(
    engine: sa.Engine,
) -> None:
    there = store(engine, document(destination="ATEMPO"))
    failure_store.tell(engine, "other", ["ATEMPO"], 600)
    assert failure_store.hold_unknown_destinations(engine, HERE) == (0, 0)
    failure_store.leave(engine, "other")
    assert failure_store.hold_unknown_destinations(engine, HERE) == (1, 0)
    failure_store.tell(engine, "other", ["ATEMPO"], -1.0)  # its time is over
    assert failure_store.hold_unknown_destinations(engine, HERE) == (0, 0)
    failure_store.tell(engine, "third", ["ATEMPO"], 600)
    assert failure_store.hold_unknown_destinations(engine, HERE) == (0, 1)
    assert _row(engine, there.id).state == "waiting"
