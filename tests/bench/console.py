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
from pathlib import Path

import httpx
import sqlalchemy as sa

from central.domain.access import Role
from central.store import flow
from central.store.engine import open_engine
from tests.support import database, many
from tests.support.console import add_person, enter, serving, settings, PASSWORD

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
    with tempfile.TemporaryDirectory() as folder:
        with database.serve(Path(folder) / "postgresql") as server, server.migrated() as url:
            engine = open_engine(url)
            try:
                return _measured(engine, documents, Path(folder))
            finally:
                engine.dispose()


def _measured(engine: sa.Engine, documents: int, folder: Path) -> Outcome:
    now = dt.datetime.now(dt.UTC)
    fill_s = _time(lambda: many.fill(engine, documents, _DAYS, now, min(documents, _WITH_CONTENT)))
    flow_s = _time(lambda: flow.recount(engine, now))
    recount_s = _time(lambda: flow.recount(engine, now))
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


def _look(client: httpx.Client, engine: sa.Engine, login: str, note: str) -> list[Waited]:
    client.cookies.clear()
    enter(client, login, PASSWORD)
    found = _samples(engine)
    day = dt.date.today() - dt.timedelta(days=40)
    posts = {
        "search by NIR": lambda n: {"nir": found["nirs"][n]},
        "search by lot": lambda n: {"lot": found["lots"][n][1][:8]},
        "search by id": lambda n: {"id": str(found["documents"][n])[:8]},
        "search by type": lambda _: {"type": "S3110"},
        "search by rare type": lambda _: {"type": "piece_identite"},
        "search by day, type and site": lambda _: {
            "first": str(day), "last": str(day), "type": "S3116", "site": "gien",
        },
        "search by site": lambda _: {"site": "gien"},
        "search, a year back": lambda _: {"last": str(day), "site": "gien"},
    }  # fmt: skip
    pages: dict[str, Callable[[int], str]] = {
        "board": lambda _: "/exploitation",
        "board, renewed": lambda _: "/api/board/view",
        "board as JSON": lambda _: "/api/board",
        "delays": lambda _: "/delais",
        "delays of a site": lambda _: "/delais?site=gien",
        "site": lambda _: "/sites/gien",
        "lots": lambda _: "/lots",
        "lots by name": lambda n: f"/lots?name={found['lots'][n][1][:9]}",
        "lot": lambda n: f"/lots/{found['lots'][n][0]}",
        "document": lambda n: f"/documents/{found['documents'][n]}",
    }
    waited = []
    for name, path in pages.items():
        seconds = [
            _time(lambda path=path, n=n: _demand(client.get(path(n)))) for n in range(_TIMES)
        ]
        waited.append(Waited(name + note, seconds))
    for name, form in posts.items():
        seconds = [
            _time(lambda form=form, n=n: _demand(client.post("/recherche", data=form(n))))
            for n in range(_TIMES)
        ]
        waited.append(Waited(name + note, seconds))
    return waited


def _demand(answer: httpx.Response) -> None:
    answer.raise_for_status()


def _time(act: Callable[[], object]) -> float:
    time.sleep(0.01)  # what a board has made a moment ago is made anew
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _samples(engine: sa.Engine) -> dict[str, Sequence[object]]:
    """Lots, documents and NIRs spread over what is stored, that anybody limited to Gien may see."""
    of_gien = "site = 'gien' AND pole = 'CNSE'"
    with engine.connect() as connection:

        def some(query: str) -> list[object]:
            rows = connection.execute(sa.text(query)).all()
            return [row[0] if len(row) == 1 else tuple(row) for row in rows][:_TIMES]

        return {
            "lots": some(
                "SELECT id, name FROM lots WHERE site = 'gien' AND md5(name) < '02' LIMIT 25"
            ),
            "documents": some(
                f"SELECT id FROM documents WHERE {of_gien} AND md5(CAST(id AS text)) < '02' LIMIT 25"
            ),
            "nirs": some(
                "SELECT value FROM fields WHERE name = 'nir' AND md5(value) < '0004' LIMIT 25"
            ),
        }
