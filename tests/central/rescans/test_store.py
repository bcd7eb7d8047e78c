"""Requests to scan again, in the database: asked, told, answered, impossible, withdrawn."""

import contextlib
import datetime as dt
import io
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central.db.engine import transaction
from central.db.tables import documents as documents_table
from central.db.tables import drafts, fields, leases, pages
from central.db.tables import rescans as rescans_table
from central.delivery import content_store
from central.delivery.package import built
from central.delivery.rules import Claim, Delivery
from central.errors import NotFound
from central.intake import store as intake_store
from central.rendering.binding import Binder
from central.rescans import store as rescans_store
from tests.support.central import changed, document, page, picture, store, tiff
from tests.support.people import person
from tests.support.stored import actions_on, document_row
from vaguemestre.model.document import Check, Field
from vaguemestre.model.limits import MAX_PICTURE
from vaguemestre.model.lot import AskedSheet, DocumentRecord, RescanImpossible

pytestmark = pytest.mark.on_both_servers

_WHY = "Page de gauche coupée."


def _id() -> uuid.UUID:
    return uuid.UUID(str(uuid7()))


def _asked(engine: sa.Engine, **changes: Any) -> tuple[DocumentRecord, uuid.UUID]:
    """A document of two pages that a person sends back to its station."""
    scanned = tiff([picture(number=0), picture(number=1)])
    original = store(
        engine,
        document(page(scanned), page(scanned, 1, role="back"), kind="name", **changes),
    )
    asked = rescans_store.request_rescan(engine, original.id, person(engine), "person:lea", _WHY)
    return original, asked


def test_a_station_is_told_which_sheet_until_the_request_is_over(engine: sa.Engine) -> None:
    original = store(engine, document(page(tiff([picture(number=0)])), kind="name"))
    who, small = person(engine), b"\xff\xd8\xff small"
    sheet = AskedSheet(original.position + 1, "Feuille de soins - médecin", 2, 3, small)
    asked = rescans_store.request_rescan(engine, original.id, who, "person:lea", _WHY, sheet)
    (told,) = rescans_store.open_for(engine, original.site, original.station)
    assert (told.rescan_id, told.sheet) == (str(asked), sheet)
    assert rescans_store.withdraw_request(engine, asked, "person:lea")
    assert _request(engine, asked).picture is None
    large = replace(sheet, picture=b"x" * (MAX_PICTURE + 1))
    rescans_store.request_rescan(engine, original.id, who, "person:lea", _WHY, large)
    (told,) = rescans_store.open_for(engine, original.site, original.station)
    assert told.sheet == replace(sheet, picture=b"")


def _answer(rescan_id: uuid.UUID | None, number: int = 7, **changes: Any) -> DocumentRecord:
    """What the station sends: another lot, one page."""
    kind = str(changes.pop("kind", "key"))
    made = document(page(tiff([picture(number=number)])), kind=kind)
    return changed(made, rescan_id=rescan_id, lot_name="RESCAN", **changes)


def _pages(engine: sa.Engine, document_id: uuid.UUID) -> list[tuple[int, str, bytes]]:
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(pages.c.number, pages.c.role, pages.c.sha256)
            .where(pages.c.document_id == document_id)
            .order_by(pages.c.number)
        )
        return [(row.number, row.role, bytes(row.sha256)) for row in rows]


def _fields(engine: sa.Engine, document_id: uuid.UUID) -> list[tuple[str, int]]:
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(fields.c.name, fields.c.page)
            .where(fields.c.document_id == document_id)
            .order_by(fields.c.position)
        )
        return [(row.name, row.page) for row in rows]


def _request(engine: sa.Engine, rescan_id: uuid.UUID) -> Any:
    with transaction(engine) as connection:
        return connection.execute(
            sa.select(rescans_table).where(rescans_table.c.id == rescan_id)
        ).one()


def _count(engine: sa.Engine, table: sa.Table) -> int:
    with transaction(engine) as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)


