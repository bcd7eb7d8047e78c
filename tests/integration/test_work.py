"""Leases, acts of naming, keying and double keying, on a real database."""

import datetime as dt
import threading
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central import pack
from central.domain.access import Person, Role
from central.domain.keying import Entry, KeyReason
from central.errors import Forbidden, InputInvalid, LeaseLost, NotFound
from central.store import keying, leases, naming, work
from central.store.engine import transaction
from central.store.keying import Sent
from tests.support.console import add_person
from tests.support.mail import Line, Post

_CATALOGUE = pack.load(pack.default_dir())
_DUE = dt.date(2026, 12, 1)
_IBAN, _OTHER = "FR1420041010050500013M02606", "FR7630006000011234567890189"


@pytest.fixture
def post(engine: sa.Engine, tmp_path: Path) -> Post:
    return Post(engine, tmp_path)


def _person(engine: sa.Engine, login: str, *roles: Role, **limits: frozenset[str]) -> Person:
    told = roles or (Role.KEYER,)
    number = add_person(engine, login, *told)
    return Person(number, login, login, frozenset(told), **limits)  # type: ignore[arg-type]


def _state(engine: sa.Engine, document_id: uuid.UUID) -> str:
    with transaction(engine) as connection:
        return str(
            connection.scalar(
                sa.text("SELECT state FROM documents WHERE id = :id"), {"id": document_id}
            )
        )


def _take(engine: sa.Engine, person: Person, queue: str = "name") -> uuid.UUID | None:
    return leases.take(engine, person, queue, 60)


