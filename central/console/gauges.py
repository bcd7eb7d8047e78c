"""Gauges read from the database when Prometheus asks."""

import datetime as dt
from collections.abc import Iterator

import sqlalchemy as sa
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from central.store import board

_PERIOD = dt.timedelta(days=30)


def register(registry: CollectorRegistry, engine: sa.Engine) -> None:
    """Add the gauges to a process's registry."""
    registry.register(_Gauges(engine))


def ask(engine: sa.Engine) -> None:
    """Ask the database anything.

    Raises:
        StoreUnavailable: it does not answer.
    """
    board.delivery_queue(engine)


class _Gauges(Collector):
    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database before Prometheus does."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Count now."""
        now = dt.datetime.now(dt.UTC)
        name = "vaguemestre_central"
        totals = board.totals(self._engine, now - _PERIOD)
        states = GaugeMetricFamily(
            f"{name}_documents_waiting", "Documents that wait for a person", labels=["state"]
        )
        for state in ("to_name", "to_key", "dead"):
            states.add_metric([state], totals[state])
        yield states
        oldest = totals["oldest"]
        age = (now - oldest).total_seconds() if oldest else 0.0
        yield GaugeMetricFamily(
            f"{name}_oldest_undelivered_seconds", "Age of the oldest document not delivered", age
        )
        queue = GaugeMetricFamily(
            f"{name}_deliveries_pending", "Deliveries not done", labels=["destination", "state"]
        )
        for row in board.delivery_queue(self._engine):
            queue.add_metric([row["destination"], row["state"]], row["count"])
        yield queue
        backlog = GaugeMetricFamily(
            f"{name}_station_backlog_documents",
            "Waiting at the station",
            labels=["site", "station"],
        )
        seen = GaugeMetricFamily(
            f"{name}_station_silent_seconds", "Since its last heartbeat", labels=["site", "station"]
        )
        for row in board.station_states(self._engine):
            labels = [row["site"], row["station"]]
            backlog.add_metric(labels, row["backlog_documents"])
            if row["heartbeat_at"]:
                seen.add_metric(labels, (now - row["heartbeat_at"]).total_seconds())
        yield backlog
        yield seen
