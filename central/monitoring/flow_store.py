"""Flow by the hour, and outstanding documents by due day.

What came in, was named, keyed, delivered and returned is counted by hour, site, pôle and type, and
read by boards and forecasts instead of millions of documents. A recount covers the newest counted
hour, the one before and everything since, so that any process may repeat it at any time, and a day
on which nobody counted is made up for. Hours that are over stay as they are: what a document is
renamed to later changes no past count.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Scope
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import deliveries, documents, flow, keyings, namings, returns
from central.documents.rules import ReturnCause
from vaguemestre.model.calendar import TIME_ZONE

Rows = Sequence[sa.RowMapping]

_c, _d, _f = documents.c, deliveries.c, flow.c


@dataclass(frozen=True, slots=True)
class OutstandingCount:
    """So many documents of one type, pôle, state and day."""

    type: str
    pole: str
    state: str
    due_on: dt.date | None
    count: int


_IS_OUTSTANDING = _c.state.not_in(("delivered", "discarded"))
"""As the partial index on ``due_on`` says it, so that it is used."""


def outstanding_by_day(
    engine: sa.Engine, scope: Scope, site: str = ""
) -> tuple[OutstandingCount, ...]:
    """Counts by type, pôle, state and day.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [_IS_OUTSTANDING, *scope_conditions(scope, _c.site, _c.pole)]
    if site:
        where.append(_c.site == site)
    keys = (_c.type, _c.pole, _c.state, _c.due_on)
    query = sa.select(*keys, sa.func.count().label("count")).where(*where).group_by(*keys)
    with transaction(engine) as connection:
        return tuple(OutstandingCount(*row) for row in connection.execute(query))


def most_pressing(engine: sa.Engine, scope: Scope, limit: int, site: str = "") -> Rows:
    """The documents whose day comes first, or passed longest ago; of one site only, if given.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [
        _IS_OUTSTANDING,
        _c.due_on.is_not(None),
        *scope_conditions(scope, _c.site, _c.pole),
    ]
    if site:
        where.append(_c.site == site)
    query = (
        sa.select(
            _c.id,
            _c.type,
            _c.site,
            _c.pole,
            _c.state,
            _c.due_on,
            _c.received_on,
            _c.priority,
        )
        .where(*where)
        .order_by(_c.due_on, _c.priority.desc(), _c.id)
        .limit(limit)
    )
    with transaction(engine) as connection:
        return connection.execute(query).mappings().all()


def late_and_today(engine: sa.Engine, scope: Scope, today: dt.date) -> tuple[int, int]:
    """How many outstanding documents are late, and how many are due today.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(
        sa.func.count().filter(_c.due_on < today),
        sa.func.count().filter(_c.due_on == today),
    ).where(_IS_OUTSTANDING, _c.due_on <= today, *scope_conditions(scope, _c.site, _c.pole))
    with transaction(engine) as connection:
        late, of_today = connection.execute(query).one()
    return late, of_today


COUNTS = (
    "received", "pages", "straight", "to_name", "to_key",
    "delivered", "delivered_late", "named", "keyed", "returned",
)  # fmt: skip
_WORKED = ("first", "second", "arbitration")  # controls empty no queue
_HOUR = dt.timedelta(hours=1)
_AT_ONCE = dt.timedelta(hours=24)
_LOCK = "SELECT pg_try_advisory_xact_lock(7310, 2)"


@dataclass(frozen=True, slots=True)
class HourlyCounts:
    """What came in and was done in one hour for one pôle."""

    hour: dt.datetime
    pole: str
    received: int
    named: int
    keyed: int
    delivered: int


def recount_hours(engine: sa.Engine, now: dt.datetime) -> int:
    """Count anew what may have changed; returns over how many hours, 0 when another process does.

    Raises:
        StoreUnavailable: what was counted before it went away stays.
    """
    begin = start = _first_hour(engine, now)
    end = _whole(now) + _HOUR
    while start < end:
        until = min(end, start + _AT_ONCE)
        with transaction(engine) as connection:
            if not connection.scalar(sa.text(_LOCK)):
                return 0
            connection.execute(flow.delete().where(_f.hour >= start, _f.hour < until))
            connection.execute(_counted(start, until))
        start = until
    return int((end - begin) / _HOUR)


def by_hour(
    engine: sa.Engine, scope: Scope, since: dt.datetime, site: str = ""
) -> dict[dt.datetime, dict[str, int]]:
    """Counts of each hour since a time; hours in which nothing happened are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _summed(engine, _f.hour, scope, since, site)


def by_day(
    engine: sa.Engine, scope: Scope, since: dt.datetime, zone: str, site: str = ""
) -> dict[dt.date, dict[str, int]]:
    """Counts of each day of a time zone; days on which nothing happened are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    day = sa.cast(sa.func.timezone(zone, _f.hour), sa.Date)
    return _summed(engine, day, scope, since, site)


def by_pole(
    engine: sa.Engine, scope: Scope, since: dt.datetime, site: str = ""
) -> dict[str, dict[str, int]]:
    """Counts of each pôle since a time; those for which nothing happened are left out.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _summed(engine, _f.pole, scope, since, site)


def done_by_hour(engine: sa.Engine, scope: Scope, since: dt.datetime) -> tuple[HourlyCounts, ...]:
    """What was named, keyed and delivered, by hour and pôle: what paces are learned from.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    sums = [sa.func.sum(_f[name]) for name in ("received", "named", "keyed", "delivered")]
    query = (
        sa.select(_f.hour, _f.pole, *sums)
        .where(_f.hour >= since, *scope_conditions(scope, _f.site, _f.pole))
        .group_by(_f.hour, _f.pole)
    )
    with transaction(engine) as connection:
        return tuple(HourlyCounts(*row) for row in connection.execute(query))


