"""Documents that come back: what was keyed before counts no more; two acts at one moment."""

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING, Person, Role
from central.db.engine import transaction
from central.db.tables import documents, keyings
from central.delivery import store as delivery_store
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyedValue, KeyReason, ReturnCause, ReturnNote
from central.errors import CentralError, InputInvalid, LeaseLost
from central.history import store as history_store
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from central.monitoring import store as monitoring_store
from central.naming import store as naming_store
from central.quality import statistics_store
from central.rescans import store as rescans_store
from central.returns import store as returns_store
from central.samples import store as samples_store
from tests.support.central import changed, document, page, picture, store, tiff
from tests.support.keyers import PLAN, keyer, state_of, take
from tests.support.mail import Line, Post
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.lot import DocumentRecord

_IBAN, _OTHER = "FR1420041010050500013M02606", "FR7630006000011234567890189"
_WAY = ("Comptabilité", "COMPTABILITE")


@pytest.fixture
def post(engine: sa.Engine, tmp_path: Path) -> Post:
    return Post(engine, tmp_path)


def _rib(post: Post) -> DocumentRecord:
    return post.deliver(
        "RIB", Line("iban", "IBAN", _IBAN, read=_IBAN), kind="key", code="rib", way=_WAY
    )


def _key(engine: sa.Engine, person: Person, wanted: uuid.UUID, **values: KeyedValue) -> str:
    assert take(engine, person, "key") == wanted
    shown = documents_store.load_document(engine, person, wanted, "key")
    entry = PLAN.of(shown.document["type"])
    todo = {
        t.field.name: t.field.position
        for t in keying_store.pending_tasks(engine, shown.document, entry)
    }
    sent = {todo[name]: SubmittedField(value, "ok") for name, value in values.items()}
    return keying_store.submit_keying(engine, person, wanted, PLAN.of, sent).value


def _values(engine: sa.Engine, wanted: uuid.UUID) -> dict[str, str | None]:
    with transaction(engine) as connection:
        return {f.name: f.value for f in documents_store.fields_of(connection, wanted)}


def _todo(engine: sa.Engine, person: Person, wanted: uuid.UUID) -> list[str]:
    shown = documents_store.load_document(engine, person, wanted, "key")
    entry = PLAN.of(shown.document["type"])
    return [t.field.name for t in keying_store.pending_tasks(engine, shown.document, entry)]


def _deliver_and_return(engine: sa.Engine, wanted: uuid.UUID, cause: ReturnCause) -> None:
    claimed = delivery_store.claim_next(engine, "w", [_WAY[1]], 60.0)
    assert claimed is not None
    assert claimed.document.id == wanted
    assert delivery_store.record_delivered(engine, claimed.claim, "receipt")
    returns_store.accept_return(engine, wanted, _WAY[1], ReturnNote(cause), "http")


def _at_once(engine: sa.Engine, row: uuid.UUID, *acts: Callable[[], object]) -> list[object]:
    """Let several act at one moment: all of them wait for a document's row, then it is free."""
    came: list[object] = [None] * len(acts)

    def run(number: int) -> None:
        try:
            came[number] = acts[number]()
        except CentralError as error:
            came[number] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    with transaction(engine) as connection:
        connection.execute(sa.select(documents.c.id).where(documents.c.id == row).with_for_update())
        for thread in threads:
            thread.start()
        _until_waiting(engine, len(acts))
    for thread in threads:
        thread.join(30)
    return came


def _until_waiting(engine: sa.Engine, count: int) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(200):
        with transaction(engine) as connection:
            if (connection.scalar(waiting) or 0) >= count:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits")


