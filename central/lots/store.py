"""Lots with their four counts: scanner, station, centre, delivered.

What people made of the documents is looked through: a document that was cut off another one adds
nothing to the counts, and its pages are delivered when both are; one that was joined to another
is delivered when that one is.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Scope
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import documents, lots
from central.documents.rules import WAITING_FOR_A_PERSON
from central.errors import NotFound

Rows = list[dict[str, Any]]

_FEW = 5_000
_DONE = ("delivered", "discarded")
_c, _l = documents.c, lots.c


@dataclass(frozen=True, slots=True)
class LotFilter:
    """Which lots are looked for; ``before`` is the last one of the page before."""

    site: str = ""
    state: str = ""
    name: str = ""
    before: tuple[dt.datetime, uuid.UUID] | None = None


def list_lots(
    engine: sa.Engine,
    scope: Scope,
    limit: int,
    wanted: LotFilter = LotFilter(),
) -> Rows:
    """Lots with their counts, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = scope_conditions(scope, _l.site)
    if wanted.site:
        where.append(_l.site == wanted.site)
    if wanted.state:
        where.append(_l.state == wanted.state)
    if wanted.before:
        where.append(sa.tuple_(_l.received_at, _l.id) < sa.tuple_(*wanted.before))
    with transaction(engine) as connection:
        if wanted.name:
            named = ids_named(connection, wanted.name, limit, *where)
            where.append(_l.id.in_(named))
        found = (
            sa.select(lots)
            .where(*where)
            .order_by(_l.received_at.desc(), _l.id.desc())
            .limit(limit)
            .cte("found")
        )
        return _with_counts(connection, found)


