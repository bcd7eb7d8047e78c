"""The console's web application: one monitoring page, its data, metrics, returns.

Pages carry a strict content security policy: own scripts and styles only, none inline.
"""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from central.config import CentralConfig
from central.console import board, gauges
from central.errors import CentralError, NotFound, StoreUnavailable
from central.events import Events
from central.store import returns

_HERE = Path(__file__).parent
_MAX_RETURN_BYTES = 16_384
_SIGNED_WITHIN = dt.timedelta(minutes=5)
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class _SafeHeaders(BaseHTTPMiddleware):
    async def dispatch(
        self, request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def create(config: CentralConfig, engine: sa.Engine, events: Events) -> Starlette:
    """Build the application.

    Args:
        config: The centre's settings.
        engine: The database.
        events: The process's voice.
    """
    pages = _Pages(config, engine, events)
    return Starlette(
        routes=[
            Route("/", pages.index),
            Route("/api/board", pages.board),
            Route("/api/documents", pages.documents),
            Route("/v1/returns", pages.give_back, methods=["POST"]),
            Route("/metrics", pages.metrics),
            Route("/healthz", pages.health),
            Mount("/static", StaticFiles(directory=_HERE / "static")),
        ],
        middleware=[Middleware(_SafeHeaders)],
        exception_handlers={StoreUnavailable: _unavailable},
    )


async def _unavailable(_: Request, error: Exception) -> Response:
    reason = error.reason if isinstance(error, CentralError) else ""
    return PlainTextResponse(reason, status_code=503)


class _Pages:
    def __init__(self, config: CentralConfig, engine: sa.Engine, events: Events) -> None:
        self._config, self._engine, self._events = config, engine, events
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
        self._secrets = {
            d.name: d.secret_file.read_bytes().strip() for d in config.destinations if d.secret_file
        }
        gauges.register(events.registry, engine)

    async def index(self, _: Request) -> Response:
        template = self._templates.get_template("board.html")
        return HTMLResponse(template.render(every=self._config.console.refresh_every_s))

    async def board(self, _: Request) -> Response:
        found = await run_in_threadpool(board.content, self._engine, dt.datetime.now(dt.UTC))
        return _json(found)

    async def documents(self, request: Request) -> Response:
        text = request.query_params.get("limit", "100")
        if not text.isdigit():
            return JSONResponse({"reason": "limit attend un nombre."}, status_code=400)
        lot = request.query_params.get("lot", "")
        found = await run_in_threadpool(board.documents, self._engine, int(text), lot)
        return _json({"documents": found})

    async def metrics(self, _: Request) -> Response:
        text = await run_in_threadpool(generate_latest, self._events.registry)
        return Response(text, media_type="text/plain; version=0.0.4")

    async def health(self, _: Request) -> Response:
        await run_in_threadpool(_ask, self._engine)
        return PlainTextResponse("bien")

    async def give_back(self, request: Request) -> Response:
        """A pôle gives a misrouted document back; signed like our own deliveries to it."""
        if int(request.headers.get("content-length") or _MAX_RETURN_BYTES + 1) > _MAX_RETURN_BYTES:
            return JSONResponse({"reason": "Message trop long."}, status_code=413)
        body = await request.body()
        destination = request.headers.get("x-vaguemestre-destination", "")
        if not self._is_signed(request, destination, body):
            return JSONResponse({"reason": "Signature incorrecte."}, status_code=401)
        try:
            message = json.loads(body)
            document_id, cause = uuid.UUID(message["document_id"]), message["cause"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return JSONResponse({"reason": "Message incorrect."}, status_code=400)
        if cause not in returns.CAUSES:
            causes = ", ".join(returns.CAUSES)
            return JSONResponse({"reason": f"Causes connues : {causes}."}, status_code=400)
        try:
            is_new = await run_in_threadpool(
                returns.give_back, self._engine, document_id, destination, cause, "http"
            )
        except NotFound as error:
            return JSONResponse({"reason": error.reason}, status_code=404)
        if is_new:
            self._events.returned(str(document_id), destination, cause)
        return JSONResponse({"returned": True, "already": not is_new})

    def _is_signed(self, request: Request, destination: str, body: bytes) -> bool:
        secret = self._secrets.get(destination)
        at = request.headers.get("x-vaguemestre-time", "")
        try:
            told = dt.datetime.fromisoformat(at)
            is_fresh = abs(dt.datetime.now(dt.UTC) - told) < _SIGNED_WITHIN
        except (ValueError, TypeError):
            return False
        if secret is None or not is_fresh:
            return False
        wanted = hmac.new(secret, at.encode() + b"\n" + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(wanted, request.headers.get("x-vaguemestre-signature", ""))


def _json(value: Any) -> Response:
    text = json.dumps(value, default=board.plain, ensure_ascii=False)
    return Response(text, media_type="application/json")


def _ask(engine: sa.Engine) -> None:
    gauges.ask(engine)
