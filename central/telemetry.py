"""Every log line and metric of the centre, found in one file.

A log line is one JSON object with an ``event`` key; it names ids, codes and counts, never what
a page says. Metrics begin with ``vaguemestre_central_``; those read from the database when
Prometheus asks are in central/monitoring/metrics.py.
"""

import datetime as dt
import logging
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from central.connections import Connections, Patience, Phase
from central.errors import CentralError

_PREFIX = "vaguemestre_central"
_CLOSED_TOLD_EVERY_S = 60.0
_PATIENCE = Patience(most=32, most_of_address=32, seconds={Phase.HEAD: 60.0})
"""Of who reads metrics; a request and its answer together."""
_LOT_STATES = ("read", "closed_short", "closed_over")
_DELIVERY_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)


class Telemetry:
    """A process's voice: one object each."""

    def __init__(self, process: str) -> None:
        self.registry = CollectorRegistry()
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.add_log_level,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
            process=process,
        )
        self._streams = self._counter("streams", "Streams that stations opened", "site")
        self._open = Gauge(
            f"{_PREFIX}_streams_open", "Streams open now", ["site"], registry=self.registry
        )
        self._certificate_until = Gauge(
            f"{_PREFIX}_certificate_expiry_timestamp_seconds",
            "When the certificate that stations see expires; 0: this process shows them none",
            registry=self.registry,
        )
        self._documents = self._counter("documents", "Documents stored", "site", "route", "again")
        self._blob_bytes = self._counter("blob_bytes", "Bytes of source files stored", "site")
        self._lots = self._counter("lots", "Lots that stations reported", "site", "state")
        self._refused = self._counter("refusals", "Messages of stations refused", "code")
        self._attempts = self._counter(
            "delivery_attempts", "Delivery attempts by outcome", "destination", "outcome"
        )
        self._seconds = Histogram(
            f"{_PREFIX}_delivery_seconds",
            "Seconds of a delivery attempt, package included",
            ["destination"],
            registry=self.registry,
            buckets=_DELIVERY_SECONDS,
        )
        self._circuits = self._counter(
            "circuits_opened", "Destinations left alone for a while", "destination"
        )
        self._swept = self._counter("claims_swept", "Claims of lost workers taken back")
        self._returned = self._counter(
            "returns", "Documents given back", "destination", "cause", "channel"
        )
        self._sign_ins = self._counter(
            "sign_ins", "Tries to sign in at the console", "method", "outcome"
        )
        self._throttled = self._counter("throttled", "Requests turned away: too many", "limit")
        self._turned_away = self._counter(
            "streams_turned_away", "Streams beyond those that a site may have", "site"
        )
        self._closed = self._counter(
            "connections_closed", "Connections that kept us waiting or had no room", "why"
        )
        self._closed_told_at = -_CLOSED_TOLD_EVERY_S
        self._ready = Gauge(
            f"{_PREFIX}_ready",
            "1 while the database writes, or the store of images takes and answers",
            ["part"],
            registry=self.registry,
        )
        self._errors = self._counter("errors", "Errors by code", "code")
        # Told as 0 from the start: a counter that appears with its first error shows no rise.
        for code in _codes(CentralError):
            self._errors.labels(code)
            self._refused.labels(code)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", text, labels, registry=self.registry)

    def serve_metrics(self, listen: str, readiness: Callable[[], tuple[bool, str]]) -> int:
        """Answer Prometheus, and who asks for health, in a thread of its own.

        ``/livez`` says 200 while the process answers, ``/readyz`` while its stores do, all else
        is metrics, which one request at a time has counted. Returns the port.

        Args:
            listen: host:port.
            readiness: Whether the stores answer, and a text about each.
        """
        host, _, port = listen.rpartition(":")
        connections = Connections(_PATIENCE, self.connection_closed)
        listening = connections.listen(host.strip("[]"), int(port))
        metrics = _one_at_a_time(make_wsgi_app(self.registry))
        server = _Server(listening, connections, _health_and(metrics, readiness))
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        return int(listening.getsockname()[1])

    # Intake

    def certificate_loaded(self, until: dt.datetime) -> None:
        """The intake shows this certificate until it is started again."""
        self._certificate_until.set(until.timestamp())

    def stream_opened(self, site: str, station: str) -> None:
        """A station with a valid certificate opened its stream."""
        self._streams.labels(site).inc()
        self._open.labels(site).inc()
        self._log.info("stream_opened", site=site, station=station)

    def stream_closed(self, site: str, station: str, code: str = "") -> None:
        """A station's stream ended; ``code`` says why when it was not in order."""
        self._open.labels(site).dec()
        self._log.info("stream_closed", site=site, station=station, code=code)

    def blob_stored(self, site: str, size: int) -> None:
        """A source file was stored durably; metric only, pages come by the hundred a minute."""
        self._blob_bytes.labels(site).inc(size)

    def document_stored(self, site: str, document_id: str, route: str, *, again: bool) -> None:
        """A document was committed, or was here already."""
        self._documents.labels(site, route, str(again).lower()).inc()
        self._log.info("document_stored", site=site, document=document_id, route=route, again=again)

    def lot_stored(self, site: str, lot_id: str, state: str) -> None:
        """A station reported on a lot."""
        # A label for each word that a station may say would fill the memory of who asks.
        self._lots.labels(site, state if state in _LOT_STATES else "other").inc()
        self._log.info("lot_stored", site=site, lot=lot_id, state=state)

    def refused(self, site: str, subject: str, code: str, *, permanent: bool) -> None:
        """A station's message was refused."""
        self._refused.labels(code).inc()
        self._log.warning("refused", site=site, subject=subject, code=code, permanent=permanent)

    def rescan_told(self, site: str, rescan_id: str) -> None:
        """A station was told to have a document scanned again."""
        self._log.info("rescan_told", site=site, rescan=rescan_id)

    def rescan_impossible(self, site: str, rescan_id: str) -> None:
        """An operator says that a document cannot be scanned again."""
        self._log.info("rescan_impossible", site=site, rescan=rescan_id)

    # Dispatch

    def attempted(
        self,
        document_id: str,
        destination: str,
        outcome: str,
        seconds: float,
        *,
        attempts: int,
        code: str,
    ) -> None:
        """A delivery was tried: ``outcome`` is delivered, later, dead, or lost (its lease)."""
        self._attempts.labels(destination, outcome).inc()
        self._seconds.labels(destination).observe(seconds)
        self._log.info(
            "delivery_attempted",
            document=document_id,
            destination=destination,
            outcome=outcome,
            seconds=round(seconds, 3),
            attempts=attempts,
            code=code,
        )

    def circuit_opened(self, destination: str, code: str) -> None:
        """A destination failed so often in a row that it is left alone for a while."""
        self._circuits.labels(destination).inc()
        self._log.warning("circuit_opened", destination=destination, code=code)

    def circuit_closed(self, destination: str) -> None:
        """A destination answers again."""
        self._log.info("circuit_closed", destination=destination)

    def swept(self, claims: int, dead: int) -> None:
        """Claims of lost workers were taken back, of which some are not tried again."""
        self._swept.inc(claims)
        self._log.warning("claims_swept", claims=claims, dead=dead)

    def matched(self, held: int, released: int) -> None:
        """Deliveries to unknown destinations were held, or those to known ones released."""
        self._log.warning("destinations_matched", held=held, released=released)

    def moved(self, documents: int, *, is_complete: bool) -> None:
        """Documents followed a change of the plan that another process had begun."""
        self._log.info("plan_followed", documents=documents, complete=is_complete)

    def forgotten(self, values: int, drafts: int, controls: int) -> None:
        """Keyed values past their time were emptied, old drafts deleted, controls given up."""
        self._log.info("forgotten", values=values, drafts=drafts, controls=controls)

    def returned(self, document_id: str, destination: str, cause: str, channel: str) -> None:
        """A pôle gave a document back."""
        self._returned.labels(destination, cause, channel).inc()
        self._log.info(
            "document_returned",
            document=document_id,
            destination=destination,
            cause=cause,
            channel=channel,
        )

    def return_not_understood(self, destination: str) -> None:
        """Something in a returns folder is none of our documents; it was set aside there."""
        self._log.warning("return_not_understood", destination=destination)

    # Console

    def sign_in(self, method: str, outcome: str, why: str = "") -> None:
        """Somebody tried to sign in; who it was stands in the audit trail alone."""
        self._sign_ins.labels(method, outcome).inc()
        self._log.info("sign_in", method=method, outcome=outcome, why=why)

    def throttled(self, limit: str) -> None:
        """A browser asked too often; metric only, lest the log be flooded as well."""
        self._throttled.labels(limit).inc()

    def stream_turned_away(self, site: str) -> None:
        """A site has as many streams as it may; the station comes again by itself."""
        self._turned_away.labels(site).inc()

    def connection_closed(self, why: str) -> None:
        """One that kept us waiting, or that there was no room for; a log line a minute."""
        self._closed.labels(why).inc()
        now = time.monotonic()
        if now - self._closed_told_at >= _CLOSED_TOLD_EVERY_S:
            self._closed_told_at = now
            self._log.warning("connections_closed", why=why)

    # Every process

    def ready(self, *, database: bool, images: bool) -> None:
        """What a look at both showed; metric only, it comes every few seconds."""
        self._ready.labels("database").set(database)
        self._ready.labels("images").set(images)

    def started(self, **fields: Any) -> None:
        """The process serves."""
        self._log.info("started", **fields)

    def stopped(self) -> None:
        """The process ended in order."""
        self._log.info("stopped")

    def failed(self, code: str, **fields: Any) -> None:
        """Something went wrong and will be tried again; ``code`` is from central/errors.py."""
        self._errors.labels(code).inc()
        self._log.error("failed", code=code, **fields)

    def crashed(self, part: str, error: BaseException) -> None:
        """A part ended on an error that nobody foresaw; it is started again.

        The traceback goes into the log without the error's own text, which may quote a page.
        """
        self._errors.labels("central").inc()
        where = [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._log.error("crashed", part=part, error=type(error).__name__, where=where)


class _Unlogged(WSGIRequestHandler):
    timeout = 10.0  # whoever says nothing for longer is hung up on

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a look every few seconds is no event."""


class _Server(ThreadingWSGIServer):
    """Serves on a socket that counts its connections."""

    def __init__(self, listening: socket.socket, connections: Connections, app: Any) -> None:
        address = listening.getsockname()[:2]
        super().__init__(address, _Unlogged, bind_and_activate=False)
        self.socket.close()
        self.socket, self._connections = listening, connections
        self.server_name, self.server_port = address
        self.setup_environ()
        self.set_app(app)

    def service_actions(self) -> None:
        """Every half a second: close what keeps us waiting."""
        self._connections.sweep()

    def handle_error(self, request: object, client_address: object) -> None:
        """Who asked has gone away."""


def _one_at_a_time(metrics: Any) -> Any:
    """Anybody may ask, and the database counts anew for each."""
    alone = threading.Lock()

    def app(environ: Mapping[str, Any], start_response: Any) -> Any:
        with alone:
            return metrics(environ, start_response)

    return app


def _health_and(metrics: Any, readiness: Callable[[], tuple[bool, str]]) -> Any:
    def app(environ: Mapping[str, Any], start_response: Any) -> Any:
        path = environ.get("PATH_INFO", "")
        if path not in ("/livez", "/readyz"):
            return metrics(environ, start_response)
        is_well, text = (True, "bien") if path == "/livez" else readiness()
        status = "200 OK" if is_well else "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        return [text.encode()]

    return app


def _codes(error: type[CentralError]) -> Iterator[str]:
    yield error.code
    for below in error.__subclasses__():
        yield from _codes(below)
