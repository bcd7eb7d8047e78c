"""Serve the console with uvicorn until told to stop."""

import contextlib
import threading
from collections.abc import Callable

import uvicorn

from central import sealing
from central.blobs import BlobStore
from central.config import CentralConfig
from central.connections import Connections, Patience, Phase
from central.console import app
from central.console.gate import seal_old_secrets
from central.console.protocol import bounded
from central.errors import ConfigInvalid, StoreUnavailable
from central.events import Events
from central.readiness import Ready
from central.store.engine import Engine

_REQUESTS_END_WITHIN_S = 5
_STOP_LOOKED_AT_EVERY_S = 0.2
_LONGEST_S = {Phase.HEAD: 10.0, Phase.BODY: 30.0, Phase.TAKING: 30.0}
"""For a request's head, counted from the answer before; for its body; for taking some answer."""


def run(
    config: CentralConfig,
    engine: Engine,
    blobs: BlobStore,
    events: Events,
    stop: threading.Event,
    ready: Callable[[str], None] = lambda _: None,
    readiness: Callable[[], Ready] | None = None,
) -> None:
    """Listen on the configured address until ``stop`` is set; requests under way are finished.

    Args:
        config: The centre's settings.
        engine: The database.
        blobs: The images.
        events: The process's voice.
        stop: Ends it.
        ready: Told the page's address once the port is ours (the settings' may be 0).
        readiness: Whether both stores answer; None: they are asked each time.

    Raises:
        ConfigInvalid: the address cannot be listened on, or a file cannot be read.
    """
    console = config.console
    host, _, port = console.listen.rpartition(":")
    host = host.strip("[]")
    connections = Connections(
        Patience(
            console.max_connections,
            console.max_connections_per_address,
            _LONGEST_S,
            console.trusted_proxies,
        ),
        events.connection_closed,
    )
    try:
        listening = connections.listen(host, int(port))
    except OSError as error:
        raise ConfigInvalid(f"console.listen {console.listen}: {error.strerror}") from error
    made = app.create(config, engine, blobs, events, readiness)
    with contextlib.suppress(StoreUnavailable):
        seal_old_secrets(engine, sealing.load(console.secrets_key_file))
    with listening, contextlib.closing(made):
        server = uvicorn.Server(
            uvicorn.Config(
                made,
                http=bounded(connections),
                ws="none",
                log_config=None,
                # Whoever sends nonsense writes no log; what fails inside is told in problems.py.
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=bool(console.trusted_proxies),
                forwarded_allow_ips=list(console.trusted_proxies),
                lifespan="off",
                timeout_graceful_shutdown=_REQUESTS_END_WITHIN_S,
                ssl_certfile=str(console.certificate_file) if console.certificate_file else None,
                ssl_keyfile=str(console.key_file) if console.key_file else None,
            )
        )
        ended = threading.Event()
        watcher = threading.Thread(
            target=_watch, args=(server, connections, stop, ended), name="console-watch"
        )
        watcher.start()
        try:
            scheme = "https" if console.certificate_file else "http"
            shown = f"[{host}]" if ":" in host else host
            ready(f"{scheme}://{shown}:{listening.getsockname()[1]}/")
            server.run(sockets=[listening])
        finally:
            ended.set()
            watcher.join()


def _watch(
    server: uvicorn.Server,
    connections: Connections,
    stop: threading.Event,
    ended: threading.Event,
) -> None:
    while not (stop.wait(_STOP_LOOKED_AT_EVERY_S) or ended.is_set()):
        connections.sweep()
    server.should_exit = True
