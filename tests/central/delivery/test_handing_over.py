"""One key stands for one content; a claim lasts as long as its hand-over; rounds are told apart."""

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central import processes
from central.accounts.rules import Role
from central.config import Destination
from central.db.engine import transaction
from central.delivery import failure_store
from central.delivery import store as delivery_store
from central.delivery.rules import CircuitPolicy, Delivery
from central.documents.rules import ReturnCause, ReturnNote, Which
from central.errors import NotFound
from central.history import store as history_store
from central.returns import store as returns_store
from central.returns.store import ReturnOutcome
from tests.support.central import document, picture, reroute, store, tiff
from tests.support.central import page as incoming_page
from tests.support.dispatching import images_of, put, running, settings, until
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.keyers import keyer

HERE = "FRAIS_DE_SANTE"
BOTH = [HERE, "ATEMPO"]
WHY = ReturnNote(ReturnCause.WRONG_VALUE)
PAGES = 40
SCAN = tiff([picture(number=n) for n in range(PAGES)])


def _claim(engine: sa.Engine, *destinations: str, lease_s: float = 60.0) -> Delivery:
    found = delivery_store.claim_next(engine, "w1", destinations or BOTH, lease_s)
    assert found is not None
    return found


def _lose_answer(engine: sa.Engine, *destinations: str) -> Delivery:
    """Hand a delivery over and never hear of it."""
    found = _claim(engine, *destinations)
    assert delivery_store.postpone(engine, found.claim, 0.0, "http_no_answer", "coupure")
    return found


def _run(engine: sa.Engine, statement: str, **values: object) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text(statement), values)


def _row(engine: sa.Engine, document_id: uuid.UUID, destination: str = HERE) -> Any:
    with transaction(engine) as connection:
        return connection.execute(
            sa.text("SELECT * FROM deliveries WHERE document_id = :id AND destination = :to"),
            {"id": document_id, "to": destination},
        ).one()


# One key, one content


def test_what_was_tried_and_tells_the_same_keeps_its_key(engine: sa.Engine) -> None:
    store(engine, document())
    keys = {_lose_answer(engine).claim.idempotency_key for _ in range(3)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE documents SET type = 'S3704' WHERE id = :id", ("type", "person")),
        ("UPDATE documents SET due_on = '2027-01-01' WHERE id = :id", ("due_on", "plan")),
        (
            "UPDATE fields SET value = '1', source = 'person'"
            " WHERE document_id = :id AND name = 'nir'",
            ("fields.nir", "person"),
        ),
        ("UPDATE pages SET rotation = 180 WHERE document_id = :id", ("pages", "person")),
    ],
)
def test_what_changed_since_it_was_tried_goes_out_under_a_key_of_its_own(
    engine: sa.Engine, change: str, told: tuple[str, str]
) -> None:
    made = store(engine, document())
    first = _lose_answer(engine)
    _run(engine, change, id=made.id)
    second = _lose_answer(engine)
    assert first.claim.idempotency_key == f"{made.id}-{HERE}-1"
    assert second.claim.idempotency_key == f"{made.id}-{HERE}-2"
    assert second.supersedes is not None
    assert (second.supersedes.round, second.supersedes.cause) == (1, None)
    assert [(one.what, one.by) for one in second.supersedes.changed] == [told]
    assert _lose_answer(engine).claim.idempotency_key == second.claim.idempotency_key


def test_what_becomes_urgent_after_a_lost_answer_is_the_same_delivery(engine: sa.Engine) -> None:
    """Else whoever is asked to hurry it hands it over twice."""
    made = store(engine, document())
    first = _lose_answer(engine)
    history_store.set_priority(
        engine, made.id, keyer(engine, "olga", Role.OPERATIONS), is_urgent=True
    )
    again = _claim(engine)
    assert again.claim.idempotency_key == first.claim.idempotency_key
    assert (again.content, again.document.priority) == (first.content, 1)


