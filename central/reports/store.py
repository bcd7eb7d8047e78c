"""What reports count: flow by the hour, delays of what was delivered, what teams did."""

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Scope
from central.accounts.scope import scope_conditions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, documents, flow, keyings, namings, people
from central.reports.rules import Delay, FlowCounts, TeamCounts
from vaguemestre.model.calendar import TIME_ZONE

_f, _c, _d = flow.c, documents.c, deliveries.c


@dataclass(frozen=True, slots=True)
class ReportScope:
    """From when until before when, and whose mail is counted."""

    since: dt.datetime
    until: dt.datetime
    mail: Scope


def flows(engine: sa.Engine, scope: ReportScope, by: str) -> dict[str, FlowCounts]:
    """Counts by ``site``, ``pole``, ``type``, or ``day`` as ISO text.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    key = _day(_f.hour) if by == "day" else _f[by]
    sums = [sa.func.sum(_f[one.name]).label(one.name) for one in fields(FlowCounts)]
    query = (
        sa.select(key.label("key"), *sums)
        .where(
            _f.hour >= scope.since,
            _f.hour < scope.until,
            *scope_conditions(scope.mail, _f.site, _f.pole),
        )
        .group_by(key)
    )
    with transaction(engine) as connection:
        return {
            str(row.key): FlowCounts(*(int(row._mapping[one.name]) for one in fields(FlowCounts)))
            for row in connection.execute(query)
        }


def delays(engine: sa.Engine, scope: ReportScope, by: str) -> list[Delay]:
    """Documents delivered, by the day they were received and the one they were delivered.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    delivered_on = _day(_d.delivered_at)
    key = delivered_on if by == "day" else _c[by]
    of = (key.label("key"), _c.received_on, delivered_on.label("delivered_on"))
    query = (
        sa.select(*of, sa.func.count().label("documents"))
        .join(documents, _c.id == _d.document_id)
        .where(
            _d.delivered_at >= scope.since,
            _d.delivered_at < scope.until,
            *scope_conditions(scope.mail, _c.site, _c.pole),
        )
        .group_by(*(column.element if isinstance(column, sa.Label) else column for column in of))
    )
    with transaction(engine) as connection:
        return [
            (str(row.key), row.received_on, row.delivered_on, row.documents)
            for row in connection.execute(query)
        ]


def teams(engine: sa.Engine, scope: ReportScope) -> dict[str, TeamCounts]:
    """What each team's people did; never what one of them did.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    named = _acts(namings, namings.c.named_at, scope)
    keyed = _acts(keyings, keyings.c.keyed_at, scope)
    both = named.union(keyed).subquery()
    workers = sa.select(
        both.c.team, sa.func.count(both.c.person_id.distinct()).label("people")
    ).group_by(both.c.team)
    with transaction(engine) as connection:
        counts = {row.team: row.people for row in connection.execute(workers)}
        naming = {row.team: row for row in connection.execute(_sums(named))}
        keying = {row.team: row for row in connection.execute(_sums(keyed))}
    return {
        team: TeamCounts(
            people=count,
            named=naming[team].documents if team in naming else 0,
            naming_s=float(naming[team].seconds) if team in naming else 0.0,
            keyed=keying[team].documents if team in keying else 0,
            fields=keying[team].acts if team in keying else 0,
            keying_s=float(keying[team].seconds) if team in keying else 0.0,
        )
        for team, count in counts.items()
    }


def record_export(engine: sa.Engine, actor: str, subject: str, kind: str) -> None:
    """Say in the audit trail that somebody took a report away.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        audit.record(connection, actor, "report_exported", subject, format=kind)


def _acts(table: sa.Table, at: sa.ColumnElement[Any], scope: ReportScope) -> sa.Select[Any]:
    query = (
        sa.select(
            people.c.team, table.c.person_id, table.c.document_id, table.c.seconds, table.c.id
        )
        .join(people, people.c.id == table.c.person_id)
        .where(at >= scope.since, at < scope.until)
    )
    if scope.mail.is_limited:
        query = query.join(documents, _c.id == table.c.document_id).where(
            *scope_conditions(scope.mail, _c.site, _c.pole)
        )
    return query


def _sums(acts: sa.Select[Any]) -> sa.Select[Any]:
    a = acts.subquery().c
    return sa.select(
        a.team,
        sa.func.count(a.document_id.distinct()).label("documents"),
        sa.func.count().label("acts"),
        sa.func.coalesce(sa.func.sum(a.seconds), 0.0).label("seconds"),
    ).group_by(a.team)


def _day(at: sa.ColumnElement[Any]) -> sa.ColumnElement[dt.date]:
    return sa.cast(sa.func.timezone(TIME_ZONE, at), sa.Date)
