"""The intake's gRPC server: over mTLS, with health, until it is told to stop.

It says who may speak, how many at a time, and how errors end a stream.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from central.config import CentralConfig, Intake
from central.errors import (
    BlobStoreUnavailable,
    CentralError,
    ConfigInvalid,
    DocumentInvalid,
    SiteForbidden,
    StoreUnavailable,
)
from central.intake.stream import IntakeStores, StationStream
from central.readiness import look
from central.telemetry import Telemetry
from vaguemestre.v1 import intake_pb2, intake_pb2_grpc

HELLO_WITHIN_S = 15.0
SITE_URI = "urn:vaguemestre:site:"  # edge/uplink/channel.py

# How an error that ends a stream is told; the station's reading of it is in edge/uplink/sender.py.
STATUS_OF: Mapping[type[CentralError], grpc.StatusCode] = {
    SiteForbidden: grpc.StatusCode.PERMISSION_DENIED,
    DocumentInvalid: grpc.StatusCode.INVALID_ARGUMENT,
    StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
    BlobStoreUnavailable: grpc.StatusCode.UNAVAILABLE,
}


class IntakeService(intake_pb2_grpc.IntakeServicer):
    """See the module.

    Args:
        stores: Where documents and images go.
        limits: From the settings.
        events: The process's voice.
    """

    def __init__(self, stores: IntakeStores, limits: Intake, events: Telemetry) -> None:
        self._stores, self._limits, self._events = stores, limits, events
        self._ending = threading.Event()
        self._busy = 0
        self._of_site: Counter[str] = Counter()
        self._idle = threading.Condition()

    def Deliver(  # noqa: N802 - protobuf's name
        self, request_iterator: Iterator[intake_pb2.Up], context: grpc.ServicerContext
    ) -> Iterator[intake_pb2.Down]:
        """Answer one station until it hangs up."""
        site = site_of(context)
        if not self._enter(site):
            self._events.stream_turned_away(site)
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams")
        stream = StationStream(site, self._stores, self._limits, self._events)
        code = ""
        # A stream that says nothing keeps a thread: it has so long for its first message.
        hello = threading.Timer(HELLO_WITHIN_S, context.cancel)
        hello.daemon = True
        hello.start()
        try:
            yield from self._answer(stream, request_iterator, hello.cancel)
        except CentralError as error:
            code = error.code
            self._events.failed(code, site=site)
            context.abort(STATUS_OF.get(type(error), grpc.StatusCode.INTERNAL), code)
        except grpc.RpcError:
            code = "cut"  # the station went away, or we end
        except Exception as error:
            code = "central"
            self._events.crashed("intake", error)
            raise
        finally:
            hello.cancel()
            self._leave(site)
            stream.close()
            if stream.station:
                self._events.stream_closed(site, stream.station, code)

    def _enter(self, site: str) -> bool:
        with self._idle:
            if self._of_site[site] >= self._limits.max_streams_per_site:
                return False
            if sum(self._of_site.values()) >= self._limits.max_streams:
                return False  # it would wait for a thread until another station leaves
            self._of_site[site] += 1
            return True

    def _leave(self, site: str) -> None:
        with self._idle:
            self._of_site[site] -= 1
            if self._of_site[site] <= 0:
                del self._of_site[site]

    def _answer(
        self,
        stream: StationStream,
        ups: Iterator[intake_pb2.Up],
        spoke: Callable[[], None],
    ) -> Iterator[intake_pb2.Down]:
        first = next(ups, None)
        spoke()
        if first is None:
            return
        with self._working():
            welcome = stream.open(first)
        self._events.stream_opened(first.hello.site, stream.station)
        yield welcome
        with self._working():
            asked = list(stream.rescans())
        yield from asked
        for up in ups:
            with self._working():
                answers = list(stream.take(up))
            yield from answers
            if self._ending.is_set():
                return

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def end(self, within_s: float) -> None:
        """Let messages under way be answered, then take no more."""
        self._ending.set()
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, within_s)


def site_of(context: grpc.ServicerContext) -> str:
    """The site that the peer's certificate names; an empty one speaks for nobody."""
    names = context.auth_context().get("x509_subject_alternative_name", ())
    sites = [
        name.decode("ascii", "replace").removeprefix(SITE_URI)
        for name in names
        if name.startswith(SITE_URI.encode())
    ]
    return sites[0] if len(sites) == 1 else ""