def test_a_document_named_anew_for_a_pole_that_may_have_it_gets_a_new_key(
    engine: sa.Engine,
) -> None:
    """To one pôle in vain, sent another way, and back to the first as something else."""
    made = store(engine, document())
    _lose_answer(engine)
    _run(engine, "UPDATE deliveries SET state = 'discarded' WHERE document_id = :id", id=made.id)
    _run(
        engine, "UPDATE documents SET state = 'to_name', type = 'S3704' WHERE id = :id", id=made.id
    )
    reroute(engine, "person:lea", made.id, HERE)
    assert _claim(engine).claim.idempotency_key == f"{made.id}-{HERE}-2"


def test_a_delivery_that_an_older_version_tried_and_that_is_named_anew_gets_a_new_key(
    engine: sa.Engine,
) -> None:
    made = store(engine, document())
    _lose_answer(engine)
    _run(engine, "DELETE FROM handed_over")
    _run(engine, "UPDATE deliveries SET state = 'discarded' WHERE document_id = :id", id=made.id)
    _run(engine, "UPDATE documents SET state = 'to_name' WHERE id = :id", id=made.id)
    reroute(engine, "person:lea", made.id, HERE)
    assert _claim(engine).claim.round == 2


def test_a_round_says_why_the_one_before_was_given_back(engine: sa.Engine) -> None:
    made = store(engine, document())
    delivery_store.record_delivered(engine, _claim(engine).claim, "")
    returns_store.accept_return(engine, made.id, HERE, WHY, "http")
    _run(
        engine,
        "UPDATE fields SET value = '2', source = 'person'"
        " WHERE document_id = :id AND name = 'total'",
        id=made.id,
    )
    reroute(engine, "person:lea", made.id, HERE)
    again = _claim(engine)
    assert again.claim.round == 2
    assert again.supersedes is not None
    assert again.supersedes.cause == "wrong_value"
    assert [one.what for one in again.supersedes.changed] == ["fields.total"]


# A claim lasts as long as its hand-over


def test_a_claim_that_is_renewed_is_not_swept(engine: sa.Engine) -> None:
    store(engine, document())
    held = _claim(engine, lease_s=0.0).claim
    assert delivery_store.renew(engine, [held], 60.0) == 1
    assert failure_store.release_expired_claims(engine, give_up_after=5).expired == 0
    assert delivery_store.record_delivered(engine, held, "")
    assert delivery_store.renew(engine, [held], 60.0) == 0


def test_an_answer_that_comes_after_the_claim_was_lost_counts(engine: sa.Engine) -> None:
    made = store(engine, document())
    for _ in range(2):
        late = _claim(engine, lease_s=0.0).claim
        failure_store.release_expired_claims(engine, give_up_after=2)
    assert _row(engine, made.id).state == "dead"
    assert delivery_store.record_delivered(engine, late, "reçu")
    assert (_row(engine, made.id).state, _row(engine, made.id).receipt) == ("delivered", "reçu")


def test_a_late_answer_to_another_key_does_not_count(engine: sa.Engine) -> None:
    made = store(engine, document())
    late = _claim(engine, lease_s=0.0).claim
    failure_store.release_expired_claims(engine, give_up_after=5)
    _run(engine, "UPDATE documents SET type = 'S3704' WHERE id = :id", id=made.id)
    _lose_answer(engine)
    assert not delivery_store.record_delivered(engine, late, "")
    assert _row(engine, made.id).state == "waiting"


@pytest.mark.parametrize("state", ["waiting", "held", "dead"])
def test_a_late_answer_to_what_the_document_no_longer_tells_does_not_count(
    engine: sa.Engine, state: str
) -> None:
    """Else what was changed meanwhile would never go out."""
    made = store(engine, document())
    late = _claim(engine, lease_s=0.0).claim
    failure_store.release_expired_claims(engine, give_up_after=5)
    _run(engine, "UPDATE documents SET type = 'S3704' WHERE id = :id", id=made.id)
    _run(engine, "UPDATE deliveries SET state = :state", state=state)
    assert not delivery_store.record_delivered(engine, late, "")
    assert _row(engine, made.id).state == state
    _run(engine, "UPDATE deliveries SET state = 'waiting'")
    assert _claim(engine).claim.round == 2


@pytest.fixture
def pole() -> Iterator[HttpApplication]:
    application = HttpApplication()
    yield application
    application.close()


def _serves(pole: HttpApplication, folder: Path, name: str = HERE) -> Destination:
    secret = folder / "secret"
    secret.write_bytes(SECRET)
    return Destination(name=name, kind="http", url=pole.url, secret_file=secret)


