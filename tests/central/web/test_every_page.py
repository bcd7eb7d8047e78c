"""Every page and every link of the console, opened by each role on a database of every state."""

import datetime as dt
import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urldefrag, urlencode, urljoin, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from central import blobs
from central.accounts import session_store
from central.accounts.rules import Role
from central.config import CentralConfig
from central.telemetry import Telemetry
from central.web.sessions import COOKIE
from tests.support import every_state
from tests.support.console import serving, settings
from tests.support.every_state import EveryState
from tests.support.pages import get_routes

_MOST_OF_ONE_KIND = 22
"""Addresses of one path and the same names of parameters: a list that goes on has an end here."""
_LINK = re.compile(r'(?:href|src|data-[a-z-]+)="(/[^"]*)"')
_FORM = re.compile(r'<form method="get"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', re.DOTALL)
_SELECT = re.compile(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)
_OPTION = re.compile(r'<option(?: value="([^"]*)")?[^>]*>([^<]*)')


@pytest.fixture
def filled(engine: sa.Engine, tmp_path: Path) -> EveryState:
    filled = EveryState(engine, tmp_path / "images", dt.datetime.now(dt.UTC))
    filled.fill()
    return filled


@pytest.fixture
def config(tmp_path: Path) -> CentralConfig:
    made = settings(tmp_path, *every_state.POLES)
    console = made.console.model_copy(update={"requests_per_minute": 1_000_000})
    return made.model_copy(update={"console": console})


@pytest.fixture
def console(config: CentralConfig, engine: sa.Engine, filled: EveryState) -> Iterator[httpx.Client]:
    with serving(config, engine) as client:
        yield client


class _Crawl:
    """Opens addresses until there is none that was not opened."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._ahead = list[str]()
        self._known = set[str]()
        self._kinds: Counter[tuple[str, ...]] = Counter()
        self.statuses = dict[str, int]()

    @property
    def failed(self) -> dict[str, int]:
        return {address: status for address, status in self.statuses.items() if status >= 500}

    def begin(self, address: str) -> None:
        address = urldefrag(address)[0]
        if address in self._known:
            return
        self._known.add(address)
        kind = _kind(address)
        self._kinds[kind] += 1
        if self._kinds[kind] <= _MOST_OF_ONE_KIND:
            self._ahead.append(address)

    def run(self) -> None:
        while self._ahead:
            address = self._ahead.pop()
            answer = self._client.get(address)
            self.statuses[address] = answer.status_code
            if answer.is_redirect:
                self.begin(urljoin(address, answer.headers["location"]))
            if "text/html" in answer.headers.get("content-type", ""):
                for one in _addresses(address, answer.text):
                    self.begin(one)


def _kind(address: str) -> tuple[str, ...]:
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f-]{36}|\d+", "*", parts.path)
    return path, *sorted(re.findall(r"(?:^|&)([^=&]+)=", parts.query))


def _addresses(here: str, text: str) -> Iterator[str]:
    """Where a page leads: its links, its images, and each choice of its forms that only ask."""
    for one in _LINK.findall(text):
        if not one.startswith(("//", "/static/")):
            yield html.unescape(one)
    for action, body in _FORM.findall(text):
        for name, options in _SELECT.findall(body):
            for value, shown in _OPTION.findall(options):
                chosen = {html.unescape(name): html.unescape(value or shown.strip())}
                yield f"{urljoin(here, html.unescape(action))}?{urlencode(chosen)}"


def test_the_database_of_every_state_lacks_none(engine: sa.Engine, filled: EveryState) -> None:
    assert every_state.missing(engine) == []


@pytest.mark.parametrize("which", ["every", "some"])
def test_no_page_fails_whoever_opens_it_and_whatever_is_stored(
    console: httpx.Client,
    config: CentralConfig,
    engine: sa.Engine,
    filled: EveryState,
    which: str,
) -> None:
    """``every`` sees all sites, ``some`` are limited to one and to the lots and pôles of it."""
    routes = get_routes(config, engine, blobs.open_store(config.blobs), Telemetry("test"))
    seeds = {path: list(_spelled(path, _ids(filled))) for path in routes}
    failed: dict[str, dict[str, int]] = {}
    opened = set[str]()
    for role in Role:
        login = f"{which}-{role}"
        _sign_in(console, engine, login)
        crawl = _Crawl(console)
        for address in [address for of_path in seeds.values() for address in of_path]:
            crawl.begin(address)
        for what in every_state.CHANGES:
            crawl.begin(f"/plan/changement?{urlencode({'type': 'S3110', **what})}")
        crawl.run()
        opened |= {address for address, status in crawl.statuses.items() if status < 400}
        if crawl.failed:
            failed[login] = crawl.failed
    assert failed == {}
    closed = {path for path, addresses in seeds.items() if opened.isdisjoint(addresses)}
    assert which == "some" or closed <= _SHOWN_TO_NOBODY


_SHOWN_TO_NOBODY = {"/compte/codes/image.svg"}
"""What is there only while somebody sets up their codes."""


def _ids(filled: EveryState) -> dict[str, Sequence[object]]:
    """What stands in addresses, by the kind that the path begins with."""
    return {
        "documents": filled.documents,
        "lots": filled.lots,
        "personnes": filled.people,
        "sites": [*every_state.SITES, "silent", "nowhere"],
        "plan": range(1, 18),
    }


def _sign_in(console: httpx.Client, engine: sa.Engine, login: str) -> None:
    with engine.connect() as connection:
        query = sa.text("SELECT id FROM people WHERE login = :login")
        number = connection.scalar(query, {"login": login})
    assert number is not None
    session_store.open_session(engine, number, login, f"csrf of {login}", "local", 3_600.0)
    console.cookies.clear()
    console.cookies.set(COOKIE, login)


def _spelled(path: str, ids: dict[str, Sequence[object]]) -> Iterator[str]:
    """The addresses of a route, one for each thing of its kind that is stored; numbers are 0."""
    first, *_ = re.findall(r"\{\w+(?::int)?\}", path) or [""]
    if not first:
        yield path
        return
    for one in ids[path.removeprefix("/api").split("/")[1]]:
        asked = "?left=20&top=20&width=60&height=7" if path.endswith("/zone") else ""
        yield re.sub(r"\{\w+\}", "0", path.replace(first, str(one), 1)) + asked
