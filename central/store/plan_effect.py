"""What a change of the plan would do to documents that are here."""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.store.engine import transaction
from central.store.steps import is_in_doubt
from central.store.tables import deliveries, documents
from vaguemestre.model.calendar import add_working_days, public_holidays

_c, _d = documents.c, deliveries.c
What = tuple[str, str, Mapping[str, Any]]
"""A change: type, fund or empty, what differs."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do now.

    ``moves`` counts by site, state and way before; ``first`` lists some of the documents, each with
    its ``new_due_on``; ``overdue`` are those that would be late at once and are not yet;
    ``in_hand`` are being delivered and would go where they were sent; ``in_doubt`` counts by
    destination what may have been received there already, and would stay.
    """

    total: int
    moves: Sequence[Any]
    first: Sequence[Any]
    earlier: int
    later: int
    overdue: int
    in_hand: int
    in_doubt: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Target:
    """The new way as columns, and which documents differ from it."""

    pole: sa.ColumnElement[str]
    destination: sa.ColumnElement[str]
    due_on: sa.ColumnElement[Any]
    concerned: Sequence[sa.ColumnElement[bool]]


def preview(engine: sa.Engine, what: What, today: dt.date, limit: int) -> Preview:
    """Tell what a change would do, from the database as it is.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        target = target_of(connection, what)
        movable = (*target.concerned, ~stays())
        counts = connection.execute(
            sa.select(
                sa.func.count().label("total"),
                sa.func.count().filter(target.due_on < _c.due_on).label("earlier"),
                sa.func.count().filter(target.due_on > _c.due_on).label("later"),
                sa.func.count().filter(target.due_on < today, _c.due_on >= today).label("overdue"),
            ).where(*movable)
        ).one()
        in_hand = connection.scalar(
            sa.select(sa.func.count()).where(*target.concerned, is_in_hand())
        )
        in_doubt = doubted(connection, *target.concerned)
        way = (_c.site, _c.state, _c.pole, _c.destination)
        moves = connection.execute(
            sa.select(*way, sa.func.count().label("documents"))
            .where(*movable)
            .group_by(*way)
            .order_by(*way)
        ).all()
        first = connection.execute(
            sa.select(_c.id, *way, _c.received_on, _c.due_on, target.due_on.label("new_due_on"))
            .where(*movable)
            .order_by(_c.due_on, _c.id)
            .limit(limit)
        ).all()
    return Preview(
        **counts._mapping, moves=moves, first=first, in_hand=in_hand or 0, in_doubt=in_doubt
    )


def is_in_hand() -> sa.ColumnElement[bool]:
    """Whether a worker is delivering a document at this moment."""
    return sa.exists().where(_d.document_id == _c.id, _d.state == "claimed")


def may_be_there() -> sa.ColumnElement[bool]:
    """Whether a pôle may have a document without having said so."""
    return sa.exists().where(_d.document_id == _c.id, is_in_doubt())


def stays() -> sa.ColumnElement[bool]:
    """Whether a document stays with its pôle: a worker delivers it, or it may be there already."""
    return sa.exists().where(_d.document_id == _c.id, sa.or_(_d.state == "claimed", is_in_doubt()))


def doubted(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> dict[str, int]:
    """How many of some documents each destination may have without having said so."""
    query = (
        sa.select(_d.destination, sa.func.count().label("documents"))
        .select_from(deliveries.join(documents, _c.id == _d.document_id))
        .where(is_in_doubt(), *where)
        .group_by(_d.destination)
        .order_by(_d.destination)
    )
    return {row.destination: row.documents for row in connection.execute(query)}


def is_open(code: str, fund: str) -> list[sa.ColumnElement[bool]]:
    """Documents of a type, of a fund or of all, that no pôle has yet."""
    only = [_c.fund == fund] if fund else []
    return [_c.state.not_in(("delivered", "discarded")), _c.type == code, *only]


def target_of(
    connection: sa.Connection, what: What, some: Collection[uuid.UUID] | None = None
) -> Target:
    """Where a change sends documents of its type, all or some, and which differ from that."""
    code, fund, differs = what
    undelivered = is_open(code, fund)
    if some is not None:
        undelivered.append(_c.id.in_(some))
    pole: sa.ColumnElement[str] = sa.literal(differs["pole"]) if "pole" in differs else _c.pole
    destination: sa.ColumnElement[str] = (
        sa.literal(differs["destination"]) if "destination" in differs else _c.destination
    )
    due_on: sa.ColumnElement[Any] = _c.due_on
    if "delay_days" in differs:
        days = connection.scalars(sa.select(_c.received_on).where(*undelivered).distinct()).all()
        holidays = public_holidays(days)
        dues = {day: add_working_days(day, differs["delay_days"], holidays) for day in days}
        due_on = sa.case(dues, value=_c.received_on, else_=_c.due_on) if dues else _c.due_on
    is_other = sa.or_(
        _c.pole != pole, _c.destination != destination, _c.due_on.is_distinct_from(due_on)
    )
    return Target(pole, destination, due_on, [*undelivered, is_other])
