"""The blind control on a real database: taken once, keyed blind, disputed, put right, forgotten."""

import datetime as dt
import uuid
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING, Person, Role
from central.db.engine import transaction
from central.db.tables import audit, documents, drafts, fields, keyings, leases, namings, returns
from central.db.tables import controls as controls_table
from central.db.tables import deliveries as deliveries_table
from central.delivery import failure_store
from central.delivery import store as delivery_store
from central.delivery.failure_store import DeliverySelection
from central.documents.rules import KeyedValue, KeyReason
from central.errors import DeliveryUnderWay, InputInvalid, LeaseLost, NotYours
from central.keying.store import SubmittedField
from central.quality import store as quality_store
from central.samples import store as samples_store
from tests.support.console import add_person
from tests.support.controlled import NIR, POLE, SURNAME, TOTAL, controlled, deliver, entry_of, put
from tests.support.stored import actions_on

_RIGHT = {0: NIR, 1: SURNAME, 2: TOTAL}


@pytest.fixture
def keyer(engine: sa.Engine) -> Person:
    return _person(engine, "karim", Role.KEYER)


@pytest.fixture
def chief(engine: sa.Engine) -> Person:
    return _person(engine, "sophie", Role.SUPERVISOR)


def _person(engine: sa.Engine, login: str, *roles: Role, **limits: object) -> Person:
    made = add_person(engine, login, *roles, **limits)
    limits = {"sites": ["*"], "poles": ["*"]} | limits
    told = {name: frozenset(values) for name, values in limits.items()}  # type: ignore[call-overload]
    return Person(made, login, login.title(), frozenset(roles), **told)


def _sent(values: Mapping[int, str | None]) -> dict[int, SubmittedField]:
    return {
        position: SubmittedField(
            KeyedValue(value, None if value else KeyReason.ILLEGIBLE), "ok", 2.0
        )
        for position, value in values.items()
    }


def _key(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, values: Mapping[int, str | None]
) -> str:
    assert quality_store.take_next_control(engine, person, 60.0) == document_id
    return quality_store.submit_control(engine, person, document_id, entry_of, _sent(values))[0]


def _row(engine: sa.Engine, table: sa.Table, document_id: uuid.UUID) -> sa.RowMapping:
    column = table.c["document_id"] if "document_id" in table.c else table.c["id"]
    with transaction(engine) as connection:
        return connection.execute(sa.select(table).where(column == document_id)).mappings().one()


def test_a_control_that_says_what_the_machine_said_is_done(
    engine: sa.Engine, keyer: Person
) -> None:
    made = put(engine, controlled())
    deliver(engine)
    assert _key(engine, keyer, made.id, {**_RIGHT, 1: "Dupré"}) == "done"
    control = _row(engine, controls_table, made.id)
    assert (control["fields"], control["machine_wrong"], control["person_wrong"]) == (3, 0, 0)
    assert control["done_at"] is not None
    assert _row(engine, documents, made.id)["state"] == "delivered"
    assert "control_keyed" in actions_on(engine, made.id)
    assert quality_store.take_next_control(engine, keyer, 60.0) is None


def test_every_keyed_value_is_kept_beside_the_machines(engine: sa.Engine, keyer: Person) -> None:
    made = put(engine, controlled())
    _key(engine, keyer, made.id, {**_RIGHT, 1: "DUPRET"})
    with transaction(engine) as connection:
        rows = connection.execute(sa.select(keyings).order_by(keyings.c.position)).all()
    assert [(r.name, r.value, r.machine_value, r.machine_confidence) for r in rows] == [
        ("nir", NIR, NIR, 0.99),
        ("insured_name", "DUPRET", SURNAME, 0.97),
        ("total", TOTAL, TOTAL, 0.95),
    ]
    assert {r._mapping["pass"] for r in rows} == {"control"}
    assert all(r.machine_accepted for r in rows)


def test_two_people_never_control_the_same_document(engine: sa.Engine, keyer: Person) -> None:
    other = _person(engine, "lea", Role.KEYER)
    first, second = put(engine, controlled()), put(engine, controlled())
    assert quality_store.take_next_control(engine, keyer, 60.0) == first.id
    assert quality_store.take_next_control(engine, other, 60.0) == second.id
    assert quality_store.take_next_control(engine, keyer, 60.0) == first.id, (
        "what was begun comes back first"
    )
    third = _person(engine, "max", Role.KEYER)
    assert quality_store.take_next_control(engine, third, 60.0) is None
    with pytest.raises(LeaseLost):
        quality_store.submit_control(engine, third, first.id, entry_of, _sent(_RIGHT))


def test_who_named_or_keyed_a_document_does_not_control_it(
    engine: sa.Engine, keyer: Person
) -> None:
    made = put(engine, controlled())
    with transaction(engine) as connection:
        connection.execute(
            namings.insert().values(
                document_id=made.id, person_id=keyer.id, act="named",
                type_before="unknown", type_after="S3110",
            )
        )  # fmt: skip
    assert quality_store.take_next_control(engine, keyer, 60.0) is None
    assert (
        quality_store.take_next_control(engine, _person(engine, "lea", Role.KEYER), 60.0) == made.id
    )


