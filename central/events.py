"""Every log line and metric of the centre, found in one file.

A log line is one JSON object with an ``event`` key; it names ids, codes and counts, never what
a page says.
"""

import logging
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, start_http_server


class Events:
    """A process's voice: one object each."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.add_log_level,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            process=process,
        )
        name = "vaguemestre_central"
        self._delivered = Counter(
            f"{name}_deliveries",
            "Delivery attempts by outcome",
            ["destination", "outcome"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            f"{name}_delivery_seconds",
            "Seconds of a delivery attempt",
            ["destination"],
            registry=self.registry,
        )
        self._returned = Counter(
            f"{name}_returns",
            "Documents given back",
            ["destination", "cause"],
            registry=self.registry,
        )
        self._errors = Counter(f"{name}_errors", "Errors by code", ["code"], registry=self.registry)

    def serve_metrics(self, listen: str) -> None:
        """Answer Prometheus in a thread of its own; ``listen`` is host:port."""
        host, _, port = listen.rpartition(":")
        start_http_server(int(port), addr=host, registry=self.registry)

    def attempted(
        self, document_id: str, destination: str, outcome: str, seconds: float, **fields: Any
    ) -> None:
        """A delivery was tried: delivered, later, dead."""
        self._delivered.labels(destination, outcome).inc()
        self._seconds.labels(destination).observe(seconds)
        self._log.info(
            "delivery_attempted",
            document=document_id,
            destination=destination,
            outcome=outcome,
            seconds=round(seconds, 3),
            **fields,
        )

    def returned(self, document_id: str, destination: str, cause: str) -> None:
        """A pôle gave a document back."""
        self._returned.labels(destination, cause).inc()
        self._log.info("document_returned", document=document_id, destination=destination)

    def swept(self, claims: int) -> None:
        """Claims of dead workers were taken back."""
        self._log.warning("claims_swept", claims=claims)

    def failed(self, code: str, **fields: Any) -> None:
        """Something went wrong and will be tried again; ``code`` is from central/errors.py."""
        self._errors.labels(code).inc()
        self._log.error("failed", code=code, **fields)

    def crashed(self, part: str, error: BaseException) -> None:
        """A part ended on an error that nobody foresaw; it is started again."""
        self._errors.labels("central").inc()
        self._log.error("crashed", part=part, exc_info=error)