def _expire(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE leases SET lease_until = now() - interval '1 s'"))


# --- leases


def test_two_people_never_get_the_same_document(engine: sa.Engine, post: Post) -> None:
    made = {post.deliver(f"L{n}", kind="name").id for n in range(12)}
    people = [_person(engine, f"p{n}") for n in range(6)]
    taken: list[uuid.UUID | None] = []
    begin = threading.Barrier(len(people))

    def work_on(person: Person) -> None:
        begin.wait()
        first = _take(engine, person)
        assert first is not None
        taken.extend([first, leases.take(engine, person, "name", 60, besides=[first])])

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
    person = _person(engine, "p")
    order: list[uuid.UUID] = []
    while (found := leases.take(engine, person, "name", 60, besides=order)) is not None:
        order.append(found)
    assert order == [urgent.id, near.id, late.id]


def test_who_comes_back_goes_on_with_what_they_had_begun(engine: sa.Engine, post: Post) -> None:
    post.deliver("A", kind="name")
    post.deliver("B", kind="name")
    person = _person(engine, "p")
    assert _take(engine, person) == _take(engine, person)


def test_a_silent_page_loses_its_document_to_somebody_else(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    first, second = _person(engine, "p1"), _person(engine, "p2")
    assert _take(engine, first) == made.id
    assert _take(engine, second) is None
    _expire(engine)
    assert _take(engine, second) == made.id
    assert leases.keep(engine, first.id, [made.id], 60) == set()
    entry = _CATALOGUE.of("courrier")
    with pytest.raises(LeaseLost):
        naming.name(engine, first, made.id, entry, due_on=_DUE)
    assert _state(engine, made.id) == "to_name"


def test_who_has_nothing_to_do_gets_what_is_only_loaded_ahead(
    engine: sa.Engine, post: Post
) -> None:
    shown, ahead = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    busy, idle = _person(engine, "p1"), _person(engine, "p2")
    assert _take(engine, busy) == shown.id
    assert leases.take(engine, busy, "name", 60, besides=[shown.id], is_ahead=True) == ahead.id
    assert leases.take(engine, idle, "name", 60, is_ahead=True) is None
    assert _take(engine, idle) == ahead.id
    assert leases.keep(engine, busy.id, [shown.id, ahead.id], 60, shown=shown.id) == {shown.id}


def test_what_is_shown_is_nobody_elses(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    busy, idle = _person(engine, "p1"), _person(engine, "p2")
    assert leases.take(engine, busy, "name", 60, is_ahead=True) == made.id
    leases.keep(engine, busy.id, [made.id], 60, shown=made.id)
    assert _take(engine, idle) is None


def test_a_lease_that_nobody_took_over_still_counts(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name"), _person(engine, "p")
    _take(engine, person)
    _expire(engine)
    naming.name(engine, person, made.id, _CATALOGUE.of("pnd"), due_on=_DUE)
    assert _state(engine, made.id) == "ready"


def test_sites_poles_and_skills_limit_what_comes(engine: sa.Engine, post: Post) -> None:
    post.deliver("A", kind="key", code="rib", way=("Comptabilité", "COMPTABILITE"))
    elsewhere = _person(engine, "p1", sites=frozenset({"orleans"}))
    other_pole = _person(engine, "p2", poles=frozenset({"CNSE"}))
    unskilled = _person(engine, "p3", skills=frozenset({"S3110"}))
    assert [_take(engine, p, "key") for p in (elsewhere, other_pole, unskilled)] == [None] * 3
    assert _take(engine, _person(engine, "p4", skills=frozenset({"rib"})), "key") is not None


def test_a_document_of_another_site_is_not_shown(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name")
    with pytest.raises(Forbidden):
        work.load(engine, _person(engine, "p", sites=frozenset({"orleans"})), made.id, "name")
    with pytest.raises(NotFound):
        work.load(engine, _person(engine, "q"), uuid.uuid4(), "name")


# --- naming


def test_a_named_document_goes_to_keying_when_its_type_asks_for_fields(
    engine: sa.Engine, post: Post
) -> None:
    made, person = post.deliver("A", kind="name"), _person(engine, "p")
    _take(engine, person)
    naming.name(engine, person, made.id, _CATALOGUE.of("S3116"), due_on=_DUE)
    assert _state(engine, made.id) == "to_key"
    shown = work.load(engine, person, made.id, "key")
    assert shown.document["pole"] == "Prestations en espèces"
    assert shown.document["due_on"] == _DUE
    assert {f.name for f in shown.fields} == {
        s.name for s in _CATALOGUE.of("S3116").keyed_fields if s.required
    }


def test_splitting_moves_pages_and_loses_none(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=4), _person(engine, "p")
    before = [p.sha256 for p in work.load(engine, person, made.id, "name").pages]
    _take(engine, person)
    new_id = uuid.UUID(str(uuid7()))
    naming.split(engine, person, made.id, 1, new_id, 60)
    parts = [work.load(engine, person, one, "name") for one in (made.id, new_id)]
    assert [[p.number for p in part.pages] for part in parts] == [[0], [0, 1, 2]]
    assert [p.sha256 for part in parts for p in part.pages] == before
    assert leases.take(engine, person, "name", 60, besides=[made.id]) == new_id
    with pytest.raises(InputInvalid):
        naming.split(engine, person, made.id, 0, uuid.UUID(str(uuid7())), 60)


def test_what_was_split_can_be_joined_again(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=3), _person(engine, "p")
    before = [p.sha256 for p in work.load(engine, person, made.id, "name").pages]
    _take(engine, person)
    new_id = uuid.UUID(str(uuid7()))
    naming.split(engine, person, made.id, 2, new_id, 60)
    assert naming.join(engine, person, made.id, into_previous=False) == made.id
    assert [p.sha256 for p in work.load(engine, person, made.id, "name").pages] == before
    assert _state(engine, new_id) == "discarded"


def test_attaching_puts_pages_behind_the_previous_document(engine: sa.Engine, post: Post) -> None:
    first, second = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    person = _person(engine, "p")
    assert leases.take_this(engine, person, second.id, "name", 60)
    assert naming.join(engine, person, second.id, into_previous=True) == first.id
    assert len(work.load(engine, person, first.id, "name").pages) == 2


def test_a_neighbour_that_somebody_else_holds_or_that_left_cannot_be_joined(
    engine: sa.Engine, post: Post
) -> None:
    first, second = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    person, other = _person(engine, "p"), _person(engine, "q")
    assert leases.take_this(engine, other, first.id, "name", 60)
    assert leases.take_this(engine, person, second.id, "name", 60)
    with pytest.raises(LeaseLost):
        naming.join(engine, person, second.id, into_previous=True)
    naming.name(engine, other, first.id, _CATALOGUE.of("pnd"), due_on=_DUE)
    with pytest.raises(NotFound):
        naming.join(engine, person, second.id, into_previous=True)
    assert _state(engine, second.id) == "to_name"


def test_a_turned_page_changes_sides_and_its_boxes_no_longer_hold(
    engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", Line("nir", "NIR", "1"), kind="name", code="S1104")
    person = _person(engine, "p")
    _take(engine, person)
    naming.turn(engine, person, made.id, 0, 1)
    shown = work.load(engine, person, made.id, "name")
    assert (shown.pages[0].rotation, shown.pages[0].width_mm) == (90, 297.0)
    assert shown.fields[0].box_mm is None
    with pytest.raises(NotFound):
        naming.turn(engine, person, made.id, 7, 1)


def test_only_a_document_whose_image_came_before_is_a_duplicate(
    engine: sa.Engine, post: Post
) -> None:
    first, again = post.deliver("A", kind="name"), post.deliver("A", kind="name")
    person = _person(engine, "p")
    assert [t["id"] for t in naming.twins(engine, again.id)] == [first.id]
    leases.take_this(engine, person, again.id, "name", 60)
    with pytest.raises(InputInvalid):
        naming.discard_duplicate(engine, person, again.id, again.id)
    naming.discard_duplicate(engine, person, again.id, first.id)
    assert _state(engine, again.id) == "discarded"
    assert naming.twins(engine, first.id) == []


def test_only_a_document_of_blank_pages_is_given_up_as_blank(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=2), _person(engine, "p")
    _take(engine, person)
    naming.mark_blank(engine, person, made.id, 0, is_blank=True)
    with pytest.raises(InputInvalid):
        naming.discard_blank(engine, person, made.id)
    naming.mark_blank(engine, person, made.id, 1, is_blank=True)
    naming.discard_blank(engine, person, made.id)
    assert _state(engine, made.id) == "discarded"


def test_a_document_asked_for_again_leaves_the_queue(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name"), _person(engine, "p")
    with pytest.raises(LeaseLost):
        naming.rescan(engine, person, made.id, "name", "flou")
    _take(engine, person)
    naming.rescan(engine, person, made.id, "name", "flou")
    assert _state(engine, made.id) == "to_rescan"
    assert _take(engine, person) is None


def test_every_act_is_kept_and_audited_and_no_value_is(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=2), _person(engine, "p")
    _take(engine, person)
    naming.set_urgent(engine, person, made.id)
    naming.name(engine, person, made.id, _CATALOGUE.of("courrier"), due_on=_DUE, seconds=3.5)
    with transaction(engine) as connection:
        acts = connection.scalars(sa.text("SELECT act FROM namings ORDER BY id")).all()
        trail = connection.scalars(
            sa.text("SELECT action FROM audit WHERE actor = 'person:p' ORDER BY id")
        ).all()
    assert acts == ["urgent", "named"]
    assert [a for a in trail if a.startswith("document_")] == [
        "document_urgent", "document_named", "document_rerouted",
    ]  # fmt: skip


# --- keying


def _rib(post: Post) -> uuid.UUID:
    return post.deliver(
        "RIB",
        Line("iban", "IBAN", _IBAN, read=_IBAN),
        Line("account_holder", "Titulaire", "MARTIN", read="MART1N"),
        kind="key",
        code="rib",
        way=("Comptabilité", "COMPTABILITE"),
    ).id


def _key(engine: sa.Engine, person: Person, wanted: uuid.UUID, **values: Entry) -> str:
    assert _take(engine, person, "key") == wanted
    shown = work.load(engine, person, wanted, "key")
    entry = _CATALOGUE.of(shown.document["type"])
    todo = {t.field.name: t.field.position for t in keying.look(engine, shown.document, entry)}
    assert set(todo) == set(values), todo
    sent = {todo[name]: Sent(value, "ok") for name, value in values.items()}
    return keying.submit(engine, person, wanted, _CATALOGUE.of, sent).value


def _values(engine: sa.Engine, person: Person, wanted: uuid.UUID) -> dict[str, str | None]:
    return {f.name: f.value for f in work.load(engine, person, wanted, "key").fields}


def test_two_people_who_key_the_same_settle_a_double_field(engine: sa.Engine, post: Post) -> None:
    wanted = _rib(post)
    first, second = _person(engine, "p1"), _person(engine, "p2")
    assert _key(
        engine, first, wanted, iban=Entry(_IBAN), account_holder=Entry("MARTIN")
    ) == "to_key"  # fmt: skip
    assert _take(engine, first, "key") is None, "the second look is another person's"
    assert _key(engine, second, wanted, iban=Entry(_IBAN)) == "ready"
    assert _values(engine, first, wanted)["iban"] == _IBAN


def test_where_two_differ_a_third_who_supervises_decides(engine: sa.Engine, post: Post) -> None:
    wanted = _rib(post)
    first, second = _person(engine, "p1"), _person(engine, "p2")
    keyer, supervisor = _person(engine, "p3"), _person(engine, "s", Role.SUPERVISOR)
    _key(engine, first, wanted, iban=Entry(_IBAN), account_holder=Entry("MARTIN"))
    assert _key(engine, second, wanted, iban=Entry(_OTHER)) == "to_key"
    assert _take(engine, keyer, "key") is None
    assert _take(engine, supervisor, "key") == wanted
    shown = work.load(engine, supervisor, wanted, "key")
    (task,) = keying.look(engine, shown.document, _CATALOGUE.of("rib"))
    assert [e.value for e in task.others] == [_IBAN, _OTHER]
    assert _key(engine, supervisor, wanted, iban=Entry(_OTHER)) == "ready"
    assert _values(engine, supervisor, wanted)["iban"] == _OTHER


def test_a_reason_settles_a_field_without_a_value(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", Line("nir", "NIR", "?"), kind="key", code="S1104")
    person = _person(engine, "p")
    _key(engine, person, made.id, nir=Entry(None, KeyReason.ILLEGIBLE))
    (field,) = work.load(engine, person, made.id, "key").fields
    assert (field.value, field.reason, field.accepted) == (None, "illegible", True)


def test_every_field_is_sent_and_no_other(engine: sa.Engine, post: Post) -> None:
    wanted, person = _rib(post), _person(engine, "p")
    _take(engine, person, "key")
    for positions in ((), (0,), (0, 1, 9)):
        sent = {p: Sent(Entry("x")) for p in positions}
        with pytest.raises(InputInvalid):
            keying.submit(engine, person, wanted, _CATALOGUE.of, sent)
    assert _state(engine, wanted) == "to_key"


def test_what_was_keyed_is_kept_beside_what_the_machine_read(engine: sa.Engine, post: Post) -> None:
    made = post.deliver(
        "A", Line("nir", "NIR", "1", read="2550814168025"), kind="key", code="S1104"
    )
    person = _person(engine, "p")
    _key(engine, person, made.id, nir=Entry("255081416802538"))
    with transaction(engine) as connection:
        row = connection.execute(
            sa.text("SELECT machine_value, value, pass, machine_confidence FROM keyings")
        ).one()
    assert tuple(row) == ("2550814168025", "255081416802538", "first", pytest.approx(0.6))


def test_a_draft_comes_back_and_ends_with_the_document(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", Line("nir", "NIR", "1"), kind="key", code="S1104")
    person, other = _person(engine, "p"), _person(engine, "q")
    with pytest.raises(LeaseLost):
        work.save_draft(engine, person.id, made.id, "key", {"at": 0})
    _take(engine, person, "key")
    work.save_draft(engine, person.id, made.id, "key", {"at": 1})
    assert work.load(engine, person, made.id, "key").draft == {"at": 1}
    assert work.load(engine, other, made.id, "key").draft == {}
    _key(engine, person, made.id, nir=Entry("255081416802538"))
    assert work.load(engine, person, made.id, "key").draft == {}


def test_a_document_of_the_wrong_type_goes_back_to_naming(engine: sa.Engine, post: Post) -> None:
    wanted, person = _rib(post), _person(engine, "p")
    _take(engine, person, "key")
    keying.back_to_naming(engine, person, wanted)
    assert _state(engine, wanted) == "to_name"
