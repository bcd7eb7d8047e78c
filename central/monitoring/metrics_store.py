"""What Prometheus asks the database every few seconds: counts and ages of what is not finished.

However many documents are stored, each query walks an index of those that are not delivered yet
or of the last month; nothing here reads the whole of a large table.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from central.db.engine import transaction
from central.db.tables import circuits, controls, deliveries, documents, leases, rescans, stations

Rows = Sequence[sa.RowMapping]

WAITING = ("ready", "to_name", "to_key", "to_rescan", "dead")
PENDING = ("waiting", "claimed", "held", "dead")

_c, _d = documents.c, deliveries.c


@dataclass(frozen=True, slots=True)
class MetricsMoment:
    """Now, by the centre's clock, and the days that delays are counted against."""

    now: dt.datetime
    today: dt.date
    next_working_day: dt.date


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """One look at the database; every row by column name."""

    documents: Rows  # state, count, oldest
    due: Rows  # type, pole, late, today, soon, later
    deliveries: Rows  # destination, waiting, claimed, held, dead, circuit
    stations: Rows
    leases: Rows  # queue, count
    rescans: Rows  # site, station, count
    controls_waiting: int
    controls: Rows  # type, documents, fields, machine_wrong, person_wrong


def read_snapshot(
    engine: sa.Engine, at: MetricsMoment, controls_since: dt.datetime
) -> MetricsSnapshot:
    """Count everything at once.

    Args:
        engine: The database.
        at: Now.
        controls_since: Controls that were done before are not counted.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:

        def rows(query: sa.Executable) -> Rows:
            return connection.execute(query).mappings().all()

        return MetricsSnapshot(
            documents=rows(_documents()),
            due=rows(_due(at)),
            deliveries=rows(_deliveries()),
            stations=rows(sa.select(stations).order_by(stations.c.site, stations.c.station)),
            leases=rows(_leases(at.now)),
            rescans=rows(_rescans()),
            controls_waiting=connection.scalar(_controls_waiting()) or 0,
            controls=rows(_controls(controls_since)),
        )


def _documents() -> sa.Select[tuple[str, int, dt.datetime]]:
    """Documents that no pôle has yet, by state."""
    return (
        sa.select(
            _c.state, sa.func.count().label("count"), sa.func.min(_c.stored_at).label("oldest")
        )
        .where(_c.state.in_(WAITING))
        .group_by(_c.state)
    )


def _due(at: MetricsMoment) -> sa.Select[tuple[str, str, int, int, int, int]]:
    """The same documents by how near their day is; the condition is that of the partial index."""

    def count(name: str, *when: sa.ColumnElement[bool]) -> sa.Label[int]:
        return sa.func.count().filter(*when).label(name)

    return (
        sa.select(
            _c.type,
            _c.pole,
            count("late", _c.due_on < at.today),
            count("today", _c.due_on == at.today),
            count("soon", _c.due_on > at.today, _c.due_on <= at.next_working_day),
            count("later", _c.due_on > at.next_working_day),
        )
        .where(_c.state.not_in(("delivered", "discarded")), _c.due_on.is_not(None))
        .group_by(_c.type, _c.pole)
        .order_by(_c.type, _c.pole)
    )


def _destinations() -> sa.CTE:
    """Every destination that ever had a delivery, one step in the index for each."""
    first = sa.select(sa.func.min(_d.destination).label("destination")).cte(
        "destinations", recursive=True
    )
    following = (
        sa.select(sa.func.min(_d.destination))
        .where(_d.destination > first.c.destination)
        .scalar_subquery()
    )
    return first.union_all(sa.select(following).where(first.c.destination.is_not(None)))


def _deliveries() -> sa.Select[tuple[str, int, int, int, int, str]]:
    """Unfinished deliveries of every destination, each count from the index alone.

    A destination with nothing to do is counted too: 0 is told, not left out.
    """
    known = _destinations()

    def count(state: str) -> sa.Label[int]:
        found = sa.select(sa.func.count()).where(
            _d.destination == known.c.destination, _d.state == state
        )
        return found.scalar_subquery().label(state)

    return (
        sa.select(
            known.c.destination,
            *(count(state) for state in PENDING),
            circuits.c.state.label("circuit"),
        )
        .outerjoin(circuits, circuits.c.destination == known.c.destination)
        .where(known.c.destination.is_not(None))
        .order_by(known.c.destination)
    )


def _leases(now: dt.datetime) -> sa.Select[tuple[str, int]]:
    """Documents that somebody holds, by queue."""
    count = sa.func.count().label("count")
    return (
        sa.select(leases.c.queue, count).where(leases.c.lease_until > now).group_by(leases.c.queue)
    )


def _rescans() -> sa.Select[tuple[str, str, int]]:
    """Documents that a station was asked to scan again, and has not answered."""
    r = rescans.c
    return (
        sa.select(r.site, r.station, sa.func.count().label("count"))
        .where(r.state.in_(("asked", "told")))
        .group_by(r.site, r.station)
    )


def _controls_waiting() -> sa.Select[int]:
    return sa.select(sa.func.count()).where(controls.c.state.in_(("waiting", "disputed")))


def _controls(since: dt.datetime) -> sa.Select[tuple[str, int, int, int, int]]:
    """Controls that were done since a time, by type."""
    k = controls.c
    return (
        sa.select(
            k.type,
            sa.func.count().label("documents"),
            *(
                sa.func.sum(column).label(column.name)
                for column in (k.fields, k.machine_wrong, k.person_wrong)
            ),
        )
        .where(k.done_at >= since, k.fields > 0)  # none: given up, nothing was compared
        .group_by(k.type)
        .order_by(k.type)
    )
