"""Changes of the plan on a real PostgreSQL: foretold, decided by two, followed, undone."""

import datetime as dt
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central import housekeeping
from central.accounts.rules import EVERYWHERE, Person, Role
from central.db.engine import open_engine, transaction
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents as documents_table
from central.db.tables import namings
from central.delivery import store as delivery_store
from central.documents import lease_store, state_store
from central.errors import (
    AlreadyDecided,
    ChangeUnderWay,
    LaterChange,
    NotFound,
    NotYours,
    StoreUnavailable,
)
from central.holds import store as holds_store
from central.naming import store as naming_store
from central.naming.views import due_on
from central.pack import load_plan
from central.plan import follow_store, move_store
from central.plan import store as plan_store
from central.plan.views import CurrentPlan
from central.telemetry import Telemetry
from tests.support.central import copies, document, store
from tests.support.console import add_person, serving, settings, sign_in
from tests.support.mail import Post
from vaguemestre import pack

pytestmark = pytest.mark.on_both_servers

_FSP, _ATEMPO, _CNSE = "FRAIS_DE_SANTE", "ATEMPO", "CNSE"
_TODAY = dt.date(2026, 11, 4)
_SHIPPED = load_plan(pack.default_dir())
_TO_ATEMPO = {"pole": "Risques professionnels", "destination": _ATEMPO}


@pytest.fixture
def two(engine: sa.Engine) -> tuple[int, int]:
    """Two people of operations."""
    return (
        add_person(engine, "anne", Role.OPERATIONS),
        add_person(engine, "bruno", Role.OPERATIONS),
    )


def _propose(engine: sa.Engine, person: int, changes: dict[str, Any], fund: str = "") -> int:
    return plan_store.propose_change(
        engine, person, "person:anne", ("S3110", fund, changes), "réorganisation"
    )


def _apply(engine: sa.Engine, two: tuple[int, int], changes: dict[str, Any], fund: str = "") -> int:
    change = _propose(engine, two[0], changes, fund)
    move_store.apply_change(engine, two[1], "person:bruno", change)
    return change


def _undo(engine: sa.Engine, person: int, change: int) -> int:
    return move_store.undo_change(engine, person, "person:anne", change, _SHIPPED)


def _document(engine: sa.Engine, document_id: uuid.UUID) -> Any:
    with transaction(engine) as connection:
        return connection.execute(
            sa.select(documents_table).where(documents_table.c.id == document_id)
        ).one()


def _deliveries(engine: sa.Engine, document_id: uuid.UUID) -> dict[str, tuple[str, str]]:
    d = deliveries_table.c
    with transaction(engine) as connection:
        return {
            row.destination: (row.state, row.idempotency_key)
            for row in connection.execute(
                sa.select(deliveries_table).where(d.document_id == document_id)
            )
        }


def _claim(engine: sa.Engine) -> Any:
    found = delivery_store.claim_next(engine, "w", [_FSP, _ATEMPO, _CNSE], 60.0)
    assert found is not None
    return found.claim


def test_a_preview_counts_what_would_go_elsewhere(engine: sa.Engine, two: tuple[int, int]) -> None:
    in_hand = store(engine, document())
    _claim(engine)
    for kind in ("straight", "name", "key"):
        store(engine, document(kind=kind))
    store(engine, document(site="orleans"))
    store(engine, document(type="S3704"))
    seen = plan_store.preview_change(engine, ("S3110", "", _TO_ATEMPO), _TODAY, 3)
    assert (seen.total, seen.in_hand, len(seen.first)) == (4, 1, 3)
    counts = {(m.site, m.state, m.destination): m.documents for m in seen.moves}
    assert counts == {
        ("gien", "ready", _FSP): 1,
        ("gien", "to_name", _FSP): 1,
        ("gien", "to_key", _FSP): 1,
        ("orleans", "ready", _FSP): 1,
    }
    assert in_hand.id not in {one.id for one in seen.first}
    change = _propose(engine, two[0], _TO_ATEMPO)
    assert move_store.apply_change(engine, two[1], "person:bruno", change) == seen.total


