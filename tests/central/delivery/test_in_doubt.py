"""What an application may have without our knowing goes to nobody else, and people are told."""

import datetime as dt
import hashlib
import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING, Person, Role
from central.config import CentralConfig, Destination
from central.db.engine import transaction
from central.delivery import failure_store
from central.delivery import store as delivery_store
from central.delivery.failure_store import DeliverySelection
from central.documents import lease_store
from central.documents.rules import ReturnCause, ReturnNote
from central.errors import DeliveryInDoubt
from central.history import store as history_store
from central.holds import store as holds_store
from central.naming import store as naming_store
from central.pack import load_plan
from central.plan import move_store
from central.plan import store as plan_store
from central.returns import store as returns_store
from central.returns.store import ReturnOutcome
from central.sent_work import store as sent_work_store
from tests.support.central import document, picture, reroute, store, tiff
from tests.support.central import page as incoming_page
from tests.support.console import PASSWORD, add_person, enter, serving, sign_in
from tests.support.console import settings as console_settings
from tests.support.dispatching import images_of, put, running, settings, until
from tests.support.http_pole import SECRET, HttpApplication
from tests.support.keyers import PLAN, keyer
from tests.support.mail import Line, Post
from vaguemestre import pack

_A, _B = "FRAIS_DE_SANTE", "ATEMPO"
_TO_B = {"pole": "Risques professionnels", "destination": _B}
_TODAY = dt.date(2026, 11, 4)
_SHIPPED = load_plan(pack.default_dir())
_SCAN = tiff([picture(number=n) for n in range(20)])


@pytest.fixture
def two(engine: sa.Engine) -> tuple[int, int]:
    """Two people of operations."""
    return (
        add_person(engine, "anne", Role.OPERATIONS),
        add_person(engine, "bruno", Role.OPERATIONS),
    )


@pytest.fixture
def poles() -> Iterator[dict[str, HttpApplication]]:
    found = {name: HttpApplication() for name in (_A, _B)}
    yield found
    for one in found.values():
        one.close()


@pytest.fixture
def centre(tmp_path: Path, poles: dict[str, HttpApplication]) -> CentralConfig:
    """Tries once; whoever wants another try makes it due."""
    secret = tmp_path / "secret"
    secret.write_bytes(SECRET)
    served = [
        Destination(name=name, kind="http", url=one.url, secret_file=secret, timeout_s=20)
        for name, one in poles.items()
    ]
    config = settings(tmp_path, *served, first_delay_s=3_600.0, longest_delay_s=3_600.0)
    put(images_of(config), hashlib.sha256(_SCAN).digest(), _SCAN)
    return config


@pytest.fixture
def stored(engine: sa.Engine) -> Callable[[], uuid.UUID]:
    pages = itertools.count()
    return lambda: store(engine, document(incoming_page(_SCAN, next(pages)), destination=_A)).id


def _rows(engine: sa.Engine, document_id: uuid.UUID) -> dict[str, Any]:
    with transaction(engine) as connection:
        found = connection.execute(
            sa.text("SELECT * FROM deliveries WHERE document_id = :id"), {"id": document_id}
        ).all()
    return {row.destination: row for row in found}


def _destination(engine: sa.Engine, document_id: uuid.UUID) -> str:
    with transaction(engine) as connection:
        query = sa.text("SELECT destination FROM documents WHERE id = :id")
        return str(connection.scalar(query, {"id": document_id}))


def _run(engine: sa.Engine, statement: str, **values: object) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text(statement), values)


def _try(engine: sa.Engine, config: CentralConfig, folder: Path, made: uuid.UUID, to: str) -> Any:
    """Let dispatch try a delivery once; its row then."""
    before = _rows(engine, made)[to].attempts
    _run(engine, "UPDATE deliveries SET next_at = now() WHERE state = 'waiting'")

    def is_over() -> bool:
        row = _rows(engine, made)[to]
        return bool(row.attempts > before and row.state != "claimed")

    with running(config, engine, folder):
        until(is_over, "tried")
    return _rows(engine, made)[to]


def _apply(engine: sa.Engine, two: tuple[int, int]) -> tuple[int, int]:
    """The change to B, and how many documents it moved."""
    change = plan_store.propose_change(
        engine, two[0], "person:anne", ("S3110", "", _TO_B), "réorganisation"
    )
    return change, move_store.apply_change(engine, two[1], "person:bruno", change)


def test_a_change_of_the_plan_leaves_what_a_pole_may_have_with_it(
    engine: sa.Engine,
    two: tuple[int, int],
    centre: CentralConfig,
    poles: dict[str, HttpApplication],
    stored: Callable[[], uuid.UUID],
    tmp_path: Path,
) -> None:
    made = stored()
    poles[_A].drops_answers = True
    row = _try(engine, centre, tmp_path, made, _A)
    assert (row.state, row.last_code) == ("waiting", "http_no_answer")
    seen = plan_store.preview_change(engine, ("S3110", "", _TO_B), _TODAY, 5)
    assert (seen.total, seen.in_hand, seen.in_doubt) == (0, 0, {_A: 1})
    assert _apply(engine, two)[1] == 0
    assert _destination(engine, made) == _A
    poles[_A].drops_answers = False
    assert _try(engine, centre, tmp_path, made, _A).state == "delivered"
    assert list(_rows(engine, made)) == [_A]
    assert (poles[_A].arrivals(), poles[_B].arrivals()) == (1, 0)


