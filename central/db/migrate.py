"""Bring a database to this version's schema, and keep its monthly partitions ahead of time.

Documents and what hangs on them are partitioned by month. The first 48 bits of a UUIDv7 are
milliseconds since 1970, and PostgreSQL compares UUIDs byte by byte, so a month is a range of ids.
Months are made ahead, and one that a station's wrong clock names is made when its first document
comes; what is years away goes to the default partition.
"""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import exc

from central.db.engine import transaction
from central.db.tables import PARTITIONED, metadata
from central.errors import PartitionBlocked, SchemaBehind

MONTHS_AHEAD = 3
_MOST_MONTHS_AWAY = 24
_REST = "b"
"""Ends the name of a month's second partition, after what the default partition holds of it."""


def first_id(month: dt.date) -> uuid.UUID:
    """Return the smallest UUID whose timestamp lies in ``month`` (its first day, UTC)."""
    start = dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)
    return uuid.UUID(int=int(start.timestamp() * 1000) << 80)


def next_month(month: dt.date) -> dt.date:
    """Return the first day of the month after."""
    return dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)


def month_of(document_id: uuid.UUID) -> dt.date | None:
    """Return the first day of the month of a UUIDv7's timestamp; None: beyond the year 9999."""
    try:
        made = dt.datetime.fromtimestamp((document_id.int >> 80) / 1_000, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return made.date().replace(day=1)


def statements(month: dt.date, low: uuid.UUID, high: uuid.UUID, suffix: str = "") -> Iterator[str]:
    """Spell the DDL that adds ids from ``low`` up to ``high`` of a month to each table."""
    for table in PARTITIONED:
        yield (
            f"CREATE TABLE IF NOT EXISTS {table}_p{month:%Y%m}{suffix} PARTITION OF {table} "
            f"FOR VALUES FROM ('{low}') TO ('{high}')"
        )


def make_ahead(engine: sa.Engine, today: dt.date, months_ahead: int = MONTHS_AHEAD) -> None:
    """Make the partitions of this month and the next ones; called at every start and daily.

    Several processes may call this at once.

    Raises:
        PartitionBlocked: a month could not be made now; all others were.
        StoreUnavailable: the database does not answer.
    """
    month, blocked = today.replace(day=1), list[str]()
    for _ in range(months_ahead + 1):
        if not _make(engine, month):
            blocked.append(f"{month:%Y-%m}")
        month = next_month(month)
    if blocked:
        raise PartitionBlocked(", ".join(blocked))


def make_for(engine: sa.Engine, document_id: uuid.UUID, today: dt.date) -> None:
    """Make the partition of a document's own month before it is stored.

    A station whose clock is ahead would else put the first document of a month to come into the
    default partition. Months that are made ahead anyway, or lie years away, are left alone.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    month, now = month_of(document_id), today.replace(day=1)
    if month is None:
        return
    ahead = (month.year - now.year) * 12 + month.month - now.month
    if not 0 <= ahead <= MONTHS_AHEAD and abs(ahead) <= _MOST_MONTHS_AWAY:
        _make(engine, month)


def _make(engine: sa.Engine, month: dt.date) -> bool:
    """Add a month, around what of it lies in the default partition already; False: not now."""
    try:
        with transaction(engine) as connection:
            if _exists(connection, month):
                return True
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(7310, 1)"))
            if not _exists(connection, month):
                for suffix, low, high in _pieces(connection, month):
                    for statement in statements(month, low, high, suffix):
                        connection.exec_driver_sql(statement)
    except exc.IntegrityError:
        return False  # a document of this month was stored in the default partition just now
    return True


def _pieces(
    connection: sa.Connection, month: dt.date
) -> Iterator[tuple[str, uuid.UUID, uuid.UUID]]:
    """(suffix, first id, id after the last) of each partition that a month gets.

    Rows in the default partition are referred to and cannot be moved: the span of their ids, as
    long as a clock was wrong, stays there.
    """
    low, high = first_id(month), first_id(next_month(month))
    strays = sa.table("documents_default", sa.column("id", sa.Uuid))
    query = sa.select(strays.c.id).where(strays.c.id >= low, strays.c.id < high).limit(1)
    first = connection.scalar(query.order_by(strays.c.id))
    last = connection.scalar(query.order_by(strays.c.id.desc()))
    if first is None or last is None:
        yield "", low, high
        return
    after = uuid.UUID(int=last.int + 1)
    if low < first:
        yield "", low, first
    if after < high:
        yield _REST, after, high


def _exists(connection: sa.Connection, month: dt.date) -> bool:
    names = [f"documents_p{month:%Y%m}{suffix}" for suffix in ("", _REST)]
    return any(connection.scalar(sa.func.to_regclass(name)) is not None for name in names)


_SCRIPTS = Path(__file__).with_name("migrations")


def upgrade(engine: sa.Engine, today: dt.date) -> None:
    """Apply what is missing, and make the partitions of the coming months.

    Any number of processes may do so at once: they wait for each other.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(7310, 0)"))
        command.upgrade(_config(connection), "head")
    with contextlib.suppress(PartitionBlocked):  # dispatch makes it later, and tells
        make_ahead(engine, today)


def check_version(engine: sa.Engine) -> None:
    """Make sure that the schema is at least this version's.

    A newer schema is fine: migrations only add, so that processes are upgraded one by one.

    Raises:
        SchemaBehind: a migration is missing.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        applied = set(MigrationContext.configure(connection).get_current_heads())
    scripts = ScriptDirectory.from_config(_config(None))
    known = {script.revision for script in scripts.walk_revisions()}
    if not applied or (applied <= known and applied != set(scripts.get_heads())):
        raise SchemaBehind(f"schema {', '.join(applied) or 'empty'}")


def differences(engine: sa.Engine) -> list[Any]:
    """List what a migration would still have to change for the schema to equal ``tables``."""
    with transaction(engine) as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": is_ours, "compare_type": True, "compare_server_default": True},
        )
        return list(compare_metadata(context, metadata))


def is_ours(item: Any, name: str | None, kind: str, _reflected: bool, _to: Any) -> bool:
    """Tell Alembic to pass over single partitions: they come and go with the months."""
    if kind == "foreign_key_constraint":
        # PostgreSQL lists a key to a partitioned table once more for each of its partitions.
        name = item.elements[0].target_fullname.split(".")[0]
    elif kind != "table":
        return True
    return not any((name or "").startswith(f"{table}_") for table in PARTITIONED)


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
