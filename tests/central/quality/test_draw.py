"""What is drawn for the blind control while documents are stored, on a real database."""

import datetime as dt

import pytest
import sqlalchemy as sa

from central.db.engine import transaction
from central.db.tables import controls, deliveries, sites, straight_types
from central.documents.store import source_digests
from central.intake import store as intake_store
from central.quality.rules import SamplingPolicy, document_fraction
from tests.support.central import document
from vaguemestre.model.lot import DocumentRecord

pytestmark = pytest.mark.on_both_servers

_NOTHING_NEW = SamplingPolicy(share=0.0, new_form_s=0.0, first_week_s=0.0)


def _store(engine: sa.Engine, made: DocumentRecord, policy: SamplingPolicy) -> None:
    with transaction(engine) as connection:
        connection.execute(
            sa.text("INSERT INTO sites (site) VALUES (:site) ON CONFLICT DO NOTHING"),
            {"site": made.site},
        )
    for digest in source_digests(made.document):
        intake_store.blob_stored(engine, digest, 1, made.site)
    intake_store.store_document(engine, made, policy)


def _drawn(engine: sa.Engine) -> dict[object, str]:
    with transaction(engine) as connection:
        rows = connection.execute(sa.select(controls.c.document_id, controls.c.cause))
        return {row.document_id: row.cause for row in rows}


def _long_ago(engine: sa.Engine, table: sa.Table, column: str) -> None:
    with transaction(engine) as connection:
        connection.execute(table.update().values({column: sa.func.now() - dt.timedelta(days=60)}))


def test_the_share_of_all_is_drawn_by_the_documents_ids(engine: sa.Engine) -> None:
    policy = SamplingPolicy(share=0.3, new_form_s=0.0, first_week_s=0.0)
    made = [document() for _ in range(40)]
    for one in made:
        _store(engine, one, policy)
    expected = {one.id: "sample" for one in made if document_fraction(one.id) < 0.3}
    assert _drawn(engine) == expected


def test_a_delivery_does_not_wait_for_its_control(engine: sa.Engine) -> None:
    made = document()
    _store(engine, made, SamplingPolicy(share=1.0))
    with transaction(engine) as connection:
        state = connection.scalar(
            sa.select(deliveries.c.state).where(deliveries.c.document_id == made.id)
        )
    assert state == "waiting"


def test_everything_of_a_new_form_is_drawn_until_it_is_old(engine: sa.Engine) -> None:
    policy = SamplingPolicy(share=0.0, first_week_s=0.0)
    first, second, later = document(), document(), document()
    _store(engine, first, policy)
    _store(engine, second, policy)
    assert _drawn(engine) == {first.id: "new_form", second.id: "new_form"}
    _long_ago(engine, straight_types, "since")
    _store(engine, later, policy)
    assert later.id not in _drawn(engine)


def test_a_form_is_new_from_its_first_straight_document_on(engine: sa.Engine) -> None:
    _store(engine, document(kind="key"), _NOTHING_NEW)
    with transaction(engine) as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(straight_types)) == 0


def test_everything_of_a_new_site_is_drawn_until_its_week_is_over(engine: sa.Engine) -> None:
    policy = SamplingPolicy(share=0.0, new_form_s=0.0)
    first, later = document(site="gien"), document(site="gien")
    _store(engine, first, policy)
    assert _drawn(engine) == {first.id: "first_weeks"}
    _long_ago(engine, sites, "first_seen_at")
    _store(engine, later, policy)
    assert later.id not in _drawn(engine)


def test_what_is_new_is_drawn_up_to_so_many_a_day(engine: sa.Engine) -> None:
    policy = SamplingPolicy(share=0.0, most_a_day=2)
    for _ in range(3):
        _store(engine, document(), policy)
    assert len(_drawn(engine)) == 2
    with transaction(engine) as connection:
        yesterday = sa.func.now() - dt.timedelta(days=1)
        connection.execute(controls.update().values(drawn_at=yesterday))
    _store(engine, document(), policy)
    assert len(_drawn(engine)) == 3


def test_documents_for_people_and_those_without_accepted_values_are_not_drawn(
    engine: sa.Engine,
) -> None:
    policy = SamplingPolicy(share=1.0)
    _store(engine, document(kind="name"), policy)
    _store(engine, document(kind="key"), policy)
    _store(engine, document(fields=()), policy)
    assert _drawn(engine) == {}


def test_a_document_that_is_sent_again_is_not_drawn_again(engine: sa.Engine) -> None:
    made = document()
    _store(engine, made, SamplingPolicy(share=1.0))
    _store(engine, made, SamplingPolicy(share=1.0))
    assert list(_drawn(engine)) == [made.id]
