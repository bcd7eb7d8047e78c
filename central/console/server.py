"""Serve the console with uvicorn until told to stop."""

import socket
import threading
from collections.abc import Callable

import uvicorn

from central.blobs import BlobStore
from central.config import CentralConfig
from central.console import app
from central.errors import ConfigInvalid
from central.events import Events
from central.readiness import Ready
from central.store.engine import Engine

_REQUESTS_END_WITHIN_S = 5
_STOP_LOOKED_AT_EVERY_S = 0.2


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
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, int(port)), family=family)
    except OSError as error:
        raise ConfigInvalid(f"console.listen {console.listen}: {error.strerror}") from error
    with listening:
        server = uvicorn.Server(
            uvicorn.Config(
                app.create(config, engine, blobs, events, readiness),
                log_config=None,
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
        ender = threading.Thread(target=_end, args=(server, stop, ended), name="console-stop")
        ender.start()
        try:
            scheme = "https" if console.certificate_file else "http"
            shown = f"[{host}]" if family == socket.AF_INET6 else host
            ready(f"{scheme}://{shown}:{listening.getsockname()[1]}/")
            server.run(sockets=[listening])
        finally:
            ended.set()
            ender.join()


def _end(server: uvicorn.Server, stop: threading.Event, ended: threading.Event) -> None:
    while not (stop.wait(_STOP_LOOKED_AT_EVERY_S) or ended.is_set()):
        pass
    server.should_exit = True
