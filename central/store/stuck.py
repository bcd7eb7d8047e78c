"""Dead and held deliveries as people look at them: by what stopped them, and one by one."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.store.engine import transaction
from central.store.steps import is_in_doubt
from central.store.tables import deliveries, documents
from central.store.upkeep import Chosen

_c, _d = documents.c, deliveries.c
_STUCK = ("dead", "held")


@dataclass(frozen=True, slots=True)
class Group:
    """How many were stopped by the same thing on the way to the same destination."""

    destination: str
    state: str
    code: str
    reason: str
    count: int
    oldest: dt.datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery that waits for a person; ``since`` it is in its state."""

    document_id: uuid.UUID
    destination: str
    state: str
    code: str
    reason: str
    attempts: int
    created_at: dt.datetime
    since: dt.datetime
    type: str
    site: str
    pole: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Which are listed: of a type, of a site, after the last one of the page before."""

    type: str = ""
    site: str = ""
    after: tuple[dt.datetime, uuid.UUID, str] | None = None


def groups(engine: sa.Engine, chosen: Chosen) -> list[Group]:
    """What stopped deliveries, the dead first, then the most.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    code = sa.func.coalesce(_d.last_code, "").label("code")
    query = (
        sa.select(
            _d.destination,
            _d.state,
            code,
            sa.func.coalesce(sa.func.max(_d.last_reason), "").label("reason"),
            sa.func.count().label("count"),
            sa.func.min(_d.created_at).label("oldest"),
        )
        .where(_d.state.in_(_STUCK), *chosen.where())
        .group_by(_d.destination, _d.state, code)
        .order_by(_d.state, sa.func.count().desc(), _d.destination)
    )
    with transaction(engine) as connection:
        return [Group(**row._mapping) for row in connection.execute(query)]


def letters(engine: sa.Engine, chosen: Chosen, asked: Asked, limit: int) -> list[Letter]:
    """Deliveries one by one, the oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    since = sa.case((_d.state == "dead", _c.state_at), else_=_d.created_at)
    order = (_d.created_at, _d.document_id, _d.destination)
    where: list[sa.ColumnElement[bool]] = []
    if asked.type:
        where.append(_c.type == asked.type)
    if asked.site:
        where.append(_c.site == asked.site)
    if asked.after is not None:
        where.append(sa.tuple_(*order) > sa.tuple_(*asked.after))
    query = (
        sa.select(
            _d.document_id, _d.destination, _d.state, _d.attempts, _d.created_at,
            sa.func.coalesce(_d.last_code, "").label("code"),
            sa.func.coalesce(_d.last_reason, "").label("reason"),
            since.label("since"), _c.type, _c.site, _c.pole,
        )
        .join(documents, _c.id == _d.document_id)
        .where(_d.state.in_(_STUCK), *chosen.where(), *where)
        .order_by(*order)
        .limit(limit)
    )  # fmt: skip
    with transaction(engine) as connection:
        return [Letter(**row._mapping) for row in connection.execute(query)]


def counted(engine: sa.Engine, chosen: Chosen) -> dict[str, int]:
    """How many of these are dead, how many held.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = (
        sa.select(_d.state, sa.func.count().label("deliveries"))
        .where(_d.state.in_(_STUCK), *chosen.where())
        .group_by(_d.state)
    )
    found: dict[str, Any] = dict.fromkeys(_STUCK, 0)
    with transaction(engine) as connection:
        for row in connection.execute(query):
            found[row.state] = row.deliveries
    return found


def in_doubt(engine: sa.Engine, chosen: Chosen) -> dict[str, int]:
    """How many of these each destination may have without having said so: they are not discarded.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = (
        sa.select(_d.destination, sa.func.count().label("deliveries"))
        .where(_d.state.in_(_STUCK), is_in_doubt(), *chosen.where())
        .group_by(_d.destination)
        .order_by(_d.destination)
    )
    with transaction(engine) as connection:
        return {row.destination: row.deliveries for row in connection.execute(query)}
