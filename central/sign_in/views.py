"""Pages of signing in and out, and of one's own account.

People sign in with a password, and a code where it is demanded, or at the identity provider.

Between password and code the browser holds a random token and nothing else: what it has proved so
far stands in the database, for five minutes. The way to the provider is a link, not a form:
browsers hold ``form-action`` against every redirect that follows a form, and the policy would have
to allow whatever hosts the provider uses.
"""

import time
from collections.abc import Mapping

from starlette.responses import HTMLResponse, RedirectResponse, Response

from central.accounts import session_store
from central.accounts import store as accounts_store
from central.accounts.rules import KEYERS, SHORTEST, Role, password_problem
from central.errors import (
    AccountClosed,
    Forbidden,
    LoginTaken,
    NoRole,
    ProviderRefused,
    ProviderUnavailable,
)
from central.sign_in import credentials
from central.sign_in import store as sign_in_store
from central.sign_in.credentials import CredentialCheck, secret_of
from central.sign_in.oidc import IdentityProvider
from central.sign_in.store import PendingSignIn
from central.web import commands
from central.web.console import Console, home_of, redirect, safe_local_path
from central.web.requests import PageRequest
from central.web.sessions import STEP_COOKIE, cookie, drop_cookie, new_token, set_cookie

_EVERYBODY = tuple(Role)
_ENROLMENT = "enrolment"
_NO_KEY = (
    "Les codes ne peuvent pas être installés : l'exploitation doit d'abord donner"
    " console.secrets_key_file."
)
_ENROL_WITHIN_S = 900.0
_FORM_BYTES = 16_384
_ACCOUNT_WRONG = "Le mot de passe actuel est incorrect."


def register_account(desk: Console) -> None:
    """Add the pages."""
    pages = _AccountPages(desk)
    desk.page("/compte", pages.account, roles=_EVERYBODY)
    desk.page("/compte/codes", pages.codes, roles=_EVERYBODY)
    desk.page("/compte/codes/image.svg", pages.picture, roles=_EVERYBODY)
    for path, act in (
        ("/compte/mot-de-passe", pages.change_password),
        ("/compte/sessions", pages.close_others),
        ("/compte/touches", pages.choose_letters),
        ("/compte/codes/debut", pages.begin_codes),
        ("/compte/codes", pages.enrol),
        ("/compte/codes/fin", pages.drop_codes),
    ):
        desk.page(path, act, roles=_EVERYBODY, method="POST", max_bytes=_FORM_BYTES)


