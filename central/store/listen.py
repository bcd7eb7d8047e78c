"""LISTEN: PostgreSQL tells, at each commit that makes a delivery due."""

import select
from types import TracebackType
from typing import Any, Self

import psycopg2
import sqlalchemy as sa
from sqlalchemy import exc

from central.errors import StoreUnavailable
from central.store.tables import NOTIFY_CHANNEL


class Listener:
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
