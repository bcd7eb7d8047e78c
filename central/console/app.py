"""The console's web application: pages for people, and the returns door.

Pages carry a strict content security policy: own scripts and styles only, none inline.
"""

from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from central import pack, sealing
from central.blobs import BlobStore
from central.config import CentralConfig, secret
from central.console import (
    account,
    acts,
    audit_pages,
    board,
    dead_letters,
    delays,
    documents,
    gauges,
    group,
    holds,
    lots,
    people_pages,
    pictures,
    plan_pages,
    problems,
    quality,
    reports,
    search,
    sign_in,
    site,
    work,
)
from central.console.desk import Desk
from central.console.limits import Limits
from central.console.plan import Plan
from central.console.returns import ReturnsDoor
from central.console.sessions import Sessions
from central.events import Events
from central.readiness import Ready, look
from central.rendering.runner import Renderer
from central.store.engine import Engine
from vaguemestre import pack as vaguemestre_pack

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
    sign_in.register,
    account.register,
    work.register,
    acts.register,
    pictures.register,
    board.register,
    dead_letters.register,
    holds.register,
    plan_pages.register,
    reports.register,
    delays.register,
    lots.register,
    site.register,
    documents.register,
    search.register,
    group.register,
    quality.register,
    people_pages.register,
    audit_pages.register,
)
"""Each adds its pages to the desk."""


def create(
    config: CentralConfig,
    engine: Engine,
    blobs: BlobStore,
    events: Events,
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
    gauges.register(events.registry, engine)
    shipped = pack.load(config.console.pack_dir or vaguemestre_pack.default_dir())
    seal = sealing.load(config.console.secrets_key_file)
    sessions = Sessions(engine, config.console, seal)
    limits = Limits(config.console, events)
    plan, renderer = Plan(engine, shipped), Renderer()
    desk = Desk(config, engine, blobs, events, plan, sessions, limits, renderer, seal)
    for register in AREAS:
        register(desk)
    door = ReturnsDoor(engine, _secrets(config), events)
    machines = _ForMachines(readiness or (lambda: look(engine, blobs)))
    routes: list[BaseRoute] = [
        *desk.routes,
        Route("/v1/returns", door.post, methods=["POST"]),
        Route("/livez", machines.alive),
        Route("/readyz", machines.ready),
        Route("/healthz", machines.ready),  # as it was called before
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
    return Outside(
        Starlette(
            routes=routes, exception_handlers=dict(problems.register(desk.templates, events))
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
