"""The same mail twice, from two stations or under two ids: one goes, a person sees the other."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYWHERE, Person, Role
from central.db.engine import transaction
from central.db.tables import controls, deliveries
from central.db.tables import documents as documents_table
from central.documents import lease_store
from central.documents.store import source_digests
from central.intake import store as intake_store
from central.naming import store as naming_store
from central.quality.rules import SamplingPolicy
from central.rescans import store as rescans_store
from tests.support.central import document, page, picture, store, tiff
from tests.support.console import add_person
from tests.support.keyers import PLAN
from tests.support.stored import document_row
from vaguemestre.model.lot import DocumentRecord

pytestmark = pytest.mark.on_both_servers

_SCAN = tiff([picture(number=n) for n in range(3)])


def _delivered(engine: sa.Engine) -> set[uuid.UUID]:
    with transaction(engine) as connection:
        return set(connection.scalars(sa.select(deliveries.c.document_id)))


@pytest.mark.parametrize("kind", ["straight", "key", "name"])
def test_the_same_image_from_another_station_waits_for_a_person(
    engine: sa.Engine, kind: str
) -> None:
    first = store(engine, document(page(_SCAN), page(_SCAN, 1)))
    again = store(engine, document(page(_SCAN, 1), site="orleans", station="poste-9", kind=kind))
    row = document_row(engine, again.id)
    assert (row.state, row.route_reasons, row.marks) == (
        "to_name",
        ["probable_duplicate"],
        ["probable_duplicate"],
    )
    assert _delivered(engine) == {first.id}


def test_a_station_that_was_set_up_anew_and_gives_other_ids_delivers_nothing_twice(
    engine: sa.Engine,
) -> None:
    first = store(engine, document(page(_SCAN)))
    again = document(page(_SCAN), lot_id=first.lot.id)
    policy = SamplingPolicy(share=1.0)
    assert intake_store.store_document(engine, again, policy) is False
    assert intake_store.store_document(engine, again, policy) is True
    assert _delivered(engine) == {first.id}
    with transaction(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(controls)) == 0


def test_documents_of_one_file_and_sheets_without_content_are_no_duplicates(
    engine: sa.Engine,
) -> None:
    made = [
        store(engine, document(page(_SCAN, n), page(_SCAN, 2, role=role)))
        for n, role in enumerate(("blank", "separator"))
    ]
    assert {document_row(engine, one.id).state for one in made} == {"ready"}


def test_what_a_person_gave_up_makes_no_other_a_duplicate(engine: sa.Engine) -> None:
    store(engine, document(page(_SCAN)))
    again = store(engine, document(page(_SCAN)))
    with transaction(engine) as connection:
        connection.execute(documents_table.update().values(state="discarded"))
    third = store(engine, document(page(_SCAN)))
    assert document_row(engine, third.id).state == "ready"
    assert _delivered(engine) >= {third.id}
    assert again.id not in _delivered(engine)


def test_who_names_a_probable_duplicate_lets_it_go_and_sees_the_other(engine: sa.Engine) -> None:
    first = store(engine, document(page(_SCAN)))
    again = store(engine, document(page(_SCAN)))
    person = Person(
        add_person(engine, "k", Role.KEYER),
        "k",
        "K",
        frozenset({Role.KEYER}),
        EVERYWHERE,
        EVERYWHERE,
    )
    assert lease_store.take_next(engine, person, "name", 60.0) == again.id
    assert [one["id"] for one in naming_store.same_image_documents(engine, again.id, person)] == [
        first.id
    ]
    naming_store.name_document(
        engine, person, again.id, PLAN.of("pnd"), due_on=again.lot.received_on
    )
    assert again.id in _delivered(engine)


def test_the_answer_to_a_rescan_is_no_duplicate_of_what_it_replaces(engine: sa.Engine) -> None:
    original = store(engine, document(page(_SCAN), kind="name"))
    person = add_person(engine, "lea", Role.KEYER)
    asked = rescans_store.request_rescan(engine, original.id, person, "person:lea", "flou")
    answer = store(engine, document(page(_SCAN), kind="key", rescan_id=asked))
    assert document_row(engine, answer.id).joined_into == original.id
    assert document_row(engine, original.id).state == "to_key"


def test_of_many_that_come_at_the_same_moment_one_goes(engine: sa.Engine) -> None:
    made = [document(page(_SCAN, n % 3), page(_SCAN, (n + 1) % 3)) for n in range(9)]
    store(engine, document())  # its site is known
    for digest in source_digests(made[0].document):
        intake_store.blob_stored(engine, digest, 1, made[0].site)
    go = threading.Barrier(len(made))

    def bring(one: DocumentRecord) -> None:
        go.wait()
        intake_store.store_document(engine, one)

    before = len(_delivered(engine))
    with ThreadPoolExecutor(len(made)) as pool:
        list(pool.map(bring, made))
    assert len(_delivered(engine)) == before + 1
    states = sorted(document_row(engine, one.id).state for one in made)
    assert states == ["ready", *["to_name"] * 8]