def test_mail_of_an_application_that_is_down_goes_elsewhere(
    engine: sa.Engine,
    two: tuple[int, int],
    centre: CentralConfig,
    poles: dict[str, HttpApplication],
    stored: Callable[[], uuid.UUID],
    tmp_path: Path,
) -> None:
    made = stored()
    poles[_A].disconnect()
    row = _try(engine, centre, tmp_path, made, _A)
    assert (row.state, row.last_code, row.doubts) == ("waiting", "http_unreachable", 0)
    assert _apply(engine, two)[1] == 1
    assert _try(engine, centre, tmp_path, made, _B).state == "delivered"
    assert _rows(engine, made)[_A].state == "discarded"


def test_undoing_a_change_leaves_what_the_new_pole_may_have_with_it(
    engine: sa.Engine,
    two: tuple[int, int],
    centre: CentralConfig,
    poles: dict[str, HttpApplication],
    stored: Callable[[], uuid.UUID],
    tmp_path: Path,
) -> None:
    made, other = stored(), stored()
    change, moved = _apply(engine, two)
    assert moved == 2
    poles[_B].drops_answers = True
    _run(engine, "UPDATE deliveries SET state = 'held' WHERE document_id = :id", id=other)
    _try(engine, centre, tmp_path, made, _B)
    with serving(console_settings(tmp_path), engine) as client:
        sign_in(client, engine, "ops", Role.OPERATIONS)
        assert "peut-être déjà reçu" in client.get(f"/plan/{change}").text
    assert move_store.undo_change(engine, two[0], "person:anne", change, _SHIPPED) == 1
    assert (_destination(engine, made), _destination(engine, other)) == (_B, _A)
    assert _rows(engine, made)[_B].state == "waiting"


def test_pages_name_the_pole_that_may_have_what_a_change_does_not_move(
    engine: sa.Engine, two: tuple[int, int], tmp_path: Path
) -> None:
    made, moves = store(engine, document()), store(engine, document())
    _fail(engine, made.id, "http_no_answer")
    change = plan_store.propose_change(
        engine, two[0], "person:anne", ("S3110", "", _TO_B), "réorganisation"
    )
    with serving(console_settings(tmp_path), engine) as client:
        sign_in(client, engine, "ops", Role.OPERATIONS)
        told = client.get(f"/plan/{change}").text
        assert f"peut-être déjà reçus par {_A}, non déplacés" in told
        assert client.post(f"/plan/{change}/appliquer", data={"_": ""}).status_code == 303
        told = client.get(f"/plan/{change}").text
        assert f"Peut-être déjà reçus par {_A}, qui n'a pas répondu : 1." in told
        assert "Documents non déplacés : 1" in told
        assert str(made.id) in told
        assert "peut-être déjà reçu" in client.get(f"/documents/{made.id}").text
        assert "peut-être déjà reçu" not in client.get(f"/documents/{moves.id}").text


def test_a_document_that_a_pole_may_have_is_not_taken_back(
    engine: sa.Engine, post: Post, tmp_path: Path
) -> None:
    lea, made = _named(engine, post)
    to = _destination(engine, made)
    _fail(engine, made, "http_no_answer", to)
    with pytest.raises(DeliveryInDoubt) as refused:
        sent_work_store.take_back(engine, lea, made, 60)
    assert f"peut-être déjà été reçu par {to}" in refused.value.hint
    assert _rows(engine, made)[to].state == "waiting"
    with serving(console_settings(tmp_path), engine) as client:
        enter(client, "lea", PASSWORD)
        answer = client.post("/api/work/take-back", json={"ids": [str(made)]})
        assert to in answer.json()["refused"][0]["reason"]


def test_a_document_that_surely_did_not_arrive_is_taken_back(engine: sa.Engine, post: Post) -> None:
    lea, made = _named(engine, post)
    _fail(engine, made, "http_unreachable", _destination(engine, made))
    assert sent_work_store.take_back(engine, lea, made, 60).queue == "name"


def _named(engine: sa.Engine, post: Post) -> tuple[Person, uuid.UUID]:
    """A letter that somebody has just named."""
    lea = keyer(engine, "lea")
    made = post.deliver(
        "Lettre", Line("nir", "NIR", "1", read="1"), kind="name", code="S1104", reasons=("unknown",)
    )
    assert lease_store.take_next(engine, lea, "name", 60) == made.id
    entry = PLAN.of("courrier", "45")
    naming_store.name_document(engine, lea, made.id, entry, due_on=dt.date(2026, 12, 1))
    return lea, made.id