def test_what_was_keyed_before_a_rescan_does_not_overwrite_what_is_read_of_the_new_image(
    engine: sa.Engine, post: Post
) -> None:
    made = _rib(post)
    nothing = KeyedValue(None, KeyReason.ILLEGIBLE)
    assert _key(engine, keyer(engine, "p1"), made.id, iban=nothing) == "to_key"
    assert _key(engine, keyer(engine, "p2"), made.id, iban=nothing) == "ready"
    _deliver_and_return(engine, made.id, ReturnCause.UNREADABLE)
    namer = keyer(engine, "namer")
    assert take(engine, namer) == made.id
    naming_store.ask_rescan(engine, namer, made.id, "name", "Illisible.")
    with transaction(engine) as connection:
        asked = connection.scalar(sa.text("SELECT id FROM rescans"))
    read = Field("iban", _IBAN, _IBAN, 0.99, True, Check.OK, 0, BoxMm(10.0, 10.0, 50.0, 8.0))
    box = BoxMm(10.0, 30.0, 50.0, 8.0)
    doubted = Field("account_holder", "MART1N", "", 0.5, False, Check.NONE, 0, box)
    answer = document(page(tiff([picture(number=9)])), kind="key", type="rib")
    route = replace(
        answer.document.route, reasons=("field:account_holder",), pole=_WAY[0], destination=_WAY[1]
    )
    store(engine, changed(answer, rescan_id=asked, route=route, fields=(read, doubted)))
    assert (
        _key(engine, keyer(engine, "p3"), made.id, account_holder=KeyedValue("MARTIN")) == "ready"
    )
    assert _values(engine, made.id) == {"iban": _IBAN, "account_holder": "MARTIN"}


def test_a_form_sent_twice_at_one_moment_is_not_the_second_persons_look(
    engine: sa.Engine, post: Post
) -> None:
    wanted, person = _rib(post).id, keyer(engine, "p1")
    assert take(engine, person, "key") == wanted
    holder = _todo(engine, person, wanted)
    assert holder == ["iban"] or "iban" in holder
    sent = {n: SubmittedField(KeyedValue(_IBAN if name == "iban" else "MARTIN"), "ok")
            for n, name in enumerate(holder)}  # fmt: skip

    def send() -> object:
        return keying_store.submit_keying(engine, person, wanted, PLAN.of, sent)

    came = _at_once(engine, wanted, send, send)
    assert sum(isinstance(one, LeaseLost) for one in came) == 1, came
    assert state_of(engine, wanted) == "to_key"
    with transaction(engine) as connection:
        assert set(connection.scalars(sa.select(keyings.c["pass"]))) == {"first"}


def test_nobody_takes_the_second_look_at_what_they_keyed_by_its_address(
    engine: sa.Engine, post: Post
) -> None:
    wanted = _rib(post).id
    first, second, chief = (
        keyer(engine, "p1"), keyer(engine, "p2"), keyer(engine, "s", Role.SUPERVISOR)
    )  # fmt: skip
    names = _todo(engine, first, wanted)
    told = {name: KeyedValue(_IBAN if name == "iban" else "MARTIN") for name in names}
    _key(engine, first, wanted, **told)
    assert not lease_store.take_document(engine, first, wanted, "key", 60)
    assert lease_store.take_document(engine, second, wanted, "key", 60)
    assert _key(engine, second, wanted, iban=KeyedValue(_OTHER)) == "to_key"
    assert not lease_store.take_document(engine, keyer(engine, "p3"), wanted, "key", 60)
    assert lease_store.take_document(engine, chief, wanted, "key", 60)


def test_of_two_copies_that_two_people_call_duplicates_one_stays(
    engine: sa.Engine, post: Post
) -> None:
    one, other = (post.deliver("A", kind="name").id for _ in range(2))
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    assert (take(engine, first), take(engine, second)) == (one, other)

    def drop(person: Person, wanted: uuid.UUID, original: uuid.UUID) -> Callable[[], object]:
        return lambda: naming_store.discard_duplicate(engine, person, wanted, original)

    came: list[object] = []

    def run(act: Callable[[], object]) -> None:
        try:
            came.append(act())
        except CentralError as error:
            came.append(error)

    threads = [
        threading.Thread(target=run, args=(drop(first, one, other),)),
        threading.Thread(target=run, args=(drop(second, other, one),)),
    ]
    with transaction(engine) as connection:
        both = sa.select(documents.c.id).where(documents.c.id.in_((one, other)))
        connection.execute(both.with_for_update())
        for thread in threads:
            thread.start()
        _until_waiting(engine, 2)
    for thread in threads:
        thread.join(30)
    assert sorted(state_of(engine, wanted) for wanted in (one, other)) == ["discarded", "to_name"]
    assert [type(one) for one in came if one is not None] == [InputInvalid]


