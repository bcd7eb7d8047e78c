"""A console whose people come from an identity provider, both on loopback."""

import contextlib
import socket
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa

from central.config import CentralConfig, Oidc
from tests.support import oidc_provider
from tests.support.console import settings
from tests.support.oidc_provider import CLIENT, SECRET, Wanted, sign_in_there

OPERATIONS = {"preferred_username": "Anne.Ops", "name": "Anne Ops", "roles": ["vm-ops"]}
KEYER = {
    "preferred_username": "paul",
    "name": "Paul Saisie",
    "roles": ["vm-keyer", "something-else"],
    "sites": ["gien"],
    "poles": ["FSP", "IJ"],
    "team": "équipe A",
}
PEOPLE: dict[str, dict[str, Any]] = {
    "anne": {**OPERATIONS, "sites": ["*"], "poles": "*"},
    "paul": KEYER,
    "nobody": {"preferred_username": "nobody", "name": "N", "roles": ["else"], "sites": ["*"],
               "poles": ["*"]},
    "nowhere": {**OPERATIONS, "preferred_username": "nowhere"},
    "odd": {**OPERATIONS, "preferred_username": "Prénom Nom", "sites": ["*"], "poles": ["*"]},
    "taken": {**OPERATIONS, "preferred_username": "locale", "sites": ["*"], "poles": ["*"]},
}  # fmt: skip
START = "/connexion/organisme?suite=%2Fcompte"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def config(folder: Path, port: int, issuer: str, **more: Any) -> CentralConfig:
    (folder / "client").write_text(f"{SECRET}\n")
    plain = settings(folder)
    address = f"http://127.0.0.1:{port}"
    listening = {"listen": f"127.0.0.1:{port}", "public_url": address}
    told = {
        "issuer": issuer,
        "client_id": CLIENT,
        "client_secret_file": folder / "client",
        "roles": {"vm-ops": "operations", "vm-keyer": "keyer"},
        "sites_claim": "sites",
        "poles_claim": "poles",
        "team_claim": "team",
        **more,
    }
    return plain.model_copy(
        update={
            "console": plain.console.model_copy(update=listening),
            "oidc": Oidc.model_validate(told),
        }
    )


class Line:
    """A console and its provider, which may be started anew otherwise."""

    def __init__(self, folder: Path, engine: sa.Engine) -> None:
        self.folder, self.engine = folder, engine
        self.port, self.provider_port = _free_port(), _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.issuer = f"http://127.0.0.1:{self.provider_port}"
        self.browser = httpx.Client(base_url=self.address, timeout=20)

    def provider(
        self, people: dict[str, dict[str, Any]] | None = None, **more: Any
    ) -> contextlib.AbstractContextManager[str]:
        return oidc_provider.provider(
            Wanted(self.address, people or PEOPLE, port=self.provider_port, **more)
        )

    def forget(self) -> None:
        """Another browser."""
        self.browser.cookies.clear()

    def back(self, subject: str, start: str = START) -> httpx.URL:
        return sign_in_there(self.browser, self.address + start, subject)

    def enter(self, subject: str) -> httpx.Response:
        return self.browser.get(self.back(subject))
