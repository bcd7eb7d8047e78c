"""Who gets which document, on a real database."""

import datetime as dt
import threading
import uuid

import pytest
import sqlalchemy as sa

from central.accounts.rules import Person
from central.db.engine import transaction
from central.documents import lease_store
from central.documents import store as documents_store
from central.errors import Forbidden, LeaseLost, NotFound
from central.naming import store as naming_store
from tests.support.keyers import PLAN, keyer, state_of, take
from tests.support.mail import Post

_DUE = dt.date(2026, 12, 1)


def _expire(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE leases SET lease_until = now() - interval '1 s'"))


def test_two_people_never_get_the_same_document(engine: sa.Engine, post: Post) -> None:
    made = {post.deliver(f"L{n}", kind="name").id for n in range(12)}
    people = [keyer(engine, f"p{n}") for n in range(6)]
    taken: list[uuid.UUID | None] = []
    begin = threading.Barrier(len(people))

    def work_on(person: Person) -> None:
        begin.wait()
        first = take(engine, person)
        assert first is not None
        taken.extend([first, lease_store.take_next(engine, person, "name", 60, besides=[first])])

    threads = [threading.Thread(target=work_on, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 12
    assert set(taken) == made


def test_urgent_ones_come_first_then_those_whose_day_is_near(engine: sa.Engine, post: Post) -> None:
    late, near, urgent = (
        post.deliver("A", kind="name"), post.deliver("B", kind="name"),
        post.deliver("C", kind="name", priority=1),
    )  # fmt: skip
    with transaction(engine) as connection:
        for made, day in ((late, "2026-12-09"), (near, "2026-12-01"), (urgent, "2026-12-20")):
            connection.execute(
                sa.text("UPDATE documents SET due_on = :day WHERE id = :id"),
                {"day": day, "id": made.id},
            )
    person = keyer(engine, "p")
    order: list[uuid.UUID] = []
    while (found := lease_store.take_next(engine, person, "name", 60, besides=order)) is not None:
        order.append(found)
    assert order == [urgent.id, near.id, late.id]


def test_who_comes_back_goes_on_with_what_they_had_begun(engine: sa.Engine, post: Post) -> None:
    post.deliver("A", kind="name")
    post.deliver("B", kind="name")
    person = keyer(engine, "p")
    assert take(engine, person) == take(engine, person)


def test_a_silent_page_loses_its_document_to_somebody_else(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    assert take(engine, first) == made.id
    assert take(engine, second) is None
    _expire(engine)
    assert take(engine, second) == made.id
    assert lease_store.renew(engine, first.id, [made.id], 60) == set()
    entry = PLAN.of("courrier")
    with pytest.raises(LeaseLost):
        naming_store.name_document(engine, first, made.id, entry, due_on=_DUE)
    assert state_of(engine, made.id) == "to_name"


def test_who_has_nothing_to_do_gets_what_is_only_loaded_ahead(
    engine: sa.Engine, post: Post
) -> None:
    shown, ahead = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    busy, idle = keyer(engine, "p1"), keyer(engine, "p2")
    assert take(engine, busy) == shown.id
    assert (
        lease_store.take_next(engine, busy, "name", 60, besides=[shown.id], is_ahead=True)
        == ahead.id
    )
    assert lease_store.take_next(engine, idle, "name", 60, is_ahead=True) is None
    assert take(engine, idle) == ahead.id
    assert lease_store.renew(engine, busy.id, [shown.id, ahead.id], 60, shown=shown.id) == {
        shown.id
    }


def test_what_is_shown_is_nobody_elses(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    busy, idle = keyer(engine, "p1"), keyer(engine, "p2")
    assert lease_store.take_next(engine, busy, "name", 60, is_ahead=True) == made.id
    lease_store.renew(engine, busy.id, [made.id], 60, shown=made.id)
    assert take(engine, idle) is None


def test_a_lease_that_nobody_took_over_still_counts(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name"), keyer(engine, "p")
    take(engine, person)
    _expire(engine)
    naming_store.name_document(engine, person, made.id, PLAN.of("pnd"), due_on=_DUE)
    assert state_of(engine, made.id) == "ready"


def test_sites_poles_and_skills_limit_what_comes(engine: sa.Engine, post: Post) -> None:
    post.deliver("A", kind="key", code="rib", way=("Comptabilité", "COMPTABILITE"))
    elsewhere = keyer(engine, "p1", sites=frozenset({"orleans"}))
    other_pole = keyer(engine, "p2", poles=frozenset({"CNSE"}))
    unskilled = keyer(engine, "p3", skills=frozenset({"S3110"}))
    assert [take(engine, p, "key") for p in (elsewhere, other_pole, unskilled)] == [None] * 3
    assert take(engine, keyer(engine, "p4", skills=frozenset({"rib"})), "key") is not None


def test_a_document_of_another_site_is_not_shown(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    with pytest.raises(Forbidden):
        documents_store.load_document(
            engine, keyer(engine, "p", sites=frozenset({"orleans"})), made.id, "name"
        )
    with pytest.raises(NotFound):
        documents_store.load_document(engine, keyer(engine, "q"), uuid.uuid4(), "name")
