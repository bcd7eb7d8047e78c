"""Keying once and twice, on a real database."""

import uuid
from dataclasses import replace

import pytest
import sqlalchemy as sa

from central.accounts.rules import Person, Role
from central.db.engine import transaction
from central.documents import store as documents_store
from central.documents.rules import KeyedValue, KeyReason
from central.errors import InputInvalid, LeaseLost
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from tests.support.keyers import PLAN, keyer, state_of, take
from tests.support.mail import Line, Post
from vaguemestre.model.forms import FieldKind, FieldSpec
from vaguemestre.model.plan import KeyingMode, Plan

_IBAN, _OTHER = "FR1420041010050500013M02606", "FR7630006000011234567890189"


def _rib(post: Post) -> uuid.UUID:
    return post.deliver(
        "RIB",
        Line("iban", "IBAN", _IBAN, read=_IBAN),
        Line("account_holder", "Titulaire", "MARTIN", read="MART1N"),
        kind="key",
        code="rib",
        way=("Comptabilité", "COMPTABILITE"),
    ).id


def _key(
    engine: sa.Engine,
    person: Person,
    wanted: uuid.UUID,
    plan: Plan = PLAN,
    **values: KeyedValue,
) -> str:
    assert take(engine, person, "key") == wanted
    shown = documents_store.load_document(engine, person, wanted, "key")
    entry = plan.of(shown.document["type"])
    todo = {
        t.field.name: t.field.position
        for t in keying_store.pending_tasks(engine, shown.document, entry)
    }
    assert set(todo) == set(values), todo
    sent = {todo[name]: SubmittedField(value, "ok") for name, value in values.items()}
    return keying_store.submit_keying(engine, person, wanted, plan.of, sent).value


def _values(engine: sa.Engine, person: Person, wanted: uuid.UUID) -> dict[str, str | None]:
    return {
        f.name: f.value for f in documents_store.load_document(engine, person, wanted, "key").fields
    }


def test_two_people_who_key_the_same_settle_a_double_field(engine: sa.Engine, post: Post) -> None:
    wanted = _rib(post)
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    assert _key(
        engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN")
    ) == "to_key"  # fmt: skip
    assert take(engine, first, "key") is None, "the second look is another person's"
    assert _key(engine, second, wanted, iban=KeyedValue(_IBAN)) == "ready"
    assert _values(engine, first, wanted)["iban"] == _IBAN


def test_where_two_differ_a_third_who_supervises_decides(engine: sa.Engine, post: Post) -> None:
    wanted = _rib(post)
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    third, supervisor = keyer(engine, "p3"), keyer(engine, "s", Role.SUPERVISOR)
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    assert _key(engine, second, wanted, iban=KeyedValue(_OTHER)) == "to_key"
    assert take(engine, third, "key") is None
    assert take(engine, supervisor, "key") == wanted
    shown = documents_store.load_document(engine, supervisor, wanted, "key")
    (task,) = keying_store.pending_tasks(engine, shown.document, PLAN.of("rib"))
    assert [e.value for e in task.others] == [_IBAN, _OTHER]
    assert _key(engine, supervisor, wanted, iban=KeyedValue(_OTHER)) == "ready"
    assert _values(engine, supervisor, wanted)["iban"] == _OTHER


