"""What was just sent comes back as it was; what a pôle has goes there again, with a reason."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from central.accounts.rules import Person, Role
from central.db.engine import transaction
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents, fields, returns
from central.db.tables import sent_work as sent_table
from central.delivery import store as delivery_store
from central.documents import lease_store
from central.documents.rules import KeyedValue
from central.errors import DeliveryUnderWay, LeaseLost
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from central.naming import store as naming_store
from central.plan import move_store
from central.plan import store as plan_store
from central.sent_work import store as sent_work_store
from tests.support.console import add_person
from tests.support.keyers import PLAN, keyer, state_of
from tests.support.mail import Line, Post
from vaguemestre.model.lot import DocumentRecord

_WHERE = "RELATION_CLIENT"
_DUE = dt.date(2026, 12, 1)


def _rows(engine: sa.Engine, made: DocumentRecord) -> list[Any]:
    """The document and its fields, but for when they changed."""
    with transaction(engine) as connection:
        document = connection.execute(sa.select(documents).where(documents.c.id == made.id)).one()
        told = {k: v for k, v in document._asdict().items() if k != "state_at"}
        found = connection.execute(
            sa.select(fields).where(fields.c.document_id == made.id).order_by(fields.c.position)
        )
        return [told, *(row._asdict() for row in found)]


def _name(engine: sa.Engine, person: Person, code: str, wait_s: float = 0) -> DocumentRecord:
    taken = lease_store.take_next(engine, person, "name", 60)
    assert taken is not None
    entry = PLAN.of(code, "45")
    naming_store.name_document(engine, person, taken, entry, due_on=_DUE, wait_s=wait_s)
    return taken  # type: ignore[return-value]


def _letter(post: Post) -> DocumentRecord:
    return post.deliver(
        "Lettre", Line("nir", "NIR", "1", read="1"), kind="name", code="S1104", reasons=("unknown",)
    )


def _where(engine: sa.Engine, made: DocumentRecord) -> str:
    with transaction(engine) as connection:
        wanted = sa.select(documents.c.destination).where(documents.c.id == made.id)
        return str(connection.scalar(wanted))


@pytest.mark.parametrize("code", ["courrier", "S3110"])
def test_a_document_that_was_named_comes_back_as_it_was(
    engine: sa.Engine, post: Post, lea: Person, code: str
) -> None:
    made = _letter(post)
    before = _rows(engine, made)
    _name(engine, lea, code)
    assert [one.what for one in sent_work_store.last(engine, lea)] != []
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "name"
    assert _rows(engine, made) == before
    assert lease_store.take_next(engine, keyer(engine, "tom"), "name", 60) is None, (
        "it is hers again"
    )
    assert sent_work_store.last(engine, lea) == []
    _name(engine, lea, "courrier")
    claimed = delivery_store.claim_next(engine, "w", [_where(engine, made)], 60)
    assert claimed is not None
    assert claimed.claim.idempotency_key.endswith("-1"), "nothing had gone out before"


def test_what_was_keyed_comes_back_with_what_was_read(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    made = post.deliver(
        "Changement", Line("nir", "NIR", "1", read="255081416802533"),
        Line("beneficiary_name", "Nom", "LEA", read="LEA"),
        code="S1104", kind="key", reasons=("field:nir",),
    )  # fmt: skip
    assert lease_store.take_next(engine, lea, "key", 60) == made.id
    entry = PLAN.of("S1104", "45")
    with transaction(engine) as connection:
        document = connection.execute(sa.select(documents).where(documents.c.id == made.id)).one()
    looked = keying_store.pending_tasks(engine, document._asdict(), entry)
    before = _rows(engine, made)
    sent = {task.field.position: SubmittedField(KeyedValue("255081416802538")) for task in looked}
    keying_store.submit_keying(engine, lea, made.id, PLAN.of, sent)
    assert state_of(engine, made.id) == "ready"
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "key"
    assert _rows(engine, made) == before


def _key(engine: sa.Engine, person: Person, made: DocumentRecord) -> None:
    assert lease_store.take_next(engine, person, "key", 60) == made.id
    with transaction(engine) as connection:
        row = connection.execute(sa.select(documents).where(documents.c.id == made.id)).one()
    looked = keying_store.pending_tasks(engine, row._asdict(), PLAN.of("S1104", "45"))
    sent = {task.field.position: SubmittedField(KeyedValue("255081416802538")) for task in looked}
    keying_store.submit_keying(engine, person, made.id, PLAN.of, sent, wait_s=3_600)


def test_what_comes_back_goes_where_the_plan_says_by_then(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    """A change of the plan is applied, and undone, while what was sent waits."""
    anne, bruno = (add_person(engine, name, Role.OPERATIONS) for name in ("anne", "bruno"))
    made = post.deliver(
        "Changement", Line("nir", "NIR", "1", read="255081416802533"),
        code="S1104", kind="key", reasons=("field:nir",), way=("Relation client", _WHERE),
    )  # fmt: skip
    _key(engine, lea, made)
    to = {"pole": "Risques professionnels", "destination": "ATEMPO"}
    change = plan_store.propose_change(
        engine, anne, "person:anne", ("S1104", "", to), "réorganisation"
    )
    move_store.apply_change(engine, bruno, "person:bruno", change)
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "key"
    _key(engine, lea, made)
    assert _where(engine, made) == "ATEMPO"
    assert _waits_for(engine, made) == {"ATEMPO"}
    move_store.undo_change(engine, anne, "person:anne", change, PLAN)
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "key"
    _key(engine, lea, made)
    assert _waits_for(engine, made) == {_WHERE}


def test_what_was_named_follows_the_plan_when_it_comes_back(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    anne, bruno = (add_person(engine, name, Role.OPERATIONS) for name in ("anne", "bruno"))
    made = _letter(post)
    _name(engine, lea, "courrier", wait_s=3_600)
    to = {"pole": "Risques professionnels", "destination": "ATEMPO"}
    change = plan_store.propose_change(
        engine, anne, "person:anne", ("S1104", "", to), "réorganisation"
    )
    move_store.apply_change(engine, bruno, "person:bruno", change)
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "name"
    assert _where(engine, made) == "ATEMPO", "as all others of the type that it was taken for"


def _waits_for(engine: sa.Engine, made: DocumentRecord) -> set[str]:
    d = deliveries_table.c
    query = sa.select(d.destination).where(d.document_id == made.id, d.state == "waiting")
    with transaction(engine) as connection:
        return set(connection.scalars(query))


def test_its_delivery_waits_and_goes_then(engine: sa.Engine, post: Post, lea: Person) -> None:
    made = _letter(post)
    _name(engine, lea, "courrier", wait_s=3_600)
    assert delivery_store.claim_next(engine, "w", [_where(engine, made)], 60) is None
    with transaction(engine) as connection:
        connection.execute(deliveries_table.update().values(next_at=sa.func.now()))
    assert delivery_store.claim_next(engine, "w", [_where(engine, made)], 60) is not None
    with pytest.raises(DeliveryUnderWay):
        sent_work_store.take_back(engine, lea, made.id, 60)


def test_what_a_pole_has_is_corrected_as_a_new_round_with_its_reason(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    made = _letter(post)
    _name(engine, lea, "courrier")
    destination = _where(engine, made)
    claimed = delivery_store.claim_next(engine, "w", [destination], 60)
    assert claimed is not None
    assert delivery_store.record_delivered(engine, claimed.claim, "reçu")
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == ""
    assert state_of(engine, made.id) == "delivered"
    assert sent_work_store.take_back(engine, lea, made.id, 60, "Mauvais type.").queue == "name"
    with transaction(engine) as connection:
        assert connection.scalar(sa.select(returns.c.comment)) == "Mauvais type."
    _name(engine, lea, "courrier")
    again = delivery_store.claim_next(engine, "w", [destination], 60)
    assert again is not None
    assert again.claim.idempotency_key.endswith("-2")


def test_nothing_comes_back_to_somebody_else_or_once_others_have_gone_on(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    made, tom = _letter(post), keyer(engine, "tom")
    _name(engine, lea, "S3110")
    with pytest.raises(LeaseLost):
        sent_work_store.take_back(engine, tom, made.id, 60)
    assert lease_store.take_next(engine, tom, "key", 60) == made.id
    with pytest.raises(LeaseLost):
        sent_work_store.take_back(engine, lea, made.id, 60)
    keying_store.send_back_to_naming(engine, tom, made.id)
    with pytest.raises(LeaseLost):
        sent_work_store.take_back(engine, lea, made.id, 60)
    assert sent_work_store.take_back(engine, tom, made.id, 60).queue == "key"


def test_a_request_to_scan_again_is_withdrawn(engine: sa.Engine, post: Post, lea: Person) -> None:
    made = _letter(post)
    assert lease_store.take_next(engine, lea, "name", 60) == made.id
    naming_store.ask_rescan(engine, lea, made.id, "name", "Flou")
    assert sent_work_store.take_back(engine, lea, made.id, 60).queue == "name"
    assert state_of(engine, made.id) == "to_name"


def test_what_was_sent_is_forgotten_after_a_day(engine: sa.Engine, post: Post, lea: Person) -> None:
    _letter(post)
    _name(engine, lea, "courrier")
    with transaction(engine) as connection:
        assert sent_work_store.forget(connection) == 0
        old = sa.func.now() - sent_work_store.KEPT - dt.timedelta(minutes=1)
        connection.execute(sent_table.update().values(sent_at=old))
        assert sent_work_store.forget(connection) == 1
