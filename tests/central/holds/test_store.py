"""Holds on a real PostgreSQL: nothing that they cover is delivered, nothing is held for ever."""

import datetime as dt
import threading
import uuid
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING, EVERYWHERE, Person, Role
from central.db.engine import transaction
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents as documents_table
from central.delivery import failure_store
from central.delivery import store as delivery_store
from central.delivery.failure_store import DeliverySelection
from central.documents import lease_store, state_store
from central.documents.rules import ReturnCause, ReturnNote
from central.errors import AlreadyHeld, NotFound
from central.holds import store as holds_store
from central.naming import store as naming_store
from central.pack import load_plan
from central.returns import store as returns_store
from tests.support.central import copies, document, reroute, store
from tests.support.console import add_person
from vaguemestre import pack

pytestmark = pytest.mark.on_both_servers

_FSP, _ATEMPO = "FRAIS_DE_SANTE", "ATEMPO"
_KNOWN = [_FSP, _ATEMPO]


def _rows(engine: sa.Engine) -> dict[tuple[uuid.UUID, str], Any]:
    with transaction(engine) as connection:
        return {
            (row.document_id, row.destination): row
            for row in connection.execute(sa.select(deliveries_table))
        }


def _state(engine: sa.Engine, document_id: uuid.UUID, destination: str = _FSP) -> str:
    return str(_rows(engine)[(document_id, destination)].state)


def _place(engine: sa.Engine, kind: str, value: str) -> int:
    return holds_store.place_hold(engine, "ops", kind, value, "panne annoncée")


def _open(engine: sa.Engine) -> int:
    (one,) = holds_store.open_holds(engine)
    return one.id


@pytest.mark.parametrize(
    ("kind", "value"), [("destination", _FSP), ("type", "S3110"), ("site", "gien")]
)
def test_a_hold_covers_what_waits_and_what_comes_and_nothing_else(
    engine: sa.Engine, kind: str, value: str
) -> None:
    waits = store(engine, document())
    other = store(engine, document(site="orleans", type="S6202", destination=_ATEMPO))
    assert _place(engine, kind, value) == 1
    comes = store(engine, document())
    assert [_state(engine, one.id) for one in (waits, comes)] == ["held", "held"]
    assert _rows(engine)[(comes.id, _FSP)].last_code == "hold"
    assert _state(engine, other.id, _ATEMPO) == "waiting"
    claimed = delivery_store.claim_next(engine, "w", _KNOWN, 60.0)
    assert claimed is not None
    assert claimed.document.id == other.id
    assert delivery_store.claim_next(engine, "w", _KNOWN, 60.0) is None
    assert [one.held for one in holds_store.open_holds(engine)] == [2]


def test_what_a_worker_has_in_hand_is_finished(engine: sa.Engine) -> None:
    made = store(engine, document())
    claimed = delivery_store.claim_next(engine, "w", _KNOWN, 60.0)
    assert claimed is not None
    assert _place(engine, "destination", _FSP) == 0
    assert delivery_store.record_delivered(engine, claimed.claim, "receipt")
    assert _state(engine, made.id) == "delivered"


def test_what_comes_back_from_a_worker_is_held(engine: sa.Engine) -> None:
    postponed, expired = store(engine, document()), store(engine, document())
    first = delivery_store.claim_next(engine, "w", _KNOWN, 60.0)
    assert first is not None
    assert delivery_store.claim_next(engine, "w", _KNOWN, 0.0) is not None
    _place(engine, "site", "gien")
    assert delivery_store.postpone(engine, first.claim, 1.0, "http_503", "plus tard")
    assert failure_store.release_expired_claims(engine, 20).expired == 1
    assert [_state(engine, one.id) for one in (postponed, expired)] == ["held", "held"]


def test_a_dead_letter_that_is_replayed_into_a_hold_is_held(engine: sa.Engine) -> None:
    made = store(engine, document())
    claimed = delivery_store.claim_next(engine, "w", _KNOWN, 60.0)
    assert claimed is not None
    delivery_store.record_dead(engine, claimed.claim, "http_422", "refusé")
    _place(engine, "type", "S3110")
    assert failure_store.replay(engine, "person:ops", DeliverySelection(EVERYTHING)) == 1
    assert _state(engine, made.id) == "held"