def test_a_reason_settles_a_field_without_a_value(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", Line("nir", "NIR", "?"), kind="key", code="S1104")
    person = keyer(engine, "p")
    _key(engine, person, made.id, nir=KeyedValue(None, KeyReason.ILLEGIBLE))
    (field,) = documents_store.load_document(engine, person, made.id, "key").fields
    assert (field.value, field.reason, field.accepted) == (None, "illegible", True)


def test_every_field_is_sent_and_no_other(engine: sa.Engine, post: Post) -> None:
    wanted, person = _rib(post), keyer(engine, "p")
    take(engine, person, "key")
    for positions in ((), (0,), (0, 1, 9)):
        sent = {p: SubmittedField(KeyedValue("x")) for p in positions}
        with pytest.raises(InputInvalid):
            keying_store.submit_keying(engine, person, wanted, PLAN.of, sent)
    assert state_of(engine, wanted) == "to_key"


def test_what_was_keyed_is_kept_beside_what_the_machine_read(engine: sa.Engine, post: Post) -> None:
    made = post.deliver(
        "A", Line("nir", "NIR", "1", read="2550814168025"), kind="key", code="S1104"
    )
    person = keyer(engine, "p")
    _key(engine, person, made.id, nir=KeyedValue("255081416802538"))
    with transaction(engine) as connection:
        row = connection.execute(
            sa.text("SELECT machine_value, value, pass, machine_confidence FROM keyings")
        ).one()
    assert tuple(row) == ("2550814168025", "255081416802538", "first", pytest.approx(0.6))


def test_a_draft_comes_back_and_ends_with_the_document(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", Line("nir", "NIR", "1"), kind="key", code="S1104")
    person, other = keyer(engine, "p"), keyer(engine, "q")
    with pytest.raises(LeaseLost):
        documents_store.save_draft(engine, person.id, made.id, "key", {"at": 0})
    take(engine, person, "key")
    documents_store.save_draft(engine, person.id, made.id, "key", {"at": 1})
    assert documents_store.load_document(engine, person, made.id, "key").draft == {"at": 1}
    assert documents_store.load_document(engine, other, made.id, "key").draft == {}
    _key(engine, person, made.id, nir=KeyedValue("255081416802538"))
    assert documents_store.load_document(engine, person, made.id, "key").draft == {}


def test_a_document_of_the_wrong_type_goes_back_to_naming(engine: sa.Engine, post: Post) -> None:
    wanted, person = _rib(post), keyer(engine, "p")
    take(engine, person, "key")
    keying_store.send_back_to_naming(engine, person, wanted)
    assert state_of(engine, wanted) == "to_name"


def _plan(**changes: KeyingMode) -> Plan:
    """The pack with other modes of a type's fields; one that it lacks is added, required."""
    entry = PLAN.of("rib")
    known = {spec.name for spec in entry.fields}
    new = [FieldSpec(name, FieldKind.TEXT, required=True) for name in changes if name not in known]
    changed = replace(entry, fields=(*entry.fields, *new), keying={**entry.keying, **changes})
    types = {**PLAN.types, "rib": changed}
    return replace(PLAN, types=types)


@pytest.mark.parametrize("mode", [KeyingMode.CONFIRM, KeyingMode.READ_ONLY])
def test_a_second_person_keys_what_the_first_left_to_them_although_the_pack_changed(
    engine: sa.Engine, post: Post, mode: KeyingMode
) -> None:
    wanted = _rib(post)
    first, second, third = keyer(engine, "p1"), keyer(engine, "p2"), keyer(engine, "p3")
    supervisor = keyer(engine, "s", Role.SUPERVISOR)
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    other = _plan(iban=mode)
    assert _key(engine, second, wanted, other, iban=KeyedValue(_OTHER)) == "to_key"
    assert take(engine, third, "key") is None
    assert _key(engine, supervisor, wanted, other, iban=KeyedValue(_OTHER)) == "ready"
    assert _values(engine, supervisor, wanted)["iban"] == _OTHER


def test_what_a_changed_pack_wants_besides_is_keyed_after_the_second_look(
    engine: sa.Engine, post: Post
) -> None:
    wanted = _rib(post)
    first, second, third = keyer(engine, "p1"), keyer(engine, "p2"), keyer(engine, "p3")
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    other = _plan(bank=KeyingMode.CONFIRM)
    assert _key(engine, second, wanted, other, iban=KeyedValue(_IBAN)) == "to_key"
    assert _key(engine, third, wanted, other, bank=KeyedValue("LA BANQUE")) == "ready"
    values = _values(engine, third, wanted)
    assert (values["iban"], values["bank"]) == (_IBAN, "LA BANQUE")


def test_a_document_between_two_looks_of_an_older_version_is_keyed_as_the_pack_says(
    engine: sa.Engine, post: Post
) -> None:
    wanted = _rib(post)
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE documents SET keyed_twice = NULL"))
    assert _key(engine, second, wanted, iban=KeyedValue(_IBAN)) == "ready"
    assert _values(engine, first, wanted)["iban"] == _IBAN


def test_two_people_key_twice_again_what_a_pole_gave_back(engine: sa.Engine, post: Post) -> None:
    """Both have keyed it before; no third one is there."""
    wanted = _rib(post)
    first, second = keyer(engine, "p1"), keyer(engine, "p2")
    supervisor = keyer(engine, "s", Role.SUPERVISOR)
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    assert _key(engine, second, wanted, iban=KeyedValue(_IBAN)) == "ready"
    with transaction(engine) as connection:
        for statement in (
            "UPDATE documents SET state = 'to_key', key_pass = 1",
            "UPDATE fields SET source = 'machine', accepted = false",
        ):
            connection.execute(sa.text(statement))
    _key(engine, second, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    assert take(engine, second, "key") is None, "their own first look is no second one"
    assert _key(engine, first, wanted, iban=KeyedValue(_OTHER)) == "to_key"
    assert take(engine, first, "key") is None
    assert _key(engine, supervisor, wanted, iban=KeyedValue(_OTHER)) == "ready"


def test_who_keyed_twice_before_does_not_decide_between_two_others_of_whom_they_are_one(
    engine: sa.Engine, post: Post
) -> None:
    wanted = _rib(post)
    first = keyer(engine, "p1")
    second = keyer(engine, "p2", Role.KEYER, Role.SUPERVISOR)
    _key(engine, first, wanted, iban=KeyedValue(_IBAN), account_holder=KeyedValue("MARTIN"))
    assert _key(engine, second, wanted, iban=KeyedValue(_OTHER)) == "to_key"
    assert take(engine, second, "key") is None
    assert take(engine, first, "key") is None
