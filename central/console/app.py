"""The console's web application: one monitoring page, its data, metrics, and the returns door.

Pages carry a strict content security policy: own scripts and styles only, none inline. The page
changes nothing; nor is anything shown that a page says.
"""

import asyncio
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.config import CentralConfig
from central.console import board, gauges
from central.console.returns import ReturnsDoor
from central.errors import CentralError, ConfigInvalid, StoreUnavailable
from central.events import Events
from central.store.board import ask
from central.store.engine import Engine

_HERE = Path(__file__).parent
_MAX_LOT_NAME = 1_000
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create(config: CentralConfig, engine: Engine, events: Events) -> Starlette:
    """Build the application.

    Args:
        config: The centre's settings.
        engine: The database.
        events: The process's voice; its metrics are served here, gauges of the database added.

    Raises:
        ConfigInvalid: a destination's secret cannot be read.
    """
    gauges.register(events.registry, engine)
    pages = _Pages(config, engine, events)
    door = ReturnsDoor(engine, _secrets(config), events)
    return Starlette(
        routes=[
            Route("/", pages.index),
            Route("/api/board", pages.board),
            Route("/api/documents", pages.documents),
            Route("/v1/returns", door.post, methods=["POST"]),
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.health),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[Middleware(_SafeHeaders)],
        exception_handlers={StoreUnavailable: _unavailable},
    )


def _secrets(config: CentralConfig) -> dict[str, bytes]:
    try:
        return {
            destination.name: destination.secret_file.read_bytes().strip()
            for destination in config.destinations
            if destination.secret_file
        }
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error


class _SafeHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_safely)


async def _unavailable(_: Request, error: Exception) -> Response:
    reason = error.reason if isinstance(error, CentralError) else ""
    return PlainTextResponse(reason, status_code=503)


class _Pages:
    def __init__(self, config: CentralConfig, engine: Engine, events: Events) -> None:
        self._engine, self._events = engine, events
        self._refresh_s = config.console.refresh_every_s
        templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._page = templates.get_template("board.html").render(every=self._refresh_s)
        self._board, self._board_at = b"", -self._refresh_s
        self._one_at_a_time = asyncio.Lock()

    async def index(self, _: Request) -> Response:
        return HTMLResponse(self._page)

    async def board(self, _: Request) -> Response:
        """The board; however many look at it, the database is asked once a moment."""
        async with self._one_at_a_time:
            if time.monotonic() - self._board_at > min(1.0, self._refresh_s / 2):
                now = dt.datetime.now(dt.UTC)
                found = await run_in_threadpool(board.content, self._engine, now)
                self._board, self._board_at = _json(found), time.monotonic()
        return Response(self._board, media_type="application/json")

    async def documents(self, request: Request) -> Response:
        limit = request.query_params.get("limit", "100")
        lot = request.query_params.get("lot", "")
        if not (limit.isascii() and limit.isdigit()) or len(lot) > _MAX_LOT_NAME or "\0" in lot:
            return JSONResponse({"reason": "limit ou lot incorrect."}, status_code=400)
        found = await run_in_threadpool(board.documents, self._engine, int(limit[:6]), lot)
        return Response(_json({"documents": found}), media_type="application/json")

    async def metrics(self, _: Request) -> Response:
        text = await run_in_threadpool(generate_latest, self._events.registry)
        return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def health(self, _: Request) -> Response:
        await run_in_threadpool(ask, self._engine)
        return PlainTextResponse("bien")


def _json(value: Any) -> bytes:
    return json.dumps(value, default=board.plain, ensure_ascii=False).encode()