def test_a_document_that_left_the_persons_poles_does_not_block_their_queue(
    engine: sa.Engine, post: Post
) -> None:
    gone = post.deliver("A", Line("nir", "NIR", "1"), kind="key", code="S1104").id
    stays = post.deliver("B", Line("nir", "NIR", "1"), kind="key", code="S1104").id
    person = keyer(engine, "p", poles=frozenset({"Flux entrants"}))
    assert take(engine, person, "key") == gone
    with transaction(engine) as connection:
        connection.execute(
            documents.update().where(documents.c.id == gone).values(pole="Comptabilité")
        )
    assert take(engine, person, "key") == stays


def test_what_somebody_keyed_can_be_named_by_them_once_it_is_to_name(
    engine: sa.Engine, post: Post
) -> None:
    wanted = post.deliver("A", Line("nir", "NIR", "1"), kind="key", code="S1104").id
    person = keyer(engine, "p")
    assert take(engine, person, "key") == wanted
    with transaction(engine) as connection:  # as a further document of an answer does
        connection.execute(
            documents.update().where(documents.c.id == wanted).values(state="to_name")
        )
        connection.execute(sa.text("UPDATE leases SET lease_until = now() - interval '1 minute'"))
    assert take(engine, person, "name") == wanted


def test_pages_that_come_while_somebody_names_are_seen_before_it_goes_on(
    engine: sa.Engine, post: Post
) -> None:
    wanted = post.deliver("A", kind="name").id
    namer = keyer(engine, "p")
    assert take(engine, namer) == wanted
    naming_store.ask_rescan(engine, namer, wanted, "name", "Coupé.")
    with transaction(engine) as connection:
        asked = connection.scalar(sa.text("SELECT id FROM rescans"))
    first = document(page(tiff([picture(number=8)])), kind="name", rescan_id=asked)
    store(engine, first)
    assert take(engine, namer) == wanted
    second = document(page(tiff([picture(number=9)])), kind="name")
    store(engine, changed(second, rescan_id=asked, lot_id=first.lot.id, position=1))
    with pytest.raises(LeaseLost):
        naming_store.name_document(
            engine, namer, wanted, PLAN.of("autre"), due_on=first.lot.received_on
        )
    assert take(engine, namer) == wanted
    assert len(documents_store.load_document(engine, namer, wanted, "name").pages) == 3


def test_rounds_of_double_keying_are_measured_apart(engine: sa.Engine, post: Post) -> None:
    made = _rib(post)
    people = [keyer(engine, f"p{n}") for n in range(4)]
    chief = keyer(engine, "s", Role.SUPERVISOR)
    with transaction(engine) as connection:
        looks = (
            ("first", people[0], _IBAN), ("second", people[1], _OTHER),
            ("arbitration", chief, _IBAN),
            ("first", people[2], _IBAN), ("second", people[3], _IBAN),
        )  # fmt: skip
        for look, who, value in looks:
            row = {"document_id": made.id, "position": 0, "name": "iban", "pass": look}
            connection.execute(keyings.insert().values(row | {"person_id": who.id, "value": value}))
        since = connection.execute(sa.select(sa.func.now() - dt.timedelta(days=1))).scalar_one()
    counts, pairs = statistics_store.double_keying(engine, chief, since)
    assert [(one.first.value, one.second.value) for one in pairs] == [(_IBAN, _OTHER)]
    assert sum(one.total for one in counts) == 4