def test_a_document_that_is_asked_for_again_leaves_its_queue_with_what_was_typed(
    engine: sa.Engine,
) -> None:
    original = store(engine, document(kind="key"))
    who = person(engine)
    with transaction(engine) as connection:
        about = {"document_id": original.id, "person_id": who, "queue": "key"}
        until = sa.func.now() + dt.timedelta(minutes=5)
        connection.execute(leases.insert().values(**about, lease_until=until))
        connection.execute(drafts.insert().values(**about, content={"nir": "1"}))
    asked = rescans_store.request_rescan(engine, original.id, who, "person:lea", f"  {_WHY}\0")
    assert asked.version == 7
    assert document_row(engine, original.id).state == "to_rescan"
    assert (_count(engine, leases), _count(engine, drafts)) == (0, 0)
    assert _request(engine, asked).reason == _WHY
    (told,) = rescans_store.open_for(engine, "gien", "poste-1")
    told_ids = (told.rescan_id, told.document_id)
    assert (told_ids, told.lot_name) == ((str(asked), str(original.id)), "lot 1")
    assert rescans_store.open_for(engine, "gien", "poste-2") == ()
    assert actions_on(engine, original.id) == ["document_stored", "rescan_asked"]


def test_only_a_document_that_waits_for_a_person_can_be_asked_for(engine: sa.Engine) -> None:
    straight, who = store(engine, document()), person(engine)
    for wrong in (straight.id, _id()):
        with pytest.raises(NotFound):
            rescans_store.request_rescan(engine, wrong, who, "person:lea", _WHY)
    original, _ = _asked(engine)
    with pytest.raises(NotFound):
        rescans_store.request_rescan(engine, original.id, who, "person:lea", _WHY)


def test_what_the_caller_undoes_was_never_asked(engine: sa.Engine) -> None:
    original, who = store(engine, document(kind="name")), person(engine)
    with engine.connect() as connection:
        rescans_store.request_rescan(connection, original.id, who, "person:lea", _WHY)
        connection.rollback()
    assert document_row(engine, original.id).state == "to_name"
    assert _count(engine, rescans_table) == 0


