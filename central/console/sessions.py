"""Signed-in browsers, remembered for a moment so that a page of images asks the database once."""

import secrets
import threading
import time

from starlette.responses import Response

from central.config import Console
from central.store import people
from central.store.engine import Engine
from central.store.people import Signed

COOKIE = "vaguemestre"
_REMEMBERED_S = 5.0
_MOST_REMEMBERED = 2_000
_TOKEN_BYTES = 32


class Sessions:
    """See the module.

    Args:
        engine: The database.
        settings: How long a session lasts, and whether cookies need HTTPS.
    """

    def __init__(self, engine: Engine, settings: Console) -> None:
        self._engine, self._settings = engine, settings
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Signed]] = {}

    def open(self, person_id: int, method: str, response: Response) -> None:
        """Sign a browser in: its cookie goes with the response.

        Raises:
            StoreUnavailable: nobody was signed in.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        longest = self._settings.session_longest_s
        csrf = secrets.token_urlsafe(_TOKEN_BYTES)
        people.open_session(self._engine, person_id, token, csrf, method, longest)
        response.set_cookie(
            COOKIE,
            token,
            max_age=int(longest),
            httponly=True,
            samesite="lax",  # the identity provider sends the browser back here
            secure=self._settings.certificate_file is not None,
        )

    def signed(self, token: str) -> Signed | None:
        """Who a browser is.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = time.monotonic()
        with self._lock:
            at, known = self._known.get(token, (0.0, None))
        if known is not None and now - at < _REMEMBERED_S:
            return known
        found = people.signed(self._engine, token, self._settings.session_idle_s)
        with self._lock:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            if found is None:
                self._known.pop(token, None)
            else:
                self._known[token] = (now, found)
        return found

    def close(self, token: str, response: Response) -> None:
        """Sign a browser out.

        Raises:
            StoreUnavailable: it is still signed in.
        """
        people.close_session(self._engine, token)
        self.forget()
        response.delete_cookie(COOKIE)

    def forget(self) -> None:
        """Ask the database again at the next request: somebody's rights have changed."""
        with self._lock:
            self._known.clear()
