"""The names of all metrics, asked of the code itself; what Prometheus calls them."""

from unittest import mock

from prometheus_client import CollectorRegistry

from central import events as central_events
from central.console import gauges
from central.store import gauges as store_gauges
from central.store.engine import Engine
from edge import telemetry as edge_events

_NOTHING = store_gauges.Seen((), (), (), (), (), (), 0, ())


def of_the_centre() -> set[str]:
    """Counters of a process, and gauges of a database that holds nothing."""
    registry = central_events.Events("test").registry
    gauges.register(registry, mock.Mock(spec=Engine))
    with mock.patch.object(store_gauges, "look", return_value=_NOTHING):
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