def test_a_preview_tells_what_a_shorter_delay_does(engine: sa.Engine) -> None:
    store(engine, document())  # received on Tuesday 3rd, due on the 10th
    shorter = plan_store.preview_change(engine, ("S3110", "", {"delay_days": 0}), _TODAY, 5)
    assert (shorter.total, shorter.earlier, shorter.later, shorter.overdue) == (1, 1, 0, 1)
    assert shorter.first[0].new_due_on == dt.date(2026, 11, 3)
    longer = plan_store.preview_change(engine, ("S3110", "", {"delay_days": 6}), _TODAY, 5)
    assert (longer.earlier, longer.later, longer.overdue) == (0, 1, 0)
    # The 11th of November is a public holiday.
    assert longer.first[0].new_due_on == dt.date(2026, 11, 12)


def test_applying_moves_what_has_not_left(engine: sa.Engine, two: tuple[int, int]) -> None:
    gone = store(engine, document())
    delivery_store.record_delivered(engine, _claim(engine), "r")
    dead = store(engine, document())
    delivery_store.record_dead(engine, _claim(engine), "http_422", "refusé")
    waits, named = store(engine, document()), store(engine, document(kind="name"))
    _apply(engine, two, {**_TO_ATEMPO, "delay_days": 2})
    assert _document(engine, gone.id).destination == _FSP
    for one in (dead, waits, named):
        row = _document(engine, one.id)
        assert (row.pole, row.destination, row.due_on) == (
            "Risques professionnels", _ATEMPO, dt.date(2026, 11, 5),
        )  # fmt: skip
    assert _deliveries(engine, waits.id) == {
        _FSP: ("discarded", f"{waits.id}-{_FSP}-1"),
        _ATEMPO: ("waiting", f"{waits.id}-{_ATEMPO}-1"),
    }
    assert _document(engine, dead.id).state == "ready"
    assert _deliveries(engine, named.id) == {}


