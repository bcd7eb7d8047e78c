"""Serve the console with uvicorn until told to stop."""

import threading

import sqlalchemy as sa
import uvicorn

from central.config import CentralConfig
from central.console import app
from central.events import Events


def run(config: CentralConfig, engine: sa.Engine, events: Events, stop: threading.Event) -> None:
    """Listen on the configured address; requests under way are finished at the end."""
    console = config.console
    host, _, port = console.listen.rpartition(":")
    server = uvicorn.Server(
        uvicorn.Config(
            app.create(config, engine, events),
            host=host.strip("[]"),
            port=int(port),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            ssl_certfile=str(console.certificate_file) if console.certificate_file else None,
            ssl_keyfile=str(console.key_file) if console.key_file else None,
        )
    )
    threading.Thread(target=_end, args=(server, stop), daemon=True, name="console-stop").start()
    server.run()


def _end(server: uvicorn.Server, stop: threading.Event) -> None:
    stop.wait()
    server.should_exit = True
