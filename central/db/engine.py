"""Connections and transactions of PostgreSQL; the driver's errors become our own here.

Nothing waits for ever: connecting, a statement and a lock each have a time limit, on our side of
the network too, where a server that froze or lost its cable never says so. ``NotificationListener``
waits for the notification that PostgreSQL sends at each commit that makes a delivery due.
"""

import contextlib
import select
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import psycopg2
import sqlalchemy as sa
from psycopg2 import errors, extensions
from sqlalchemy import exc

from central.db.tables import NOTIFY_CHANNEL
from central.errors import StoreUnavailable


def ping(engine: sa.Engine) -> None:
    """Ask the database for nothing, to learn whether it answers.

    Raises:
        StoreUnavailable: it does not.
    """
    with transaction(engine) as connection:
        connection.execute(sa.select(sa.literal(1)))


Engine = sa.Engine
"""What callers outside the store pass around without knowing SQLAlchemy."""

_CONNECT_WITHIN_S = 5.0
_PING_WITHIN_S = 5.0
_POOL_WAIT_S = 30
_LONGEST_LOCK_WAIT_S = 30.0
_ANSWER_LATE_S = 5.0  # for the server to end a statement itself, which tells more
_IDLE_IN_TRANSACTION_S = 120


def open_engine(
    url: str,
    *,
    password: str | None = None,
    pool_size: int = 8,
    name: str = "vaguemestre",
    answer_within_s: float | None = None,
) -> sa.Engine:
    """Prepare a pool of connections; none is made yet.

    Args:
        url: ``postgresql://user@host:port/database``.
        password: When the URL does not hold it.
        pool_size: Most connections of this process.
        name: Shown by PostgreSQL beside each connection.
        answer_within_s: Longest statement; None: as long as it takes, for commands and migrations.
    """
    parsed = sa.make_url(url).set(drivername="postgresql+psycopg2")
    if password is not None:
        parsed = parsed.set(password=password)
    extensions.set_wait_callback(_wait)
    engine = sa.create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_S,
        hide_parameters=True,  # an error's text must not quote a page
        pool_pre_ping=True,  # a server that was restarted costs nobody an error
        connect_args={
            "application_name": name,
            "options": _options(answer_within_s),
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            # What was sent and not acknowledged: keepalives say nothing of it.
            "tcp_user_timeout": int(_CONNECT_WITHIN_S * 1_000),
            # One that was demoted is none of ours; of several hosts the other is taken.
            "target_session_attrs": "read-write",
            "connection_factory": _connection_class(answer_within_s),
        },
    )
    engine.dialect.do_ping = _ping  # type: ignore[method-assign]
    sa.event.listen(engine, "connect", _make_durable)
    return engine


def _options(answer_within_s: float | None) -> str:
    told = {"timezone": "UTC"}
    lock_s = _LONGEST_LOCK_WAIT_S
    if answer_within_s is not None:
        lock_s = min(lock_s, answer_within_s / 2)
        told["statement_timeout"] = f"{int(answer_within_s * 1_000)}ms"
        told["idle_in_transaction_session_timeout"] = f"{_IDLE_IN_TRANSACTION_S}s"
    told["lock_timeout"] = f"{int(lock_s * 1_000)}ms"
    return " ".join(f"-c {key}={value}" for key, value in told.items())


def _connection_class(answer_within_s: float | None) -> type[extensions.connection]:
    """A driver's connection that knows how long one answer may take."""

    class Connection(extensions.connection):  # type: ignore[misc]
        within_s = None if answer_within_s is None else answer_within_s + _ANSWER_LATE_S

    return Connection


def _wait(connection: Any) -> None:
    """Wait for the server's answer; the driver calls it for every statement.

    Raises:
        psycopg2.OperationalError: none came in time; the driver closes the connection.
    """
    within_s = connection.within_s if hasattr(connection, "within_s") else None
    if connection.status not in (extensions.STATUS_READY, extensions.STATUS_BEGIN):
        hosts = connection.dsn.partition("host=")[2].partition(" ")[0].count(",") + 1
        within_s = _CONNECT_WITHIN_S * hosts
    deadline = None if within_s is None else time.monotonic() + within_s
    while (state := connection.poll()) != extensions.POLL_OK:
        left_ms = None if deadline is None else max(0.0, deadline - time.monotonic()) * 1_000
        poller = select.poll()  # select() knows no descriptor beyond 1,023
        wanted = select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        poller.register(connection.fileno(), wanted)
        if not poller.poll(left_ms):
            raise psycopg2.OperationalError("the server did not answer in time")


def _ping(dbapi_connection: Any) -> bool:
    """Whether a connection still leads to a server that writes; asked whenever one is taken.

    As SQLAlchemy's own, which asks for nothing; a server that was demoted answers that, too.
    """
    within_s = dbapi_connection.within_s
    dbapi_connection.within_s = _PING_WITHIN_S
    try:
        with dbapi_connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only')")
            is_ours: bool = cursor.fetchone()[0] == "off"
        dbapi_connection.rollback()
    finally:
        dbapi_connection.within_s = within_s
    return is_ours


def _make_durable(dbapi_connection: Any, _: object) -> None:
    """What was committed survives a power cut, whatever the server's settings say."""
    with dbapi_connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'"
        )
    dbapi_connection.commit()


@contextlib.contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction: committed at the end, rolled back on any error.

    Raises:
        StoreUnavailable: the server does not answer, went away, no longer writes, or asks to try
            again.
    """
    try:
        with engine.begin() as connection:
            try:
                yield connection
            except exc.DBAPIError as error:
                if isinstance(error.orig, errors.ReadOnlySqlTransaction):
                    connection.invalidate()  # the next one may find the new primary
                raise
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        # Its text may quote a row; the class of the driver's error is enough.
        raise StoreUnavailable(type(getattr(error, "orig", error)).__name__) from error
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("connection lost") from error
        if isinstance(error.orig, errors.ReadOnlySqlTransaction):
            raise StoreUnavailable("the server is read-only") from error
        raise


def ensure_database(server_url: str, name: str) -> None:
    """Create the database ``name`` if the server has none of that name.

    Raises:
        StoreUnavailable: the server does not answer.
    """
    engine = open_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            wanted = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
            if connection.scalar(wanted, {"name": name}) is None:
                quoted = engine.dialect.identifier_preparer.quote(name)
                connection.exec_driver_sql(f"CREATE DATABASE {quoted}")
    except exc.OperationalError as error:
        raise StoreUnavailable(str(error.orig)) from error
    finally:
        engine.dispose()


class NotificationListener:
    """A connection of its own, outside the pool, that waits for notifications."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: Any = None

    def __enter__(self) -> Self:
        """Connect and listen.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        try:
            pooled = self._engine.raw_connection()
            self._connection = pooled.driver_connection
            pooled.detach()  # the pool may open another in its place
            self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute(f"LISTEN {NOTIFY_CHANNEL}")
        except (exc.SQLAlchemyError, psycopg2.Error) as error:
            self._close()
            raise StoreUnavailable("listen") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a notification; True when one came.

        Raises:
            StoreUnavailable: the connection was lost.
        """
        try:
            ready, _, _ = select.select([self._connection], [], [], timeout_s)
            if not ready:
                return False
            self._connection.poll()
            told = bool(self._connection.notifies)
            self._connection.notifies.clear()
        except (OSError, ValueError, psycopg2.Error) as error:
            raise StoreUnavailable("listen") from error
        return told

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
