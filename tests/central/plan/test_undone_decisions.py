"""Splits, joins, duplicates and blank pages are undone as they were, for all documents or none."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central.accounts.rules import Person
from central.db.engine import transaction
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents, fields, pages
from central.delivery import store as delivery_store
from central.documents import lease_store
from central.errors import AlreadyDelivered, LeaseLost
from central.history import store as history_store
from central.history import views as history_views
from central.naming import page_store
from central.naming import store as naming_store
from central.sent_work import store as sent_work_store
from tests.support.keyers import PLAN, keyer, state_of
from tests.support.mail import Line, Post

_DUE = dt.date(2026, 12, 1)


def _letter(post: Post, pages: int = 1, *, again: bool = False) -> uuid.UUID:
    made = post.deliver(
        "Lettre", Line("nir", "NIR", "1", read="1"), kind="name", code="S1104",
        reasons=("unknown",), pages=pages, again=again,
    )  # fmt: skip
    return made.id


def _all(engine: sa.Engine, *ids: uuid.UUID) -> list[Any]:
    """Documents with their pages and fields, but for when they changed."""
    found = []
    with transaction(engine) as connection:
        for table in (documents, pages, fields):
            key = table.c.id if table is documents else table.c.document_id
            rows = connection.execute(
                sa.select(table).where(key.in_(ids)).order_by(*table.primary_key)
            ).mappings()
            found += [{k: v for k, v in row.items() if k != "state_at"} for row in rows]
    return found


def _hold(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> None:
    assert lease_store.take_document(engine, person, document_id, "name", 60)


def _name(engine: sa.Engine, person: Person, document_id: uuid.UUID, wait_s: float = 0) -> None:
    entry = PLAN.of("courrier", "45")
    naming_store.name_document(engine, person, document_id, entry, due_on=_DUE, wait_s=wait_s)


def _split(engine: sa.Engine, person: Person, document_id: uuid.UUID, at: int = 1) -> uuid.UUID:
    new_id = uuid.UUID(str(uuid7()))
    page_store.split_document(engine, person, document_id, at, new_id, 60)
    return new_id


def _back(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> sent_work_store.Back:
    return sent_work_store.take_back(engine, person, document_id, 60)


def _told(engine: sa.Engine, person: Person, document_id: uuid.UUID) -> list[str]:
    """The document's history as its page tells it."""
    found = history_store.load_history(engine, document_id, person, with_content=True)
    return [event.what for event in history_views.history_entries(found)]


def test_a_split_is_undone(engine: sa.Engine, post: Post, lea: Person) -> None:
    whole = _letter(post, pages=3)
    _hold(engine, lea, whole)
    before = _all(engine, whole)
    piece = _split(engine, lea, whole)
    assert [one.what for one in sent_work_store.last(engine, lea)] == ["Séparé à la page 2"]
    assert _back(engine, lea, whole) == sent_work_store.Back("name", whole, (piece,))
    assert _all(engine, whole) == before
    assert state_of(engine, piece) == "discarded"
    tom = keyer(engine, "tom")
    assert lease_store.take_next(engine, tom, "name", 60) is None, "she holds what is whole again"
    assert "Décision annulée par qui l'avait prise" in _told(engine, lea, whole)
    assert "Décision annulée par qui l'avait prise" in _told(engine, lea, piece)
    _name(engine, lea, whole)
    assert state_of(engine, whole) == "ready"


