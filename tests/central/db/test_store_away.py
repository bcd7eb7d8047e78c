"""The database in its bad hours: silent, frozen, demoted, careless about durability."""

import contextlib
import datetime as dt
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from central.db import engine as db_engine
from central.db import migrate
from central.db.embedded import EmbeddedPostgres
from central.db.engine import open_engine, transaction
from central.errors import StoreUnavailable
from tests.support.central import document, store
from tests.support.database import TestServer
from tests.support.intake import until

pytestmark = pytest.mark.on_both_servers

_SOON_S = 60.0  # twelve times what it is given: the machine may be slow


class Cable:
    """Carries bytes to a server; pulled out, it swallows them and closes nothing."""

    def __init__(self, port: int) -> None:
        self._server = ("127.0.0.1", port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.is_out = threading.Event()
        self._open: list[socket.socket] = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._server)
                self._open += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, come: socket.socket, go: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := come.recv(65_536):
                if not self.is_out.is_set():
                    go.sendall(piece)

    def close(self) -> None:
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def cable(database_url: str) -> Iterator[Cable]:
    port = sa.make_url(database_url).port
    assert port is not None
    cable = Cable(port)
    yield cable
    cable.close()


def _through(cable: Cable, url: str) -> str:
    return sa.make_url(url).set(port=cable.port).render_as_string(hide_password=False)


def test_a_statement_to_a_server_that_went_silent_ends_and_the_next_ones_too(
    cable: Cable, database_url: str
) -> None:
    engine = open_engine(_through(cable, database_url), pool_size=2, answer_within_s=1.0)
    db_engine.ping(engine)
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        _ask_while_it_is_pulled(engine, cable)
    assert time.monotonic() - started < _SOON_S
    with pytest.raises(StoreUnavailable):
        db_engine.ping(engine)  # a new connection is not answered either
    cable.is_out.clear()
    db_engine.ping(engine)
    engine.dispose()


def _ask_while_it_is_pulled(engine: sa.Engine, cable: Cable) -> None:
    with transaction(engine) as connection:
        cable.is_out.set()
        connection.execute(sa.text("SELECT 1"))


def test_a_pooled_connection_to_a_silent_server_is_noticed_before_it_is_used(
    cable: Cable, database_url: str
) -> None:
    engine = open_engine(_through(cable, database_url), pool_size=1)  # a statement has no limit
    db_engine.ping(engine)
    cable.is_out.set()
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        db_engine.ping(engine)
    assert time.monotonic() - started < _SOON_S
    engine.dispose()


def test_a_statement_that_takes_too_long_is_ended_by_the_server(database_url: str) -> None:
    engine = open_engine(database_url, answer_within_s=0.5)
    with pytest.raises(StoreUnavailable), transaction(engine) as connection:
        connection.execute(sa.text("SELECT pg_sleep(60)"))
    db_engine.ping(engine)
    engine.dispose()


def test_a_demoted_server_is_none_to_write_to_and_is_left_for_its_successor(
    tmp_path: Path,
) -> None:
    with EmbeddedPostgres(tmp_path / "postgresql", durable=False) as url:
        migrated = open_engine(url)
        migrate.upgrade(migrated, dt.datetime.now(dt.UTC).date())
        migrated.dispose()
        engine = open_engine(url)
        store(engine, document())
        _set_read_only(url, "on")
        assert until(lambda: _is_away(engine), _SOON_S)
        with pytest.raises(StoreUnavailable):
            store(engine, document())
        _set_read_only(url, "off")
        assert until(lambda: not _is_away(engine), _SOON_S)
        store(engine, document())
        engine.dispose()


def _is_away(engine: sa.Engine) -> bool:
    try:
        db_engine.ping(engine)
    except StoreUnavailable:
        return True
    return False


def _set_read_only(url: str, value: str) -> None:
    """As a demotion does: open connections stay, and each new transaction only reads."""
    admin = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f"ALTER SYSTEM SET default_transaction_read_only = {value}"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
    admin.dispose()


def test_a_server_demoted_under_an_open_transaction_is_away(database_url: str) -> None:
    engine = open_engine(database_url, pool_size=1)
    with pytest.raises(StoreUnavailable):
        _write_where_only_reading_is_allowed(engine)
    store(engine, document())
    engine.dispose()


def _write_where_only_reading_is_allowed(engine: sa.Engine) -> None:
    with transaction(engine) as connection:
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        connection.execute(sa.text("INSERT INTO sites (site) VALUES ('gien')"))


def test_a_commit_is_durable_although_the_server_would_not_make_it_so(
    postgres: TestServer,
) -> None:
    with postgres.migrated() as url:
        plain = open_engine(url)
        with transaction(plain) as connection:
            name = connection.scalar(sa.text("SELECT current_database()"))
            connection.execute(sa.text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
        plain.dispose()
        engine = open_engine(url)
        with transaction(engine) as connection:
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"
        with transaction(engine) as connection:
            assert connection.scalar(sa.text("SHOW synchronous_commit")) == "on"
        engine.dispose()


def test_a_frozen_server_is_given_up_and_found_again_when_it_thaws(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgresql", durable=False)
    with server as url:
        engine = open_engine(url, answer_within_s=1.0)
        db_engine.ping(engine)
        with transaction(engine) as connection:
            pid = connection.scalar(sa.text("SELECT pg_backend_pid()"))
        assert isinstance(pid, int)
        postmaster = int((tmp_path / "postgresql/data/postmaster.pid").read_text().split()[0])
        for one in (postmaster, pid):
            os.kill(one, signal.SIGSTOP)
        try:
            started = time.monotonic()
            with pytest.raises(StoreUnavailable):
                db_engine.ping(engine)
            assert time.monotonic() - started < _SOON_S
        finally:
            for one in (pid, postmaster):
                os.kill(one, signal.SIGCONT)
        db_engine.ping(engine)
        engine.dispose()