def test_a_document_that_is_named_anew_into_a_hold_is_held(engine: sa.Engine) -> None:
    made = store(engine, document())
    claimed = delivery_store.claim_next(engine, "w", _KNOWN, 60.0)
    assert claimed is not None
    delivery_store.record_delivered(engine, claimed.claim, "receipt")
    _place(engine, "site", "gien")
    returns_store.accept_return(
        engine, made.id, _FSP, ReturnNote(ReturnCause.WRONG_POLE, ""), "http"
    )
    reroute(engine, "person:ops", made.id, _ATEMPO)
    assert _state(engine, made.id, _ATEMPO) == "held"


def test_a_document_that_somebody_finishes_under_a_hold_is_held(engine: sa.Engine) -> None:
    keyer = Person(
        add_person(engine, "k", Role.KEYER),
        "k",
        "K",
        frozenset({Role.KEYER}),
        EVERYWHERE,
        EVERYWHERE,
    )
    made = store(engine, document(kind="name", type="courrier"))
    _place(engine, "type", "courrier")
    entry = load_plan(pack.default_dir()).of("courrier", made.lot.fund)
    assert lease_store.take_next(engine, keyer, "name", 60.0) == made.id
    naming_store.name_document(engine, keyer, made.id, entry, due_on=dt.date(2026, 11, 10))
    assert _state(engine, made.id, entry.destination) == "held"


def test_releasing_gives_back_exactly_what_nothing_else_holds(engine: sa.Engine) -> None:
    free = store(engine, document())
    both = store(engine, document(type="S6202"))
    unknown = store(engine, document(destination="NOWHERE"))
    _place(engine, "site", "gien")
    site = _open(engine)
    _place(engine, "type", "S6202")
    assert holds_store.release_hold(engine, "ops", site, _KNOWN) == 1
    rows = _rows(engine)
    assert rows[(free.id, _FSP)].state == "waiting"
    assert rows[(free.id, _FSP)].last_code is None
    assert (rows[(both.id, _FSP)].state, rows[(both.id, _FSP)].last_code) == ("held", "hold")
    told = rows[(unknown.id, "NOWHERE")]
    assert (told.state, told.last_code) == ("held", "destination_unknown")
    assert failure_store.hold_unknown_destinations(engine, [*_KNOWN, "NOWHERE"]) == (0, 1)


def test_a_destination_that_becomes_known_stays_held_while_a_hold_covers_it(
    engine: sa.Engine,
) -> None:
    made = store(engine, document(destination="NEW"))
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (1, 0)
    _place(engine, "type", "S3110")
    assert failure_store.hold_unknown_destinations(engine, [*_KNOWN, "NEW"]) == (0, 0)
    row = _rows(engine)[(made.id, "NEW")]
    assert (row.state, row.last_code) == ("held", "hold")
    assert holds_store.release_hold(engine, "ops", _open(engine), [*_KNOWN, "NEW"]) == 1


def test_a_hold_is_placed_once_and_released_once(engine: sa.Engine) -> None:
    _place(engine, "site", "gien")
    with pytest.raises(AlreadyHeld):
        _place(engine, "site", "gien")
    one = _open(engine)
    holds_store.release_hold(engine, "ops", one, _KNOWN)
    with pytest.raises(NotFound):
        holds_store.release_hold(engine, "ops", one, _KNOWN)
    _place(engine, "site", "gien")
    assert [told.released_by for told in holds_store.ended_holds(engine, 10)] == ["ops"]


def test_a_hold_that_is_placed_while_documents_come_misses_none(engine: sa.Engine) -> None:
    """Four streams store while a hold comes and goes: at its end all that is there is held."""
    go = threading.Event()

    def stream(number: int) -> list[uuid.UUID]:
        go.wait()
        return [store(engine, document(lot_name=f"lot {number}")).id for _ in range(12)]

    def switch() -> None:
        go.wait()
        for _ in range(3):
            _place(engine, "destination", _FSP)
            holds_store.release_hold(engine, "ops", _open(engine), _KNOWN)
        _place(engine, "destination", _FSP)

    with ThreadPoolExecutor(5) as pool:
        streams = [pool.submit(stream, number) for number in range(4)]
        switching = pool.submit(switch)
        go.set()
        made = [one for told in streams for one in told.result()]
        switching.result()
    assert {row.state for row in _rows(engine).values()} == {"held"}
    assert holds_store.release_hold(engine, "ops", _open(engine), _KNOWN) == len(made) == 48
    assert {row.state for row in _rows(engine).values()} == {"waiting"}


