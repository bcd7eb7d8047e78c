"""Every log line and metric of the edge, found in one file.

A log line is one JSON object with an ``event`` key; it names lots, digests and codes, never
what a page says. Metrics carry the error ``code`` as their only error label.
"""

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from edge.errors import EdgeError, PartStalled, UplinkLost, UplinkRefused
from edge.pipeline.workers.confinement import Protection
from edge.results import LotResult, PageReading
from vaguemestre.model.document import Check, Field
from vaguemestre.model.lot import Backlog

_METRICS_PATIENCE_S = 10.0


class Telemetry:
    """The station's voice; one object for each process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.add_log_level,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        name, registry = "vaguemestre_edge", self.registry
        self._pages = Counter(f"{name}_pages_read", "Pages read", ["kind"], registry=registry)
        self._seconds = Histogram(
            f"{name}_page_seconds",
            "Seconds to read a page",
            buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )
        self._documents = Counter(
            f"{name}_documents_routed", "Documents routed", ["type", "route"], registry=registry
        )
        # Drift shows here first: a form that changed, a scanner's lamp, a hand that is new.
        self._fields = Counter(
            f"{name}_fields_read",
            "Fields of documents by what became of them",
            ["type", "field", "outcome"],
            registry=registry,
        )
        self._field_doubt = Histogram(
            f"{name}_field_doubt",
            "1 - confidence of fields that hold something",
            ["type"],
            buckets=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1),
            registry=registry,
        )
        self._type_doubt = Histogram(
            f"{name}_type_doubt",
            "1 - confidence of the documents' types",
            ["type"],
            buckets=(0.001, 0.01, 0.03, 0.1, 0.2, 0.4, 1),
            registry=registry,
        )
        self._set_aside = Counter(
            f"{name}_set_aside", "Files and pages set aside", ["code"], registry=registry
        )
        self._lots = Counter(f"{name}_lots_read", "Lots read", registry=registry)
        self._errors = Counter(f"{name}_errors", "Errors by code", ["code"], registry=registry)
        # Told as 0 from the start: a counter that appears with its first error shows no rise.
        for code in _codes(EdgeError):
            self._errors.labels(code)
        self._backlog = Gauge(
            f"{name}_backlog_documents",
            "Documents the centre has not acknowledged",
            registry=registry,
        )
        self._backlog_bytes = Gauge(
            f"{name}_backlog_bytes", "Bytes the centre has not acknowledged", registry=registry
        )
        self._incomplete = Gauge(
            f"{name}_lots_incomplete", "Lots short of their count", registry=registry
        )

        self._stalled = Gauge(
            f"{name}_part_stalled",
            "1 while a part of the agent does not go on",
            ["part"],
            registry=registry,
        )
        self._ages = Gauge(
            f"{name}_part_last_progress_seconds",
            "Seconds since a part of the agent last went on",
            ["part"],
            registry=registry,
        )
        self._sources = Gauge(
            f"{name}_source_well",
            "1 while a watched folder can be looked into",
            ["source"],
            registry=registry,
        )
        self._link = Gauge(
            f"{name}_link_trouble",
            "1 for the code of what is wrong with the link to the centre",
            ["code"],
            registry=registry,
        )
        for link_code in (UplinkLost.code, *_codes(UplinkRefused)):
            self._link.labels(link_code)

    def serve_metrics(self, host: str, port: int) -> None:
        """Answer Prometheus in a thread of its own; who says nothing is hung up on."""
        server, _ = start_http_server(port, addr=host, registry=self.registry)
        cast(Any, server.RequestHandlerClass).timeout = _METRICS_PATIENCE_S

    def page_read(self, reading: PageReading, seconds: float) -> None:
        """A page was read; its type is counted with the document."""
        kind = "blank" if reading.is_blank else "separator" if reading.separator else "text"
        self._pages.labels(kind).inc()
        self._seconds.observe(seconds)

    def lot_read(self, lot_id: str, result: LotResult, pages: int, seconds: float) -> None:
        """A lot was read and spooled."""
        self._lots.inc()
        for document in result.documents:
            self._documents.labels(document.type, document.route.kind.value).inc()
            self._type_doubt.labels(document.type).observe(1.0 - document.type_confidence)
            for field in document.fields:
                self._field_read(document.type, field)
        for aside in result.set_aside:
            self._set_aside.labels(aside.code).inc()
        self._log.info(
            "lot_read",
            lot=lot_id,
            pages=pages,
            documents=len(result.documents),
            set_aside=len(result.set_aside),
            seconds=round(seconds, 2),
        )

    def _field_read(self, kind: str, field: Field) -> None:
        self._fields.labels(kind, field.name, _outcome(field)).inc()
        if field.raw or field.value is not None:
            self._field_doubt.labels(kind).observe(1.0 - field.confidence)

    def backlog(self, backlog: Backlog) -> None:
        """What waits for the centre, now."""
        self._backlog.set(backlog.documents)
        self._backlog_bytes.set(backlog.bytes)
        self._incomplete.set(backlog.lots_incomplete)

    def confined(self, held: Iterable[Protection]) -> None:
        """How the reading processes are confined, and what the kernel lacks for it."""
        lacking = sorted(set(Protection) - set(held))
        tell = self._log.warning if lacking else self._log.info
        tell("reading_confined", held=sorted(held), lacking=lacking)

    def watch_parts(self, parts: Iterable[str], age_s: Callable[[str], float]) -> None:
        """Tell from now on how long each part has not gone on: asked anew at each look."""
        for part in parts:
            self._ages.labels(part).set_function(partial(age_s, part))
            self._stalled.labels(part)

    def stalled(self, part: str, doing: str, seconds: float) -> None:
        """A part does not go on; told once."""
        self._stalled.labels(part).set(1)
        self._errors.labels(PartStalled.code).inc()
        self._log.error(
            "stalled", code=PartStalled.code, part=part, doing=doing, seconds=round(seconds)
        )

    def goes_on(self, part: str) -> None:
        """A part that stood still goes on."""
        self._stalled.labels(part).set(0)
        self._log.info("goes_on", part=part)

    def standing(self, link_code: str, sources: Mapping[str, bool]) -> None:
        """How the link to the centre and the watched folders are now.

        Args:
            link_code: What is wrong with the link; empty when it is well or not known.
            sources: By name, whether each can be looked into.
        """
        for code in (UplinkLost.code, *_codes(UplinkRefused)):
            self._link.labels(code).set(code == link_code)
        for source, is_well in sources.items():
            self._sources.labels(source).set(is_well)

    def failed(self, code: str, **fields: Any) -> None:
        """Something went wrong and was dealt with; ``code`` is from edge/errors.py."""
        self._errors.labels(code).inc()
        self._log.error("failed", code=code, **fields)

    def crashed(self, part: str, error: BaseException) -> None:
        """A part of the agent ended on an error that nobody foresaw; it is started again.

        An error of our own has a code that says what it is. Else the traceback goes into the log,
        without the error's own text, which may quote a page.
        """
        if isinstance(error, EdgeError) and type(error) is not EdgeError:
            self.failed(error.code, part=part)
            return
        self._errors.labels("edge").inc()
        where = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._log.error("crashed", part=part, error=type(error).__name__, where=where)

    def report(self, event: str, **fields: Any) -> None:
        """Log one of the events that sources and the uplink tell through a callback."""
        if code := fields.get("code"):
            self._errors.labels(str(code)).inc()
        self._log.info(event, **fields)


def _outcome(field: Field) -> str:
    """What became of a field: ``empty`` is a field in which nothing was seen."""
    if field.accepted:
        return "accepted_repaired" if field.check is Check.REPAIRED else "accepted"
    if field.value is None and not field.raw and field.check is Check.NONE:
        return "empty"
    return "failed" if field.check is Check.FAILED else "doubtful"


def _codes(error: type[EdgeError]) -> Iterator[str]:
    yield error.code
    for below in error.__subclasses__():
        yield from _codes(below)
