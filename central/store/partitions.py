"""Monthly partitions of the tables in ``tables.PARTITIONED``, bounded by UUIDv7.

The first 48 bits of a UUIDv7 are milliseconds since 1970, and PostgreSQL compares UUIDs byte
by byte, so a month is a range of ids. Months are made ahead; a document with an id of another
month (a station whose clock is wrong, a spool months old) goes to the default partition.
"""

import datetime as dt
import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import exc

from central.store.engine import transaction
from central.store.tables import PARTITIONED

MONTHS_AHEAD = 3


def first_id(month: dt.date) -> uuid.UUID:
    """Return the smallest UUID whose timestamp lies in ``month`` (its first day, UTC)."""
    start = dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)
    return uuid.UUID(int=int(start.timestamp() * 1000) << 80)


def next_month(month: dt.date) -> dt.date:
    """Return the first day of the month after."""
    return dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)


def statements(month: dt.date) -> Iterator[str]:
    """Spell the DDL that adds ``month`` to each partitioned table."""
    low, high = first_id(month), first_id(next_month(month))
    for table in PARTITIONED:
        yield (
            f"CREATE TABLE IF NOT EXISTS {table}_p{month:%Y%m} PARTITION OF {table} "
            f"FOR VALUES FROM ('{low}') TO ('{high}')"
        )


def make_ahead(engine: sa.Engine, today: dt.date, months_ahead: int = MONTHS_AHEAD) -> None:
    """Make the partitions of this month and the next ones; called at every start and daily.

    A month that the default partition already holds rows of stays there: that is slower to
    retire, but right. Several processes may call this at once.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    month = today.replace(day=1)
    for _ in range(months_ahead + 1):
        try:
            with transaction(engine) as connection:
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(7310, 1)"))
                if not _exists(connection, month):
                    for statement in statements(month):
                        connection.exec_driver_sql(statement)
        except exc.IntegrityError:
            pass  # rows of this month are in the default partition
        month = next_month(month)


def _exists(connection: sa.Connection, month: dt.date) -> bool:
    names = [f"{table}_p{month:%Y%m}" for table in PARTITIONED]
    return all(connection.scalar(sa.func.to_regclass(name)) is not None for name in names)
