"""A real PostgreSQL for tests: one server a session, one database a test.

The server is the wheel's, or Debian's: the store's tests run on both. Databases are cloned from
a template that was migrated once.
"""

import contextlib
import datetime as dt
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from central.db import migrate
from central.db.embedded import EmbeddedPostgres
from central.db.engine import ensure_database, open_engine


class TestServer:
    """Hands out databases; ``empty()`` has no table, ``migrated()`` has them all."""

    __test__ = False

    def __init__(self, server_url: str) -> None:
        self._server = server_url.rpartition("/")[0]
        self._prefix = f"test_{os.getpid()}"
        self._numbers = itertools.count()
        template = f"{self._prefix}_template"
        ensure_database(f"{self._server}/postgres", template)
        engine = open_engine(f"{self._server}/{template}")
        migrate.upgrade(engine, dt.datetime.now(dt.UTC).date())
        engine.dispose()

    def empty(self) -> contextlib.AbstractContextManager[str]:
        """Lend the URL of a database without tables."""
        return self._lend("template0")

    def migrated(self) -> contextlib.AbstractContextManager[str]:
        """Lend the URL of a database with this version's tables."""
        return self._lend(f"{self._prefix}_template")

    @contextlib.contextmanager
    def closed(self, url: str) -> Iterator[None]:
        """Let nobody use a lent database meanwhile; who does is thrown out."""
        name = url.rpartition("/")[2]
        self._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self._run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"  # noqa: S608 - our own name
            f" WHERE datname = '{name}'"
        )
        try:
            yield
        finally:
            self._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')

    @contextlib.contextmanager
    def _lend(self, template: str) -> Iterator[str]:
        name = f"{self._prefix}_{next(self._numbers)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield f"{self._server}/{name}"
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = open_engine(f"{self._server}/postgres")
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(sa.text(statement))
        engine.dispose()


@contextlib.contextmanager
def serve(folder: Path, binaries: Path | None = None) -> Iterator[TestServer]:
    """Run a server in ``folder``: the wheel's, or the one whose programs are given."""
    with EmbeddedPostgres(folder, durable=False, binaries=binaries) as url:
        yield TestServer(url)


def debian_binaries() -> Path | None:
    """Where Debian's server has its programs, the newest version's; None: not installed."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda path: float(path.parent.name), default=None)