class _AccountPages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._gate = CredentialCheck(
            desk.engine, desk.config.console, desk.limits, desk.events, desk.seal
        )

    def account(
        self, visit: PageRequest, wrong: str = "", typed: Mapping[str, str] | None = None
    ) -> Response:
        """The page; ``typed`` are letters that cannot be, as they were sent."""
        idle = self._desk.config.console.session_idle_s
        done = {"mot-de-passe": "Votre mot de passe est changé. Vos autres sessions sont fermées.",
                "sessions": "Vos autres sessions sont fermées.",
                "touches": "Vos touches sont enregistrées.",
                "codes": "Un code sera demandé à chaque connexion.",
                "sans-codes": "Le code n'est plus demandé."}  # fmt: skip
        return self._desk.show(
            visit,
            "account.html",
            400 if wrong else 200,
            wrong=wrong,
            typed=typed,
            commands=commands.COMMANDS if visit.who.has_any(KEYERS) else (),
            done=done.get(visit.text("fait"), ""),
            shortest=SHORTEST,
            is_local=visit.signed is not None and visit.signed.method == "local",
            has_totp=visit.signed is not None and visit.signed.has_totp,
            browsers=session_store.sessions_of(self._desk.engine, visit.who.id, idle, visit.token),
        )

    def change_password(self, visit: PageRequest) -> Response:
        """A new password for whoever knows the old one."""
        old, new = visit.secret("ancien"), visit.secret("nouveau")
        account = self._opened(visit, old)
        if account is None:
            return self.account(visit, _ACCOUNT_WRONG)
        if new != visit.secret("encore"):
            return self.account(visit, "Les deux saisies du nouveau mot de passe diffèrent.")
        if why := password_problem(new, account.login, old):
            return self.account(visit, why)
        kept = self._gate.passwords.hash(new)
        accounts_store.change_password(self._desk.engine, visit.who, kept, visit.token)
        self._desk.sessions.forget()
        return redirect("/compte?fait=mot-de-passe")

    def choose_letters(self, visit: PageRequest) -> Response:
        """Other letters for commands; two commands of one page never have the same."""
        letters = dict(commands.USUAL)
        if not visit.text("origine", most=1):
            letters = {name: visit.text(name, most=1).lower() for name in commands.USUAL}
        if found := commands.fault(letters):
            return self.account(visit, _told(found, letters), letters)
        accounts_store.choose_letters(self._desk.engine, visit.who, commands.chosen_of(letters))
        self._desk.sessions.forget()
        return redirect("/compte?fait=touches#letters")

    def close_others(self, visit: PageRequest) -> Response:
        session_store.close_others(self._desk.engine, visit.who, visit.token)
        self._desk.sessions.forget()
        return redirect("/compte?fait=sessions")

    def codes(self, visit: PageRequest, wrong: str = "") -> Response:
        """Setting up one-time codes: begin, then scan and prove."""
        signed = visit.signed
        if signed is None or signed.method != "local":
            raise Forbidden("codes of somebody that the provider vouches for")
        secret = self._begun(visit)
        return self._desk.show(
            visit,
            "codes.html",
            400 if wrong else 200,
            wrong=wrong,
            has_totp=signed.has_totp,
            demanded=not visit.who.roles.isdisjoint(self._desk.config.console.totp_roles),
            secret=credentials.grouped_secret(secret) if secret else "",
        )

    def begin_codes(self, visit: PageRequest) -> Response:
        """Whoever finds a browser open must not be able to put their own telephone there."""
        if self._opened(visit, visit.secret("ancien")) is None:
            return self.codes(visit, _ACCOUNT_WRONG)
        if not self._desk.seal:
            return self.codes(visit, _NO_KEY)
        kept = self._desk.seal.close_all({"secret": credentials.new_secret()}, _ENROLMENT)
        begun = PendingSignIn(visit.who.id, kept)
        sign_in_store.save_pending(
            self._desk.engine, _key(visit), "enrolment", begun, _ENROL_WITHIN_S
        )
        return redirect("/compte/codes")

    def picture(self, visit: PageRequest) -> Response:
        secret = self._begun(visit)
        if not secret:
            raise Forbidden("nothing was begun")
        return Response(credentials.qr_code(secret, visit.who.login), media_type="image/svg+xml")

    def enrol(self, visit: PageRequest) -> Response:
        secret = self._begun(visit)
        if not secret:
            return redirect("/compte/codes")
        self._desk.limits.sign_in(visit.address, visit.who.login)
        step = credentials.step_of(secret, visit.secret("code", most=20), time.time())
        if step is None:
            return self.codes(visit, "Ce code n'est pas celui que l'application doit montrer.")
        if sign_in_store.pop_pending(self._desk.engine, _key(visit), "enrolment") is not None:
            kept = self._desk.seal.close(secret, secret_of(visit.who.id))
            accounts_store.enable_totp(self._desk.engine, visit.who, kept, step)
            self._desk.sessions.forget()
        return redirect("/compte?fait=codes")

    def drop_codes(self, visit: PageRequest) -> Response:
        if not visit.who.roles.isdisjoint(self._desk.config.console.totp_roles):
            raise Forbidden("the role demands codes")
        if self._opened(visit, visit.secret("ancien")) is None:
            return self.codes(visit, _ACCOUNT_WRONG)
        accounts_store.drop_totp(self._desk.engine, visit.who.actor, visit.who.id)
        self._desk.sessions.forget()
        return redirect("/compte?fait=sans-codes")

    def _opened(self, visit: PageRequest, password: str) -> accounts_store.Account | None:
        """The account, if this is its password; a wrong one counts as at the sign-in."""
        if visit.signed is None or visit.signed.method != "local":
            raise Forbidden("the provider keeps this password")
        return self._gate.password(visit.who.login, password, visit.address)

    def _begun(self, visit: PageRequest) -> str:
        begun = sign_in_store.peek_pending(self._desk.engine, _key(visit), "enrolment")
        if begun is None or begun.person_id != visit.who.id:
            return ""
        content = self._desk.seal.open_all(begun.content, _ENROLMENT)
        return str(content["secret"]) if content else ""


