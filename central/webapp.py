"""The console's web application and its server: routes, security headers, uvicorn.

Pages carry a strict content security policy: own scripts and styles only, none inline. Connections
are counted and have time limits (central/connections.py).
"""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from central import sealing
from central.audit import views as audit_views
from central.blobs import BlobStore
from central.config import CentralConfig, secret
from central.connections import Connections, Patience, Phase
from central.db.engine import Engine
from central.delays import views as delays_views
from central.delivery import views as delivery_views
from central.errors import ConfigInvalid, StoreUnavailable
from central.groups import views as groups_views
from central.history import views as history_views
from central.holds import views as holds_views
from central.keying import views as keying_views
from central.monitoring import metrics
from central.monitoring import views as monitoring_views
from central.naming import views as naming_views
from central.pack import load_plan
from central.page_images import views as page_images_views
from central.passing_on import views as passing_on_views
from central.people import views as people_views
from central.plan import views as plan_views
from central.plan.views import CurrentPlan
from central.quality import views as quality_views
from central.queues import views as queues_views
from central.readiness import Ready, look
from central.rendering.runner import Renderer
from central.reports import views as reports_views
from central.returns.views import ReturnsEndpoint
from central.search import views as search_views
from central.sent_work import views as sent_work_views
from central.sign_in import views as sign_in_views
from central.sign_in.credentials import seal_old_secrets
from central.telemetry import Telemetry
from central.web import error_pages
from central.web.console import Console
from central.web.rate_limit import RequestLimiter
from central.web.sessions import Sessions
from vaguemestre import pack

_HERE = Path(__file__).parent
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_HTTPS_FOR_A_YEAR = "max-age=31536000"
AREAS = (
    sign_in_views.register_sign_in,
    sign_in_views.register_account,
    naming_views.register,
    passing_on_views.register,
    sent_work_views.register,
    page_images_views.register,
    monitoring_views.register_board,
    delivery_views.register,
    holds_views.register,
    plan_views.register,
    reports_views.register,
    delays_views.register,
    monitoring_views.register_lots,
    monitoring_views.register_site,
    history_views.register,
    search_views.register,
    groups_views.register,
    quality_views.register,
    people_views.register,
    audit_views.register,
)
"""Each adds its pages to the desk."""
QUEUES = (naming_views.NamingQueue, keying_views.KeyingQueue, quality_views.ControlQueue)
"""In which people work, each made with the desk."""


def create(
    config: CentralConfig,
    engine: Engine,
    blobs: BlobStore,
    events: Telemetry,
    readiness: Callable[[], Ready] | None = None,
) -> "Outside":
    """Build the application.

    Args:
        config: The centre's settings.
        engine: The database.
        blobs: The images.
        events: The process's voice; gauges of the database are added to its metrics.
        readiness: Whether both stores answer; None: they are asked each time.

    Raises:
        ConfigInvalid: a destination's secret or the pack cannot be read.
    """
    metrics.register(events.registry, engine)
    shipped = load_plan(config.console.pack_dir or pack.default_dir())
    seal = sealing.load(config.console.secrets_key_file)
    sessions = Sessions(engine, config.console, seal)
    limits = RequestLimiter(config.console, events)
    plan, renderer = CurrentPlan(engine, shipped), Renderer()
    desk = Console(config, engine, blobs, events, plan, sessions, limits, renderer, seal)
    for register in AREAS:
        register(desk)
    queues_views.register(desk, [queue(desk) for queue in QUEUES])
    door = ReturnsEndpoint(engine, _secrets(config), events)
    machines = _ForMachines(readiness or (lambda: look(engine, blobs)))
    routes: list[BaseRoute] = [
        *desk.routes,
        Route("/v1/returns", door.post, methods=["POST"]),
        Route("/livez", machines.alive),
        Route("/readyz", machines.ready),
        Route("/healthz", machines.ready),  # as it was called before
        Mount("/static", StaticFiles(directory=_HERE / "web" / "static")),
    ]
    return Outside(
        Starlette(
            routes=routes, exception_handlers=dict(error_pages.register(desk.templates, events))
        ),
        desk.renderer.close,
    )


def _secrets(config: CentralConfig) -> dict[str, tuple[bytes, ...]]:
    """What each destination may sign with: its secret, and the former one while it changes over."""
    return {
        one.name: tuple(secret(file) for file in (one.secret_file, one.former_secret_file) if file)
        for one in config.destinations
        if one.secret_file
    }


class Outside:
    """Around everything, so that an answer to an unforeseen error carries the headers too."""

    def __init__(self, app: Starlette, close: Callable[[], None] = lambda: None) -> None:
        self.app, self.close = app, close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_safe = scope.get("scheme") == "https"
        has_begun = False

        async def send_safely(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if is_safe:
                    headers.setdefault("Strict-Transport-Security", _HTTPS_FOR_A_YEAR)
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except Exception:
            # It was told (problems.py); the server would log its text, which may quote a page.
            if not has_begun:
                raise


class _ForMachines:
    def __init__(self, readiness: Callable[[], Ready]) -> None:
        self._readiness = readiness

    async def alive(self, _: Request) -> Response:
        return PlainTextResponse("bien")

    async def ready(self, _: Request) -> Response:
        seen = await run_in_threadpool(self._readiness)
        return PlainTextResponse("bien" if seen else seen.text, 200 if seen else 503)


def bounded(connections: Connections) -> type[H11Protocol]:
    """The protocol of a server whose connections are counted."""

    class Bounded(H11Protocol):
        _number = -1

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            taken = transport.get_extra_info("socket")
            self._number = taken.fileno() if taken is not None else -1
            self._tell()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._tell()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            self._tell()

        def pause_writing(self) -> None:
            super().pause_writing()
            connections.is_at(self._number, Phase.TAKING)

        def resume_writing(self) -> None:
            super().resume_writing()
            self._tell()

        def connection_lost(self, exc: Exception | None) -> None:
            self._number = -1  # it may be given to another connection
            super().connection_lost(exc)

        def _tell(self) -> None:
            connections.is_at(self._number, self._phase())

        def _phase(self) -> Phase:
            if self.flow.write_paused:
                return Phase.TAKING
            if self.cycle is None or self.cycle.response_complete:
                return Phase.HEAD
            return Phase.BODY if self.cycle.more_body else Phase.ANSWER

    return Bounded


_REQUESTS_END_WITHIN_S = 5
_STOP_LOOKED_AT_EVERY_S = 0.2
_LONGEST_S = {Phase.HEAD: 10.0, Phase.BODY: 30.0, Phase.TAKING: 30.0}
"""For a request's head, counted from the answer before; for its body; for taking some answer."""


def run(
    config: CentralConfig,
    engine: Engine,
    blobs: BlobStore,
    events: Telemetry,
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
    made = create(config, engine, blobs, events, readiness)
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