def test_workers_and_holds_at_once_lose_nothing_and_never_lock_each_other_out(
    engine: sa.Engine,
) -> None:
    for _ in range(30):
        store(engine, document())
    go, over = threading.Event(), threading.Event()

    def work(name: str) -> int:
        go.wait()
        done = 0
        while not over.is_set():
            found = delivery_store.claim_next(engine, name, _KNOWN, 60.0)
            if found is not None and done % 3 == 0:
                done += delivery_store.postpone(engine, found.claim, 0.0, "http_503", "plus tard")
            elif found is not None:
                done += delivery_store.record_delivered(engine, found.claim, "r")
        return done

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work, f"w{number}") for number in range(3)]
        go.set()
        for _ in range(5):
            _place(engine, "site", "gien")
            failure_store.release_expired_claims(engine, 20)
            failure_store.hold_unknown_destinations(engine, _KNOWN)
            holds_store.release_hold(engine, "ops", _open(engine), _KNOWN)
        _place(engine, "site", "gien")
        over.set()
        for one in workers:
            one.result()
    rows = _rows(engine)
    assert len(rows) == 30
    assert {row.state for row in rows.values()} <= {"held", "delivered"}


def _counts(engine: sa.Engine) -> Counter[str]:
    state = deliveries_table.c.state
    query = sa.select(state, sa.func.count().label("of_state")).group_by(state)
    with transaction(engine) as connection:
        return Counter({row.state: row.of_state for row in connection.execute(query)})


def test_mail_comes_in_while_thousands_are_held_and_released(engine: sa.Engine) -> None:
    """What is stored is committed when some are given back and others are not: in between."""
    many = 12 * state_store.BATCH
    copies(engine, store(engine, document()).id, many)
    seen_between = []

    def watch(acting: Future[int], moving: str) -> None:
        while not acting.done():
            store(engine, document(destination="ELSEWHERE", type="S6202"))
            seen_between.append(0 < _counts(engine)[moving] < many)

    with ThreadPoolExecutor(1) as pool:
        placing = pool.submit(_place, engine, "destination", _FSP)
        watch(placing, "held")
        assert placing.result() == many
        assert any(seen_between)
        seen_between.clear()
        releasing = pool.submit(holds_store.release_hold, engine, "ops", _open(engine), _KNOWN)
        watch(releasing, "held")
        assert releasing.result() == many
        assert any(seen_between)
    assert _counts(engine)["held"] == 0


def test_what_a_hold_began_and_its_process_did_not_finish_is_finished_by_the_sweeper(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [store(engine, document()) for _ in range(3)]
    monkeypatch.setattr(holds_store, "_PATIENCE_S", -1.0)  # as if it died after the first commit
    assert _place(engine, "type", "S3110") == 0
    comes = store(engine, document())
    assert _state(engine, comes.id) == "held"
    assert {_state(engine, one.id) for one in made} == {"waiting"}
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (3, 0)
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (0, 0)
    assert holds_store.release_hold(engine, "ops", _open(engine), _KNOWN) == 0
    assert _counts(engine) == {"held": 4}
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (0, 4)
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (0, 0)
    assert _counts(engine) == {"waiting": 4}


def test_a_hold_that_is_released_before_it_covered_all_leaves_nothing_held(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(engine, document())
    monkeypatch.setattr(holds_store, "_PATIENCE_S", -1.0)
    _place(engine, "type", "S3110")
    store(engine, document())
    holds_store.release_hold(engine, "ops", _open(engine), _KNOWN)
    assert failure_store.hold_unknown_destinations(engine, _KNOWN) == (0, 1)
    assert _counts(engine) == {"waiting": 2}


def test_thousands_of_dead_letters_are_replayed_and_given_up_in_batches(engine: sa.Engine) -> None:
    many = 2 * state_store.BATCH + 7
    copies(engine, store(engine, document()).id, many)
    _all_dead(engine)
    assert failure_store.replay(engine, "person:ops", DeliverySelection(EVERYTHING)) == many
    assert _counts(engine) == {"waiting": many}
    _all_dead(engine)
    assert (
        failure_store.discard(engine, "person:ops", "vieux", DeliverySelection(EVERYTHING)) == many
    )
    assert _counts(engine) == {"discarded": many}
    with transaction(engine) as connection:
        assert set(connection.scalars(sa.select(documents_table.c.state))) == {"discarded"}


def _all_dead(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(deliveries_table.update().values(state="dead"))
        connection.execute(documents_table.update().values(state="dead"))
