"""Flow by the hour and the counts of lots, on a real database, also of what people made."""

import datetime as dt
import threading
import time
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from uuid6 import uuid7

from central import housekeeping
from central.accounts.rules import EVERYTHING, EVERYWHERE, Person, Role
from central.db.engine import transaction
from central.delivery import store as delivery_store
from central.documents import lease_store
from central.documents.rules import ReturnCause, ReturnNote
from central.intake import store as intake_store
from central.lots import store as lots_store
from central.monitoring import flow_store
from central.naming import page_store
from central.returns import store as returns_store
from central.telemetry import Telemetry
from tests.support.central import document, lot_id, report, store
from tests.support.console import add_person, settings
from tests.support.mail import Post
from vaguemestre.model.lot import DocumentRecord

_POLE = "FRAIS_DE_SANTE"


@pytest.fixture
def post(engine: sa.Engine, tmp_path: Path) -> Post:
    return Post(engine, tmp_path)


def _now(engine: sa.Engine) -> dt.datetime:
    """The database's clock, which stamps what happens."""
    with transaction(engine) as connection:
        found = connection.scalar(sa.select(sa.func.now()))
    assert isinstance(found, dt.datetime)
    return found


def _counted(engine: sa.Engine) -> dict[str, int]:
    """All of the flow, together."""
    totals = dict.fromkeys(flow_store.COUNTS, 0)
    for counts in flow_store.by_hour(
        engine, EVERYTHING, dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    ).values():
        totals = {name: totals[name] + counts[name] for name in totals}
    return {name: count for name, count in totals.items() if count}


def _deliver(engine: sa.Engine) -> None:
    claimed = delivery_store.claim_next(engine, "w", [_POLE], 60.0)
    assert claimed is not None
    delivery_store.record_delivered(engine, claimed.claim, "receipt")


def _keyer(engine: sa.Engine) -> Person:
    number = add_person(engine, "keyer", Role.KEYER)
    return Person(number, "keyer", "Keyer", frozenset({Role.KEYER}), EVERYWHERE, EVERYWHERE)


def test_flow_counts_what_came_what_went_and_what_people_did(engine: sa.Engine) -> None:
    made = [store(engine, document(kind=kind)) for kind in ("straight", "name", "key")]
    _deliver(engine)  # due on 10 November of 2026
    note = ReturnNote(ReturnCause.WRONG_POLE)
    returns_store.accept_return(engine, made[0].id, _POLE, note, "http")
    keyer = _keyer(engine)
    with transaction(engine) as connection:
        for n in range(3):
            connection.execute(
                sa.text(
                    "INSERT INTO keyings (document_id, position, name, pass, person_id, value) "
                    "VALUES (:id, :n, 'nir', :pass, :person, '1')"
                ),
                {"id": made[2].id, "n": n, "pass": "first", "person": keyer.id},
            )
        connection.execute(
            sa.text(
                "INSERT INTO keyings (document_id, position, name, pass, person_id, value) "
                "VALUES (:id, 9, 'nir', 'control', :person, '1')"
            ),
            {"id": made[0].id, "person": keyer.id},
        )
    now = _now(engine)
    flow_store.recount_hours(engine, now)
    late = {"delivered_late": 1} if now.date() > dt.date(2026, 11, 11) else {}
    expected = {
        "received": 3, "pages": 3, "straight": 1, "to_name": 1, "to_key": 1, "delivered": 1,
        "keyed": 1, "returned": 1, **late,
    }  # fmt: skip
    counted = _counted(engine)
    if dt.date(2026, 11, 10) <= now.date() <= dt.date(2026, 11, 11):
        counted.pop("delivered_late", None)  # around midnight in Paris
    assert counted == expected


def test_counting_again_changes_nothing(engine: sa.Engine) -> None:
    store(engine, document())
    now = _now(engine)
    flow_store.recount_hours(engine, now)
    first = _counted(engine)
    for _ in range(2):
        flow_store.recount_hours(engine, now)
    assert _counted(engine) == first


def test_days_on_which_nobody_counted_are_made_up_for(engine: sa.Engine) -> None:
    old, new = store(engine, document()), store(engine, document())
    now = _now(engine)
    with transaction(engine) as connection:
        for made, days in ((old, 40), (new, 3)):
            connection.execute(
                sa.text("UPDATE documents SET stored_at = :at WHERE id = :id"),
                {"at": now - dt.timedelta(days=days), "id": made.id},
            )
    assert flow_store.recount_hours(engine, now - dt.timedelta(days=39)) >= 24
    assert _counted(engine)["received"] == 1
    assert flow_store.recount_hours(engine, now) >= 38 * 24
    assert _counted(engine)["received"] == 2


def test_while_another_process_counts_this_one_leaves_it(engine: sa.Engine) -> None:
    store(engine, document())
    with transaction(engine) as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7310, 2)"))
        assert flow_store.recount_hours(engine, dt.datetime.now(dt.UTC)) == 0
    assert _counted(engine) == {}


def test_the_sweeper_counts_flow_by_itself(engine: sa.Engine, tmp_path: Path) -> None:
    store(engine, document())
    stop = threading.Event()
    config = settings(tmp_path, _POLE)
    sweeping = threading.Thread(
        target=housekeeping.run_chores, args=(config, engine, Telemetry("test"), stop)
    )
    sweeping.start()
    try:
        deadline = time.monotonic() + 30
        while not _counted(engine):
            assert time.monotonic() < deadline, "it never counted"
            time.sleep(0.05)
    finally:
        stop.set()
        sweeping.join()
    assert _counted(engine)["received"] == 1