def get_lot(engine: sa.Engine, lot_id: uuid.UUID) -> dict[str, Any]:
    """One lot with its counts and all that its station told.

    Raises:
        NotFound: there is none of that id.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = _with_counts(connection, sa.select(lots).where(_l.id == lot_id).cte("found"))
    if not rows:
        raise NotFound(f"lot {lot_id}")
    return rows[0]


def documents_of(
    engine: sa.Engine,
    scope: Scope,
    lot_id: uuid.UUID,
    limit: int,
    after: tuple[int, uuid.UUID] | None = None,
) -> Rows:
    """A lot's documents in their order, a page of them; ``after`` is the last one before.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [_c.lot_id == lot_id, *scope_conditions(scope, _c.site, _c.pole)]
    if after:
        where.append(sa.tuple_(_c.position, _c.id) > sa.tuple_(*after))
    query = (
        sa.select(
            _c.id, _c.position, _c.site, _c.type, _c.pole, _c.destination, _c.route, _c.state,
            _c.route_reasons, _c.page_count, _c.priority, _c.due_on, _c.state_at,
            _c.split_from, _c.joined_into,
        )
        .where(*where)
        .order_by(_c.position, _c.id)
        .limit(limit)
    )  # fmt: skip
    with transaction(engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def ids_named(
    connection: sa.Connection, beginning: str, limit: int, *where: sa.ColumnElement[bool]
) -> list[uuid.UUID]:
    """The newest lots whose name begins so, in the letters typed, in capitals or small ones.

    A few are found by their names and then put in order. Where there are many, every so many-th
    lot is one of them, and the newest are met soon on the way back in time.
    """
    spellings = sorted({beginning, beginning.upper(), beginning.lower()})
    is_named = sa.or_(*(_l.name.startswith(text, autoescape=True) for text in spellings))
    few = sa.select(_l.received_at, _l.id).where(is_named, *where).limit(_FEW + 1)
    rows = sorted(connection.execute(few), reverse=True)
    if len(rows) <= _FEW:
        return [row.id for row in rows[:limit]]
    newest_first = (_l.received_at.desc(), _l.id.desc())
    many = sa.select(_l.id).where(is_named, *where).order_by(*newest_first).limit(limit)
    return list(connection.scalars(many))


def _with_counts(connection: sa.Connection, found: sa.CTE) -> Rows:
    stored = _stored(found)
    counts = [
        sa.func.coalesce(column, 0).label(column.name)
        for column in stored.c
        if column.name != "lot_id"
    ]
    n = found.c
    query = (
        sa.select(
            n.id, n.name, n.site, n.station, n.channel, n.received_at, n.reported_at, n.state,
            n.priority, n.fund, n.process,
            n.expected_pages.label("announced_pages"), n.counted_pages.label("found_pages"),
            n.documents.label("sent_documents"), n.document_pages.label("sent_pages"),
            n.loose_pages, sa.func.jsonb_array_length(n.set_aside).label("set_aside"),
            n.set_aside.label("set_aside_files"), *counts,
        )
        .outerjoin(stored, stored.c.lot_id == n.id)
        .order_by(n.received_at.desc(), n.id.desc())
    )  # fmt: skip
    return [dict(row) for row in connection.execute(query).mappings()]


def _stored(found: sa.CTE) -> sa.Subquery:
    carried = _carried(found)
    unfinished = sa.select(_unfinished(found, carried).c.id)
    holder = sa.func.coalesce(carried.c.carrier, _c.id)
    has_open_piece = sa.or_(_c.id.in_(unfinished), holder.in_(unfinished))
    is_sent = _c.split_from.is_(None)
    is_out = sa.and_(
        sa.func.coalesce(carried.c.state, _c.state) == "delivered",
        sa.or_(_c.split_from.is_not(None), ~has_open_piece),
    )
    is_given_up = sa.func.coalesce(carried.c.state, _c.state) == "discarded"
    pages, count = sa.func.sum(_c.page_count), sa.func.count()
    return (
        sa.select(
            _c.lot_id,
            count.filter(is_sent).label("stored_documents"),
            pages.label("stored_pages"),
            count.filter(is_sent, is_out).label("delivered_documents"),
            pages.filter(is_out).label("delivered_pages"),
            pages.filter(is_given_up).label("discarded_pages"),
            count.filter(_c.state.in_(WAITING_FOR_A_PERSON)).label("waiting"),
            count.filter(_c.state == "to_rescan").label("to_rescan"),
            count.filter(_c.state == "dead").label("dead"),
            count.filter(_c.state.not_in(_DONE)).label("outstanding"),
        )
        .outerjoin(carried, carried.c.id == _c.id)
        .where(_c.lot_id.in_(sa.select(found.c.id)))
        .group_by(_c.lot_id)
        .subquery("stored")
    )


def _unfinished(found: sa.CTE, carried: sa.Subquery) -> sa.CTE:
    """Documents that a piece was cut off which has not left, be it off another piece."""
    state = sa.func.coalesce(carried.c.state, _c.state)
    cut = (
        sa.select(_c.split_from.label("id"))
        .outerjoin(carried, carried.c.id == _c.id)
        .where(
            _c.lot_id.in_(sa.select(found.c.id)), _c.split_from.is_not(None), state.not_in(_DONE)
        )
        .cte("unfinished", recursive=True)
    )
    piece = documents.alias("piece")
    return cut.union(
        sa.select(piece.c.split_from)
        .join(cut, cut.c.id == piece.c.id)
        .where(piece.c.split_from.is_not(None))
    )


def _carried(found: sa.CTE) -> sa.Subquery:
    """Documents that were joined to others, each with the state of the last of the chain."""
    chain = (
        sa.select(_c.id, _c.joined_into.label("carrier"))
        .where(_c.lot_id.in_(sa.select(found.c.id)), _c.joined_into.is_not(None))
        .cte("chain", recursive=True)
    )
    link, last = documents.alias("link"), documents.alias("last")
    # UNION, not UNION ALL: a circle, which nobody should be able to make, ends there.
    chain = chain.union(
        sa.select(chain.c.id, link.c.joined_into)
        .join(link, link.c.id == chain.c.carrier)
        .where(link.c.joined_into.is_not(None))
    )
    return (
        sa.select(chain.c.id, chain.c.carrier, last.c.state)
        .join(last, last.c.id == chain.c.carrier)
        .where(last.c.joined_into.is_(None))
        .subquery("carried")
    )
