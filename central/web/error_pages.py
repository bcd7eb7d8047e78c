"""What went wrong, told in French with the right status; never a stack trace."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from central.errors import (
    AccountClosed,
    AccountExists,
    AlreadyDecided,
    AlreadyDelivered,
    AlreadyHeld,
    CentralError,
    ChangeUnderWay,
    DeliveryInDoubt,
    DeliveryUnderWay,
    Forbidden,
    InputInvalid,
    LastAdmin,
    LaterChange,
    LeaseLost,
    LoginTaken,
    NoRole,
    NotFound,
    NotYours,
    ProviderRefused,
    ProviderUnavailable,
    StepRefused,
    StoreUnavailable,
)
from central.telemetry import Telemetry
from central.web.console import safe_local_path

STATUS_OF: Mapping[type[CentralError], int] = {
    AccountClosed: 403,
    AccountExists: 409,
    AlreadyDecided: 409,
    AlreadyDelivered: 409,
    AlreadyHeld: 409,
    ChangeUnderWay: 409,
    DeliveryInDoubt: 409,
    DeliveryUnderWay: 409,
    Forbidden: 403,
    InputInvalid: 400,
    LaterChange: 409,
    LastAdmin: 409,
    LeaseLost: 409,
    LoginTaken: 409,
    NoRole: 403,
    NotFound: 404,
    NotYours: 409,
    StepRefused: 409,
    ProviderRefused: 401,
    ProviderUnavailable: 503,
    StoreUnavailable: 503,
}
_TEXTS = {
    401: "Votre session a pris fin. Reconnectez-vous.",
    403: "La demande ne vient pas d'une page de ce service. Rechargez la page.",
    404: "Cette page n'existe pas.",
    405: "Cette adresse ne se demande pas ainsi.",
    411: "La demande ne dit pas sa longueur.",
    413: "L'envoi est trop volumineux.",
    415: "Le format de l'envoi n'est pas accepté.",
    429: "Trop de demandes à la suite. Attendez une minute, puis réessayez.",
}
_UNFORESEEN = "Une erreur inattendue s'est produite. L'exploitation en est avertie."

ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]


def register(
    templates: Environment, events: Telemetry
) -> Mapping[int | type[Exception], ExceptionHandler]:
    """Give Starlette what answers each kind of error."""
    page = templates.get_template("problem.html")

    def told(request: Request, status: int, text: str, detail: str = "") -> Response:
        if request.url.path.startswith(("/api/", "/v1/")):
            return JSONResponse({"reason": text, "detail": detail}, status_code=status)
        return HTMLResponse(
            page.render(status=status, text=text, detail=detail, back=_back(request)), status
        )

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, CentralError)  # noqa: S101 - registered for it alone
        status = STATUS_OF.get(type(error), 500)
        if status >= 500:
            events.failed(error.code)
        detail = str(error) if isinstance(error, InputInvalid) else ""
        return told(request, status, error.reason, "" if detail == error.reason else detail)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
        answer = told(request, error.status_code, _TEXTS.get(error.status_code, _UNFORESEEN))
        answer.headers.update(error.headers or {})
        return answer

    async def unforeseen(request: Request, error: Exception) -> Response:
        events.crashed("console", error)
        return told(request, 500, _UNFORESEEN)

    return {CentralError: refused, HTTPException: http, Exception: unforeseen}


def _back(request: Request) -> str:
    """The page of ours that somebody came from; empty when they came from none."""
    try:
        came_from = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if came_from.netloc != request.url.netloc or came_from.path == request.url.path:
        return ""
    path = came_from._replace(scheme="", netloc="", fragment="").geturl()
    return path if safe_local_path(path) == path else ""
