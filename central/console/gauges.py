"""Gauges read from the database when Prometheus asks; counters are in central/events.py."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from central.store import board
from central.store.engine import Engine

_PREFIX = "vaguemestre_central"
_DELIVERY_STATES = ("waiting", "claimed", "held", "dead")
_DOCUMENT_STATES = ("ready", "to_name", "to_key", "dead")
_STATION = (
    ("backlog_documents", "Documents that wait at the station"),
    ("backlog_bytes", "Bytes that wait at the station"),
    ("free_disk_bytes", "Free bytes of the station's disk"),
    ("pages_per_minute", "Pages that the station reads a minute"),
    ("lots_incomplete", "Lots that wait for pages or for their operator"),
)


def register(registry: CollectorRegistry, engine: Engine) -> None:
    """Add the gauges to a process's registry."""
    registry.register(_Gauges(engine))


class _Gauges(Collector):
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def describe(self) -> list[Metric]:
        """Nothing is asked of the database before Prometheus does."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Count now.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = dt.datetime.now(dt.UTC)
        undelivered = board.undelivered(self._engine)
        yield _gauge(
            "documents_undelivered",
            "Documents that no pôle has yet",
            ["state"],
            [([state], undelivered[state]) for state in _DOCUMENT_STATES],
        )
        oldest = undelivered["oldest"]
        age = (now - oldest).total_seconds() if oldest else 0.0
        yield _gauge("oldest_undelivered_seconds", "Age of the oldest of them", [], [([], age)])
        queue = board.delivery_queue(self._engine)
        yield _gauge(
            "deliveries_pending",
            "Deliveries not done",
            ["destination", "state"],
            [
                ([row["destination"], state], row[state])
                for row in queue
                for state in _DELIVERY_STATES
            ],
        )
        yield _gauge(
            "circuit_open",
            "1: the destination is left alone",
            ["destination"],
            [([row["destination"]], float(row["circuit"] == "open")) for row in queue],
        )
        yield from _stations(board.station_states(self._engine), now)


def _stations(rows: board.Rows, now: dt.datetime) -> Iterator[Metric]:
    labels = ["site", "station"]
    for column, text in _STATION:
        values = [([row["site"], row["station"]], row[column]) for row in rows]
        yield _gauge(f"station_{column}", text, labels, values)
    silent = [
        ([row["site"], row["station"]], (now - row["heartbeat_at"]).total_seconds())
        for row in rows
        if row["heartbeat_at"]
    ]
    yield _gauge("station_silent_seconds", "Since its last heartbeat", labels, silent)


def _gauge(
    name: str, text: str, labels: list[str], values: list[tuple[list[Any], float]]
) -> GaugeMetricFamily:
    made = GaugeMetricFamily(f"{_PREFIX}_{name}", text, labels=labels)
    for label_values, value in values:
        made.add_metric(label_values, value)
    return made
