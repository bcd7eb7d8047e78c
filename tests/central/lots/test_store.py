"""A lot's counts after people cut its documents, on a real database."""

import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central.accounts.rules import EVERYTHING, Person
from central.db.engine import transaction
from central.db.tables import documents
from central.documents import lease_store
from central.lots import store as lots_store
from central.naming import page_store
from tests.support.keyers import keyer
from tests.support.mail import Post


@pytest.fixture
def post(engine: sa.Engine, tmp_path: Path) -> Post:
    return Post(engine, tmp_path)


def _cut(engine: sa.Engine, person: Person, wanted: uuid.UUID, number: int) -> uuid.UUID:
    piece = uuid.UUID(str(uuid7()))
    assert lease_store.take_document(engine, person, wanted, "name", 60)
    page_store.split_document(engine, person, wanted, number, piece, 60)
    return piece


def _put(engine: sa.Engine, state: str, *ids: uuid.UUID) -> None:
    with transaction(engine) as connection:
        connection.execute(documents.update().where(documents.c.id.in_(ids)).values(state=state))


def _delivered(engine: sa.Engine) -> tuple[int, int]:
    (lot,) = lots_store.list_lots(engine, EVERYTHING, 10)
    assert (lot["stored_documents"], lot["stored_pages"]) == (1, 3)
    return lot["delivered_documents"], lot["delivered_pages"] or 0


def test_pages_cut_off_twice_are_delivered_when_the_last_piece_is(
    engine: sa.Engine, post: Post
) -> None:
    first, person = post.deliver("A", kind="name", pages=3).id, keyer(engine, "p")
    second = _cut(engine, person, first, 1)
    third = _cut(engine, person, second, 1)
    _put(engine, "delivered", first, second)
    assert _delivered(engine) == (0, 0)
    _put(engine, "delivered", third)
    assert _delivered(engine) == (1, 3)


def test_a_piece_that_was_joined_to_another_is_delivered_with_that_one(
    engine: sa.Engine, post: Post
) -> None:
    first, person = post.deliver("A", kind="name", pages=3).id, keyer(engine, "p")
    second = _cut(engine, person, first, 1)
    third = _cut(engine, person, second, 1)
    page_store.join_documents(engine, person, third, into_previous=True)
    _put(engine, "delivered", first)
    assert _delivered(engine) == (0, 0), "the pages of the third are in the second"
    _put(engine, "delivered", second)
    assert _delivered(engine) == (1, 3)


def test_a_piece_that_was_joined_to_a_neighbour_is_delivered_with_it(
    engine: sa.Engine, post: Post
) -> None:
    first, person = post.deliver("A", kind="name", pages=3).id, keyer(engine, "p")
    after = post.deliver("B", kind="name").id
    piece = _cut(engine, person, first, 2)
    assert lease_store.take_document(engine, person, after, "name", 60)
    page_store.join_documents(engine, person, after, into_previous=True)
    (lot,) = lots_store.list_lots(engine, EVERYTHING, 10)
    assert lot["stored_pages"] == 4
    _put(engine, "delivered", first)
    (lot,) = lots_store.list_lots(engine, EVERYTHING, 10)
    assert not lot["delivered_pages"]
    _put(engine, "delivered", piece)
    (lot,) = lots_store.list_lots(engine, EVERYTHING, 10)
    assert (lot["delivered_documents"], lot["delivered_pages"]) == (2, 4)
