"""The names of all metrics, asked of the code itself; what Prometheus calls them."""

from unittest import mock

from prometheus_client import CollectorRegistry

from central import telemetry as central_events
from central.db.engine import Engine
from central.monitoring import metrics
from central.monitoring import metrics_store as store_gauges
from edge import telemetry as edge_events

_NOTHING = store_gauges.MetricsSnapshot((), (), (), (), (), (), 0, ())


def of_the_centre() -> set[str]:
    """Counters of a process, and gauges of a database that holds nothing."""
    registry = central_events.Telemetry("test").registry
    metrics.register(registry, mock.Mock(spec=Engine))
    with mock.patch.object(store_gauges, "read_snapshot", return_value=_NOTHING):
        return _names(registry)


def of_a_station() -> set[str]:
    """Counters and gauges of a station."""
    return _names(edge_events.Telemetry().registry)


def series(names: set[str]) -> set[str]:
    """The same with what a histogram is stored as."""
    return names | {name + end for name in names for end in ("_bucket", "_sum", "_count")}


def _names(registry: CollectorRegistry) -> set[str]:
    return {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in registry.collect()
    }
