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
    """A connection of its own that waits for notifications."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._pooled: Any = None
        self._raw: Any = None

    def __enter__(self) -> Self:
        """Connect and listen.

        Raises:
            StoreUnavailable: the server does not answer.
        """
        try:
            self._pooled = self._engine.raw_connection()
            self._raw = self._pooled.driver_connection
            self._raw.autocommit = True
            with self._raw.cursor() as cursor:
                cursor.execute(f"LISTEN {NOTIFY_CHANNEL}")
        except (exc.SQLAlchemyError, psycopg2.Error) as error:
            raise StoreUnavailable("listen") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the pool: a listening connection is good for nothing else."""
        if self._pooled is not None:
            self._pooled.invalidate()

    def wait(self, timeout_s: float) -> bool:
        """Wait for a notification; True when one came.

        Raises:
            StoreUnavailable: the connection was lost.
        """
        try:
            ready, _, _ = select.select([self._raw], [], [], timeout_s)
            if not ready:
                return False
            self._raw.poll()
            told = bool(self._raw.notifies)
            self._raw.notifies.clear()
        except (OSError, ValueError, psycopg2.Error) as error:
            raise StoreUnavailable("listen") from error
        return told

