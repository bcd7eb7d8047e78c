"""``POST /v1/returns``: a pôle gives a misrouted document back (docs/destinations.md).

The message is signed with the secret that the centre's own deliveries to that pôle are signed
with, and is good for five minutes; sent again, it changes nothing.
"""

import datetime as dt
import hashlib
import hmac
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from central.db.engine import Engine
from central.documents.rules import ReturnCause, ReturnNote, Which, read_note, round_of
from central.errors import NotFound
from central.returns.store import ReturnOutcome, accept_return
from central.telemetry import Telemetry

_MAX_BYTES = 16_384
_SIGNED_WITHIN = dt.timedelta(minutes=5)
_NOBODYS = b"nobody's: a destination without a secret takes as long to refuse as any other"
_TO_ASK_AGAIN = {
    ReturnOutcome.NOT_YET: "Livraison en cours d'enregistrement. Réessayez.",
    ReturnOutcome.UNCLEAR: "Ce document a été remis plusieurs fois : indiquez la remise (round).",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    document_id: uuid.UUID
    why: ReturnNote
    round: int | None


class ReturnsEndpoint:
    """The endpoint.

    Args:
        engine: The database.
        secrets: By destination, any of which signs; one without cannot use this door.
        events: The process's voice.
    """

    def __init__(
        self, engine: Engine, secrets: Mapping[str, Collection[bytes]], events: Telemetry
    ) -> None:
        self._engine, self._secrets, self._events = engine, secrets, events

    async def post(self, request: Request) -> Response:
        """Take one document back."""
        body = await _body(request)
        if body is None:
            return _answer(413, "Message trop long ou sans longueur.")
        destination = request.headers.get("x-vaguemestre-destination", "")
        now = dt.datetime.now(dt.UTC)
        if not self._is_signed(request.headers, destination, body, now):
            return _answer(401, "Signature incorrecte ou trop ancienne.")
        asked = _read(body)
        if asked is None:
            return _answer(400, f"Message incorrect. Causes connues : {', '.join(ReturnCause)}.")
        which = Which(asked.round, _moment(request.headers))
        try:
            outcome = await run_in_threadpool(
                accept_return,
                self._engine,
                asked.document_id,
                destination,
                asked.why,
                "http",
                which=which,
            )
        except NotFound as error:
            return _answer(404, error.reason)
        if outcome in _TO_ASK_AGAIN:
            return _answer(409, _TO_ASK_AGAIN[outcome], retry_after_s=5)
        if outcome is ReturnOutcome.TAKEN:
            cause = asked.why.cause.value
            self._events.returned(str(asked.document_id), destination, cause, "http")
        told = {"returned": True, "already": outcome is ReturnOutcome.ALREADY}
        return JSONResponse(told | ({"comment_cut": True} if asked.why.is_cut else {}))

    def _is_signed(
        self, headers: Mapping[str, str], destination: str, body: bytes, now: dt.datetime
    ) -> bool:
        secrets = [one for one in self._secrets.get(destination, ()) if one]
        at = _moment(headers)
        if at is None:
            return False
        told = headers.get("x-vaguemestre-signature", "").encode()
        text = headers.get("x-vaguemestre-time", "")
        is_signed = False
        for one in secrets or [_NOBODYS]:
            wanted = sign_return(one, text, destination, body).encode()
            is_signed |= hmac.compare_digest(wanted, told)
        return is_signed and bool(secrets) and abs(now - at) < _SIGNED_WITHIN


def _moment(headers: Mapping[str, str]) -> dt.datetime | None:
    """When the pôle signed; None without a zone, or when it is no moment."""
    try:
        at = dt.datetime.fromisoformat(headers.get("x-vaguemestre-time", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def sign_return(secret: bytes, at: str, destination: str, body: bytes) -> str:
    """Sign the time, the destination and the body's SHA-256 in hex, a line each."""
    text = "\n".join([at, destination, hashlib.sha256(body).hexdigest()])
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


async def _body(request: Request) -> bytes | None:
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > _MAX_BYTES:
        return None
    if "transfer-encoding" in request.headers:  # it would count more than the length
        return None
    return await request.body()


def _read(body: bytes) -> _Asked | None:
    try:
        told = json.loads(body)
        why = read_note(told["cause"], told.get("comment"))
        document_id = uuid.UUID(told["document_id"])
        number = round_of(told.get("round"))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if why is None or (number is None and told.get("round") is not None):
        return None
    return _Asked(document_id, why, number)


def _answer(status: int, reason: str, retry_after_s: int = 0) -> Response:
    headers = {"Retry-After": str(retry_after_s)} if retry_after_s else None
    return JSONResponse({"reason": reason}, status_code=status, headers=headers)