def test_flow_keeps_to_a_person_s_sites_and_poles(engine: sa.Engine) -> None:
    store(engine, document())
    flow_store.recount_hours(engine, _now(engine))
    since = _now(engine) - dt.timedelta(days=1)
    for sites, poles, count in (
        (("gien",), ("*",), 1), (("orleans",), ("*",), 0), (("*",), ("CNSE",), 0),
        (("*",), ("Frais de santé",), 1), ((), ("*",), 0), (("*",), (), 0),
    ):  # fmt: skip
        who = Person(1, "x", "X", frozenset(), frozenset(sites), frozenset(poles))
        assert len(flow_store.by_hour(engine, who.scope, since)) == count
        assert len(flow_store.done_by_hour(engine, who.scope, since)) == count
    assert list(flow_store.by_day(engine, EVERYTHING, since - dt.timedelta(days=2), "Europe/Paris"))


# --- a lot's counts


def _report(engine: sa.Engine, made: DocumentRecord, documents: int, pages: int) -> None:
    intake_store.store_report(engine, report(made, pages, documents=documents))


def _set(engine: sa.Engine, document_id: uuid.UUID, state: str) -> None:
    with transaction(engine) as connection:
        connection.execute(
            sa.text("UPDATE documents SET state = :state WHERE id = :id"),
            {"state": state, "id": document_id},
        )


def test_a_document_cut_in_two_counts_once_and_is_delivered_when_both_parts_are(
    engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", kind="name", pages=3)
    _report(engine, made, 1, 3)
    person, piece = _keyer(engine), uuid.UUID(str(uuid7()))
    assert lease_store.take_next(engine, person, "name", 60) == made.id
    page_store.split_document(engine, person, made.id, 2, piece, 60)
    row = lots_store.get_lot(engine, lot_id(made))
    assert (row["stored_documents"], row["stored_pages"], row["outstanding"]) == (1, 3, 2)
    _set(engine, made.id, "delivered")
    row = lots_store.get_lot(engine, lot_id(made))
    assert (row["delivered_documents"], row["delivered_pages"], row["outstanding"]) == (0, 0, 1)
    _set(engine, piece, "delivered")
    row = lots_store.get_lot(engine, lot_id(made))
    assert (row["delivered_documents"], row["delivered_pages"], row["outstanding"]) == (1, 3, 0)


def test_a_joined_document_is_delivered_with_the_last_one_of_its_chain(
    engine: sa.Engine, post: Post
) -> None:
    first, second, third = (post.deliver(name, kind="name") for name in "ABC")
    _report(engine, first, 3, 3)
    person = _keyer(engine)
    for made in (third, second):  # C joins B, and B, with both pages, joins A
        taken: list[uuid.UUID] = []
        while (
            found := lease_store.take_next(engine, person, "name", 60, besides=taken)
        ) is not None:
            taken.append(found)
        page_store.join_documents(engine, person, made.id, into_previous=True)
    row = lots_store.get_lot(engine, lot_id(first))
    assert (row["stored_documents"], row["stored_pages"]) == (3, 3)
    assert (row["outstanding"], row["delivered_pages"], row["discarded_pages"]) == (1, 0, 0)
    _set(engine, first.id, "delivered")
    row = lots_store.get_lot(engine, lot_id(first))
    assert (row["outstanding"], row["delivered_documents"], row["delivered_pages"]) == (0, 3, 3)


def test_what_people_gave_up_is_counted_apart(engine: sa.Engine, post: Post) -> None:
    kept, gone = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    _report(engine, kept, 2, 2)
    _set(engine, kept.id, "delivered")
    _set(engine, gone.id, "discarded")
    row = lots_store.get_lot(engine, lot_id(kept))
    assert (row["delivered_pages"], row["discarded_pages"], row["outstanding"]) == (1, 1, 0)


def test_documents_that_point_at_each_other_end_the_question_too(
    engine: sa.Engine, post: Post
) -> None:
    first, second = post.deliver("A", kind="name"), post.deliver("B", kind="name")
    with transaction(engine) as connection:
        for one, other in ((first, second), (second, first)):
            connection.execute(
                sa.text(
                    "UPDATE documents SET joined_into = :to, state = 'discarded' WHERE id = :id"
                ),
                {"to": other.id, "id": one.id},
            )
    assert lots_store.get_lot(engine, lot_id(first))["stored_documents"] == 2


def test_lots_are_listed_page_after_page_once_each(engine: sa.Engine) -> None:
    made = {lot_id(store(engine, document(lot_name=f"LOT{n}"))) for n in range(5)}
    seen: list[uuid.UUID] = []
    before = None
    while rows := lots_store.list_lots(engine, EVERYTHING, 2, lots_store.LotFilter(before=before)):
        seen += [row["id"] for row in rows]
        before = rows[-1]["received_at"], rows[-1]["id"]
    assert len(seen) == len(set(seen))
    assert set(seen) == made


@pytest.mark.parametrize(("name", "count"), [("lot1", 1), ("LOT", 5), ("OT1", 0), ("LOT%", 0)])
def test_a_lot_is_found_by_how_its_name_begins(engine: sa.Engine, name: str, count: int) -> None:
    for n in range(5):
        store(engine, document(lot_name=f"LOT{n}"))
    assert (
        len(lots_store.list_lots(engine, EVERYTHING, 9, lots_store.LotFilter(name=name))) == count
    )
