"""Connections and transactions; what PostgreSQL's driver raises becomes our own errors here."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import exc

from central.errors import StoreUnavailable

Engine = sa.Engine
"""What callers outside the store pass around without knowing SQLAlchemy."""

_CONNECT_WITHIN_S = 5
_POOL_WAIT_S = 30


def open_engine(
    url: str, *, password_file: Path | None = None, pool_size: int = 8, name: str = "vaguemestre"
) -> sa.Engine:
    """Prepare a pool of connections; none is made yet.

    Args:
        url: ``postgresql://user@host:port/database``.
        password_file: Holds the password, when the URL does not.
        pool_size: Most connections of this process.
        name: Shown by PostgreSQL beside each connection.
    """
    parsed = sa.make_url(url).set(drivername="postgresql+psycopg2")
    if password_file is not None:
        parsed = parsed.set(password=password_file.read_text(encoding="utf-8").strip())
    return sa.create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_WAIT_S,
        hide_parameters=True,  # an error's text must not quote a page
        pool_pre_ping=True,  # a server that was restarted costs nobody an error
        connect_args={
            "connect_timeout": _CONNECT_WITHIN_S,
            "application_name": name,
            "options": "-c timezone=UTC -c lock_timeout=30s",
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
        },
    )


@contextlib.contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction: committed at the end, rolled back on any error.

    Raises:
        StoreUnavailable: the server does not answer, went away, or asks to try again.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except (exc.OperationalError, exc.InterfaceError, exc.TimeoutError) as error:
        # Its text may quote a row; the class of the driver's error is enough.
        raise StoreUnavailable(type(getattr(error, "orig", error)).__name__) from error
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("connection lost") from error
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
