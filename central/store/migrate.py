"""Bring a database to this version's schema, or say that it is behind."""

import contextlib
import datetime as dt
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from central.errors import PartitionBlocked, SchemaBehind
from central.store import partitions
from central.store.engine import transaction
from central.store.tables import PARTITIONED, metadata

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
        partitions.make_ahead(engine, today)


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