def _summed(
    engine: sa.Engine,
    key: sa.ColumnElement[Any],
    scope: Scope,
    since: dt.datetime,
    site: str,
) -> dict[Any, dict[str, int]]:
    where = [_f.hour >= since, *scope_conditions(scope, _f.site, _f.pole)]
    if site:
        where.append(_f.site == site)
    query = (
        sa.select(key.label("key"), *(sa.func.sum(_f[name]).label(name) for name in COUNTS))
        .where(*where)
        .group_by(key)
    )
    with transaction(engine) as connection:
        rows = connection.execute(query).mappings().all()
    return {row["key"]: {name: int(row[name]) for name in COUNTS} for row in rows}


def _first_hour(engine: sa.Engine, now: dt.datetime) -> dt.datetime:
    """Where to begin: before the newest counted hour, or with the first document."""
    with transaction(engine) as connection:
        newest = connection.scalar(sa.select(sa.func.max(_f.hour)))
        if newest is not None:
            return min(_whole(now), _whole(newest)) - _HOUR
        oldest = connection.scalar(sa.select(sa.func.min(_c.stored_at)))
    return _whole(oldest or now)


def _whole(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)


def _counted(start: dt.datetime, until: dt.datetime) -> sa.Insert:
    """One statement: what happened in these hours, from every table that tells of it."""
    hours = (start, until)
    happened = sa.union_all(
        _received(hours),
        _delivered(hours),
        _by_people("named", namings, namings.c.named_at, hours),
        _by_people("keyed", keyings, keyings.c.keyed_at, hours),
        _returned(hours),
    ).subquery()
    keys = [happened.c[name] for name in ("hour", "site", "pole", "type")]
    sums = [sa.func.sum(happened.c[name]) for name in COUNTS]
    return flow.insert().from_select(
        ["hour", "site", "pole", "type", *COUNTS], sa.select(*keys, *sums).group_by(*keys)
    )


def _rows(
    of: sa.FromClause,
    source: sa.FromClause,
    at: sa.ColumnElement[Any],
    hours: tuple[dt.datetime, dt.datetime],
    **counts: sa.ColumnElement[Any],
) -> sa.Select[Any]:
    """Rows of one source, in the columns that all sources share; ``of`` are its documents."""
    hour = sa.func.date_trunc("hour", at).label("hour")
    told = [counts.get(name, sa.literal(0)).label(name) for name in COUNTS]
    keys = (hour, of.c.site, of.c.pole, of.c.type)
    return (
        sa.select(*keys, *told)
        .select_from(source)
        .where(at >= hours[0], at < hours[1])
        .group_by(*keys)
    )


def _document_of(event: sa.Table) -> sa.FromClause:
    """The document of each row, found by its key.

    LIMIT keeps the planner from reading all documents of all months to join them with a day's
    events, which it thinks cheaper.
    """
    wanted = sa.select(_c.site, _c.pole, _c.type, _c.due_on)
    return wanted.where(_c.id == event.c.document_id).limit(1).lateral("document")


def _received(hours: tuple[dt.datetime, dt.datetime]) -> sa.Select[Any]:
    """Documents as stations sent them; those that people cut off were received before."""
    routes = {"straight": "straight", "to_name": "name", "to_key": "key"}
    counts: dict[str, sa.ColumnElement[Any]] = {
        name: sa.func.count().filter(_c.route == route) for name, route in routes.items()
    }
    counts |= {"received": sa.func.count(), "pages": sa.func.sum(_c.page_count)}
    found = _rows(documents, documents, _c.stored_at, hours, **counts)
    return found.where(_c.split_from.is_(None))


def _delivered(hours: tuple[dt.datetime, dt.datetime]) -> sa.Select[Any]:
    of = _document_of(deliveries)
    day = sa.cast(sa.func.timezone(TIME_ZONE, _d.delivered_at), sa.Date)
    return _rows(
        of,
        deliveries.join(of, sa.true()),
        _d.delivered_at,
        hours,
        delivered=sa.func.count(),
        delivered_late=sa.func.count().filter(day > of.c.due_on),
    )


def _by_people(
    name: str, work: sa.Table, at: sa.ColumnElement[Any], hours: tuple[dt.datetime, dt.datetime]
) -> sa.Select[Any]:
    """Documents, however many times somebody touched each in that hour."""
    of = _document_of(work)
    counted = {name: sa.func.count(work.c.document_id.distinct())}
    found = _rows(of, work.join(of, sa.true()), at, hours, **counted)
    return found.where(work.c["pass"].in_(_WORKED)) if "pass" in work.c else found


def _returned(hours: tuple[dt.datetime, dt.datetime]) -> sa.Select[Any]:
    """By pôles; what the blind control found is our own correction."""
    of = _document_of(returns)
    source = returns.join(of, sa.true())
    found = _rows(of, source, returns.c.returned_at, hours, returned=sa.func.count())
    return found.where(returns.c.cause != ReturnCause.WRONG_VALUE.value)
