"""One request of one person: everything that is the same on every page is settled here."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.accounts.rules import Person, Role
from central.accounts.session_store import SignedInUser
from central.addresses import limited_address
from central.documents.text import is_written
from central.errors import Forbidden, InputInvalid
from central.web.rate_limit import RequestLimiter
from central.web.sessions import Sessions, cookie

CSRF_FIELD, CSRF_HEADER = "csrf", "x-csrf"
BY_ITSELF_HEADER = "x-by-itself"
"""A page asks, and nobody may sit before it: that keeps no session alive."""
_ACCOUNT, _CODES, _LEAVE = "/compte", "/compte/codes", "/deconnexion"
_API = "/api/"
_ZERO = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A letter zero as JSON writes it; behind an odd number of backslashes it is one that was typed."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request whose sender and content were checked.

    ``content`` is the JSON object or the form that came along; values of a form are text.
    """

    request: Request
    signed: SignedInUser | None
    content: Mapping[str, Any]

    @property
    def person(self) -> Person | None:
        """Who is signed in, on pages that are open to whoever comes."""
        return self.signed.person if self.signed else None

    @property
    def csrf(self) -> str:
        """What this browser's forms must carry."""
        return self.signed.csrf if self.signed else ""

    @property
    def who(self) -> Person:
        """Who is signed in.

        Raises:
            Forbidden: nobody, on a page that forgot to ask.
        """
        if self.signed is None:
            raise Forbidden("nobody is signed in")
        return self.signed.person

    def text(self, name: str, *, most: int = 200, needed: bool = False) -> str:
        """One text of the form, the JSON or the address; empty when it is not there.

        Raises:
            InputInvalid: it is none, too long, holds control characters, or is needed and empty.
        """
        value = self.content.get(name, self.request.query_params.get(name, ""))
        if not isinstance(value, str) or len(value) > most:
            raise InputInvalid(name)
        value = value.strip()
        if not is_written(value):
            raise InputInvalid(name)
        if needed and not value:
            raise InputInvalid(name)
        return value

    def secret(self, name: str, *, most: int = 1_000) -> str:
        """A password or code, as it was typed; empty when it is not there.

        Raises:
            InputInvalid: it is no text, too long, or holds half characters.
        """
        value = self.content.get(name, "")
        if not isinstance(value, str) or len(value) > most:
            raise InputInvalid(name)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InputInvalid(name) from None
        return value

    @property
    def address(self) -> str:
        """Where the request came from; behind a trusted proxy, what that says."""
        return self.request.client.host if self.request.client else ""

    @property
    def token(self) -> str:
        """What this browser is known by."""
        return cookie(self.request)

    def number(self, name: str, default: int, *, least: int = 0, most: int = 1_000_000) -> int:
        """One whole number.

        Raises:
            InputInvalid: it is none, or out of bounds.
        """
        value = self.content.get(name, self.request.query_params.get(name))
        if value is None or value == "":
            return default
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InputInvalid(name)
        return value


class RequestGuard:
    """Lets requests in to one page's function.

    Args:
        sessions: Who is signed in.
        limits: How often they may ask.
        own_address: ``https://host`` as browsers call us, when it is not what reaches us.
        handler: The function.
        roles: Any of which is needed; None: open to whoever comes.
        max_bytes: Of a body.
        of_all: The page is of all sites and pôles.
    """

    def __init__(
        self,
        sessions: Sessions,
        limits: RequestLimiter,
        own_address: str | None,
        handler: Callable[[PageRequest], Response],
        roles: frozenset[Role] | None,
        max_bytes: int,
        *,
        of_all: bool = False,
    ) -> None:
        self._sessions, self._limits, self._own_address = sessions, limits, own_address
        self._handler, self._roles, self._max_bytes = handler, roles, max_bytes
        self._of_all = of_all

    async def open(self, request: Request) -> Response:
        """Check, then answer."""
        token = cookie(request)
        signed = None
        if token:
            by_itself = BY_ITSELF_HEADER in request.headers
            signed = await run_in_threadpool(
                lambda: self._sessions.signed(token, is_by_itself=by_itself)
            )
        self._limits.request(_asker(request, signed, token))
        if self._roles is not None:
            if signed is None:
                return _sign_in_first(request)
            if first := self._to_do_first(request.url.path, signed):
                if request.url.path.startswith(_API):
                    raise Forbidden(first)
                return RedirectResponse(first, status_code=303)
            is_beyond = self._of_all and signed.person.scope.is_limited
            if is_beyond or not signed.person.has_any(self._roles):
                raise Forbidden(request.url.path)
        content: Mapping[str, Any] = {}
        if request.method == "POST":
            content = await _content(request, self._max_bytes)
            _demand_own(request, signed, content, self._own_address)
        return await run_in_threadpool(self._handler, PageRequest(request, signed, content))

    def _to_do_first(self, path: str, signed: SignedInUser) -> str:
        """The page that somebody has to finish before any other; empty: none."""
        if path == _LEAVE:
            return ""
        if signed.person.must_change_password:
            return "" if path in (_ACCOUNT, f"{_ACCOUNT}/mot-de-passe") else _ACCOUNT
        if self._sessions.needs_code(signed):
            return "" if path.startswith(_CODES) else _CODES
        return ""


def _asker(request: Request, signed: SignedInUser | None, token: str) -> str:
    if signed is not None:
        return hashlib.sha256(token.encode()).hexdigest()
    return limited_address(request.client.host) if request.client else ""


def _sign_in_first(request: Request) -> Response:
    if request.url.path.startswith(_API) or request.method != "GET":
        raise HTTPException(401)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/connexion?suite={quote(wanted, safe='')}", status_code=303)


def _demand_own(
    request: Request,
    signed: SignedInUser | None,
    content: Mapping[str, Any],
    own_address: str | None,
) -> None:
    """A POST comes from a page of ours: its origin is ours, and it carries the session's token.

    Raises:
        HTTPException: 403; some other site's page sent it.
    """
    origin = request.headers.get("origin")
    ours = (f"{request.url.scheme}://{request.url.netloc}", own_address)
    if origin is not None and origin not in ours:
        raise HTTPException(403)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
    told = request.headers.get(CSRF_HEADER) or content.get(CSRF_FIELD)
    if signed is not None and not (
        isinstance(told, str)
        and secrets.compare_digest(told.encode(errors="replace"), signed.csrf.encode())
    ):
        raise HTTPException(403)


async def _content(request: Request, max_bytes: int) -> Mapping[str, Any]:
    """Read a form or a JSON object of a bounded size.

    Raises:
        HTTPException: 413 when too long, 411 without a length, 415 for anything else.
        InputInvalid: it is malformed.
    """
    length = request.headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()) or "transfer-encoding" in request.headers:
        raise HTTPException(411)
    if len(length) > 12 or int(length) > max_bytes:
        raise HTTPException(413)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "application/json":
        return _object(await request.body())
    if kind == "application/x-www-form-urlencoded":
        form = await request.form(max_fields=2_000)
        return {name: value for name, value in form.items() if isinstance(value, str)}
    raise HTTPException(415)


def _object(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object whose texts and numbers can be kept.

    Python reads more than JSON is: halves of letters, NaN, numbers without end. A database keeps
    none of these, nor the letter zero.

    Raises:
        InputInvalid: it is none.
    """
    try:
        found = json.loads(body or b"{}")
        written = json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise InputInvalid("json") from None
    if not isinstance(found, dict) or _ZERO.search(written):
        raise InputInvalid("json")
    return found
