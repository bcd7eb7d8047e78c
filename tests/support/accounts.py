"""People who may sign in at a demo's or a test's centre, made through the command line."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx

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


def add(config: Path, accounts: tuple[Account, ...] = READY) -> None:
    """Make accounts, as an administrator would on the machine itself."""
    for one in accounts:
        words = ["person", one.login, "--config", str(config), "--name", one.name]
        for role in one.roles:
            words += ["--role", role]
        words += ["--site", one.site] if one.site else []
        words += ["--team", one.team] if one.team else []
        subprocess.run(
            [sys.executable, "-m", "central", *words],
            input=f"{one.password}\n",
            text=True,
            check=True,
            capture_output=True,
            timeout=60,
        )


def signed_in(address: str, role: str) -> httpx.Client:
    """A client that is signed in as the first ready account of a role."""
    one = next(account for account in READY if role in account.roles)
    client = httpx.Client(base_url=address, timeout=20)
    enter(client, one.login, one.password)
    return client
