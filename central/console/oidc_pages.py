"""Signing in through the identity provider, and out there too.

The way there is a link, not a form: Chromium holds ``form-action`` against every redirect that
follows a form, and the policy then would have to allow whatever hosts the provider uses.
"""

from starlette.responses import HTMLResponse, RedirectResponse, Response

from central.console.desk import Desk, go, own
from central.console.oidc import Provider
from central.console.sessions import STEP_COOKIE, cookie, drop_cookie, new_token, set_cookie
from central.console.visit import Visit
from central.errors import (
    AccountClosed,
    LoginTaken,
    NoRole,
    ProviderRefused,
    ProviderUnavailable,
)
from central.store import provided, sign_in_steps
from central.store.sign_in_steps import Begun

START, BACK = "/connexion/organisme", "/connexion/organisme/retour"
_BEGUN = "provider"
_BACK_WITHIN_S = 600.0
_LONGEST = 4_000


class OidcPages:
    """See the module.

    Args:
        desk: What pages are made with.
        provider: Who vouches.
        home: Where browsers come back to after signing out.
    """

    def __init__(self, desk: Desk, provider: Provider, home: str) -> None:
        self._desk, self._provider, self._home = desk, provider, home

    @classmethod
    def of(cls, desk: Desk) -> "OidcPages | None":
        """The pages; None without a provider.

        Raises:
            ConfigInvalid: its secret or authority cannot be read.
        """
        settings, address = desk.config.oidc, desk.config.console.public_url
        if settings is None or address is None:
            return None
        return cls(desk, Provider(settings, f"{address}{BACK}"), f"{address}/connexion")

    def register(self) -> None:
        """Add the pages."""
        self._desk.page(START, self._start, roles=None)
        self._desk.page(BACK, self._back, roles=None)

    def farewell(self, id_token: str) -> Response:
        """The page that ends the provider's session as well.

        It goes on by itself, and by a header: a redirect would follow the form that signed out.
        """
        address = self._provider.farewell(id_token, self._home)
        if not address:
            return go("/connexion")
        page = self._desk.templates.get_template("signed_out.html").render(address=address)
        return HTMLResponse(page, headers={"Refresh": f"0; url={address}"})

    def _start(self, visit: Visit) -> Response:
        self._desk.limits.begin(visit.address)
        address, kept = self._provider.begin()
        token = new_token()
        content = {**kept, "suite": visit.text("suite", most=2_000)}
        begun = Begun(None, self._desk.seal.close_all(content, _BEGUN))
        sign_in_steps.begin(self._desk.engine, token, "provider", begun, _BACK_WITHIN_S)
        answer = RedirectResponse(address, status_code=303)
        set_cookie(visit.request, answer, token, _BACK_WITHIN_S, STEP_COOKIE)
        return answer

    def _back(self, visit: Visit) -> Response:
        self._desk.limits.begin(visit.address)
        answered = {
            name: visit.text(name, most=_LONGEST)
            for name in ("code", "state", "iss", "error")
            if name in visit.request.query_params
        }
        # Taken, not looked at: an answer that was used does nothing a second time.
        token = cookie(visit.request, STEP_COOKIE)
        begun = sign_in_steps.take(self._desk.engine, token, "provider")
        try:
            content = None if begun is None else self._desk.seal.open_all(begun.content, _BEGUN)
            if content is None:
                raise ProviderRefused("nothing was begun")
            proven = self._provider.finish(answered, content)
            person_id = provided.admit(self._desk.engine, self._provider.issuer, proven.who)
        except (AccountClosed, LoginTaken) as error:  # they name somebody: for their eyes alone
            self._desk.events.sign_in("oidc", error.code)
            raise
        except (NoRole, ProviderRefused, ProviderUnavailable) as error:
            self._desk.events.sign_in("oidc", error.code, why=str(error))
            raise
        answer = go(own(content["suite"]))
        self._desk.sessions.open(visit.request, answer, person_id, "oidc", proven.id_token)
        drop_cookie(visit.request, answer, STEP_COOKIE)
        self._desk.events.sign_in("oidc", "signed_in")
        return answer
