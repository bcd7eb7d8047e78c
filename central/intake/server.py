"""Serve the intake over mTLS, with gRPC health, until told to stop."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from central.config import CentralConfig, Intake
from central.errors import ConfigInvalid
from central.events import Events
from central.intake.service import IntakeService
from central.intake.stream import Stores
from central.readiness import look
from vaguemestre.v1 import intake_pb2_grpc

_HEALTH_THREADS = 4
SPARE_CONNECTIONS = 1_000
"""Beside those of streams: who shakes hands, asks for health, or only connects."""
_LOOK_EVERY_S = 5.0
_SERVICE, _ALIVE = "vaguemestre.v1.Intake", "alive"
_LAST_ANSWERS_S = 1.0


def run(
    config: CentralConfig,
    stores: Stores,
    events: Events,
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


def _credentials(settings: Intake, events: Events) -> grpc.ServerCredentials:
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
