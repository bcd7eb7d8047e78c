"""People who may sign in at a demo's or a test's centre."""

from dataclasses import dataclass

import httpx
import sqlalchemy as sa

from central.accounts import store as accounts_store
from central.accounts.store import NewAccount
from central.sign_in.credentials import Passwords
from tests.support.console import enter


@dataclass(frozen=True, slots=True)
class Account:
    """One person; ``roles`` as the command line knows them."""

    login: str
    name: str
    roles: tuple[str, ...]
    password: str
    team: str = ""
    site: str = ""


READY = (
    Account("numeriseur", "Inès Morel", ("scanner",), "demo-numeriseur", site="la-rochelle"),
    Account("videocodeur", "Karim Benali", ("keyer",), "demo-videocodeur", "équipe A"),
    Account("videocodeuse", "Léa Martin", ("keyer",), "demo-videocodeuse", "équipe B"),
    Account("encadrante", "Sophie Girard", ("supervisor",), "demo-encadrante"),
    Account("exploitant", "Paul Roche", ("operations",), "demo-exploitant"),
    Account("exploitante", "Nadia Lefort", ("operations",), "demo-exploitante"),
    Account("auditrice", "Claire Dubois", ("auditor",), "demo-auditrice"),
    Account("administrateur", "Hugo Petit", ("admin",), "demo-administrateur"),
)
"""One for each role, two where two people are needed."""


def add(engine: sa.Engine, wanted: tuple[Account, ...] = READY) -> None:
    """Make accounts; `vaguemestre-central person` does the same on the machine itself."""
    passwords = Passwords()
    for one in wanted:
        made = NewAccount(
            login=one.login,
            name=one.name,
            roles=one.roles,
            password_hash=passwords.hash(one.password),
            sites=(one.site or "*",),
            poles=("*",),
            team=one.team,
        )
        accounts_store.add_account(engine, "person:demo", made)


def signed_in(address: str, role: str) -> httpx.Client:
    """A client that is signed in as the first ready account of a role."""
    one = next(account for account in READY if role in account.roles)
    client = httpx.Client(base_url=address, timeout=20)
    enter(client, one.login, one.password)
    return client