def test_who_proposes_does_not_apply_and_a_decision_is_made_once(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    change = _propose(engine, two[0], _TO_ATEMPO)
    with pytest.raises(NotYours):
        move_store.apply_change(engine, two[0], "person:anne", change)
    assert plan_store.active_changes(engine) == []
    move_store.apply_change(engine, two[1], "person:bruno", change)
    assert plan_store.active_changes(engine) == [("S3110", "", _TO_ATEMPO)]
    for again in (
        lambda: move_store.apply_change(engine, two[1], "person:bruno", change),
        lambda: plan_store.refuse_change(engine, two[1], "person:bruno", change),
    ):
        with pytest.raises(AlreadyDecided):
            again()
    with pytest.raises(NotFound):
        move_store.apply_change(engine, two[1], "person:bruno", 4_711)


def test_two_people_who_decide_at_once_decide_once(engine: sa.Engine, two: tuple[int, int]) -> None:
    third = add_person(engine, "claire", Role.SUPERVISOR)
    change = _propose(engine, two[0], _TO_ATEMPO)
    both = threading.Barrier(2)

    def decide(act: Callable[[], object]) -> bool:
        both.wait()
        try:
            act()
        except AlreadyDecided:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        applied = pool.submit(
            decide, lambda: move_store.apply_change(engine, two[1], "person:bruno", change)
        )
        refused = pool.submit(
            decide, lambda: plan_store.refuse_change(engine, third, "person:claire", change)
        )
    assert applied.result() != refused.result()
    assert plan_store.find_change(engine, change).state == (
        "applied" if applied.result() else "refused"
    )


def test_what_comes_later_follows_the_change(engine: sa.Engine, two: tuple[int, int]) -> None:
    change = _apply(engine, two, {**_TO_ATEMPO, "delay_days": 2})
    comes, other = store(engine, document()), store(engine, document(type="S3704"))
    row = _document(engine, comes.id)
    assert (row.destination, row.due_on) == (_ATEMPO, dt.date(2026, 11, 5))
    assert set(_deliveries(engine, comes.id)) == {_ATEMPO}
    assert _document(engine, other.id).destination == _FSP
    assert _undo(engine, two[0], change) == 1
    row = _document(engine, comes.id)
    assert (row.destination, row.due_on) == (_FSP, dt.date(2026, 11, 10))


def test_a_change_for_one_fund_leaves_the_others_alone(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    here, there = store(engine, document()), store(engine, document(fund="17"))
    _apply(engine, two, _TO_ATEMPO, fund="17")
    later = store(engine, document(fund="17"))
    found = [_document(engine, one.id).destination for one in (here, there, later)]
    assert found == [_FSP, _ATEMPO, _ATEMPO]


def test_undoing_brings_back_what_has_not_left_and_tells_what_has(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    gone, back = store(engine, document()), store(engine, document())
    held = store(engine, document(site="orleans"))
    change = _apply(engine, two, _TO_ATEMPO)
    left = delivery_store.claim_next(engine, "w", [_ATEMPO], 60.0)
    assert left is not None
    assert left.claim.document_id == gone.id
    delivery_store.record_delivered(engine, left.claim, "r")
    holds_store.place_hold(engine, "anne", "site", "orleans", "panne")
    assert _undo(engine, two[0], change) == 2
    assert _document(engine, gone.id).destination == _ATEMPO
    # The key is the first one: had a first try arrived unseen, it would not arrive twice.
    assert _deliveries(engine, back.id) == {
        _FSP: ("waiting", f"{back.id}-{_FSP}-1"),
        _ATEMPO: ("discarded", f"{back.id}-{_ATEMPO}-1"),
    }
    assert _deliveries(engine, held.id)[_FSP][0] == "held"
    rows, count = move_store.moved_documents(engine, change, 10)
    assert count == 1
    assert (rows[0].id, rows[0].has_left) == (gone.id, True)
    with pytest.raises(AlreadyDecided):
        _undo(engine, two[0], change)


def test_changes_of_a_type_are_undone_the_last_first(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    made = store(engine, document())
    first = _apply(engine, two, _TO_ATEMPO)
    second = _apply(engine, two, {"destination": _CNSE})
    comes = store(engine, document())
    with pytest.raises(LaterChange):
        _undo(engine, two[0], first)
    for change, destination in ((second, _ATEMPO), (first, _FSP)):
        assert _undo(engine, two[0], change) == 2
        for one in (made, comes):
            assert _document(engine, one.id).destination == destination
            states = {to: state for to, (state, _) in _deliveries(engine, one.id).items()}
            assert [to for to, state in states.items() if state == "waiting"] == [destination]
    assert plan_store.active_changes(engine) == []


def test_undoing_reaches_what_somebody_gave_the_type_meanwhile(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    unknown = store(engine, document(type="unknown", kind="name"))
    change = _apply(engine, two, _TO_ATEMPO)
    with transaction(engine) as connection:  # as whoever names it does, by the changed plan
        connection.execute(
            documents_table.update()
            .where(documents_table.c.id == unknown.id)
            .values(type="S3110", state="to_key", **_TO_ATEMPO)
        )
        connection.execute(
            namings.insert().values(
                document_id=unknown.id, person_id=two[0], act="named",
                type_before="unknown", type_after="S3110",
            )
        )  # fmt: skip
    assert _undo(engine, two[0], change) == 1
    assert _document(engine, unknown.id).destination == _FSP


def test_a_change_that_is_applied_while_documents_come_and_leave_misses_none(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    change = _propose(engine, two[0], _TO_ATEMPO)
    go, over = threading.Event(), threading.Event()

    def stream() -> list[uuid.UUID]:
        go.wait()
        return [store(engine, document()).id for _ in range(15)]

    def work() -> None:
        go.wait()
        while not over.is_set():
            found = delivery_store.claim_next(engine, "w", [_FSP], 60.0)
            if found is not None:
                delivery_store.record_dead(engine, found.claim, "http_422", "refusé")

    with ThreadPoolExecutor(4) as pool:
        streams = [pool.submit(stream) for _ in range(3)]
        worker = pool.submit(work)
        go.set()
        move_store.apply_change(engine, two[1], "person:bruno", change)
        made = [one for told in streams for one in told.result()]
        over.set()
        worker.result()
    for one in made:
        # Only what the worker had in hand at that moment stays where it was sent.
        states = {to: state for to, (state, _) in _deliveries(engine, one).items()}
        assert states.get(_ATEMPO) == "waiting" or states == {_FSP: "dead"}
    stayed = sum(_document(engine, one).destination == _FSP for one in made)
    assert stayed <= 1


def test_what_a_worker_gives_back_and_claims_anew_meanwhile_stays_where_it_goes(
    engine: sa.Engine, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store(engine, document()).id
    lock, save = follow_store._lock, plan_store.save_previous_routes
    claimed: list[Any] = []

    def in_hand_while_locking(connection: sa.Connection, ids: Any) -> Any:
        _claim(engine)
        found = lock(connection, ids)
        with transaction(engine) as worker:
            refused = {"state": "waiting", "claimed_by": None, "doubts": 0}
            worker.execute(deliveries_table.update().values(**refused))
        return found

    def claim_after(connection: sa.Connection, change: int, before: Any) -> None:
        save(connection, change, before)
        claimed.append(_claim(engine))

    monkeypatch.setattr(follow_store, "_lock", in_hand_while_locking)
    monkeypatch.setattr(plan_store, "save_previous_routes", claim_after)
    _apply(engine, two, _TO_ATEMPO)
    assert claimed
    assert set(_deliveries(engine, made)) == {_document(engine, made).destination}


def test_documents_that_are_named_while_a_change_is_applied_all_follow_it(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    """Their pages know the plan of a moment ago; nobody waits for anybody in a circle."""
    keyer = Person(
        add_person(engine, "k", Role.KEYER),
        "k",
        "K",
        frozenset({Role.KEYER}),
        EVERYWHERE,
        EVERYWHERE,
    )
    made = [store(engine, document(kind="name", fields=())).id for _ in range(12)]
    old, due = _SHIPPED.of("S3704", "45"), dt.date(2026, 11, 10)
    what = ("S3704", "", _TO_ATEMPO)
    change = plan_store.propose_change(engine, two[0], "person:anne", what, "réorganisation")
    half = threading.Event()

    def name_all() -> None:
        for number in range(len(made)):
            taken = lease_store.take_next(engine, keyer, "name", 60.0)
            assert taken is not None
            naming_store.name_document(engine, keyer, taken, old, due_on=due)
            if number == 3:
                half.set()

    with ThreadPoolExecutor(1) as pool:
        naming_all = pool.submit(name_all)
        half.wait(20)
        move_store.apply_change(engine, two[1], "person:bruno", change)
        naming_all.result()
    rows = [_document(engine, one) for one in made]
    assert {(row.type, row.pole, row.destination) for row in rows} == {
        ("S3704", "Risques professionnels", _ATEMPO)
    }
    assert _undo(engine, two[0], change) == len(made)
    assert {_document(engine, one).destination for one in made} == {old.destination}


def test_pages_know_a_change_within_a_moment_and_the_last_plan_without_a_database(
    engine: sa.Engine, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr("central.web.cache.time.monotonic", lambda: now[0])
    known = CurrentPlan(engine, _SHIPPED)
    assert known().of("S3110").destination == _FSP
    _apply(engine, two, _TO_ATEMPO)
    assert known().of("S3110").destination == _FSP, "remembered"
    now[0] += 2.0
    assert known().of("S3110").destination == _ATEMPO
    away = open_engine("postgresql://nobody@127.0.0.1:9/none")
    known._engine = away
    now[0] += 2.0
    assert known().of("S3110").destination == _ATEMPO
    with pytest.raises(StoreUnavailable):
        CurrentPlan(away, _SHIPPED)()
    away.dispose()


def test_what_is_named_just_after_a_change_was_undone_goes_where_the_plan_says_now(
    engine: sa.Engine, two: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page remembers the plan for a while: for as long as the test lasts, here."""
    monkeypatch.setattr("central.plan.views._REMEMBERED_S", 3_600.0)
    post = Post(engine, tmp_path / "images")
    made = post.deliver("Feuille de soins", kind="name")
    change = _apply(engine, two, {**_TO_ATEMPO, "delay_days": 1})
    with serving(settings(tmp_path), engine) as client:
        sign_in(client, engine, "keyer", Role.KEYER)
        client.post("/api/work/take", json={"queue": "name"})
        assert _undo(engine, two[0], change) == 0
        answer = client.post(f"/api/documents/{made.id}/name", json={"type": "S3110"})
        assert answer.status_code == 200, answer.text
    row, now = _document(engine, made.id), _SHIPPED.of("S3110", made.lot.fund)
    assert (row.type, row.pole, row.destination) == ("S3110", now.pole, now.destination)
    assert row.due_on == due_on(made.lot.received_on, now.delay_days)


def _ways(engine: sa.Engine, kind: str = "S3110") -> Counter[tuple[str, str]]:
    """How many documents of a type have each destination and state."""
    c = documents_table.c
    query = sa.select(c.destination, c.state, sa.func.count().label("of_way")).where(c.type == kind)
    with transaction(engine) as connection:
        found = connection.execute(query.group_by(c.destination, c.state))
        return Counter({(row.destination, row.state): row.of_way for row in found})


def _open_deliveries(engine: sa.Engine) -> Counter[tuple[str, str]]:
    d = deliveries_table.c
    query = sa.select(d.destination, d.state, sa.func.count().label("of_way"))
    with transaction(engine) as connection:
        found = connection.execute(
            query.where(d.state != "discarded").group_by(d.destination, d.state)
        )
        return Counter({(row.destination, row.state): row.of_way for row in found})


def _dies_after(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """The process loses its connection within the batch after so many."""
    lock, done = follow_store._lock, []

    def lock_and_die(connection: sa.Connection, ids: Any) -> Any:
        locked = lock(connection, ids)
        done.append(len(ids))
        if len(done) > batch:
            connection.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return locked

    monkeypatch.setattr(follow_store, "_lock", lock_and_die)


def test_mail_comes_in_while_thousands_follow_a_change_and_its_undoing(
    engine: sa.Engine, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is stored is committed when some follow already and others do not yet: in between."""
    monkeypatch.setattr(move_store, "_PATIENCE_S", None)
    monkeypatch.setattr(state_store, "BATCH", 100)
    many = 12 * state_store.BATCH
    copies(engine, store(engine, document()).id, many)
    change = _propose(engine, two[0], _TO_ATEMPO)
    came: list[uuid.UUID] = []

    def watch(acting: Future[int], to: str) -> list[bool]:
        between = []
        while not acting.done():
            came.append(store(engine, document()).id)
            moved_so_far = _ways(engine)[(to, "ready")]
            between.append(len(came) < moved_so_far < many)
        return between

    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(move_store.apply_change, engine, two[1], "person:bruno", change)
        assert any(watch(applying, _ATEMPO))
        assert applying.result() >= many
        assert {_document(engine, one).destination for one in came} == {_ATEMPO}
        undoing = pool.submit(_undo, engine, two[0], change)
        assert any(watch(undoing, _FSP))
        undoing.result()
    assert _ways(engine) == {(_FSP, "ready"): many + len(came)}
    assert _open_deliveries(engine) == {(_FSP, "waiting"): many + len(came)}


@pytest.mark.parametrize("batch", [0, 2])
def test_what_an_applied_change_left_behind_when_its_process_died_follows_at_the_next_sweep(
    engine: sa.Engine, two: tuple[int, int], tmp_path: Path, batch: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(state_store, "BATCH", 3)
    made = [store(engine, document(kind=kind)) for kind in ("straight", "name") * 6]
    change = _propose(engine, two[0], _TO_ATEMPO)
    with monkeypatch.context() as dying:
        _dies_after(dying, batch)
        with pytest.raises(StoreUnavailable):
            move_store.apply_change(engine, two[1], "person:bruno", change)
    assert sum(_ways(engine)[(_ATEMPO, state)] for state in ("ready", "to_name")) == 3 * batch
    assert follow_store.remaining(engine, change) == len(made) - 3 * batch
    comes = store(engine, document())
    assert _document(engine, comes.id).destination == _ATEMPO, "follows at once"
    assert housekeeping.follow_plan(engine, Telemetry("test")) is False
    assert _ways(engine) == {(_ATEMPO, "ready"): 7, (_ATEMPO, "to_name"): 6}
    assert _open_deliveries(engine) == {(_ATEMPO, "waiting"): 7}
    assert follow_store.remaining(engine, change) == 0
    assert plan_store.find_change(engine, change).documents == len(made) + 1
    assert _undo(engine, two[0], change) == len(made) + 1


def test_what_an_undone_change_left_behind_comes_back_at_the_next_sweep(
    engine: sa.Engine, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a delay, nothing about a document itself tells that it came back already."""
    monkeypatch.setattr(state_store, "BATCH", 3)
    for kind in ("straight", "name") * 6:
        store(engine, document(kind=kind))
    change = _apply(engine, two, {"delay_days": 1})
    with monkeypatch.context() as dying:
        _dies_after(dying, 2)
        with pytest.raises(StoreUnavailable):
            _undo(engine, two[0], change)
    comes = store(engine, document())
    assert _document(engine, comes.id).due_on == dt.date(2026, 11, 10)
    assert follow_store.remaining(engine, change) == 6
    with pytest.raises(ChangeUnderWay):  # what it moves would come back to a way that is over
        _apply(engine, two, {"delay_days": 3})
    done = follow_store.settle(engine)
    assert (done.changed, done.is_complete) == (6, True)
    with transaction(engine) as connection:
        assert set(connection.scalars(sa.select(documents_table.c.due_on))) == {
            dt.date(2026, 11, 10)
        }
    _apply(engine, two, {"delay_days": 3})


def test_a_change_is_undone_while_its_documents_still_follow_it(
    engine: sa.Engine, two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_store, "BATCH", 3)
    for _ in range(12):
        store(engine, document())
    change = _propose(engine, two[0], _TO_ATEMPO)
    lock, batch = follow_store._lock, []

    def undone_after_two(connection: sa.Connection, ids: Any) -> Any:
        batch.append(len(ids))
        locked = lock(connection, ids)
        if len(batch) == 2:
            undoing.append(pool.submit(_undo, engine, two[0], change))
        return locked

    undoing: list[Future[int]] = []
    monkeypatch.setattr(follow_store, "_lock", undone_after_two)
    with ThreadPoolExecutor(1) as pool:
        move_store.apply_change(engine, two[1], "person:bruno", change)
        undoing[0].result()
    follow_store.settle(engine)
    assert plan_store.find_change(engine, change).state == "undone"
    assert _ways(engine) == {(_FSP, "ready"): 12}
    assert _open_deliveries(engine) == {(_FSP, "waiting"): 12}
    assert follow_store.remaining(engine, change) == 0


def test_who_moves_thousands_gives_way_to_who_moves_one(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    """Somebody has the document's row and wants the delivery's; the batch asked for both before."""
    made = store(engine, document())
    change = _propose(engine, two[0], _TO_ATEMPO)
    d = deliveries_table.c
    with ThreadPoolExecutor(1) as pool:
        with transaction(engine) as connection:
            connection.execute(sa.select(d.state).where(d.document_id == made.id).with_for_update())
            applying = pool.submit(move_store.apply_change, engine, two[1], "person:bruno", change)
            _wait_until_blocked(engine)
            connection.execute(
                sa.select(documents_table.c.id)
                .where(documents_table.c.id == made.id)
                .with_for_update()
            )
        assert applying.result() == 1
    assert _open_deliveries(engine) == {(_ATEMPO, "waiting"): 1}


def _wait_until_blocked(engine: sa.Engine) -> None:
    query = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with transaction(engine) as connection:
            if connection.scalar(query):
                return
    pytest.fail("nobody waited")


def test_the_page_tells_what_still_follows(
    engine: sa.Engine, two: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_store, "BATCH", 3)
    for _ in range(8):
        store(engine, document())
    change = _propose(engine, two[0], _TO_ATEMPO)
    monkeypatch.setattr(move_store, "_PATIENCE_S", -1.0)  # as if it died after the decision
    with serving(settings(tmp_path), engine) as client:
        sign_in(client, engine, "ops", Role.OPERATIONS)
        assert client.post(f"/plan/{change}/appliquer", data={"_": ""}).status_code == 303
        told = client.get(f"/plan/{change}").text
        assert "Il reste 8\u00a0documents à déplacer" in told
        assert "en cours" in client.get("/plan").text
        follow_store.settle(engine)
        assert "à déplacer" not in client.get(f"/plan/{change}").text
        assert "en cours" not in client.get("/plan").text
        assert client.post(f"/plan/{change}/annuler", data={"_": ""}).status_code == 303
        assert "Il reste 8\u00a0documents à faire revenir" in client.get(f"/plan/{change}").text
        follow_store.settle(engine)
        assert "Il reste" not in client.get(f"/plan/{change}").text
