"""What Prometheus is told, counted on a real database."""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from central.db import tables
from central.db.engine import transaction
from central.monitoring import metrics
from central.monitoring import metrics_store as store_gauges
from tests.support.central import changed, document, store

_NOW = dt.datetime(2026, 11, 26, 9, 0, tzinfo=dt.UTC)  # a Thursday, 10 h in Paris
_POLE = "Frais de santé"


class Told:
    """The gauges at a moment."""

    def __init__(self, engine: sa.Engine, now: dt.datetime = _NOW) -> None:
        self._registry = CollectorRegistry()
        metrics.register(self._registry, engine, lambda: now)

    def __call__(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(f"vaguemestre_central_{name}", labels)


def _change(engine: sa.Engine, table: sa.Table, **values: Any) -> None:
    with transaction(engine) as connection:
        connection.execute(table.update().values(**values))


def _document(engine: sa.Engine, due: dt.date | None, kind: str = "key") -> uuid.UUID:
    made = document(kind=kind)
    return store(engine, changed(made, route=replace(made.document.route, due_on=due))).id


def _station(engine: sa.Engine, **values: Any) -> None:
    with transaction(engine) as connection:
        connection.execute(tables.sites.insert().values(site="orleans"))
        connection.execute(
            tables.stations.insert().values(site="orleans", station="poste-1", **values)
        )


def test_documents_are_counted_by_how_near_their_day_is(engine: sa.Engine) -> None:
    for day in (24, 25, 26, 27, 30):
        _document(engine, dt.date(2026, 11, day))
    _document(engine, None)
    _document(engine, dt.date(2026, 11, 2), kind="straight")
    told = Told(engine)
    when = {
        one: told("documents_due", type="S3110", pole=_POLE, when=one)
        for one in ("late", "today", "soon", "later")
    }
    assert when == {"late": 3.0, "today": 1.0, "soon": 1.0, "later": 1.0}
    # On Friday, Monday is the next working day.
    friday = Told(engine, _NOW + dt.timedelta(days=1))
    assert friday("documents_due", type="S3110", pole=_POLE, when="soon") == 1.0
    assert friday("documents_due", type="S3110", pole=_POLE, when="later") == 0.0


def test_a_day_begins_in_paris(engine: sa.Engine) -> None:
    _document(engine, dt.date(2026, 11, 26))
    late_evening = dt.datetime(2026, 11, 26, 22, 59, tzinfo=dt.UTC)
    before = Told(engine, late_evening)
    after = Told(engine, late_evening + dt.timedelta(minutes=1))
    assert before("documents_due", type="S3110", pole=_POLE, when="late") == 0.0
    assert after("documents_due", type="S3110", pole=_POLE, when="late") == 1.0


def test_what_is_delivered_or_discarded_is_due_no_more(engine: sa.Engine) -> None:
    for state in ("delivered", "discarded"):
        _document(engine, dt.date(2026, 11, 2))
        _change(engine, tables.documents, state=state)
        told = Told(engine)
        assert told("documents_due", type="S3110", pole=_POLE, when="late") is None
        assert told("oldest_undelivered_seconds") == 0.0


def test_the_oldest_of_each_state_is_told_and_states_without_any_are_0(engine: sa.Engine) -> None:
    _document(engine, None)
    _change(engine, tables.documents, state="to_rescan", stored_at=_NOW - dt.timedelta(seconds=90))
    told = Told(engine)
    assert told("oldest_waiting_seconds", state="to_rescan") == 90.0
    assert told("documents_undelivered", state="to_rescan") == 1.0
    for state in ("ready", "to_name", "to_key", "dead"):
        assert told("oldest_waiting_seconds", state=state) == 0.0
        assert told("documents_undelivered", state=state) == 0.0
    assert told("oldest_undelivered_seconds") == 90.0


def test_every_destination_is_told_even_with_nothing_to_do(engine: sa.Engine) -> None:
    assert Told(engine)("deliveries_pending", destination="CNSE", state="dead") is None
    for destination in ("CNSE", "ATEMPO", "CNSE", "SANDIA"):
        store(engine, document(destination=destination))
    with transaction(engine) as connection:
        is_atempo = tables.deliveries.c.destination == "ATEMPO"
        connection.execute(tables.deliveries.update().where(is_atempo).values(state="delivered"))
        connection.execute(tables.circuits.insert().values(destination="SANDIA", state="open"))
    told = Told(engine)
    waiting = {
        name: told("deliveries_pending", destination=name, state="waiting")
        for name in ("CNSE", "ATEMPO", "SANDIA")
    }
    assert waiting == {"CNSE": 2.0, "ATEMPO": 0.0, "SANDIA": 1.0}
    assert told("circuit_open", destination="SANDIA") == 1.0
    assert told("circuit_open", destination="CNSE") == 0.0


def test_a_station_that_never_told_how_it_is_is_silent_since_it_connected(
    engine: sa.Engine,
) -> None:
    _station(engine, connected_at=_NOW - dt.timedelta(seconds=40))
    told, station = Told(engine), {"site": "orleans", "station": "poste-1"}
    assert told("station_silent_seconds", **station) == 40.0
    assert told("station_rated_pages_per_minute", **station) == 0.0
    assert told("station_certificate_expiry_timestamp_seconds", **station) is None


def test_a_stations_certificate_and_rate_are_told(engine: sa.Engine) -> None:
    until = _NOW + dt.timedelta(days=20)
    _station(engine, heartbeat_at=_NOW, certificate_until=until, rated_pages_per_minute=60.0)
    told, station = Told(engine), {"site": "orleans", "station": "poste-1"}
    assert told("station_silent_seconds", **station) == 0.0
    assert told("station_rated_pages_per_minute", **station) == 60.0
    expiry = told("station_certificate_expiry_timestamp_seconds", **station)
    assert expiry == until.timestamp()


def _person(engine: sa.Engine) -> int:
    with transaction(engine) as connection:
        made = tables.people.insert().values(login="ana", name="Ana").returning(tables.people.c.id)
        return int(connection.execute(made).scalar_one())


def test_a_lease_counts_until_it_ends(engine: sa.Engine) -> None:
    person = _person(engine)
    for minutes in (5, -5):
        held = {"lease_until": _NOW + dt.timedelta(minutes=minutes), "taken_at": _NOW}
        with transaction(engine) as connection:
            connection.execute(
                tables.leases.insert().values(
                    document_id=_document(engine, None), queue="key", person_id=person, **held
                )
            )
    told = Told(engine)
    assert told("leases_held", queue="key") == 1.0
    assert told("leases_held", queue="name") == 0.0


def test_controls_of_thirty_days_are_summed_by_type(engine: sa.Engine) -> None:
    days_ago = (1, 29, 31, None)
    for days in days_ago:
        done = {} if days is None else {"done_at": _NOW - dt.timedelta(days=days), "state": "done"}
        with transaction(engine) as connection:
            connection.execute(
                tables.controls.insert().values(
                    document_id=_document(engine, None, "straight"), cause="sample",
                    type="S3110", site="gien", fields=10, machine_wrong=1, person_wrong=2, **done,
                )
            )  # fmt: skip
    told = Told(engine)
    names = (
        "controls_done",
        "controls_fields",
        "controls_machine_errors",
        "controls_person_errors",
    )
    assert [told(name, type="S3110") for name in names] == [2.0, 20.0, 2.0, 4.0]
    assert told("controls_waiting") == 1.0


def test_rescans_that_were_not_answered_are_told_by_station(engine: sa.Engine) -> None:
    person = _person(engine)
    for state in ("asked", "told", "answered", "withdrawn"):
        with transaction(engine) as connection:
            connection.execute(
                tables.rescans.insert().values(
                    id=uuid.uuid4(), document_id=_document(engine, None), site="gien",
                    station="poste-1", lot_name="L", reason="floue", state=state, person_id=person,
                )
            )  # fmt: skip
    assert Told(engine)("rescans_open", site="gien", station="poste-1") == 2.0


@pytest.mark.parametrize(
    ("now", "at_work"),
    [
        (_NOW, 1.0),
        (_NOW.replace(hour=7), 1.0),  # 8 h in Paris in winter
        (_NOW.replace(hour=6), 0.0),
        (dt.datetime(2026, 7, 15, 6, 0, tzinfo=dt.UTC), 1.0),  # 8 h in Paris in summer
        (dt.datetime(2026, 7, 14, 10, 0, tzinfo=dt.UTC), 0.0),  # fête nationale, a Tuesday
        (dt.datetime(2026, 11, 28, 10, 0, tzinfo=dt.UTC), 0.0),  # a Saturday
    ],
)
def test_the_hours_of_work_are_those_of_french_sites(
    engine: sa.Engine, now: dt.datetime, at_work: float
) -> None:
    assert Told(engine, now)("working_hours") == at_work


_FILL = """
    INSERT INTO sites (site) VALUES ('gien');
    INSERT INTO lots (id, name, site, station, channel, received_at, fund)
    VALUES (gen_random_uuid(), 'L', 'gien', 's1', 'scanner', now(), '45');
    INSERT INTO documents (id, lot_id, position, site, station, channel, received_at, received_on,
        fund, type, type_confidence, route, route_reasons, process, pole, destination, due_on,
        retention, marks, versions, page_count, state, stored_at)
    SELECT (lpad(to_hex(1764000000000 + n), 12, '0') || '70008' || lpad(to_hex(n), 15, '0'))::uuid,
        (SELECT id FROM lots), n, 'gien', 's1', 'scanner', now(), now(), '45', 'S3110', 1,
        'straight', '{}', 'FSP', 'x', 'CNSE', '2026-11-10', '', '{}', '{}', 1, 'delivered',
        now() - n * interval '1 minute' FROM generate_series(1, 30000) AS n;
    INSERT INTO deliveries (document_id, destination, state, idempotency_key)
    SELECT id, (ARRAY['CNSE', 'ATEMPO'])[1 + mod(position, 2)], 'delivered', id::text
    FROM documents;
    INSERT INTO controls (document_id, cause, type, site, state, done_at)
    SELECT id, 'sample', 'S3110', 'gien', 'done', stored_at - interval '1 year' FROM documents;
"""


@pytest.mark.on_both_servers
def test_no_query_reads_a_whole_table_of_delivered_documents(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.exec_driver_sql(_FILL)
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    at = store_gauges.MetricsMoment(_NOW, _NOW.date(), _NOW.date() + dt.timedelta(days=1))
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *more: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    seen = store_gauges.read_snapshot(engine, at, _NOW - dt.timedelta(days=30))
    sa.event.remove(engine, "before_cursor_execute", note)
    assert {row["destination"] for row in seen.deliveries} == {"CNSE", "ATEMPO"}
    assert len(asked) >= 8
    with engine.connect() as connection:
        large = set(
            connection.scalars(sa.text("SELECT relname FROM pg_class WHERE reltuples >= 1000"))
        )
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            lines = [str(row[0]) for row in plan]
            whole = {line.split(" on ")[1].split()[0] for line in lines if "Seq Scan on" in line}
            assert whole & large == set(), "\n".join([statement, *lines])
    assert {"deliveries", "controls"} < large
