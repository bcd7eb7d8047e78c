"""Signed-in browsers, remembered for a moment so that a page of images asks the database once."""

import secrets
import threading
import time

from starlette.requests import Request
from starlette.responses import Response

from central.accounts import session_store
from central.accounts.session_store import SignedInUser
from central.config import Console
from central.db.engine import Engine
from central.sealing import Seal

COOKIE = "vaguemestre"
STEP_COOKIE = "vaguemestre-etape"
_SAFE = "__Host-"
_REMEMBERED_S = 5.0
_MOST_REMEMBERED = 2_000
_TOKEN_BYTES = 32
_OF_PROVIDER = "provider"


def cookie(request: Request, name: str = COOKIE) -> str:
    """The value of one of our cookies; empty when the browser has none.

    Over HTTPS its name begins with ``__Host-``: no other host, and no plain page, can set it.
    """
    return request.cookies.get(_named(request, name), "")


def set_cookie(
    request: Request, response: Response, value: str, within_s: float, name: str = COOKIE
) -> None:
    """Give the browser a cookie that no script sees, for this host alone."""
    response.set_cookie(
        _named(request, name),
        value,
        max_age=int(within_s),
        httponly=True,
        samesite="lax",  # strict would be withheld when the identity provider sends somebody back
        secure=_is_safe(request),
        path="/",
    )


def drop_cookie(request: Request, response: Response, name: str = COOKIE) -> None:
    """Take a cookie from the browser."""
    response.delete_cookie(
        _named(request, name), path="/", secure=_is_safe(request), httponly=True, samesite="lax"
    )


def new_token() -> str:
    """256 bits of chance."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def _is_safe(request: Request) -> bool:
    return request.url.scheme == "https"


def _named(request: Request, name: str) -> str:
    return f"{_SAFE}{name}" if _is_safe(request) else name


class Sessions:
    """See the module.

    Args:
        engine: The database.
        settings: How long a session lasts, and who needs a one-time code.
        seal: For the provider's tokens.
    """

    def __init__(self, engine: Engine, settings: Console, seal: Seal) -> None:
        self._engine, self._settings, self._seal = engine, settings, seal
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, SignedInUser]] = {}

    def open(
        self,
        request: Request,
        response: Response,
        person_id: int,
        method: str,
        id_token: str | None = None,
    ) -> None:
        """Sign a browser in: its cookie goes with the response; what it had before ends.

        Raises:
            StoreUnavailable: nobody was signed in.
        """
        before = cookie(request)
        if before:
            session_store.close_session(self._engine, before)
            self.forget()
        token = new_token()
        longest = self._settings.session_longest_s
        kept = None if id_token is None else self._seal.close(id_token, _OF_PROVIDER)
        session_store.open_session(
            self._engine, person_id, token, new_token(), method, longest, kept
        )
        set_cookie(request, response, token, longest)

    def signed(self, token: str, *, is_by_itself: bool = False) -> SignedInUser | None:
        """Who a browser is; what its page asks by itself keeps no session alive.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = time.monotonic()
        with self._lock:
            at, known = self._known.get(token, (0.0, None))
        if known is not None and now - at < _REMEMBERED_S:
            return known
        found = session_store.find_session(
            self._engine, token, self._settings.session_idle_s, is_by_itself=is_by_itself
        )
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            if found is None:
                self._known.pop(token, None)
            else:
                self._known[token] = (now, found)
        return found

    def needs_code(self, signed: SignedInUser) -> bool:
        """Whether somebody has yet to set up the one-time codes that their role demands.

        Who comes from the identity provider has proved themselves there.
        """
        demanded = not signed.person.roles.isdisjoint(self._settings.totp_roles)
        return demanded and signed.method == "local" and not signed.has_totp

    def close(self, request: Request) -> str | None:
        """Sign a browser out; returns the provider's id token, if it came from there.

        Raises:
            StoreUnavailable: it is still signed in.
        """
        id_token = session_store.close_session(self._engine, cookie(request))
        self.forget()
        return None if id_token is None else self._seal.open(id_token, _OF_PROVIDER)

    def forget(self) -> None:
        """Ask the database again at the next request: somebody's rights have changed."""
        with self._lock:
            self._known.clear()
