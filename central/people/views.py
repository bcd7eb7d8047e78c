"""Accounts and rights, for administrators; no mail is shown here.

Nobody changes their own rights: who gave themselves the right to read mail would be the only one
to know of it. An account of the identity provider has its rights from there.
"""

import secrets
from collections.abc import Collection, Mapping
from typing import Any

from starlette.responses import Response

from central.accounts import store as accounts_store
from central.accounts.rules import ALL, Role, is_login
from central.accounts.store import NewAccount
from central.db import audit
from central.db.audit import AuditFilter
from central.errors import InputInvalid, LastAdmin, NotFound
from central.people import store as people_store
from central.people.store import AccountFilter
from central.sign_in.credentials import Passwords
from central.web import labels
from central.web.console import Console, redirect, select_options
from central.web.requests import PageRequest

_ADMIN = (Role.ADMIN,)
_PAGE, _RECENT = 50, 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike on paper."""
_GROUPS, _IN_A_GROUP = 4, 4
_STATES = {"actifs": True, "fermes": False}
_DONE = {
    "droits": "Les droits sont enregistrés ; ils valent dès maintenant.",
    "egal": "Rien n'a changé.",
    "ferme": "Le compte est fermé, ses sessions aussi.",
    "ouvert": "Le compte est rouvert.",
    "libre": "Le compte n'est plus suspendu.",
    "sans-code": "Le code est retiré. Si le rôle en demande un, il est à installer de nouveau.",
    "sessions": "Toutes ses sessions sont fermées.",
}


def register(desk: Console) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/personnes", pages.listed, roles=_ADMIN, of_all=True)
    desk.page("/personnes", pages.add, roles=_ADMIN, method="POST", of_all=True)
    desk.page("/personnes/nouveau", pages.new, roles=_ADMIN, of_all=True)
    desk.page("/personnes/{id}", pages.one, roles=_ADMIN, of_all=True)
    desk.page("/personnes/{id}", pages.change, roles=_ADMIN, method="POST", of_all=True)
    desk.page("/personnes/{id}/mot-de-passe", pages.reset, roles=_ADMIN, method="POST", of_all=True)
    for act in ("fermer", "rouvrir", "debloquer", "code", "sessions"):
        desk.page(f"/personnes/{{id}}/{act}", pages.act, roles=_ADMIN, method="POST", of_all=True)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine
        self._passwords = Passwords()

    def listed(self, visit: PageRequest) -> Response:
        role, state = visit.text("role"), visit.text("etat")
        sought = AccountFilter(visit.text("q", most=100), role, _STATES.get(state))
        rows = people_store.list_accounts(self._engine, sought, visit.text("apres"), _PAGE + 1)
        return self._desk.show(
            visit,
            "people.html",
            rows=rows[:_PAGE],
            after=rows[_PAGE - 1]["login"] if len(rows) > _PAGE else "",
            q=sought.text,
            role=role,
            state=state,
        )

    def new(self, visit: PageRequest) -> Response:
        return self._desk.show(visit, "person_new.html", **self._choices({}))

    def add(self, visit: PageRequest) -> Response:
        """A new local account; its first password is shown once."""
        login = visit.text("login", most=100, needed=True).lower()
        if not is_login(login):
            raise InputInvalid("identifiant : lettres sans accent, chiffres et . _ @ + -")
        rights = self._rights(visit, {})
        if not rights["roles"]:
            raise InputInvalid("rôle")
        password = _password()
        person_id = accounts_store.add_account(
            self._engine,
            visit.who.actor,
            NewAccount(
                login=login,
                password_hash=self._passwords.hash(password),
                must_change_password=True,
                **rights,
            ),
        )
        return self._shown(visit, person_id, password=password)

    def one(self, visit: PageRequest) -> Response:
        return self._shown(visit, _id(visit))

    def _shown(self, visit: PageRequest, person_id: int, password: str = "") -> Response:
        row = people_store.get_account(self._engine, person_id)
        recent = audit.list_lines(self._engine, AuditFilter(subject=row["login"]), None, _RECENT)
        return self._desk.show(
            visit,
            "person.html",
            row=row,
            recent=recent,
            password=password,
            is_self=person_id == visit.who.id,
            is_provided=row["oidc_issuer"] is not None,
            done=_DONE.get(visit.text("fait"), ""),
            **self._choices(row),
        )

    def change(self, visit: PageRequest) -> Response:
        """Rights, limits, skills, team and name."""
        person_id = _id(visit)
        row = people_store.get_account(self._engine, person_id)
        rights = self._rights(visit, row)
        if (
            row["oidc_issuer"] is not None
        ):  # the provider's word would undo them at the next sign-in
            rights = {"skills": rights["skills"]}
        elif person_id == visit.who.id and any(
            rights[name] != row[name] for name in ("roles", "sites", "poles")
        ):
            raise LastAdmin
        changed = people_store.update_account(self._engine, visit.who.actor, person_id, **rights)
        return self._done(person_id, "droits" if changed else "egal")

    def act(self, visit: PageRequest) -> Response:
        """Close, open, unlock, take the codes away, sign out."""
        person_id, actor = _id(visit), visit.who.actor
        act = visit.request.url.path.rpartition("/")[2]
        if act == "fermer":
            if person_id == visit.who.id:
                raise LastAdmin
            people_store.open_or_close(self._engine, actor, person_id, active=False)
            return self._done(person_id, "ferme")
        if act == "rouvrir":
            people_store.open_or_close(self._engine, actor, person_id, active=True)
            return self._done(person_id, "ouvert")
        if act == "debloquer":
            people_store.unlock_account(self._engine, actor, person_id)
            return self._done(person_id, "libre")
        if act == "code":
            accounts_store.drop_totp(self._engine, actor, person_id)
            return self._done(person_id, "sans-code")
        people_store.sign_out(self._engine, actor, person_id)
        return self._done(person_id, "sessions")

    def reset(self, visit: PageRequest) -> Response:
        """Another password for once; it is in this answer and nowhere else."""
        person_id = _id(visit)
        row = people_store.get_account(self._engine, person_id)
        password = _password()
        kept = self._passwords.hash(password)
        accounts_store.reset_password(
            self._engine, visit.who.actor, row["login"], kept, and_totp=False
        )
        self._desk.sessions.forget()
        if person_id == visit.who.id:  # their own session has ended with the others
            return self._desk.show(visit, "person_password.html", password=password)
        return self._shown(visit, person_id, password=password)

    def _done(self, person_id: int, what: str) -> Response:
        self._desk.sessions.forget()
        return redirect(f"/personnes/{person_id}?fait={what}")

    def _choices(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What can be ticked: what the centre knows, and what the account has already."""
        types = self._desk.plan().types.values()
        titles = {
            entry.code: labels.reason(entry.code) if entry.title == entry.code else entry.title
            for entry in types
        }
        return {
            "roles": [role.value for role in Role],
            "sites": _with(people_store.known_sites(self._engine), row.get("sites", ())),
            "poles": _with({entry.pole for entry in types if entry.pole}, row.get("poles", ())),
            "skills": select_options({code: titles.get(code, code) for code in
                               _with(titles, row.get("skills", ()))}),
        }  # fmt: skip

    def _rights(self, visit: PageRequest, row: Mapping[str, Any]) -> dict[str, Any]:
        choices = self._choices(row)
        limits = {
            name: _ticked(visit, kind, [ALL, *choices[name]])
            for kind, name in (("site", "sites"), ("pole", "poles"))
        }
        if not all(limits.values()):
            raise InputInvalid("sites et pôles : cochez « tous », ou ceux voulus")
        known_skills = [code for code, _ in choices["skills"]]
        return {
            "name": visit.text("name", most=100, needed=True),
            "team": visit.text("team", most=100),
            "roles": _ticked(visit, "role", choices["roles"]),
            **{name: [ALL] if ALL in ticked else ticked for name, ticked in limits.items()},
            "skills": _ticked(visit, "skill", known_skills),
        }


def _ticked(visit: PageRequest, kind: str, known: Collection[str]) -> list[str]:
    """The boxes ``kind:value`` that came ticked.

    Raises:
        InputInvalid: one that was not on the page.
    """
    begin = f"{kind}:"
    ticked = {name.removeprefix(begin) for name in visit.content if name.startswith(begin)}
    if not ticked <= set(known):
        raise InputInvalid(kind)
    return sorted(ticked)


def _with(known: Collection[str], more: Collection[str]) -> list[str]:
    return sorted({*known, *more} - {ALL})


def _id(visit: PageRequest) -> int:
    """The account's id in the address.

    Raises:
        NotFound: it is none.
    """
    text = str(visit.request.path_params["id"])
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotFound(text[:20])
    return int(text)


def _password() -> str:
    """One for reading out: 79 bits of chance."""
    return "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_IN_A_GROUP)) for _ in range(_GROUPS)
    )