def _fail(engine: sa.Engine, made: uuid.UUID, code: str, to: str = _A) -> int:
    """Try a delivery, with this outcome; how many tries may have arrived by then."""
    _run(engine, "UPDATE deliveries SET next_at = '2000-01-01' WHERE document_id = :id", id=made)
    found = delivery_store.claim_next(engine, "w1", [to], 60.0)
    assert found is not None
    assert found.document.id == made
    assert delivery_store.postpone(engine, found.claim, 0.0, code, "")
    return int(_rows(engine, made)[to].doubts)


def test_what_may_have_arrived_stays_in_doubt_whatever_comes_after(engine: sa.Engine) -> None:
    """Only an answer to the delivery itself, or its pôle, ends the doubt."""
    made = store(engine, document()).id
    assert _fail(engine, made, "http_unreachable") == 0
    assert _fail(engine, made, "http_500") == 1
    assert _fail(engine, made, "http_unreachable") == 1
    assert _fail(engine, made, "http_401") == 1
    assert _fail(engine, made, "dispatch_disk") == 1
    add_person(engine, "anne", Role.OPERATIONS)
    holds_store.place_hold(engine, "anne", "destination", _A, "panne")
    assert _rows(engine, made)[_A].last_code == "hold"
    with transaction(engine) as connection:
        hold = connection.scalar(sa.text("SELECT id FROM holds"))
    holds_store.release_hold(engine, "anne", hold, [_A])
    assert _rows(engine, made)[_A].doubts == 1
    assert _fail(engine, made, "http_422") == 0


def _olga(engine: sa.Engine) -> Any:
    return keyer(engine, "olga", Role.OPERATIONS)


def test_what_a_lost_worker_had_in_hand_is_in_doubt(engine: sa.Engine) -> None:
    made = store(engine, document()).id
    assert delivery_store.claim_next(engine, "w1", [_A], 0.0) is not None
    failure_store.release_expired_claims(engine, give_up_after=5)
    assert (_rows(engine, made)[_A].state, _rows(engine, made)[_A].doubts) == ("waiting", 1)


def test_content_that_changed_leaves_the_round_before_in_doubt(
    engine: sa.Engine, two: tuple[int, int]
) -> None:
    """The pôle may have the former round, although the next one surely did not arrive."""
    made = store(engine, document()).id
    _fail(engine, made, "http_no_answer")
    _run(engine, "UPDATE pages SET rotation = 180")
    _fail(engine, made, "http_unreachable")
    assert _rows(engine, made)[_A].round == 2
    assert _apply(engine, two)[1] == 0


def _dead(engine: sa.Engine, code: str) -> uuid.UUID:
    made = store(engine, document()).id
    found = delivery_store.claim_next(engine, "w1", [_A], 60.0)
    assert found is not None
    assert delivery_store.record_dead(engine, found.claim, code, "")
    return made


def test_a_dead_letter_that_a_pole_may_have_is_not_discarded(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure, sure = _dead(engine, "http_500"), _dead(engine, "http_422")
    both = DeliverySelection(EVERYTHING, [unsure, sure])
    assert failure_store.in_doubt(engine, both) == {_A: 1}
    with serving(console_settings(tmp_path), engine) as client:
        sign_in(client, engine, "ops", Role.OPERATIONS)
        ticks = {f"t:{one}:{_A}": "on" for one in (unsure, sure)}
        told = client.post("/echecs/choisir", data={"acte": "ecarter", **ticks}).text
        assert f"Peut-être déjà reçues par {_A}, qui n'a pas répondu : 1." in told
        assert "Écarter 1 livraison ?" in told.replace("\u00a0", " ")
    assert failure_store.discard(engine, "person:anne", "remis", both) == 1
    assert _rows(engine, unsure)[_A].state == "dead"
    assert _rows(engine, sure)[_A].state == "discarded"
    assert failure_store.replay(engine, "person:anne", DeliverySelection(EVERYTHING, [unsure])) == 1
    assert _rows(engine, unsure)[_A].doubts == 1


@pytest.mark.parametrize("changed", [False, True])
def test_what_its_pole_says_not_to_have_is_named_for_another(
    engine: sa.Engine, changed: bool
) -> None:
    made = store(engine, document()).id
    _fail(engine, made, "http_no_answer")
    if changed:  # the next round was never handed over
        _run(engine, "UPDATE deliveries SET round = 2, idempotency_key = idempotency_key || '2'")
    note = ReturnNote(ReturnCause.OTHER, "le pôle ne l'a pas")
    taken = returns_store.accept_return(engine, made, _A, note, "console", actor="person:anne")
    assert taken is ReturnOutcome.TAKEN
    reroute(engine, "person:lea", made, _B)
    assert _rows(engine, made)[_A].state == "discarded"
    assert _rows(engine, made)[_B].state == "waiting"


def test_a_document_in_doubt_is_not_sent_back_to_naming(engine: sa.Engine) -> None:
    made = _dead(engine, "http_500")
    failure_store.discard(
        engine, "person:anne", "remis autrement", DeliverySelection(EVERYTHING, [made])
    )
    found = history_store.load_history(engine, made, _olga(engine), with_content=False)
    assert not history_store.may_be_named_again(found.document)
