"""The lists of operations' pages never read a whole table of what was delivered long ago."""

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from central.accounts.rules import EVERYTHING, EVERYWHERE, Scope
from central.db.engine import transaction
from central.delivery import failure_store
from central.delivery.failure_store import DeliverySelection, FailureQuery
from central.holds import store as holds_store
from central.plan import store as plan_store
from tests.support.central import document, store

pytestmark = pytest.mark.on_both_servers

_DELIVERED = 20_000
_FILL = """
INSERT INTO documents (id, lot_id, position, site, station, channel, received_at, received_on,
    fund, type, type_confidence, route, route_reasons, process, pole, destination, due_on,
    retention, marks, versions, page_count, state)
SELECT (lpad(to_hex(1793000000000 + n), 12, '0') || '7' || lpad(to_hex(n %% 4096), 3, '0')
    || '8' || lpad(to_hex(n), 15, '0'))::uuid, lot_id, n, site, station, channel, received_at,
    received_on, fund, type, type_confidence, route, route_reasons, process, pole, destination,
    due_on, retention, marks, versions, page_count,
    CASE WHEN n %% 1000 = 0 THEN 'dead' WHEN n %% 1000 = 1 THEN 'ready' ELSE 'delivered' END
FROM documents, generate_series(1, %(count)s) AS n
WHERE id = %(id)s;
INSERT INTO deliveries (document_id, destination, state, idempotency_key, last_code, delivered_at)
SELECT id, destination,
    CASE state WHEN 'dead' THEN 'dead' WHEN 'ready' THEN 'held' ELSE 'delivered' END,
    id::text, CASE state WHEN 'dead' THEN 'http_503' WHEN 'ready' THEN 'hold' END,
    CASE state WHEN 'delivered' THEN now() END
FROM documents WHERE id <> %(id)s
"""


def test_no_list_reads_a_whole_table_of_delivered_documents(engine: sa.Engine) -> None:
    made = store(engine, document())
    with transaction(engine) as connection:
        connection.exec_driver_sql(_FILL, {"count": _DELIVERED, "id": made.id})
    holds_store.place_hold(engine, "ops", "site", "orleans", "panne")
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    asked: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *more: Any) -> None:
        asked.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", note)
    gien = DeliverySelection(Scope(frozenset({"gien"}), EVERYWHERE))
    groups = failure_store.failure_groups(engine, gien)
    first = failure_store.failed_deliveries(
        engine, DeliverySelection(EVERYTHING), FailureQuery(), 10
    )
    last = first[-1]
    after = (last.created_at, last.document_id, last.destination)
    failure_store.failed_deliveries(engine, gien, FailureQuery(type="S3110", after=after), 10)
    of_stuck = len(asked)
    failure_store.failure_counts(
        engine,
        DeliverySelection(EVERYTHING, destination="FRAIS_DE_SANTE", code="http_503", state="dead"),
    )
    holds_store.open_holds(engine)
    holds_store.to_deliver(engine)
    what = ("S3110", "", {"destination": "ATEMPO", "delay_days": 2})
    seen = plan_store.preview_change(engine, what, dt.date(2026, 11, 4), 50)
    sa.event.remove(engine, "before_cursor_execute", note)

    assert {group.code: group.count for group in groups} == {"http_503": 20, "hold": 20}
    assert seen.total == 41
    with engine.connect() as connection:
        large = set(
            connection.scalars(sa.text("SELECT relname FROM pg_class WHERE reltuples >= 1000"))
        )
        for number, (statement, parameters) in enumerate(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
            lines = [str(row[0]) for row in plan]
            whole = {line.split(" on ")[1].split()[0] for line in lines if "Seq Scan on" in line}
            assert whole & large == set(), "\n".join([statement, *lines])
            by_index = number >= of_stuck or any("ix_deliveries_stuck" in line for line in lines)
            assert by_index, "\n".join([statement, *lines])
    assert "deliveries" in large
    assert any(name.startswith("documents_") for name in large)
