"""Gauges read from the database when Prometheus asks; counters are in central/telemetry.py."""

import datetime as dt
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from central.db.engine import Engine
from central.monitoring import metrics_store as store
from vaguemestre.model.calendar import (
    add_working_days,
    is_working_time,
    paris_time,
    public_holidays,
)

Clock = Callable[[], dt.datetime]
Values = Sequence[tuple[list[str], float]]

_PREFIX = "vaguemestre_central"
_CONTROLS_OF = dt.timedelta(days=30)
_QUEUES = ("name", "key", "control")
_WHEN = ("late", "today", "soon", "later")
_STATION = (
    ("backlog_documents", "Documents that wait at the station"),
    ("backlog_bytes", "Bytes that wait at the station"),
    ("free_disk_bytes", "Free bytes of the station's disk"),
    ("pages_per_minute", "Pages that the station reads a minute"),
    ("rated_pages_per_minute", "Pages that its scanner gives a minute; 0: not told"),
    ("lots_incomplete", "Lots that wait for pages or for their operator"),
)
_CONTROL = (
    ("documents", "controls_done", "Documents that were controlled in 30 days"),
    ("fields", "controls_fields", "Fields that were compared in these"),
    ("machine_wrong", "controls_machine_errors", "Of which the machine had read wrongly"),
    ("person_wrong", "controls_person_errors", "Of which a person had keyed wrongly"),
)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def register(registry: CollectorRegistry, engine: Engine, clock: Clock = _now) -> None:
    """Add the gauges to a process's registry.

    Args:
        registry: Of the process.
        engine: The database.
        clock: The centre's; with its time zone.
    """
    registry.register(_Gauges(engine, clock))


class _Gauges(Collector):
    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database before Prometheus does."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Count now.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = self._clock()
        local = paris_time(now)
        holidays = public_holidays([local.date()])
        following = add_working_days(local.date(), 1, holidays)
        at = store.MetricsMoment(now, local.date(), following)
        seen = store.read_snapshot(self._engine, at, now - _CONTROLS_OF)
        at_work = float(is_working_time(local, holidays))
        yield _gauge("working_hours", "1: sites are at work", [], [([], at_work)])
        yield from _documents(seen, now)
        yield from _deliveries(seen)
        yield from _people(seen)
        yield from _stations(seen.stations, now)
        yield _rescans(seen)


def _documents(seen: store.MetricsSnapshot, now: dt.datetime) -> Iterator[Metric]:
    counts = dict.fromkeys(store.WAITING, 0) | {r["state"]: r["count"] for r in seen.documents}
    yield _gauge(
        "documents_undelivered",
        "Documents that no pôle has yet",
        ["state"],
        [([state], count) for state, count in counts.items()],
    )
    ages = dict.fromkeys(store.WAITING, 0.0) | {
        row["state"]: (now - row["oldest"]).total_seconds() for row in seen.documents
    }
    yield _gauge(
        "oldest_waiting_seconds",
        "Age of the oldest of them",
        ["state"],
        [([state], age) for state, age in ages.items()],
    )
    yield _gauge("oldest_undelivered_seconds", "Of all states", [], [([], max(ages.values()))])
    yield _gauge(
        "documents_due",
        "The same by when they are due: late, today, soon (the next working day), later",
        ["type", "pole", "when"],
        [([row["type"], row["pole"], when], row[when]) for row in seen.due for when in _WHEN],
    )


def _deliveries(seen: store.MetricsSnapshot) -> Iterator[Metric]:
    yield _gauge(
        "deliveries_pending",
        "Deliveries not done",
        ["destination", "state"],
        [
            ([row["destination"], state], row[state])
            for row in seen.deliveries
            for state in store.PENDING
        ],
    )
    yield _gauge(
        "circuit_open",
        "1: the destination is left alone",
        ["destination"],
        [([row["destination"]], float(row["circuit"] == "open")) for row in seen.deliveries],
    )


def _people(seen: store.MetricsSnapshot) -> Iterator[Metric]:
    """Who holds documents, and what blind controls found."""
    held = dict.fromkeys(_QUEUES, 0) | {row["queue"]: row["count"] for row in seen.leases}
    yield _gauge(
        "leases_held",
        "Documents that somebody works on",
        ["queue"],
        [([queue], count) for queue, count in held.items()],
    )
    waiting: Values = [([], seen.controls_waiting)]
    yield _gauge("controls_waiting", "Documents that wait to be controlled", [], waiting)
    for column, name, text in _CONTROL:
        found: Values = [([row["type"]], row[column]) for row in seen.controls]
        yield _gauge(name, text, ["type"], found)


def _rescans(seen: store.MetricsSnapshot) -> Metric:
    counts = {(row["site"], row["station"]): 0 for row in seen.stations}
    counts |= {(row["site"], row["station"]): row["count"] for row in seen.rescans}
    return _gauge(
        "rescans_open",
        "Documents to be scanned again",
        ["site", "station"],
        [([*station], count) for station, count in counts.items()],
    )


def _stations(rows: store.Rows, now: dt.datetime) -> Iterator[Metric]:
    labels = ["site", "station"]

    def told(value: Callable[[Any], float | None]) -> Values:
        each = [([row["site"], row["station"]], value(row)) for row in rows]
        return [(names, found) for names, found in each if found is not None]

    for column, text in _STATION:
        yield _gauge(f"station_{column}", text, labels, told(operator.itemgetter(column)))
    yield _gauge(
        "station_silent_seconds", "Since it was last heard", labels, told(lambda r: _silent(r, now))
    )
    yield _gauge(
        "station_certificate_expiry_timestamp_seconds",
        "When its certificate expires; old stations do not tell",
        labels,
        told(lambda r: r["certificate_until"] and r["certificate_until"].timestamp()),
    )


def _silent(row: Any, now: dt.datetime) -> float | None:
    """A station that connected and never told how it is has been silent since then."""
    heard = row["heartbeat_at"] or row["connected_at"]
    return (now - heard).total_seconds() if heard else None


def _gauge(name: str, text: str, labels: list[str], values: Values) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)
    for label_values, value in values:
        made.add_metric(label_values, value)
    return made