def _told(found: commands.Fault, letters: Mapping[str, str]) -> str:
    first, second = found.first, found.second
    if second is None:
        return f"« {first.title} » : une lettre de A à Z."
    page = next(page for page in first.pages if page in second.pages)
    letter = letters[first.name].upper()
    return f"« {first.title} » et « {second.title} » ont la même lettre, {letter}, dans {page}."


def _key(visit: PageRequest) -> str:
    return f"enrolment {visit.token}"


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

    def __init__(self, desk: Console, provider: IdentityProvider, home: str) -> None:
        self._desk, self._provider, self._home = desk, provider, home

    @classmethod
    def of(cls, desk: Console) -> "OidcPages | None":
        """The pages; None without a provider.

        Raises:
            ConfigInvalid: its secret or authority cannot be read.
        """
        settings, address = desk.config.oidc, desk.config.console.public_url
        if settings is None or address is None:
            return None
        return cls(desk, IdentityProvider(settings, f"{address}{BACK}"), f"{address}/connexion")

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
            return redirect("/connexion")
        page = self._desk.templates.get_template("signed_out.html").render(address=address)
        return HTMLResponse(page, headers={"Refresh": f"0; url={address}"})

    def _start(self, visit: PageRequest) -> Response:
        self._desk.limits.begin(visit.address)
        address, kept = self._provider.begin()
        token = new_token()
        content = {**kept, "suite": visit.text("suite", most=2_000)}
        begun = PendingSignIn(None, self._desk.seal.close_all(content, _BEGUN))
        sign_in_store.save_pending(self._desk.engine, token, "provider", begun, _BACK_WITHIN_S)
        answer = RedirectResponse(address, status_code=303)
        set_cookie(visit.request, answer, token, _BACK_WITHIN_S, STEP_COOKIE)
        return answer

    def _back(self, visit: PageRequest) -> Response:
        self._desk.limits.begin(visit.address)
        answered = {
            name: visit.text(name, most=_LONGEST)
            for name in ("code", "state", "iss", "error")
            if name in visit.request.query_params
        }
        # Taken, not looked at: an answer that was used does nothing a second time.
        token = cookie(visit.request, STEP_COOKIE)
        begun = sign_in_store.pop_pending(self._desk.engine, token, "provider")
        try:
            content = None if begun is None else self._desk.seal.open_all(begun.content, _BEGUN)
            if content is None:
                raise ProviderRefused("nothing was begun")
            proven = self._provider.finish(answered, content)
            person_id = sign_in_store.provision_account(
                self._desk.engine, self._provider.issuer, proven.who
            )
        except (AccountClosed, LoginTaken) as error:  # they name somebody: for their eyes alone
            self._desk.events.sign_in("oidc", error.code)
            raise
        except (NoRole, ProviderRefused, ProviderUnavailable) as error:
            self._desk.events.sign_in("oidc", error.code, why=str(error))
            raise
        answer = redirect(safe_local_path(content["suite"]))
        self._desk.sessions.open(visit.request, answer, person_id, "oidc", proven.id_token)
        drop_cookie(visit.request, answer, STEP_COOKIE)
        self._desk.events.sign_in("oidc", "signed_in")
        return answer


_SIGN_IN_WRONG = (
    "Identifiant ou mot de passe incorrect. Après plusieurs échecs, le compte est suspendu"
    " quelques minutes."
)
_WRONG_CODE = "Code incorrect ou déjà utilisé. Attendez le suivant."
_CODE_WITHIN_S = 300.0


