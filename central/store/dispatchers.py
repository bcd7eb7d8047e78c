"""Dispatch processes and the destinations that each knows.

Processes may know different destinations: one that alone reaches a pôle's network, or one that
was started before the settings changed. What any living one knows is known.
"""

import datetime as dt
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.store.engine import transaction
from central.store.tables import dispatchers

_c = dispatchers.c


def tell(engine: sa.Engine, name: str, destinations: Collection[str], for_s: float) -> None:
    """Tell that a process lives and what it knows; it counts for ``for_s`` seconds.

    Raises:
        StoreUnavailable: nothing was written.
    """
    values = {
        "destinations": sorted(destinations),
        "lives_until": sa.func.now() + dt.timedelta(seconds=for_s),
    }
    with transaction(engine) as connection:
        connection.execute(
            insert(dispatchers)
            .values(name=name, **values)
            .on_conflict_do_update(index_elements=[_c.name], set_=values)
        )
        connection.execute(dispatchers.delete().where(_c.lives_until < sa.func.now()))


def leave(engine: sa.Engine, name: str) -> None:
    """Tell that a process ends.

    Raises:
        StoreUnavailable: it counts until its time is over.
    """
    with transaction(engine) as connection:
        connection.execute(dispatchers.delete().where(_c.name == name))


def known(engine: sa.Engine) -> set[str]:
    """Every destination that a living process knows.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(_c.destinations).where(_c.lives_until >= sa.func.now())
    with transaction(engine) as connection:
        return {name for names in connection.scalars(query) for name in names}
