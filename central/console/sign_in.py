"""Signing in and out, and where somebody begins."""

from starlette.responses import Response

from central.console.desk import Desk, go, home_of
from central.console.passwords import Passwords
from central.console.sessions import COOKIE
from central.console.visit import Visit
from central.domain.access import Role
from central.store import accounts

_EVERYBODY = tuple(Role)
_WRONG = "Identifiant ou mot de passe incorrect."


def register(desk: Desk) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/", pages.home, roles=_EVERYBODY)
    desk.page("/connexion", pages.form, roles=None)
    desk.page("/connexion", pages.sign_in, roles=None, method="POST", max_bytes=4_096)
    desk.page("/deconnexion", pages.sign_out, roles=_EVERYBODY, method="POST", max_bytes=4_096)
    desk.page("/compte", pages.account, roles=_EVERYBODY)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._passwords = Passwords()

    def home(self, visit: Visit) -> Response:
        return go(home_of(visit.who, self._desk.navigation))

    def form(self, visit: Visit) -> Response:
        return self._desk.show(visit, "sign_in.html", suite=visit.text("suite"), wrong="")

    def sign_in(self, visit: Visit) -> Response:
        login = visit.text("login", most=100)
        found = accounts.find(self._desk.engine, login)
        password = str(visit.content.get("password", ""))[:1_000]
        stored = found.password_hash if found is not None and found.is_active else None
        if not self._passwords.fits(stored, password) or found is None:
            suite = visit.text("suite")
            return self._desk.show(visit, "sign_in.html", 401, suite=suite, wrong=_WRONG)
        answer = go(_own(visit.text("suite")))
        self._desk.sessions.open(found.id, "local", answer)
        return answer

    def sign_out(self, visit: Visit) -> Response:
        answer = go("/connexion")
        self._desk.sessions.close(visit.request.cookies.get(COOKIE, ""), answer)
        return answer

    def account(self, visit: Visit) -> Response:
        return self._desk.show(visit, "account.html")


def _own(path: str) -> str:
    """Where to go after signing in; a page of ours, whatever the address says."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
