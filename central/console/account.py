"""Somebody's own account: password, one-time codes, where they are signed in."""

import time
from collections.abc import Mapping

from starlette.responses import Response

from central.console import second_factor
from central.console.desk import Desk, go
from central.console.gate import Gate, secret_of
from central.console.visit import Visit
from central.console.work import KEYERS
from central.domain import commands
from central.domain.access import Role
from central.domain.password_rule import SHORTEST, fault
from central.errors import Forbidden
from central.store import accounts, people, sign_in_steps
from central.store.sign_in_steps import Begun

_EVERYBODY = tuple(Role)
_ENROLMENT = "enrolment"
_NO_KEY = (
    "Les codes ne peuvent pas être installés : l'exploitation doit d'abord donner"
    " console.secrets_key_file."
)
_ENROL_WITHIN_S = 900.0
_FORM_BYTES = 16_384
_WRONG = "Le mot de passe actuel est incorrect."


def register(desk: Desk) -> None:
    """Add the pages."""
    pages = _Pages(desk)
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


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._gate = Gate(desk.engine, desk.config.console, desk.limits, desk.events, desk.seal)

    def account(
        self, visit: Visit, wrong: str = "", typed: Mapping[str, str] | None = None
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
            browsers=people.sessions_of(self._desk.engine, visit.who.id, idle, visit.token),
        )

    def change_password(self, visit: Visit) -> Response:
        """A new password for whoever knows the old one."""
        old, new = visit.secret("ancien"), visit.secret("nouveau")
        account = self._opened(visit, old)
        if account is None:
            return self.account(visit, _WRONG)
        if new != visit.secret("encore"):
            return self.account(visit, "Les deux saisies du nouveau mot de passe diffèrent.")
        if why := fault(new, account.login, old):
            return self.account(visit, why)
        kept = self._gate.passwords.hash(new)
        accounts.change_password(self._desk.engine, visit.who, kept, visit.token)
        self._desk.sessions.forget()
        return go("/compte?fait=mot-de-passe")

    def choose_letters(self, visit: Visit) -> Response:
        """Other letters for commands; two commands of one page never have the same."""
        letters = dict(commands.USUAL)
        if not visit.text("origine", most=1):
            letters = {name: visit.text(name, most=1).lower() for name in commands.USUAL}
        if found := commands.fault(letters):
            return self.account(visit, _told(found, letters), letters)
        accounts.choose_letters(self._desk.engine, visit.who, commands.chosen_of(letters))
        self._desk.sessions.forget()
        return go("/compte?fait=touches#letters")

    def close_others(self, visit: Visit) -> Response:
        people.close_others(self._desk.engine, visit.who, visit.token)
        self._desk.sessions.forget()
        return go("/compte?fait=sessions")

    def codes(self, visit: Visit, wrong: str = "") -> Response:
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
            secret=second_factor.grouped(secret) if secret else "",
        )

    def begin_codes(self, visit: Visit) -> Response:
        """Whoever finds a browser open must not be able to put their own telephone there."""
        if self._opened(visit, visit.secret("ancien")) is None:
            return self.codes(visit, _WRONG)
        if not self._desk.seal:
            return self.codes(visit, _NO_KEY)
        kept = self._desk.seal.close_all({"secret": second_factor.new_secret()}, _ENROLMENT)
        begun = Begun(visit.who.id, kept)
        sign_in_steps.begin(self._desk.engine, _key(visit), "enrolment", begun, _ENROL_WITHIN_S)
        return go("/compte/codes")

    def picture(self, visit: Visit) -> Response:
        secret = self._begun(visit)
        if not secret:
            raise Forbidden("nothing was begun")
        return Response(second_factor.picture(secret, visit.who.login), media_type="image/svg+xml")

    def enrol(self, visit: Visit) -> Response:
        secret = self._begun(visit)
        if not secret:
            return go("/compte/codes")
        self._desk.limits.sign_in(visit.address, visit.who.login)
        step = second_factor.step_of(secret, visit.secret("code", most=20), time.time())
        if step is None:
            return self.codes(visit, "Ce code n'est pas celui que l'application doit montrer.")
        if sign_in_steps.take(self._desk.engine, _key(visit), "enrolment") is not None:
            kept = self._desk.seal.close(secret, secret_of(visit.who.id))
            accounts.enrol(self._desk.engine, visit.who, kept, step)
            self._desk.sessions.forget()
        return go("/compte?fait=codes")

    def drop_codes(self, visit: Visit) -> Response:
        if not visit.who.roles.isdisjoint(self._desk.config.console.totp_roles):
            raise Forbidden("the role demands codes")
        if self._opened(visit, visit.secret("ancien")) is None:
            return self.codes(visit, _WRONG)
        accounts.drop_totp(self._desk.engine, visit.who.actor, visit.who.id)
        self._desk.sessions.forget()
        return go("/compte?fait=sans-codes")

    def _opened(self, visit: Visit, password: str) -> accounts.Account | None:
        """The account, if this is its password; a wrong one counts as at the sign-in."""
        if visit.signed is None or visit.signed.method != "local":
            raise Forbidden("the provider keeps this password")
        return self._gate.password(visit.who.login, password, visit.address)

    def _begun(self, visit: Visit) -> str:
        begun = sign_in_steps.look(self._desk.engine, _key(visit), "enrolment")
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


def _key(visit: Visit) -> str:
    return f"enrolment {visit.token}"
