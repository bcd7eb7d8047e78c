"""The console on a port of its own, and people who are signed in at it."""

import base64
import contextlib
import queue
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import sqlalchemy as sa

from central import blobs, webapp
from central.accounts import store as accounts_store
from central.accounts.rules import Role
from central.accounts.store import NewAccount
from central.config import Blobs, CentralConfig, Console, Database, Destination, Intake
from central.sign_in.credentials import Passwords
from central.telemetry import Telemetry

PASSWORD = "un mot de passe de test"
SECRET = b"a secret between us"


def settings(folder: Path, *poles: str) -> CentralConfig:
    """Settings of a console alone, with HTTP destinations that share a secret."""
    (folder / "secret").write_bytes(SECRET + b"\n")
    key = folder / "key"
    key.write_bytes(base64.b64encode(bytes(32)))
    key.chmod(0o600)
    nowhere = folder / "unused"
    return CentralConfig(
        database=Database(url="postgresql:///unused"),
        blobs=Blobs(url=f"file://{folder}/images"),
        console=Console(
            listen="127.0.0.1:0", refresh_every_s=0.01, take_back_s=0, secrets_key_file=key
        ),
        intake=Intake(
            listen="127.0.0.1:0", ca_file=nowhere, certificate_file=nowhere, key_file=nowhere
        ),
        destinations=tuple(
            Destination(
                name=name, kind="http", url="http://127.0.0.1:9/", secret_file=folder / "secret"
            )
            for name in poles
        ),
    )


@contextlib.contextmanager
def serving(
    config: CentralConfig, engine: sa.Engine, events: Telemetry | None = None
) -> Iterator[httpx.Client]:
    """Serve the console's pages; the client is nobody yet."""
    stop = threading.Event()
    ready: queue.SimpleQueue[str] = queue.SimpleQueue()
    images = blobs.open_store(config.blobs)
    serving_thread = threading.Thread(
        target=webapp.run,
        args=(config, engine, images, events or Telemetry("test"), stop, ready.put),
    )
    serving_thread.start()
    try:
        with httpx.Client(base_url=ready.get(timeout=120), timeout=20) as client:
            yield client
    finally:
        stop.set()
        serving_thread.join()


def add_person(engine: sa.Engine, login: str, *roles: Role, **limits: object) -> int:
    """Make an account with ``PASSWORD``; returns its id."""
    kept = Passwords().hash(PASSWORD)
    limits = {"sites": ("*",), "poles": ("*",)} | limits
    made = NewAccount(login=login, name=login.title(), roles=roles, password_hash=kept, **limits)  # type: ignore[arg-type]
    return accounts_store.add_account(engine, "person:test", made)


def sign_in(client: httpx.Client, engine: sa.Engine, login: str, *roles: Role) -> None:
    """Make an account and sign the client in; it then carries the token of its forms."""
    add_person(engine, login, *roles)
    enter(client, login, PASSWORD)


def enter(client: httpx.Client, login: str, password: str) -> None:
    """Sign the client in with an account that exists."""
    answer = client.post("/connexion", data={"login": login, "password": password})
    assert answer.status_code == 303, answer.text
    page = client.get("/compte", follow_redirects=True).text
    found = re.search(r'data-csrf="([^"]+)"', page)
    assert found is not None
    client.headers["x-csrf"] = found[1]