@pytest.fixture
def stored(engine: sa.Engine) -> Callable[..., uuid.UUID]:
    pages = iter(range(PAGES))

    def make(destination: str = HERE, priority: int = 0) -> uuid.UUID:
        page = incoming_page(SCAN, next(pages))
        made = document(page, destination=destination, priority=priority)
        return store(engine, made).id

    return make


def test_a_hand_over_longer_than_its_lease_is_made_once(
    engine: sa.Engine, tmp_path: Path, pole: HttpApplication, stored: Callable[..., uuid.UUID]
) -> None:
    config = settings(tmp_path, _serves(pole, tmp_path), lease_s=0.8)
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    made = stored()
    pole.slow_down(4.0)
    with running(config, engine, tmp_path):
        until(lambda: _row(engine, made).state == "delivered", "delivered")
    assert pole.asked == 1
    assert _row(engine, made).attempts == 1


def test_a_slow_pole_keeps_no_other_waiting(
    engine: sa.Engine, tmp_path: Path, pole: HttpApplication, stored: Callable[..., uuid.UUID]
) -> None:
    slow, folder = HttpApplication(), tmp_path / "atempo"
    gate = slow.close_gate()
    fast = Destination(name="ATEMPO", kind="folder", folder=folder, marker="")
    config = settings(tmp_path, _serves(slow, tmp_path), fast, workers=2)
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    of_slow = [stored(priority=1) for _ in range(6)]
    of_fast = [stored("ATEMPO") for _ in range(6)]
    with running(config, engine, tmp_path):
        until(
            lambda: all(_row(engine, one, "ATEMPO").state == "delivered" for one in of_fast),
            "the fast one has all of its own",
        )
        assert not any(_row(engine, one).state == "delivered" for one in of_slow)
        gate.set()
        until(
            lambda: all(_row(engine, one).state == "delivered" for one in of_slow),
            "the slow one has its own",
        )
    slow.close()


def test_a_document_that_always_fails_alone_becomes_a_dead_letter(
    engine: sa.Engine, tmp_path: Path, pole: HttpApplication, stored: Callable[..., uuid.UUID]
) -> None:
    config = settings(tmp_path, _serves(pole, tmp_path), give_up_after=8, circuit_opens_after=3)
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    pole.always = (500, {"Content-Type": "text/plain"}, b"boom")
    made = stored()
    with running(config, engine, tmp_path):
        until(lambda: _row(engine, made).state == "dead", "given up")
    row = _row(engine, made)
    assert (row.attempts, row.last_code) == (8, "http_500")
    assert "boom" in row.last_reason


def test_an_outage_makes_no_dead_letter(engine: sa.Engine) -> None:
    made = store(engine, document())
    policy = CircuitPolicy(opens_after=1, stays_open_s=0.0)
    delivery_store.record_unreachable(engine, HERE, policy, "http_503")
    for _ in range(4):
        trial = _claim(engine, HERE).claim
        assert trial.is_trial
        delivery_store.postpone(engine, trial, 0.0, "http_503", "", counts=False)
        delivery_store.record_unreachable(engine, HERE, policy, "http_503")
    assert _row(engine, made.id).attempts == 0


def test_an_application_that_holds_other_content_gets_a_round_of_its_own(
    engine: sa.Engine, tmp_path: Path, pole: HttpApplication, stored: Callable[..., uuid.UUID]
) -> None:
    config = settings(tmp_path, _serves(pole, tmp_path))
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    made = stored()
    named = {"Idempotency-Key": f"{made}-{HERE}-1", "X-Vaguemestre-Content": "00" * 32}
    pole.answers.append((409, named, b""))
    with running(config, engine, tmp_path):
        until(lambda: _row(engine, made).state == "delivered", "delivered")
    assert list(pole.received) == [f"{made}-{HERE}-2"]
    told = json.loads(pole.received[f"{made}-{HERE}-2"][f"{made}.json"])
    assert (told["round"], told["supersedes"]["round"]) == (2, 1)
    assert told["content_sha256"] == pole.headers[-1]["X-Vaguemestre-Content"]


def _await_delivery(engine: sa.Engine, document_id: uuid.UUID) -> None:
    until(lambda: _row(engine, document_id).state == "delivered", "delivered")