def test_controls_keep_to_the_persons_sites_and_skills(engine: sa.Engine) -> None:
    put(engine, controlled(site="gien"))
    elsewhere = _person(engine, "ines", Role.KEYER, sites=["orleans"])
    unskilled = _person(engine, "jean", Role.KEYER, skills=["S3704"])
    assert quality_store.take_next_control(engine, elsewhere, 60.0) is None
    assert quality_store.take_next_control(engine, unskilled, 60.0) is None


def test_a_difference_is_for_a_second_person_who_supervises(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    assert _key(engine, keyer, made.id, {**_RIGHT, 2: "265.00"}) == "disputed"
    assert quality_store.take_next_control(engine, keyer, 60.0) is None
    assert quality_store.take_next_control(engine, _person(engine, "lea", Role.KEYER), 60.0) is None
    assert quality_store.take_next_control(engine, chief, 60.0) == made.id


def test_nobody_arbitrates_their_own_keying(engine: sa.Engine, chief: Person) -> None:
    made = put(engine, controlled())
    assert _key(engine, chief, made.id, {**_RIGHT, 2: "265.00"}) == "disputed"
    assert quality_store.take_next_control(engine, chief, 60.0) is None
    with transaction(engine) as connection:
        until = sa.func.now() + dt.timedelta(minutes=1)
        connection.execute(
            leases.insert().values(
                document_id=made.id, queue="control", person_id=chief.id, lease_until=until
            )
        )
    with pytest.raises(NotYours):
        quality_store.submit_control(
            engine, chief, made.id, entry_of, {2: SubmittedField(KeyedValue(TOTAL))}
        )


def _dispute(engine: sa.Engine, keyer: Person, chief: Person, document_id: uuid.UUID) -> None:
    """Key another total than the machine read; the chief then holds the document."""
    _key(engine, keyer, document_id, {**_RIGHT, 2: "265.00"})
    assert quality_store.take_next_control(engine, chief, 60.0) == document_id


_FOR_MACHINE = {2: SubmittedField(KeyedValue(TOTAL))}
_FOR_PERSON = {2: SubmittedField(KeyedValue("265.00"))}


def test_when_the_person_was_wrong_nothing_is_delivered_again(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    deliver(engine)
    _dispute(engine, keyer, chief, made.id)
    assert quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_MACHINE)[1] is None
    control = _row(engine, controls_table, made.id)
    assert (control["machine_wrong"], control["person_wrong"]) == (0, 1)
    assert _row(engine, documents, made.id)["state"] == "delivered"
    assert deliver(engine) == {}


def test_when_the_machine_was_wrong_the_pole_gets_the_right_value_in_a_second_round(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    assert deliver(engine)[made.id]["total"] == TOTAL
    _dispute(engine, keyer, chief, made.id)
    assert quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)[1] == 2
    control = _row(engine, controls_table, made.id)
    assert (control["state"], control["machine_wrong"], control["person_wrong"]) == ("done", 1, 0)
    delivery = _row(engine, deliveries_table, made.id)
    assert (delivery["state"], delivery["round"]) == ("waiting", 2)
    assert delivery["idempotency_key"] == f"{made.id}-{POLE}-2"
    assert deliver(engine)[made.id] == {
        "nir": NIR, "insured_name": SURNAME, "total": "265.00", "employer_siret": None,
    }  # fmt: skip
    assert _row(engine, documents, made.id)["state"] == "delivered"
    returned = _row(engine, returns, made.id)
    assert (returned["cause"], returned["channel"]) == ("wrong_value", "console")
    assert actions_on(engine, made.id)[-5:] == [
        "control_arbitrated", "document_returned", "document_rerouted", "document_corrected",
        "delivery_delivered",
    ]  # fmt: skip


def test_a_third_value_puts_both_in_the_wrong(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    deliver(engine)
    _dispute(engine, keyer, chief, made.id)
    third = {2: SubmittedField(KeyedValue("28.50"))}
    assert quality_store.submit_control(engine, chief, made.id, entry_of, third)[1] == 2
    control = _row(engine, controls_table, made.id)
    assert (control["machine_wrong"], control["person_wrong"]) == (1, 1)
    assert deliver(engine)[made.id]["total"] == "28.50"


def test_what_nobody_can_read_is_delivered_again_without_a_value(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    deliver(engine)
    _dispute(engine, keyer, chief, made.id)
    illegible = {2: SubmittedField(KeyedValue(None, KeyReason.ILLEGIBLE))}
    assert quality_store.submit_control(engine, chief, made.id, entry_of, illegible)[1] == 2
    assert deliver(engine)[made.id]["total"] is None
    with transaction(engine) as connection:
        reason = connection.scalar(sa.select(fields.c.reason).where(fields.c.name == "total"))
    assert reason == "illegible"


def test_a_delivery_that_nobody_tried_yet_takes_the_right_value_along(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    _dispute(engine, keyer, chief, made.id)
    assert quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)[1] == 1
    assert deliver(engine)[made.id]["total"] == "265.00"


def test_a_delivery_that_was_tried_in_vain_gets_a_key_of_its_own(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    claimed = delivery_store.claim_next(engine, "test", [POLE], 60.0)
    assert claimed is not None
    _dispute(engine, keyer, chief, made.id)
    with pytest.raises(DeliveryUnderWay):
        quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)
    assert _row(engine, controls_table, made.id)["state"] == "disputed", "nothing was stored"
    delivery_store.postpone(engine, claimed.claim, 0.0, "timeout", "pas de réponse")
    assert quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)[1] == 2
    again = delivery_store.claim_next(engine, "test", [POLE], 60.0)
    assert again is not None
    assert again.claim.idempotency_key == f"{made.id}-{POLE}-2"


def test_fields_that_are_missing_or_too_many_are_refused_whole(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    assert quality_store.take_next_control(engine, keyer, 60.0) == made.id
    for values in ({0: NIR}, {**_RIGHT, 3: "1"}, {}):
        with pytest.raises(InputInvalid):
            quality_store.submit_control(engine, keyer, made.id, entry_of, _sent(values))
    quality_store.submit_control(engine, keyer, made.id, entry_of, _sent({**_RIGHT, 2: "1.00"}))
    assert quality_store.take_next_control(engine, chief, 60.0) == made.id
    one = SubmittedField(KeyedValue(TOTAL))
    for truths in ({}, {0: one}, {2: one, 7: one}):
        with pytest.raises(InputInvalid):
            quality_store.submit_control(engine, chief, made.id, entry_of, truths)


def test_a_document_that_people_have_in_hand_is_controlled_by_nobody(
    engine: sa.Engine, keyer: Person
) -> None:
    made = put(engine, controlled())
    assert quality_store.take_next_control(engine, keyer, 60.0) == made.id
    with transaction(engine) as connection:
        connection.execute(documents.update().values(state="to_name"))
    with pytest.raises(LeaseLost):
        quality_store.submit_control(engine, keyer, made.id, entry_of, _sent(_RIGHT))
    assert quality_store.take_next_control(engine, keyer, 60.0) is None
    assert quality_store.withdraw_taken_over(engine) == 1
    control = _row(engine, controls_table, made.id)
    assert (control["state"], control["fields"]) == ("done", 0)
    assert quality_store.withdraw_taken_over(engine) == 0


def test_what_was_keyed_long_ago_is_forgotten_and_counts_stay(
    engine: sa.Engine, keyer: Person
) -> None:
    made = put(engine, controlled())
    _key(engine, keyer, made.id, _RIGHT)
    with transaction(engine) as connection:
        for days, key in ((400, 0), (10, 1)):
            past = sa.func.now() - dt.timedelta(days=days)
            connection.execute(
                keyings.update().where(keyings.c.position == key).values(keyed_at=past)
            )
        connection.execute(
            drafts.insert().values(
                document_id=made.id, person_id=keyer.id, queue="key", content={"0": "25"},
                saved_at=sa.func.now() - dt.timedelta(days=20),
            )
        )  # fmt: skip
    gone = samples_store.erase_expired(engine, 365 * 86_400.0, 14 * 86_400.0)
    assert (gone.values, gone.drafts) == (1, 1)
    with transaction(engine) as connection:
        kept = connection.execute(sa.select(keyings).order_by(keyings.c.position)).all()
        assert [(r.value, r.machine_value) for r in kept] == [
            (None, None), (SURNAME, SURNAME), (TOTAL, TOTAL),
        ]  # fmt: skip
        told = dict(
            connection.execute(
                sa.select(audit.c.action, audit.c.detail).where(audit.c.actor == "quality")
            ).all()
        )
    assert told["keyings_forgotten"] == {"count": 1}
    assert told["drafts_deleted"] == {"count": 1}
    assert samples_store.erase_expired(
        engine, 365 * 86_400.0, 14 * 86_400.0
    ) == samples_store.ErasedCounts(0, 0)


def test_a_dead_letter_that_is_replayed_gets_a_key_of_its_own_when_corrected(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    claimed = delivery_store.claim_next(engine, "test", [POLE], 60.0)
    assert claimed is not None
    assert delivery_store.record_dead(engine, claimed.claim, "timeout", "pas de réponse")
    assert failure_store.replay(engine, "person:ops", DeliverySelection(EVERYTHING, [made.id])) == 1
    _dispute(engine, keyer, chief, made.id)
    assert quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)[1] == 2


def test_a_correction_never_waits_for_a_worker_that_waits_for_the_document(
    engine: sa.Engine, keyer: Person, chief: Person
) -> None:
    made = put(engine, controlled())
    _dispute(engine, keyer, chief, made.id)
    with transaction(engine) as connection:  # a worker that is about to settle the document
        connection.execute(
            deliveries_table.update()
            .where(deliveries_table.c.document_id == made.id)
            .values(last_code="x")
        )
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        with pytest.raises(DeliveryUnderWay):
            quality_store.submit_control(engine, chief, made.id, entry_of, _FOR_PERSON)
