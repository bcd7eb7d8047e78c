"""npm's ``oidc-provider``, a certified OpenID Connect provider, run by node on loopback.

Installed once into ``build/`` from a lock file that knows its packages by digest. Without node or
npm the tests skip with a line; where ``CI`` is set they fail.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

_HERE = Path(__file__).parent / "oidc"
_BUILD = Path(__file__).parents[2] / "build"
_FILES = ("package.json", "package-lock.json", "provider.mjs")
_STARTS_WITHIN_S = 60
CLIENT, SECRET = "vaguemestre", "secret-of-the-client"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the provider is to be; ``accounts`` are claims by subject."""

    address: str  # of the console
    accounts: Mapping[str, Mapping[str, Any]]
    port: int = 0
    shift_s: int = 0
    claims_in_id_token: bool = False


def installed() -> Path:
    """The folder that the provider runs in; made at the first call."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            missing = f"{program} is not installed: no real identity provider to test against"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    version = json.loads((_HERE / "package.json").read_text("utf-8"))["dependencies"][
        "oidc-provider"
    ]
    home = _BUILD / f"oidc-provider-{version}"
    if not home.exists():
        _BUILD.mkdir(exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=_BUILD))
        for name in _FILES:
            shutil.copy(_HERE / name, draft / name)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=draft, check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        try:
            draft.rename(home)
        except OSError:  # another test process was first
            shutil.rmtree(draft)
    shutil.copy(_HERE / "provider.mjs", home / "provider.mjs")
    return home


@contextlib.contextmanager
def provider(wanted: Wanted) -> Iterator[str]:
    """Run it; gives the issuer."""
    told = {
        "port": wanted.port,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uri": f"{wanted.address}/connexion/organisme/retour",
        "home": f"{wanted.address}/connexion",
        "accounts": wanted.accounts,
        "shift_s": wanted.shift_s,
        "claims_in_id_token": wanted.claims_in_id_token,
    }
    with subprocess.Popen(
        ["node", "provider.mjs", json.dumps(told)],
        cwd=installed(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        # node was once seen to stand still as it started: then it is ended, and nothing comes.
        overdue = threading.Timer(_STARTS_WITHIN_S, process.kill)
        overdue.start()
        try:
            line = process.stdout.readline().split()  # the only word before it serves
            while line and line[0] != "ready":
                line = process.stdout.readline().split()
            overdue.cancel()
            assert line, "the provider ended by itself, or never said that it serves"
            yield line[1]
        finally:
            overdue.cancel()
            process.kill()


def sign_in_there(browser: httpx.Client, start: httpx.URL | str, subject: str) -> httpx.URL:
    """Go through the provider's pages; gives the address that it sends the browser back to."""
    answer = browser.get(start)
    for _ in range(12):
        if answer.is_redirect:
            target = httpx.URL(urljoin(str(answer.url), answer.headers["location"]))
            if target.path == "/connexion/organisme/retour":
                return target
            answer = browser.get(target)
        else:
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            assert answer.status_code == 200, answer.text
            assert action is not None, answer.text
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
            answer = browser.post(
                urljoin(str(answer.url), unescape(action[1])),
                data={**fields, "login": subject, "password": "any"},
            )
    raise AssertionError("the provider never sent the browser back")