def test_a_cleaner_of_temporary_files_breaks_nothing(
    engine: sa.Engine, tmp_path: Path, pole: HttpApplication, stored: Callable[..., uuid.UUID]
) -> None:
    config = settings(tmp_path, _serves(pole, tmp_path))
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    with running(config, engine, tmp_path):
        for _ in range(2):
            _await_delivery(engine, stored())
            for folder in (tmp_path / "work").iterdir():
                for file in folder.iterdir():
                    file.unlink()
                folder.rmdir()


# Rounds of returns


def _twice_delivered(engine: sa.Engine) -> uuid.UUID:
    made = store(engine, document())
    delivery_store.record_delivered(engine, _claim(engine).claim, "")
    returns_store.accept_return(engine, made.id, HERE, WHY, "http")
    reroute(engine, "person:lea", made.id, HERE)
    delivery_store.record_delivered(engine, _claim(engine).claim, "")
    return made.id


def _give_back(engine: sa.Engine, document_id: uuid.UUID, which: Which) -> ReturnOutcome:
    return returns_store.accept_return(engine, document_id, HERE, WHY, "http", which=which)


def test_a_return_of_an_earlier_round_takes_nothing_back(engine: sa.Engine) -> None:
    made = _twice_delivered(engine)
    assert _give_back(engine, made, Which(1)) is ReturnOutcome.ALREADY
    assert _row(engine, made).state == "delivered"
    with pytest.raises(NotFound):
        _give_back(engine, made, Which(3))
    assert _give_back(engine, made, Which(2)) is ReturnOutcome.TAKEN
    assert _give_back(engine, made, Which(2)) is ReturnOutcome.ALREADY


def test_a_return_that_names_no_round_means_none_that_came_after_it(engine: sa.Engine) -> None:
    made = _twice_delivered(engine)
    at = _row(engine, made).delivered_at
    before, after = (at.replace(year=at.year + years) for years in (-1, 1))
    assert _give_back(engine, made, Which(None, before)) is ReturnOutcome.UNCLEAR
    assert _give_back(engine, made, Which()) is ReturnOutcome.UNCLEAR
    assert _row(engine, made).state == "delivered"
    assert _give_back(engine, made, Which(None, after)) is ReturnOutcome.TAKEN


@pytest.mark.parametrize("state", ["waiting", "dead", "held"])
def test_a_pole_gives_back_what_it_has_although_the_centre_never_heard_so(
    engine: sa.Engine, state: str
) -> None:
    made = store(engine, document())
    _lose_answer(engine)
    _run(engine, "UPDATE deliveries SET state = :state WHERE document_id = :id",
         state=state, id=made.id)  # fmt: skip
    if state == "dead":
        _run(engine, "UPDATE documents SET state = 'dead' WHERE id = :id", id=made.id)
    assert _give_back(engine, made.id, Which(1)) is ReturnOutcome.TAKEN
    assert _row(engine, made.id).state == "returned"
    reroute(engine, "person:lea", made.id, "ATEMPO")  # somebody can name it


def test_what_was_given_up_or_sent_another_way_is_already_back(engine: sa.Engine) -> None:
    made = store(engine, document())
    _lose_answer(engine)
    _run(engine, "UPDATE deliveries SET state = 'discarded' WHERE document_id = :id", id=made.id)
    assert _give_back(engine, made.id, Which(1)) is ReturnOutcome.ALREADY


def test_threads_of_a_share_that_hangs_do_not_keep_the_process(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(processes, "_ENDED_WITHIN_S", 0.5)
    share, is_file = tmp_path / "pole", Path.is_file
    monkeypatch.setattr(
        Path,
        "is_file",
        lambda path: gate.wait(300) if path.is_relative_to(share) else is_file(path),
    )
    hung = Destination(name=HERE, kind="folder", folder=share)
    config = settings(tmp_path, hung)
    put(images_of(config), hashlib.sha256(SCAN).digest(), SCAN)
    made = store(engine, document(incoming_page(SCAN))).id
    with running(config, engine, tmp_path):
        until(lambda: _row(engine, made).state == "claimed", "in hand")
    gate.set()  # not before: the process has ended without it
