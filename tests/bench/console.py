"""How long operations wait for their pages with millions of documents stored.

The database is made for it (tests/support/many.py), on the PostgreSQL that comes with the program
with its own settings; pages are asked for over real HTTP, one after the other, as one person who
clicks would: what the browser adds is not counted, what ten others would do at once neither.
"""

import datetime as dt
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import sqlalchemy as sa

from central.accounts.rules import Role
from central.db.engine import open_engine
from central.monitoring import flow_store
from tests.support import database, many
from tests.support.console import PASSWORD, add_person, enter, serving, settings

_DAYS = 180
_WITH_CONTENT = 1_000_000
_TIMES = 25


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds that one kind of page took each time; the first time is counted too."""

    page: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """Half of the pages were there sooner."""
        return sorted(self.seconds)[len(self.seconds) // 2]

    @property
    def p95(self) -> float:
        """Nineteen of twenty were there sooner."""
        return sorted(self.seconds)[math.ceil(0.95 * len(self.seconds)) - 1]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, and on how much."""

    documents: int
    stored_bytes: int
    fill_s: float
    flow_s: float  # all of the flow counted for the first time
    recount_s: float  # as the sweeper does it every minute
    pages: Sequence[Waited]


def measure(documents: int) -> Outcome:
    """Fill a database, serve it, and look at every page."""
    with (
        tempfile.TemporaryDirectory() as folder,
        database.serve(Path(folder) / "postgresql") as server,
        server.migrated() as url,
    ):
        engine = open_engine(url)
        try:
            return _measured(engine, documents, Path(folder))
        finally:
            engine.dispose()


def _measured(engine: sa.Engine, documents: int, folder: Path) -> Outcome:
    now = dt.datetime.now(dt.UTC)
    fill_s = _time(lambda: many.fill(engine, documents, _DAYS, now, min(documents, _WITH_CONTENT)))
    flow_s = _time(lambda: flow_store.recount_hours(engine, now))
    recount_s = _time(lambda: flow_store.recount_hours(engine, now))
    add_person(engine, "operations", Role.OPERATIONS)
    add_person(engine, "limited", Role.OPERATIONS, sites=["gien"], poles=["CNSE"])
    with serving(settings(folder, "CNSE"), engine) as client:
        waited = [
            *_look(client, engine, "operations", ""),
            *_look(client, engine, "limited", ", one site and pôle"),
        ]
    with engine.connect() as connection:
        size = connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
    return Outcome(documents, int(size or 0), fill_s, flow_s, recount_s, waited)


@dataclass(frozen=True, slots=True)
class _Samples:
    """What pages are asked about, spread over what is stored; people of Gien may see it."""

    lots: Sequence[tuple[str, str]]  # id, name
    documents: Sequence[str]
    nirs: Sequence[str]


def _look(client: httpx.Client, engine: sa.Engine, login: str, note: str) -> list[Waited]:
    client.cookies.clear()
    client.headers.pop("x-csrf", None)
    enter(client, login, PASSWORD)
    known = _samples(engine)
    waited = []
    for name, path in _paths(known).items():
        waited.append(_waited(name + note, partial(_get, client, path)))
    for name, form in _forms(known).items():
        waited.append(_waited(name + note, partial(_post, client, form)))
    return waited


def _get(client: httpx.Client, path: Callable[[int], str], n: int) -> httpx.Response:
    return client.get(path(n))


def _post(client: httpx.Client, form: Callable[[int], dict[str, str]], n: int) -> httpx.Response:
    return client.post("/recherche", data=form(n))


def _paths(known: _Samples) -> dict[str, Callable[[int], str]]:
    return {
        "board": lambda _: "/exploitation",
        "board, renewed": lambda _: "/api/board/view",
        "board as JSON": lambda _: "/api/board",
        "delays": lambda _: "/delais",
        "delays of a site": lambda _: "/delais?site=gien",
        "site": lambda _: "/sites/gien",
        "lots": lambda _: "/lots",
        "lots by name": lambda n: f"/lots?name={known.lots[n][1][:9]}",
        "lot": lambda n: f"/lots/{known.lots[n][0]}",
        "document": lambda n: f"/documents/{known.documents[n]}",
    }


def _forms(known: _Samples) -> dict[str, Callable[[int], dict[str, str]]]:
    day = (dt.datetime.now(dt.UTC) - dt.timedelta(days=40)).date().isoformat()
    return {
        "search by NIR": lambda n: {"nir": known.nirs[n]},
        "search by lot": lambda n: {"lot": known.lots[n][1][:8]},
        "search by id": lambda n: {"id": known.documents[n][:8]},
        "search by type": lambda _: {"type": "S3110"},
        "search by rare type": lambda _: {"type": "piece_identite"},
        "search by type and site": lambda _: {"type": "unknown", "site": "gien"},
        "search by site": lambda _: {"site": "gien"},
        "search up to a day": lambda _: {"last": day},
        "search by day, type and site": lambda _: {
            "first": day, "last": day, "type": "S3116", "site": "gien",
        },
    }  # fmt: skip


def _waited(name: str, ask: Callable[[int], httpx.Response]) -> Waited:
    def once(n: int) -> Callable[[], object]:
        return lambda: ask(n).raise_for_status()

    return Waited(name, [_time(once(n)) for n in range(_TIMES)])


def _time(act: Callable[[], object]) -> float:
    time.sleep(0.01)  # what a board has made a moment ago is made anew
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _samples(engine: sa.Engine) -> _Samples:
    """Some of each, drawn from all that is stored; where there are few, some come again."""
    with engine.connect() as connection:

        def some(query: str) -> list[tuple[str, ...]]:
            rows = connection.execute(sa.text(f"{query} LIMIT {_TIMES}")).all()
            found = [tuple(map(str, row)) for row in rows]
            return [found[n % len(found)] for n in range(_TIMES)]

        lots = some("SELECT id, name FROM lots WHERE site = 'gien' ORDER BY md5(name)")
        ids = some(
            "SELECT id FROM documents WHERE site = 'gien' AND pole = 'CNSE' "
            "ORDER BY md5(CAST(id AS text))"
        )
        nirs = some("SELECT value FROM fields WHERE name = 'nir' ORDER BY md5(value)")
    return _Samples(
        [(row[0], row[1]) for row in lots], [row[0] for row in ids], [row[0] for row in nirs]
    )