_HEALTH_THREADS = 4
SPARE_CONNECTIONS = 1_000
"""Beside those of streams: who shakes hands, asks for health, or only connects."""
_LOOK_EVERY_S = 5.0
_SERVICE, _ALIVE = "vaguemestre.v1.Intake", "alive"
_LAST_ANSWERS_S = 1.0


def run(
    config: CentralConfig,
    stores: IntakeStores,
    events: Telemetry,
    stop: threading.Event,
    ready: Callable[[int], None] = lambda _: None,
    can_store: Callable[[], bool] | None = None,
) -> None:
    """Listen until ``stop`` is set; messages under way are answered first.

    Args:
        config: The centre's settings.
        stores: Where documents and images go.
        events: The process's voice.
        stop: Ends it.
        ready: Told the port once it is ours (the settings' may be 0).
        can_store: Whether what comes in can be stored; None: both stores are asked each time.

    Raises:
        ConfigInvalid: a certificate cannot be read, or the address cannot be listened on.
    """
    settings = config.intake
    service = IntakeService(stores, settings, events)
    healthy = health.HealthServicer()
    threads = ThreadPoolExecutor(settings.max_streams + _HEALTH_THREADS, "intake")
    server = grpc.server(
        threads, options=_options(settings), maximum_concurrent_rpcs=settings.max_streams + 100
    )
    intake_pb2_grpc.add_IntakeServicer_to_server(service, server)  # type: ignore[no-untyped-call]
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    try:
        port = server.add_secure_port(settings.listen, _credentials(settings, events))
    except RuntimeError as error:
        raise ConfigInvalid(f"intake.listen {settings.listen} is taken") from error
    can_store = can_store or (lambda: bool(look(stores.engine, stores.blobs)))
    _tell_health(healthy, can_store())
    server.start()
    try:
        ready(port)
        while not stop.wait(_LOOK_EVERY_S):
            _tell_health(healthy, can_store())
    finally:
        healthy.enter_graceful_shutdown()
        service.end(settings.drain_s)
        server.stop(min(_LAST_ANSWERS_S, settings.drain_s)).wait()
        threads.shutdown(wait=True)


def _options(settings: Intake) -> list[tuple[str, int]]:
    longest = max(settings.max_document_bytes, settings.max_chunk_bytes) + 65_536
    return [
        ("grpc.max_receive_message_length", longest),
        # Who never finishes the TLS handshake is let go; who opens connections only is bounded.
        ("grpc.server_handshake_timeout_ms", 10_000),
        ("grpc.max_allowed_incoming_connections", settings.max_streams + SPARE_CONNECTIONS),
        ("grpc.keepalive_time_ms", 30_000),
        ("grpc.keepalive_timeout_ms", 10_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
        ("grpc.http2.max_ping_strikes", 0),
        ("grpc.so_reuseport", 0),  # a second intake on one port is a mistake, not a partner
    ]


def _credentials(settings: Intake, events: Telemetry) -> grpc.ServerCredentials:
    try:
        pair = settings.key_file.read_bytes(), settings.certificate_file.read_bytes()
        root = settings.ca_file.read_bytes()
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error
    shown = _checked(settings.certificate_file, pair[1])
    _checked(settings.ca_file, root)
    try:
        key = serialization.load_pem_private_key(pair[0], None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        told = f"{settings.key_file} : une clé privée en PEM, sans mot de passe, est attendue"
        raise ConfigInvalid(told) from error
    if key.public_key() != shown.public_key():
        raise ConfigInvalid(
            f"{settings.key_file} : ce n'est pas la clé de {settings.certificate_file}"
        )
    events.certificate_loaded(shown.not_valid_after_utc)
    return grpc.ssl_server_credentials([pair], root, require_client_auth=True)


def _checked(path: Path, pem: bytes) -> x509.Certificate:
    """The first certificate of a file: with a blank one every handshake would fail in silence."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise ConfigInvalid(f"{path} : un certificat en PEM est attendu") from error


def _tell_health(healthy: health.HealthServicer, can_store: bool) -> None:
    """Serving means: what comes in can be stored. ``alive`` serves as long as the process does."""
    states = health_pb2.HealthCheckResponse
    for service in ("", _SERVICE):
        healthy.set(service, states.SERVING if can_store else states.NOT_SERVING)
    healthy.set(_ALIVE, states.SERVING)
