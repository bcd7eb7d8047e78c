"""Deliveries on a real PostgreSQL: claimed once, finished once, never lost."""

import datetime as dt
import threading
import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from central.domain.circuit import CircuitPolicy
from central.domain.document import Delivery
from central.domain.returns import Cause, ReturnNote
from central.errors import NotFound
from central.store import circuits, deliveries, dispatchers, returns, upkeep
from central.store.engine import transaction
from central.store.returns import Returned
from central.store.tables import audit as audit_table
from central.store.tables import deliveries as deliveries_table
from central.store.tables import documents as documents_table
from tests.support.central import document, reroute, store

pytestmark = pytest.mark.on_both_servers

HERE = ["FRAIS_DE_SANTE"]
BOTH = ["FRAIS_DE_SANTE", "ATEMPO"]
POLICY = CircuitPolicy(opens_after=2, stays_open_s=0.0)
PATIENT = CircuitPolicy(opens_after=2, stays_open_s=3_600)
WRONG_POLE = ReturnNote(Cause.WRONG_POLE, "pour ATEMPO")


def _claim(engine: sa.Engine, worker: str = "w1", lease_s: float = 60.0) -> Delivery:
    found = deliveries.claim(engine, worker, BOTH, lease_s)
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
        circuits.unreachable(engine, "FRAIS_DE_SANTE", policy, "http_503")


def test_a_claimed_delivery_carries_its_document(engine: sa.Engine) -> None:
    made = store(engine, document())
    found = _claim(engine)
    assert found.document.id == made.id
    assert found.claim.idempotency_key == f"{made.id}-FRAIS_DE_SANTE-1"
    assert [field.name for field in found.document.fields] == ["nir", "total"]
    assert found.document.pages[0].sha256 == made.pages[0].ref.sha256


def test_many_workers_never_claim_the_same_delivery(engine: sa.Engine) -> None:
    wanted = {store(engine, document()).id for _ in range(24)}
    claimed: Counter[uuid.UUID] = Counter()

    def work(name: str) -> None:
        while found := deliveries.claim(engine, name, HERE, 60.0):
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
    assert deliveries.delivered(engine, _claim(engine).claim, "reçu 7")
    assert _state(engine, made.id) == "delivered"
    assert _row(engine, made.id).receipt == "reçu 7"
    assert deliveries.claim(engine, "w2", HERE, 60.0) is None
    assert _actions(engine, made.id) == ["document_stored", "delivery_delivered"]


def test_a_worker_that_lost_its_claim_changes_nothing(engine: sa.Engine) -> None:
    made = store(engine, document())
    slow = _claim(engine, "slow", lease_s=0.0)
    assert upkeep.sweep(engine, give_up_after=5) == upkeep.Swept(1, 0)
    fast = _claim(engine, "fast")
    assert not deliveries.dead(engine, slow.claim, "http_400", "trop tard")
    assert deliveries.delivered(engine, fast.claim, "")
    assert _state(engine, made.id) == "delivered"


def test_a_claim_whose_lease_lasts_is_not_swept(engine: sa.Engine) -> None:
    store(engine, document())
    _claim(engine, lease_s=60.0)
    assert upkeep.sweep(engine, give_up_after=5) == upkeep.Swept(0, 0)


def test_a_document_that_ends_its_worker_each_time_becomes_a_dead_letter(
    engine: sa.Engine,
) -> None:
    made = store(engine, document())
    for _ in range(2):
        _claim(engine, lease_s=0.0)
        swept = upkeep.sweep(engine, give_up_after=2)
    assert swept == upkeep.Swept(1, 1)
    assert _state(engine, made.id) == "dead"
    assert _row(engine, made.id).last_code == "worker_lost"


def test_a_postponed_delivery_is_not_due_before_its_time(engine: sa.Engine) -> None:
    made = store(engine, document())
    assert deliveries.postpone(engine, _claim(engine).claim, 3_600, "http_503", "plus tard")
    assert deliveries.claim(engine, "w", HERE, 60.0) is None
    left = deliveries.seconds_to_next(engine, HERE)
    assert left is not None
    assert 3_500 < left <= 3_600
    assert _state(engine, made.id) == "ready"


