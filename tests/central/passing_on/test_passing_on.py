"""A document that somebody does not finish: who gets it next, and what they read."""

import datetime as dt
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from central.accounts.rules import Person, Role
from central.db.engine import transaction
from central.db.tables import remarks
from central.documents import lease_store
from central.documents import store as documents_store
from central.errors import InputInvalid, LeaseLost
from central.naming import store as naming_store
from central.passing_on import store as passing_on_store
from central.passing_on.store import Way
from central.sent_work import store as sent_work_store
from tests.support.console import add_person
from tests.support.keyers import PLAN, keyer, take
from tests.support.mail import Post
from vaguemestre.model.lot import DocumentRecord

_WHY = "Je ne lis pas le tampon."


@pytest.fixture
def made(engine: sa.Engine, tmp_path: Path) -> DocumentRecord:
    return Post(engine, tmp_path / "images").deliver("Lettre", kind="name", reasons=("unknown",))


@pytest.fixture
def lea(engine: sa.Engine, made: DocumentRecord) -> Person:
    """Somebody who has the document before her."""
    person = keyer(engine, "lea")
    assert take(engine, person) == made.id
    return person


def _pass(engine: sa.Engine, person: Person, made: DocumentRecord, way: Way) -> None:
    passing_on_store.pass_on(engine, person, made.id, "name", way)


def _pass_time(engine: sa.Engine, by: dt.timedelta) -> None:
    with transaction(engine) as connection:
        connection.execute(remarks.update().values(written_at=remarks.c.written_at - by))
        connection.execute(sa.text("UPDATE documents SET state_at = state_at - interval '9 hours'"))


@pytest.mark.parametrize("name", ["give_back", "skip"])
def test_what_somebody_would_not_have_comes_to_others_and_later_to_them_again(
    engine: sa.Engine, made: DocumentRecord, lea: Person, name: str
) -> None:
    _pass(engine, lea, made, Way(name, _WHY))
    assert take(engine, lea) is None
    tom = keyer(engine, "tom")
    assert take(engine, tom) == made.id
    assert [
        one["remark"] for one in documents_store.load_document(engine, tom, made.id, "name").remarks
    ] == [_WHY]
    lease_store.release(engine, tom.id, [made.id])
    _pass_time(engine, dt.timedelta(hours=5))
    assert take(engine, lea) == made.id


def test_a_colleague_gets_it_first_and_for_a_while_nobody_else(
    engine: sa.Engine, made: DocumentRecord, lea: Person, tmp_path: Path
) -> None:
    urgent = Post(engine, tmp_path / "images").deliver("Urgent", kind="name", priority=1)
    tom, ana = keyer(engine, "tom"), keyer(engine, "ana")
    _pass(engine, lea, made, Way("colleague", _WHY, to_person=tom.id))
    assert take(engine, ana) == urgent.id
    assert lease_store.take_next(engine, ana, "name", 60, besides=[urgent.id]) is None
    assert take(engine, tom) == made.id
    (said,) = documents_store.load_document(engine, tom, made.id, "name").remarks
    assert (said["name"], said["to_name"]) == ("Lea", "Tom")
    lease_store.release(engine, tom.id, [made.id])
    _pass_time(engine, lease_store.RESERVED)
    assert lease_store.take_next(engine, ana, "name", 60, besides=[urgent.id]) == made.id


def test_the_supervisor_and_who_treats_a_type_get_what_was_sent_to_them(
    engine: sa.Engine, made: DocumentRecord, lea: Person
) -> None:
    chief, tom = keyer(engine, "chief", Role.SUPERVISOR), keyer(engine, "tom")
    skilled = keyer(engine, "ana", skills=frozenset({"S3110"}))
    _pass(engine, lea, made, Way("supervisor", _WHY))
    assert take(engine, tom) is None
    assert take(engine, chief) == made.id
    _pass(engine, chief, made, Way("skill", "Une feuille de soins ?", to_skill="S3110"))
    other = keyer(engine, "zoe", skills=frozenset({"rib"}))
    assert take(engine, other) is None
    assert take(engine, skilled) == made.id
    assert len(documents_store.load_document(engine, skilled, made.id, "name").remarks) == 2


@pytest.mark.parametrize(
    "way",
    [
        Way("skip"),
        Way("colleague", _WHY),
        Way("colleague", _WHY, to_person=10**9),
        Way("skill", _WHY),
        Way("elsewhere", _WHY),
    ],
)
def test_a_way_needs_a_remark_and_somebody(
    engine: sa.Engine, made: DocumentRecord, lea: Person, way: Way
) -> None:
    with pytest.raises(InputInvalid):
        _pass(engine, lea, made, way)
    assert take(engine, lea) == made.id


def test_nobody_is_offered_who_may_not_see_it(
    engine: sa.Engine, made: DocumentRecord, lea: Person
) -> None:
    tom = keyer(engine, "tom")
    far = add_person(engine, "far", Role.KEYER, sites=["brest"])
    keyer(engine, "ops", Role.OPERATIONS)
    found = passing_on_store.receivers(engine, lea, made.site, "Flux entrants")
    assert [one.id for one in found] == [tom.id]
    with pytest.raises(InputInvalid):
        _pass(engine, lea, made, Way("colleague", _WHY, to_person=far))


def test_what_has_gone_on_waits_for_nobody_in_particular(
    engine: sa.Engine, made: DocumentRecord, lea: Person
) -> None:
    tom = keyer(engine, "tom")
    _pass(engine, lea, made, Way("colleague", _WHY, to_person=tom.id))
    assert take(engine, tom) == made.id
    due = dt.date(2026, 12, 1)
    naming_store.name_document(engine, tom, made.id, PLAN.of("S1104", "45"), due_on=due)
    assert take(engine, keyer(engine, "ana"), "key") == made.id


def test_it_comes_back_to_who_passed_it_on(
    engine: sa.Engine, made: DocumentRecord, lea: Person
) -> None:
    tom = keyer(engine, "tom")
    _pass(engine, lea, made, Way("colleague", _WHY, to_person=tom.id))
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "name"
    assert take(engine, lea) == made.id
    with pytest.raises(LeaseLost):
        passing_on_store.pass_on(engine, tom, made.id, "name", Way("give_back"))
    with pytest.raises(LeaseLost):
        passing_on_store.pass_on(engine, lea, uuid.uuid4(), "name", Way("give_back"))