def test_the_answer_joins_the_original_in_the_same_transaction(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    rescans_store.mark_sent(engine, [str(asked)])
    assert _request(engine, asked).state == "told"
    answer = store(engine, _answer(asked, type_confidence=0.7, runner_up="S3704"))
    before, after = document_row(engine, original.id), document_row(engine, answer.id)
    assert [(n, role) for n, role, _ in _pages(engine, original.id)] == [
        (0, "replaced"),
        (1, "replaced"),
        (2, "front"),
    ]
    assert _pages(engine, original.id)[2][2] == bytes.fromhex(answer.document.pages[0].ref.sha256)
    assert (before.state, before.route, before.type_confidence) == ("to_key", "key", 0.7)
    assert before.runner_up == "S3704"
    assert before.route_reasons == ["rescanned"]
    assert before.marks == ["rescanned"]
    assert (before.received_on, before.page_count) == (original.lot.received_on, 2)
    assert (after.state, after.joined_into, after.page_count) == ("discarded", original.id, 1)
    assert _fields(engine, original.id) == [("nir", 2), ("total", 2)]
    assert _request(engine, asked).state == "answered"
    assert rescans_store.open_for(engine, "gien", "poste-1") == ()
    assert actions_on(engine, original.id)[-1] == "document_rescanned"


def test_replaced_pages_are_kept_and_never_delivered(engine: sa.Engine, tmp_path: Path) -> None:
    scanned = tiff([picture(number=0), picture(number=1)])
    again = tiff([picture(number=7)])
    original, asked = _asked(engine)
    store(engine, _answer(asked))
    content = {bytes.fromhex(p.ref.sha256): scanned for p in original.document.pages}
    content[_pages(engine, original.id)[2][2]] = again
    with transaction(engine) as connection:
        loaded = content_store.load_for_delivery(connection, original.id)
    claim = Claim(original.id, "FRAIS_DE_SANTE", "key", "w", 1, is_trial=False)
    delivery = Delivery(claim, loaded)
    with (
        contextlib.closing(Binder(at_once=1)) as binder,
        built(delivery, lambda sha256: io.BytesIO(content[sha256]), binder, tmp_path) as package,
    ):
        told = package.json.read()
    assert b'"pages": 1' in told
    assert original.document.pages[0].ref.sha256.encode() not in told


def test_the_same_answer_twice_changes_nothing(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    answer = store(engine, _answer(asked))
    as_it_was = (_pages(engine, original.id), document_row(engine, original.id))
    assert intake_store.store_document(engine, answer) is True
    assert (_pages(engine, original.id), document_row(engine, original.id)) == as_it_was


def test_a_second_document_of_the_answer_adds_its_pages_and_asks_for_naming(
    engine: sa.Engine,
) -> None:
    original, asked = _asked(engine)
    first = store(engine, _answer(asked))
    second = store(
        engine, _answer(asked, 8, lot_id=first.lot.id, position=1, type="unknown", fields=())
    )
    assert [role for _, role, _ in _pages(engine, original.id)] == [
        *("replaced", "replaced", "front", "front")
    ]
    row = document_row(engine, original.id)
    assert (row.state, row.type) == ("to_name", "S3110")
    assert document_row(engine, second.id).joined_into == original.id
    assert _fields(engine, original.id) == [("nir", 2), ("total", 2)]


@pytest.mark.parametrize(
    ("type_", "has_fields", "expected"),
    [
        ("S3704", True, [("nir", 2)]),
        ("S3704", False, []),
        ("unknown", False, []),
        ("S3110", False, []),
    ],
)
def test_fields_give_way_to_what_was_read_of_the_new_pages_whatever_their_type(
    engine: sa.Engine, type_: str, has_fields: bool, expected: list[tuple[str, int]]
) -> None:
    original, asked = _asked(engine)
    read = Field("nir", None, "2 5", 0.4, False, Check.NONE, 0, None)
    store(engine, _answer(asked, type=type_, fields=(read,) if has_fields else (), kind="name"))
    assert _fields(engine, original.id) == expected
    assert document_row(engine, original.id).type == type_


def test_an_answer_never_goes_straight(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    store(engine, _answer(asked, kind="straight"))
    row = document_row(engine, original.id)
    assert (row.state, row.route) == ("to_name", "name")


@pytest.mark.parametrize(("type_", "due"), [("S3110", "2026-11-10"), ("S3704", "2026-11-07")])
def test_the_delay_counts_from_the_first_receipt(engine: sa.Engine, type_: str, due: str) -> None:
    original, asked = _asked(engine)
    later = _answer(asked, type=type_, received_on=original.lot.received_on + dt.timedelta(days=3))
    store(engine, later)
    assert document_row(engine, original.id).due_on == dt.date.fromisoformat(due)


def test_an_answer_to_an_unknown_or_withdrawn_request_is_a_document_for_a_person(
    engine: sa.Engine,
) -> None:
    original, asked = _asked(engine)
    assert rescans_store.withdraw_request(engine, asked, "person:lea")
    assert not rescans_store.withdraw_request(engine, asked, "person:lea")
    assert document_row(engine, original.id).state == "to_name"
    for rescan_id in (asked, _id()):
        late = store(engine, _answer(rescan_id, kind="straight"))
        row = document_row(engine, late.id)
        assert (row.state, row.joined_into) == ("to_name", None)
        assert row.route_reasons == ["rescan_unknown"]
    assert len(_pages(engine, original.id)) == 2


def test_a_station_of_another_site_cannot_answer(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    late = store(engine, _answer(asked, site="orleans"))
    assert document_row(engine, late.id).state == "to_name"
    assert not rescans_store.mark_impossible(
        engine, "orleans", "poste-1", RescanImpossible(str(asked), "non")
    )
    assert document_row(engine, original.id).state == "to_rescan"


def test_another_lot_after_the_answer_is_for_a_person(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    store(engine, _answer(asked))
    late = store(engine, _answer(asked, 8))
    assert document_row(engine, late.id).state == "to_name"
    assert len(_pages(engine, original.id)) == 3


def test_what_cannot_be_scanned_again_goes_back_with_the_operators_reason(
    engine: sa.Engine,
) -> None:
    original, asked = _asked(engine)
    told = RescanImpossible(str(asked), "Papier détruit.")
    assert rescans_store.mark_impossible(engine, "gien", "poste-1", told)
    assert not rescans_store.mark_impossible(engine, "gien", "poste-1", told)
    assert document_row(engine, original.id).state == "to_name"
    request = _request(engine, asked)
    assert (request.state, request.answer) == ("impossible", "Papier détruit.")


def test_a_document_discarded_meanwhile_is_asked_for_no_more(engine: sa.Engine) -> None:
    original, asked = _asked(engine)
    with transaction(engine) as connection:
        connection.execute(
            documents_table.update()
            .where(documents_table.c.id == original.id)
            .values(state="discarded")
        )
    assert rescans_store.open_for(engine, "gien", "poste-1") == ()
    assert rescans_store.withdraw_request(engine, asked, "person:lea")
    assert document_row(engine, original.id).state == "discarded"