def test_a_dead_letter_is_replayed_from_the_start(engine: sa.Engine) -> None:
    made, other = store(engine, document()), store(engine, document(destination="ATEMPO"))
    for _ in range(2):
        assert deliveries.dead(engine, _claim(engine).claim, "http_422", "refusé")
    assert _state(engine, made.id) == "dead"
    assert upkeep.replay(engine, "person:lea", destination="FRAIS_DE_SANTE") == 1
    assert _state(engine, made.id) == "ready"
    assert _state(engine, other.id) == "dead"
    again = _claim(engine)
    assert again.claim.attempts == 1
    assert again.claim.idempotency_key == f"{made.id}-FRAIS_DE_SANTE-1"
    assert upkeep.replay(engine, "person:lea", [made.id, other.id]) == 1
    assert "delivery_replayed" in _actions(engine, other.id)


def test_a_dead_letter_is_discarded_with_a_reason(engine: sa.Engine) -> None:
    made = store(engine, document())
    deliveries.dead(engine, _claim(engine).claim, "http_422", "refusé")
    assert upkeep.discard(engine, "person:lea", "doublon papier", [made.id]) == 1
    assert _state(engine, made.id) == "discarded"
    assert _row(engine, made.id).last_reason == "doublon papier"
    assert upkeep.replay(engine, "person:lea", [made.id]) == 0


def test_a_delivery_under_way_can_be_neither_replayed_nor_discarded(engine: sa.Engine) -> None:
    made = store(engine, document())
    _claim(engine)
    assert upkeep.replay(engine, "person:lea", [made.id]) == 0
    assert upkeep.discard(engine, "person:lea", "non", [made.id]) == 0


def test_a_delivery_to_an_unknown_destination_is_held_until_it_is_configured(
    engine: sa.Engine,
) -> None:
    made = store(engine, document(destination="ATEMPO"))
    assert upkeep.match_destinations(engine, HERE) == (1, 0)
    assert deliveries.claim(engine, "w", BOTH, 60.0) is None
    assert _row(engine, made.id).last_code == "destination_unknown"
    assert upkeep.match_destinations(engine, BOTH) == (0, 1)
    assert _claim(engine).document.id == made.id


def test_with_no_destination_at_all_everything_is_held(engine: sa.Engine) -> None:
    store(engine, document())
    assert upkeep.match_destinations(engine, []) == (1, 0)


def test_a_destination_that_stays_away_does_not_hold_up_others(engine: sa.Engine) -> None:
    store(engine, document())
    other = store(engine, document(destination="ATEMPO"))
    _unreachable(engine, 2, PATIENT)
    assert _claim(engine).document.id == other.id
    assert deliveries.claim(engine, "w", BOTH, 60.0) is None


def test_once_it_has_been_open_long_enough_one_delivery_alone_is_tried(engine: sa.Engine) -> None:
    for _ in range(3):
        store(engine, document())
    _unreachable(engine, 2, POLICY)
    trial = _claim(engine)
    assert trial.claim.is_trial
    assert deliveries.claim(engine, "w2", BOTH, 60.0) is None
    assert circuits.answered(engine, "FRAIS_DE_SANTE")
    assert not _claim(engine).claim.is_trial


def test_a_failed_trial_does_not_count_against_the_document(engine: sa.Engine) -> None:
    made = store(engine, document())
    _unreachable(engine, 2, POLICY)
    for _ in range(5):
        trial = _claim(engine).claim
        assert trial.is_trial
        assert circuits.unreachable(engine, "FRAIS_DE_SANTE", POLICY, "http_503")
        assert deliveries.postpone(engine, trial, 0.0, "http_503", "")
    assert _row(engine, made.id).attempts == 0


def test_a_success_between_failures_keeps_the_circuit_closed(engine: sa.Engine) -> None:
    assert not circuits.unreachable(engine, "FRAIS_DE_SANTE", PATIENT, "http_503")
    assert not circuits.answered(engine, "FRAIS_DE_SANTE")
    assert not circuits.unreachable(engine, "FRAIS_DE_SANTE", PATIENT, "http_503")