def register_sign_in(desk: Console) -> None:
    """Add the pages."""
    gate = CredentialCheck(desk.engine, desk.config.console, desk.limits, desk.events, desk.seal)
    pages = _SignInPages(desk, gate)
    desk.page("/", pages.home, roles=_EVERYBODY)
    desk.page("/connexion", pages.form, roles=None)
    desk.page("/connexion", pages.sign_in, roles=None, method="POST", max_bytes=_FORM_BYTES)
    desk.page("/connexion/code", pages.code_form, roles=None)
    desk.page("/connexion/code", pages.code, roles=None, method="POST", max_bytes=_FORM_BYTES)
    desk.page("/deconnexion", pages.sign_out, roles=_EVERYBODY, method="POST", max_bytes=4_096)
    if pages.provider is not None:
        pages.provider.register()


class _SignInPages:
    def __init__(self, desk: Console, gate: CredentialCheck) -> None:
        self._desk, self._gate = desk, gate
        self.provider = OidcPages.of(desk)

    def home(self, visit: PageRequest) -> Response:
        return redirect(home_of(visit.who, self._desk.navigation))

    def form(self, visit: PageRequest) -> Response:
        return self._form(visit)

    def _form(self, visit: PageRequest, wrong: str = "") -> Response:
        oidc = self._desk.config.oidc
        return self._desk.show(
            visit,
            "sign_in.html",
            401 if wrong else 200,
            suite=visit.text("suite", most=2_000),
            wrong=wrong,
            button=oidc.button if oidc is not None else "",
        )

    def sign_in(self, visit: PageRequest) -> Response:
        login, password = visit.text("login", most=100), visit.secret("password")
        account = self._gate.password(login, password, visit.address)
        if account is None:
            return self._form(visit, _SIGN_IN_WRONG)
        suite = safe_local_path(visit.text("suite", most=2_000))
        if account.totp_secret is None:
            return self._enter(visit, account.id, suite)
        token = new_token()
        begun = PendingSignIn(account.id, {"suite": suite})
        sign_in_store.save_pending(self._desk.engine, token, "code", begun, _CODE_WITHIN_S)
        answer = redirect("/connexion/code")
        set_cookie(visit.request, answer, token, _CODE_WITHIN_S, STEP_COOKIE)
        return answer

    def code_form(self, visit: PageRequest) -> Response:
        token = cookie(visit.request, STEP_COOKIE)
        if not token or sign_in_store.peek_pending(self._desk.engine, token, "code") is None:
            return redirect("/connexion")
        return self._desk.show(visit, "sign_in_code.html", wrong="")

    def code(self, visit: PageRequest) -> Response:
        code = visit.secret("code", most=20)
        token = cookie(visit.request, STEP_COOKIE)
        begun = sign_in_store.peek_pending(self._desk.engine, token, "code")
        account = begun and accounts_store.by_id(self._desk.engine, begun.person_id or 0)
        if not account:
            return redirect("/connexion")
        if not self._gate.code(account, code, visit.address):
            return self._desk.show(visit, "sign_in_code.html", 401, wrong=_WRONG_CODE)
        done = sign_in_store.pop_pending(self._desk.engine, token, "code")
        if done is None:
            return redirect("/connexion")
        answer = self._enter(visit, account.id, done.content["suite"])
        drop_cookie(visit.request, answer, STEP_COOKIE)
        return answer

    def _enter(self, visit: PageRequest, person_id: int, suite: str) -> Response:
        answer = redirect(suite)
        self._desk.sessions.open(visit.request, answer, person_id, "local")
        self._desk.events.sign_in("local", "signed_in")
        return answer

    def sign_out(self, visit: PageRequest) -> Response:
        id_token = self._desk.sessions.close(visit.request)
        answer: Response = redirect("/connexion")
        if id_token is not None and self.provider is not None:
            answer = self.provider.farewell(id_token)
        drop_cookie(visit.request, answer)
        return answer
