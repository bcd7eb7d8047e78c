"""Outstanding documents by the day until which they have to be handled."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from central.domain.access import Person
from central.store.engine import transaction
from central.store.limits import within
from central.store.tables import documents

Rows = Sequence[sa.RowMapping]

_c = documents.c


@dataclass(frozen=True, slots=True)
class Outstanding:
    """So many documents of one type, pôle, state and day."""

    type: str
    pole: str
    state: str
    due_on: dt.date | None
    count: int


_IS_OUTSTANDING = _c.state.not_in(("delivered", "discarded"))
"""As the partial index on ``due_on`` says it, so that it is used."""


def outstanding(
    engine: sa.Engine, person: Person | None, site: str = ""
) -> tuple[Outstanding, ...]:
    """Counts by type, pôle, state and day.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [_IS_OUTSTANDING, *within(person, _c.site, _c.pole)]
    if site:
        where.append(_c.site == site)
    keys = (_c.type, _c.pole, _c.state, _c.due_on)
    query = sa.select(*keys, sa.func.count().label("count")).where(*where).group_by(*keys)
    with transaction(engine) as connection:
        return tuple(Outstanding(*row) for row in connection.execute(query))


def most_pressing(engine: sa.Engine, person: Person | None, limit: int, site: str = "") -> Rows:
    """The documents whose day comes first, or passed longest ago; of one site only, if given.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [_IS_OUTSTANDING, _c.due_on.is_not(None), *within(person, _c.site, _c.pole)]
    if site:
        where.append(_c.site == site)
    query = (
        sa.select(
            _c.id, _c.type, _c.site, _c.pole, _c.state, _c.due_on, _c.received_on, _c.priority
        )
        .where(*where)
        .order_by(_c.due_on, _c.priority.desc(), _c.id)
        .limit(limit)
    )
    with transaction(engine) as connection:
        return connection.execute(query).mappings().all()


def late_and_today(engine: sa.Engine, today: dt.date, person: Person | None) -> tuple[int, int]:
    """How many outstanding documents are late, and how many are due today.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(
        sa.func.count().filter(_c.due_on < today), sa.func.count().filter(_c.due_on == today)
    ).where(_IS_OUTSTANDING, _c.due_on <= today, *within(person, _c.site, _c.pole))
    with transaction(engine) as connection:
        late, of_today = connection.execute(query).one()
    return late, of_today
