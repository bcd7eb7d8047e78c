"""Signing in with a password, a code when it is demanded, and out; where somebody begins.

Between password and code the browser holds a token of chance and nothing else: what it has
proved so far stands in the database, for five minutes.
"""

from starlette.responses import Response

from central.console.desk import Desk, go, home_of, own
from central.console.gate import Gate
from central.console.oidc_pages import OidcPages
from central.console.sessions import STEP_COOKIE, cookie, drop_cookie, new_token, set_cookie
from central.console.visit import Visit
from central.domain.access import Role
from central.store import accounts, sign_in_steps
from central.store.sign_in_steps import Begun

_EVERYBODY = tuple(Role)
_WRONG = (
    "Identifiant ou mot de passe incorrect. Après plusieurs échecs, le compte est suspendu"
    " quelques minutes."
)
_WRONG_CODE = "Code incorrect ou déjà utilisé. Attendez le suivant."
_CODE_WITHIN_S = 300.0
_FORM_BYTES = 16_384


def register(desk: Desk) -> None:
    """Add the pages."""
    gate = Gate(desk.engine, desk.config.console, desk.limits, desk.events, desk.seal)
    pages = _Pages(desk, gate)
    desk.page("/", pages.home, roles=_EVERYBODY)
    desk.page("/connexion", pages.form, roles=None)
    desk.page("/connexion", pages.sign_in, roles=None, method="POST", max_bytes=_FORM_BYTES)
    desk.page("/connexion/code", pages.code_form, roles=None)
    desk.page("/connexion/code", pages.code, roles=None, method="POST", max_bytes=_FORM_BYTES)
    desk.page("/deconnexion", pages.sign_out, roles=_EVERYBODY, method="POST", max_bytes=4_096)
    if pages.provider is not None:
        pages.provider.register()


class _Pages:
    def __init__(self, desk: Desk, gate: Gate) -> None:
        self._desk, self._gate = desk, gate
        self.provider = OidcPages.of(desk)

    def home(self, visit: Visit) -> Response:
        return go(home_of(visit.who, self._desk.navigation))

    def form(self, visit: Visit) -> Response:
        return self._form(visit)

    def _form(self, visit: Visit, wrong: str = "") -> Response:
        oidc = self._desk.config.oidc
        return self._desk.show(
            visit,
            "sign_in.html",
            401 if wrong else 200,
            suite=visit.text("suite", most=2_000),
            wrong=wrong,
            button=oidc.button if oidc is not None else "",
        )

    def sign_in(self, visit: Visit) -> Response:
        login, password = visit.text("login", most=100), visit.secret("password")
        account = self._gate.password(login, password, visit.address)
        if account is None:
            return self._form(visit, _WRONG)
        suite = own(visit.text("suite", most=2_000))
        if account.totp_secret is None:
            return self._enter(visit, account.id, suite)
        token = new_token()
        begun = Begun(account.id, {"suite": suite})
        sign_in_steps.begin(self._desk.engine, token, "code", begun, _CODE_WITHIN_S)
        answer = go("/connexion/code")
        set_cookie(visit.request, answer, token, _CODE_WITHIN_S, STEP_COOKIE)
        return answer

    def code_form(self, visit: Visit) -> Response:
        token = cookie(visit.request, STEP_COOKIE)
        if not token or sign_in_steps.look(self._desk.engine, token, "code") is None:
            return go("/connexion")
        return self._desk.show(visit, "sign_in_code.html", wrong="")

    def code(self, visit: Visit) -> Response:
        code = visit.secret("code", most=20)
        token = cookie(visit.request, STEP_COOKIE)
        begun = sign_in_steps.look(self._desk.engine, token, "code")
        account = begun and accounts.by_id(self._desk.engine, begun.person_id or 0)
        if not account:
            return go("/connexion")
        if not self._gate.code(account, code, visit.address):
            return self._desk.show(visit, "sign_in_code.html", 401, wrong=_WRONG_CODE)
        done = sign_in_steps.take(self._desk.engine, token, "code")
        if done is None:
            return go("/connexion")
        answer = self._enter(visit, account.id, done.content["suite"])
        drop_cookie(visit.request, answer, STEP_COOKIE)
        return answer

    def _enter(self, visit: Visit, person_id: int, suite: str) -> Response:
        answer = go(suite)
        self._desk.sessions.open(visit.request, answer, person_id, "local")
        self._desk.events.sign_in("local", "signed_in")
        return answer

    def sign_out(self, visit: Visit) -> Response:
        id_token = self._desk.sessions.close(visit.request)
        answer: Response = go("/connexion")
        if id_token is not None and self.provider is not None:
            answer = self.provider.farewell(id_token)
        drop_cookie(visit.request, answer)
        return answer