def test_a_sample_is_never_cut_where_another_field_or_an_older_image_stood(
    engine: sa.Engine, post: Post
) -> None:
    made = _rib(post)
    chief = keyer(engine, "s", Role.SUPERVISOR)
    with transaction(engine) as connection:
        row = {"document_id": made.id, "position": 0, "pass": "first", "person_id": chief.id}
        connection.execute(keyings.insert().values(row | {"name": "nir", "value": "1"}))
        connection.execute(documents.update().values(state="ready"))
    wanted = samples_store.SampleFilter()
    assert samples_store.select_samples(engine, chief, wanted, 1e6, through="test") == []
    with transaction(engine) as connection:
        connection.execute(keyings.update().values(name="iban", value=_IBAN))
    assert len(samples_store.select_samples(engine, chief, wanted, 1e6, through="test")) == 1
    with transaction(engine) as connection:
        connection.execute(
            sa.text(
                "INSERT INTO rescans (id, document_id, site, station, lot_name, reason, state,"
                " person_id, answered_at) SELECT gen_random_uuid(), id, site, station, 'l', 'r',"
                " 'answered', :person, now() + interval '1 second' FROM documents"
            ),
            {"person": chief.id},
        )
    assert samples_store.select_samples(engine, chief, wanted, 1e6, through="test") == []


def test_a_value_that_a_pole_calls_wrong_is_keyed_before_it_is_delivered_again(
    engine: sa.Engine,
) -> None:
    wanted = store(engine, document(destination=_WAY[1])).id
    _deliver_and_return(engine, wanted, ReturnCause.WRONG_VALUE)
    namer = keyer(engine, "namer")
    assert take(engine, namer) == wanted
    due = dt.date(2026, 12, 1)
    state = naming_store.name_document(engine, namer, wanted, PLAN.of("S3110"), due_on=due)
    assert state == "to_key"
    assert "nir" in _todo(engine, namer, wanted)


def test_what_is_asked_and_controlled_for_other_poles_is_not_shown(
    engine: sa.Engine, post: Post
) -> None:
    made, namer = post.deliver("A", kind="name"), keyer(engine, "namer")
    assert take(engine, namer) == made.id
    naming_store.ask_rescan(engine, namer, made.id, "name", "Coupé.")
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO controls (document_id, cause, type, site)"
                    " SELECT id, 'sample', type, site FROM documents")
        )  # fmt: skip
    own = keyer(engine, "o1", poles=frozenset({"Flux entrants"}))
    other = keyer(engine, "o2", poles=frozenset({"Comptabilité"}))
    seen = {
        who.login: (
            len(monitoring_store.rescans_asked(engine, who.scope, 9)),
            monitoring_store.controls_waiting(engine, who.scope),
        )
        for who in (own, other)
    }
    assert {login: (asked, told["count"]) for login, (asked, told) in seen.items()} == {
        "o1": (1, 1),
        "o2": (0, 0),
    }


def test_what_was_keyed_first_is_not_forgotten_while_the_second_look_is_awaited(
    engine: sa.Engine, post: Post
) -> None:
    made, first = _rib(post), keyer(engine, "p1")
    names = _todo(engine, first, made.id)
    told = {name: KeyedValue(_IBAN if name == "iban" else "MARTIN") for name in names}
    assert _key(engine, first, made.id, **told) == "to_key"
    with transaction(engine) as connection:
        past = sa.func.now() - dt.timedelta(days=400)
        connection.execute(keyings.update().values(keyed_at=past))
    assert samples_store.erase_expired(engine, 365 * 86_400.0, 86_400.0).values == 0
    assert _key(engine, keyer(engine, "p2"), made.id, iban=KeyedValue(_IBAN)) == "ready"
    assert samples_store.erase_expired(engine, 365 * 86_400.0, 86_400.0).values == len(names)


def test_who_names_what_was_to_be_scanned_again_withdraws_the_request(
    engine: sa.Engine, post: Post
) -> None:
    made, namer = post.deliver("A", kind="name"), keyer(engine, "namer", Role.OPERATIONS)
    for _ in range(2):
        assert take(engine, namer) == made.id
        naming_store.ask_rescan(engine, namer, made.id, "name", "Coupé.")
        assert len(rescans_store.open_for(engine, made.site, made.station)) == 1
        history_store.back_to_naming(engine, made.id, namer, "finalement lisible")
        assert monitoring_store.rescans_asked(engine, EVERYTHING, 9) == []