def test_a_returned_document_comes_back_to_naming_once(engine: sa.Engine) -> None:
    made = store(engine, document())
    deliveries.delivered(engine, _claim(engine).claim, "")
    took = [
        returns.give_back(engine, made.id, "FRAIS_DE_SANTE", WRONG_POLE, "http") for _ in range(2)
    ]
    assert took == [Returned.TAKEN, Returned.ALREADY]
    assert _state(engine, made.id) == "to_name"
    assert _actions(engine, made.id)[-1] == "document_returned"


def test_only_a_pole_that_received_it_gives_a_document_back(engine: sa.Engine) -> None:
    made = store(engine, document())
    with pytest.raises(NotFound):
        returns.give_back(engine, made.id, "ATEMPO", WRONG_POLE, "http")
    for _ in range(2):
        given = returns.give_back(engine, made.id, "FRAIS_DE_SANTE", WRONG_POLE, "http")
        assert given is Returned.NOT_YET
        found = deliveries.claim(engine, "w", HERE, 60.0)
    assert found is None


def test_a_returned_document_goes_to_another_pole_and_back_to_the_first(engine: sa.Engine) -> None:
    made = store(engine, document())
    for destination, key in (("ATEMPO", "ATEMPO-1"), ("FRAIS_DE_SANTE", "FRAIS_DE_SANTE-2")):
        sent = _claim(engine)
        deliveries.delivered(engine, sent.claim, "")
        returns.give_back(engine, made.id, sent.claim.destination, WRONG_POLE, "http")
        reroute(engine, "person:lea", made.id, destination)
        assert _state(engine, made.id) == "ready"
        again = deliveries.claim(engine, "w", [destination], 60.0)
        assert again is not None
        assert again.claim.idempotency_key == f"{made.id}-{key}"
        deliveries.postpone(engine, again.claim, 0.0, "", "")
    deliveries.delivered(engine, _claim(engine).claim, "")
    assert _state(engine, made.id) == "delivered"
    with pytest.raises(NotFound):
        reroute(engine, "person:lea", made.id, "ATEMPO")


def test_the_time_to_the_next_trial_is_known(engine: sa.Engine) -> None:
    assert deliveries.seconds_to_next(engine, HERE) is None
    _unreachable(engine, 2, PATIENT)
    left = deliveries.seconds_to_next(engine, HERE)
    assert left is not None
    assert dt.timedelta(minutes=58).total_seconds() < left <= 3_600


def test_a_package_that_the_centre_could_not_make_is_no_attempt(engine: sa.Engine) -> None:
    made = store(engine, document())
    for _ in range(3):
        claimed = _claim(engine).claim
        assert deliveries.postpone(engine, claimed, 0.0, "dispatch_disk", "plein", counts=False)
    assert _row(engine, made.id).attempts == 0
    assert deliveries.postpone(engine, _claim(engine).claim, 0.0, "http_500", "non")
    assert _row(engine, made.id).attempts == 1


def test_dispatchers_that_know_different_destinations_do_not_undo_each_others_work(
    engine: sa.Engine,
) -> None:
    here, there = store(engine, document()), store(engine, document(destination="ATEMPO"))
    nowhere = store(engine, document(destination="NOWHERE"))
    for name, knows in (("one", HERE), ("other", ["ATEMPO"])):
        dispatchers.tell(engine, name, knows, 600)
    for _ in range(2):
        for knows in (HERE, ["ATEMPO"]):
            upkeep.match_destinations(engine, knows)
            states = {one.id: _row(engine, one.id).state for one in (here, there, nowhere)}
            assert states == {here.id: "waiting", there.id: "waiting", nowhere.id: "held"}


def test_what_only_a_dead_dispatcher_knew_is_held_until_one_knows_it_again(
    engine: sa.Engine,
) -> None:
    there = store(engine, document(destination="ATEMPO"))
    dispatchers.tell(engine, "other", ["ATEMPO"], 600)
    assert upkeep.match_destinations(engine, HERE) == (0, 0)
    dispatchers.leave(engine, "other")
    assert upkeep.match_destinations(engine, HERE) == (1, 0)
    dispatchers.tell(engine, "other", ["ATEMPO"], -1.0)  # its time is over
    assert upkeep.match_destinations(engine, HERE) == (0, 0)
    dispatchers.tell(engine, "third", ["ATEMPO"], 600)
    assert upkeep.match_destinations(engine, HERE) == (0, 1)
    assert _row(engine, there.id).state == "waiting"
