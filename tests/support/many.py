"""Months of mail in a database, made by the database itself: to see and to time the console.

Documents lie in time as they would: working days, working hours, lots of twenty, each in the
partition of its month; nearly all are delivered, the last ones wait for people, stations and
pôles. What they hold is made up: NIRs with right keys, of nobody.
"""

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from central.db import migrate
from central.db.engine import transaction
from central.pack import load_plan
from tests.support import many_sql as sql
from vaguemestre import pack
from vaguemestre.model.calendar import is_working_day, public_holidays

SITES = ("la-rochelle", "orleans", "montargis", "gien")
_SITE_SHARES = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3)
_KINDS = {
    "S3110": 46, "S3704": 9, "S3116": 6, "S3201": 5, "S3125": 3, "S6202": 3, "S6200": 3, "S6909": 2,
    "S3711": 3, "S1106": 2, "S1104": 2, "S4150": 2, "facture": 3, "courrier": 5, "rib": 2,
    "ordonnance": 2, "piece_identite": 1, "unknown": 1,
}  # fmt: skip
_DAYS_AHEAD = 20
_BATCH = 500_000
_LOT = 20
_WORK_S = 10 * 3_600


def fill(
    engine: sa.Engine, documents: int, days_back: int, now: dt.datetime, with_content: int
) -> None:
    """Put mail into an empty, migrated database.

    Args:
        engine: A superuser's: foreign keys are not checked row by row.
        documents: How many, a multiple of twenty.
        days_back: Over how many days, up to yesterday evening or now.
        now: When it is.
        with_content: How many of the last documents get pages, fields, work of people and audit.
    """
    month = (now - dt.timedelta(days=days_back)).date().replace(day=1)
    while month <= now.date():
        migrate.make_ahead(engine, month, 0)
        month = migrate.next_month(month)
    with transaction(engine) as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        _prepare(connection, documents, days_back, now)
        for first in range(0, documents, _BATCH):
            last = min(documents, first + _BATCH)
            scope = {"first": first, "last": last, "content": documents - with_content}
            scope["recent"] = documents - max(documents // 330, min(900, documents // 2))
            for statement in sql.STATEMENTS:
                connection.execute(sa.text(sql.spelled(statement)), scope)
        for statement in sql.AFTER:
            connection.execute(sa.text(statement))
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _prepare(connection: sa.Connection, documents: int, days_back: int, now: dt.datetime) -> None:
    days = _working_days(now, days_back)
    before = [day for day in days if day <= now.date()]
    per_day = documents / len(before)
    for statement in (sql.WORKDAYS, sql.KIND_TABLE, sql.LOT_TABLE):
        connection.exec_driver_sql(statement)
    connection.execute(
        sa.text("INSERT INTO many_days VALUES (:n, :day)"),
        [{"n": n, "day": day} for n, day in enumerate(days)],
    )
    connection.execute(
        sa.text("INSERT INTO many_kinds VALUES (:n, :type, :pole, :destination, :delay)"), _kinds()
    )
    connection.execute(
        sa.text("INSERT INTO sites (site) SELECT unnest(CAST(:sites AS text[]))"),
        {"sites": list(SITES)},
    )
    connection.execute(sa.text(sql.STATIONS), {"now": now})
    connection.execute(sa.text(sql.PEOPLE))
    connection.execute(
        sa.text(sql.LOTS),
        {
            "lots": -(-documents // _LOT), "lot": _LOT, "per_day": per_day, "work": _WORK_S,
            "sites": list(SITES), "shares": list(_SITE_SHARES), "now": now,
            "today": now.date(),
            "open": max(60.0, (now - now.replace(hour=6, minute=0)).total_seconds()),
        },
    )  # fmt: skip
    connection.exec_driver_sql("CREATE INDEX ON many_lots (id)")
    connection.exec_driver_sql("ANALYZE many_lots, many_kinds, many_days")


def _working_days(now: dt.datetime, days_back: int) -> Sequence[dt.date]:
    holidays = public_holidays([now.date()])
    span = range(-days_back, _DAYS_AHEAD + 1)
    days = [now.date() + dt.timedelta(days=n) for n in span]
    early = now.hour < 8  # nothing has come in today yet
    return [
        day for day in days if is_working_day(day, holidays) and not (early and day == now.date())
    ]


def _kinds() -> list[dict[str, object]]:
    plan = load_plan(pack.default_dir())
    codes = [code for code, share in _KINDS.items() for _ in range(share)]
    return [
        {
            "n": n, "type": code, "pole": of.pole, "destination": of.destination,
            "delay": of.delay_days,
        }
        for n, code in enumerate(codes)
        for of in [plan.of(code)]
    ]  # fmt: skip