def test_what_came_of_a_split_is_undone_step_by_step(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    whole = _letter(post, pages=3)
    _hold(engine, lea, whole)
    before = _all(engine, whole)
    piece = _split(engine, lea, whole)
    third = _split(engine, lea, piece)
    _name(engine, lea, whole, wait_s=3_600)
    _name(engine, lea, third, wait_s=3_600)
    for one in (third, whole, piece, whole):
        assert _back(engine, lea, one).queue == "name"
    assert _all(engine, whole) == before
    assert {state_of(engine, one) for one in (piece, third)} == {"discarded"}
    with transaction(engine) as connection:
        assert set(connection.scalars(sa.select(deliveries_table.c.state))) == {"discarded"}
    assert sent_work_store.last(engine, lea) == []


def test_a_piece_that_was_cut_again_keeps_the_split(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    whole = _letter(post, pages=3)
    _hold(engine, lea, whole)
    piece = _split(engine, lea, whole)
    _split(engine, lea, piece)
    held = _all(engine, whole, piece)
    with pytest.raises(LeaseLost):
        _back(engine, lea, whole)
    assert _all(engine, whole, piece) == held


def _somebody_holds_it(engine: sa.Engine, tom: Person, piece: uuid.UUID) -> None:
    with transaction(engine) as connection:
        lease_store.end_lease(connection, piece)
    _hold(engine, tom, piece)


def _somebody_turned_it(engine: sa.Engine, tom: Person, piece: uuid.UUID) -> None:
    _somebody_holds_it(engine, tom, piece)
    page_store.turn_page(engine, tom, piece, 0, 1)
    lease_store.release(engine, tom.id, [piece])


def _somebody_named_it(engine: sa.Engine, tom: Person, piece: uuid.UUID) -> None:
    _somebody_holds_it(engine, tom, piece)
    _name(engine, tom, piece)


@pytest.mark.parametrize("act", [_somebody_holds_it, _somebody_turned_it, _somebody_named_it])
def test_a_split_stays_once_somebody_else_has_touched_a_piece(
    engine: sa.Engine,
    post: Post,
    lea: Person,
    act: Callable[[sa.Engine, Person, uuid.UUID], None],
) -> None:
    whole = _letter(post, pages=2)
    _hold(engine, lea, whole)
    piece = _split(engine, lea, whole)
    act(engine, keyer(engine, "tom"), piece)
    held = _all(engine, whole, piece)
    with pytest.raises(LeaseLost):
        _back(engine, lea, whole)
    assert _all(engine, whole, piece) == held


def test_a_split_stays_once_a_pole_has_a_piece(engine: sa.Engine, post: Post, lea: Person) -> None:
    whole = _letter(post, pages=2)
    _hold(engine, lea, whole)
    piece = _split(engine, lea, whole)
    _name(engine, lea, whole)
    _deliver(engine)
    with pytest.raises(AlreadyDelivered):
        _back(engine, lea, piece)
    assert sent_work_store.take_back(engine, lea, whole, 60, "Mal séparé.").queue == "name"
    with pytest.raises(LeaseLost):  # its pages stay what the pôle was told of them
        _back(engine, lea, piece)
    assert len(_all(engine, whole, piece)) == 4


def _deliver(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        where = connection.scalar(sa.select(deliveries_table.c.destination))
    claimed = delivery_store.claim_next(engine, "w", [str(where)], 60)
    assert claimed is not None
    assert delivery_store.record_delivered(engine, claimed.claim, "reçu")


@pytest.mark.parametrize("into_previous", [True, False])
def test_a_join_is_undone(engine: sa.Engine, post: Post, lea: Person, into_previous: bool) -> None:
    both = [_letter(post, pages=2), _letter(post)]
    about, other = reversed(both) if into_previous else both
    _hold(engine, lea, about)
    before = _all(engine, *both)
    assert page_store.join_documents(engine, lea, about, into_previous=into_previous) == tuple(both)
    assert _back(engine, lea, about) == sent_work_store.Back("name", about, (other,))
    assert _all(engine, *both) == before
    tom = keyer(engine, "tom")
    assert lease_store.take_next(engine, tom, "name", 60) == other, "hers is what she had"
    assert lease_store.take_next(engine, tom, "name", 60, besides=[other]) is None


def test_a_join_stays_once_pages_have_come(engine: sa.Engine, post: Post, lea: Person) -> None:
    both = _letter(post), _letter(post)
    _hold(engine, lea, both[0])
    page_store.join_documents(engine, lea, both[0], into_previous=False)
    with transaction(engine) as connection:  # as a request to scan again brings them
        row = connection.execute(sa.select(pages).limit(1)).mappings().one()
        connection.execute(pages.insert().values(dict(row) | {"number": 9, "sha256": bytes(32)}))
    with pytest.raises(LeaseLost):
        _back(engine, lea, both[0])
    assert state_of(engine, both[1]) == "discarded"


def test_a_duplicate_comes_back(engine: sa.Engine, post: Post, lea: Person) -> None:
    first, second = _letter(post), _letter(post, again=True)
    _hold(engine, lea, second)
    before = _all(engine, second)
    naming_store.discard_duplicate(engine, lea, second, first)
    assert state_of(engine, second) == "discarded"
    assert [one.what for one in sent_work_store.last(engine, lea)] == ["Écarté comme doublon"]
    assert _back(engine, lea, second).queue == "name"
    assert _all(engine, second) == before


def test_blank_pages_are_undone_to_what_they_were(
    engine: sa.Engine, post: Post, lea: Person
) -> None:
    made = _letter(post, pages=2)
    with transaction(engine) as connection:
        connection.execute(pages.update().where(pages.c.number == 1).values(role="back"))
    _hold(engine, lea, made)
    before = _all(engine, made)
    for number in (0, 1):
        page_store.mark_blank(engine, lea, made, number, is_blank=True)
    naming_store.discard_blank(engine, lea, made)
    told = [one.what for one in sent_work_store.last(engine, lea)]
    assert told == ["Écarté : pages blanches", "Page 2 blanche", "Page 1 blanche"]
    for _ in told:
        assert _back(engine, lea, made).queue == "name"
    assert _all(engine, made) == before
    history = _told(engine, lea, made)
    assert [history.count(one) for one in ("Page marquée blanche", "Écarté, pages blanches")] == [
        2,
        1,
    ]


def test_nobody_undoes_what_another_decided(engine: sa.Engine, post: Post, lea: Person) -> None:
    whole = _letter(post, pages=2)
    _hold(engine, lea, whole)
    piece = _split(engine, lea, whole)
    tom = keyer(engine, "tom")
    lease_store.release(engine, lea.id, [whole, piece])
    for one in (whole, piece):
        with pytest.raises(LeaseLost):
            _back(engine, tom, one)
