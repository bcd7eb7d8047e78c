"""What people decide of documents and their pages, on a real database."""

import datetime as dt
import uuid

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central.db.engine import transaction
from central.documents import lease_store
from central.documents import store as documents_store
from central.errors import InputInvalid, LeaseLost, NotFound
from central.naming import page_store
from central.naming import store as naming_store
from tests.support.keyers import PLAN, keyer, state_of, take
from tests.support.mail import Line, Post

_DUE = dt.date(2026, 12, 1)


def test_a_named_document_goes_to_keying_when_its_type_asks_for_fields(
    engine: sa.Engine, post: Post
) -> None:
    made, person = post.deliver("A", kind="name"), keyer(engine, "p")
    take(engine, person)
    naming_store.name_document(engine, person, made.id, PLAN.of("S3116"), due_on=_DUE)
    assert state_of(engine, made.id) == "to_key"
    shown = documents_store.load_document(engine, person, made.id, "key")
    assert shown.document["pole"] == "Prestations en espèces"
    assert shown.document["due_on"] == _DUE
    assert {f.name for f in shown.fields} == {
        s.name for s in PLAN.of("S3116").keyed_fields if s.required
    }


def test_splitting_moves_pages_and_loses_none(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=4), keyer(engine, "p")
    before = [
        p.sha256 for p in documents_store.load_document(engine, person, made.id, "name").pages
    ]
    take(engine, person)
    new_id = uuid.UUID(str(uuid7()))
    page_store.split_document(engine, person, made.id, 1, new_id, 60)
    parts = [
        documents_store.load_document(engine, person, one, "name") for one in (made.id, new_id)
    ]
    assert [[p.number for p in part.pages] for part in parts] == [[0], [0, 1, 2]]
    assert [p.sha256 for part in parts for p in part.pages] == before
    assert lease_store.take_next(engine, person, "name", 60, besides=[made.id]) == new_id
    with pytest.raises(InputInvalid):
        page_store.split_document(engine, person, made.id, 0, uuid.UUID(str(uuid7())), 60)


def test_what_was_split_can_be_joined_again(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=3), keyer(engine, "p")
    before = [
        p.sha256 for p in documents_store.load_document(engine, person, made.id, "name").pages
    ]
    take(engine, person)
    new_id = uuid.UUID(str(uuid7()))
    page_store.split_document(engine, person, made.id, 2, new_id, 60)
    assert page_store.join_documents(engine, person, made.id, into_previous=False) == (
        made.id,
        new_id,
    )
    assert [
        p.sha256 for p in documents_store.load_document(engine, person, made.id, "name").pages
    ] == before
    assert state_of(engine, new_id) == "discarded"


def test_attaching_puts_pages_behind_the_previous_document(engine: sa.Engine, post: Post) -> None:
    first, second = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    person = keyer(engine, "p")
    assert lease_store.take_document(engine, person, second.id, "name", 60)
    assert page_store.join_documents(engine, person, second.id, into_previous=True) == (
        first.id,
        second.id,
    )
    assert len(documents_store.load_document(engine, person, first.id, "name").pages) == 2


def test_a_neighbour_that_somebody_else_holds_or_that_left_cannot_be_joined(
    engine: sa.Engine, post: Post
) -> None:
    first, second = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    person, other = keyer(engine, "p"), keyer(engine, "q")
    assert lease_store.take_document(engine, other, first.id, "name", 60)
    assert lease_store.take_document(engine, person, second.id, "name", 60)
    with pytest.raises(LeaseLost):
        page_store.join_documents(engine, person, second.id, into_previous=True)
    naming_store.name_document(engine, other, first.id, PLAN.of("pnd"), due_on=_DUE)
    with pytest.raises(NotFound):
        page_store.join_documents(engine, person, second.id, into_previous=True)
    assert state_of(engine, second.id) == "to_name"


def test_a_turned_page_changes_sides_and_its_boxes_no_longer_hold(
    engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", Line("nir", "NIR", "1"), kind="name", code="S1104")
    person = keyer(engine, "p")
    take(engine, person)
    page_store.turn_page(engine, person, made.id, 0, 1)
    shown = documents_store.load_document(engine, person, made.id, "name")
    assert (shown.pages[0].rotation, shown.pages[0].width_mm) == (90, 297.0)
    assert shown.fields[0].box_mm is None
    with pytest.raises(NotFound):
        page_store.turn_page(engine, person, made.id, 7, 1)


def test_only_a_document_whose_image_came_before_is_a_duplicate(
    engine: sa.Engine, post: Post
) -> None:
    first, again = post.deliver("A", kind="name"), post.deliver("A", kind="name", again=True)
    person = keyer(engine, "p")
    assert [t["id"] for t in naming_store.same_image_documents(engine, again.id, person)] == [
        first.id
    ]
    lease_store.take_document(engine, person, again.id, "name", 60)
    with pytest.raises(InputInvalid):
        naming_store.discard_duplicate(engine, person, again.id, again.id)
    naming_store.discard_duplicate(engine, person, again.id, first.id)
    assert state_of(engine, again.id) == "discarded"
    assert naming_store.same_image_documents(engine, first.id, person) == []


def test_only_a_document_of_blank_pages_is_given_up_as_blank(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=2), keyer(engine, "p")
    take(engine, person)
    page_store.mark_blank(engine, person, made.id, 0, is_blank=True)
    with pytest.raises(InputInvalid):
        naming_store.discard_blank(engine, person, made.id)
    page_store.mark_blank(engine, person, made.id, 1, is_blank=True)
    naming_store.discard_blank(engine, person, made.id)
    assert state_of(engine, made.id) == "discarded"


def test_a_document_asked_for_again_leaves_the_queue(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name"), keyer(engine, "p")
    with pytest.raises(LeaseLost):
        naming_store.ask_rescan(engine, person, made.id, "name", "flou")
    take(engine, person)
    naming_store.ask_rescan(engine, person, made.id, "name", "flou")
    assert state_of(engine, made.id) == "to_rescan"
    assert take(engine, person) is None


def test_every_act_is_kept_and_audited_and_no_value_is(engine: sa.Engine, post: Post) -> None:
    made, person = post.deliver("A", kind="name", pages=2), keyer(engine, "p")
    take(engine, person)
    naming_store.set_urgent(engine, person, made.id)
    naming_store.name_document(
        engine, person, made.id, PLAN.of("courrier"), due_on=_DUE, seconds=3.5
    )
    with transaction(engine) as connection:
        acts = connection.scalars(sa.text("SELECT act FROM namings ORDER BY id")).all()
        trail = connection.scalars(
            sa.text("SELECT action FROM audit WHERE actor = 'person:p' ORDER BY id")
        ).all()
    assert acts == ["urgent", "named"]
    assert [a for a in trail if a.startswith("document_")] == [
        "document_urgent", "document_named", "document_rerouted",
    ]  # fmt: skip
