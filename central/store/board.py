"""What the monitoring page shows: counts and ages, never what a page says."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from central.store.engine import transaction
from central.store.tables import deliveries, documents, lots, returns, stations

Rows = list[dict[str, Any]]


def lots_with_counts(engine: sa.Engine, limit: int) -> Rows:
    """The newest lots with their four counts: scanner, station, centre, delivered.

    ``stored_pages`` counts the pages of the documents stored here; ``delivered`` and ``stored``
    count documents.
    """
    newest = sa.select(lots).order_by(lots.c.id.desc()).limit(limit).subquery()
    stored = (
        sa.select(
            documents.c.lot_id,
            sa.func.count().label("stored"),
            sa.func.sum(documents.c.page_count).label("stored_pages"),
            sa.func.count().filter(documents.c.state == "delivered").label("delivered"),
            sa.func.count()
            .filter(documents.c.state.in_(("to_name", "to_key", "returned")))
            .label("waiting"),
        )
        .where(documents.c.lot_id.in_(sa.select(newest.c.id)))
        .group_by(documents.c.lot_id)
        .subquery()
    )
    query = (
        sa.select(
            newest, stored.c.stored, stored.c.stored_pages, stored.c.delivered, stored.c.waiting
        )
        .outerjoin(stored, stored.c.lot_id == newest.c.id)
        .order_by(newest.c.id.desc())
    )
    return _rows(engine, query)


def documents_by_pole(engine: sa.Engine, since: dt.datetime) -> Rows:
    """How many documents of each site and pôle were stored since a time, by state."""
    c = documents.c
    return _rows(
        engine,
        sa.select(c.site, c.pole, c.state, sa.func.count().label("count"))
        .where(c.stored_at >= since)
        .group_by(c.site, c.pole, c.state)
        .order_by(c.site, c.pole, c.state),
    )


def waiting_for_a_person(engine: sa.Engine, limit: int) -> Rows:
    """Documents to name or to key, urgent and oldest first."""
    c = documents.c
    return _rows(
        engine,
        sa.select(
            c.id, c.state, c.type, c.site, c.pole, c.route_reasons, c.stored_at, c.due_on, c.marks,
            lots.c.name.label("lot_name"),
        )
        .join(lots, lots.c.id == c.lot_id)
        .where(c.state.in_(("to_name", "to_key", "returned")))
        .order_by(c.priority.desc(), c.id)
        .limit(limit),
    )  # fmt: skip


def delivery_queue(engine: sa.Engine) -> Rows:
    """For each destination and state: how many, and since when the oldest."""
    d = deliveries.c
    return _rows(
        engine,
        sa.select(
            d.destination,
            d.state,
            sa.func.count().label("count"),
            sa.func.min(d.created_at).label("oldest"),
        )
        .where(d.state.in_(("waiting", "claimed", "dead", "held")))
        .group_by(d.destination, d.state)
        .order_by(d.destination, d.state),
    )


def dead_letters(engine: sa.Engine, limit: int) -> Rows:
    """Deliveries that a person must look at, with the reason."""
    d = deliveries.c
    return _rows(
        engine,
        sa.select(
            d.document_id, d.destination, d.attempts, d.last_code, d.last_reason, d.created_at
        )
        .where(d.state == "dead")
        .order_by(d.created_at)
        .limit(limit),
    )


def recent_documents(engine: sa.Engine, limit: int, lot: str = "") -> Rows:
    """The newest documents and where each went."""
    c, d = documents.c, deliveries.c
    query = (
        sa.select(
            c.id, c.lot_id, c.position, c.site, c.type, c.pole, c.destination, c.route, c.state,
            c.route_reasons, c.page_count, c.stored_at, lots.c.name.label("lot_name"),
            d.delivered_at, d.receipt, d.state.label("delivery_state"),
        )
        .join(lots, lots.c.id == c.lot_id)
        .outerjoin(deliveries, d.document_id == c.id)
        .order_by(c.id.desc())
        .limit(limit)
    )  # fmt: skip
    if lot:
        query = query.where(lots.c.name == lot)
    return _rows(engine, query)


def station_states(engine: sa.Engine) -> Rows:
    """What each station last told of itself."""
    return _rows(engine, sa.select(stations).order_by(stations.c.site, stations.c.station))


def returned_by_cause(engine: sa.Engine) -> Rows:
    """How many documents each destination gave back, by cause."""
    r = returns.c
    return _rows(
        engine,
        sa.select(r.destination, r.cause, sa.func.count().label("count"))
        .group_by(r.destination, r.cause)
        .order_by(r.destination, r.cause),
    )


def totals(engine: sa.Engine, since: dt.datetime) -> dict[str, Any]:
    """The few numbers at the top of the page."""
    c = documents.c
    query = sa.select(
        sa.func.count().label("documents"),
        sa.func.count().filter(c.route == "straight").label("straight"),
        sa.func.count().filter(c.state == "delivered").label("delivered"),
        sa.func.count().filter(c.state.in_(("to_name", "returned"))).label("to_name"),
        sa.func.count().filter(c.state == "to_key").label("to_key"),
        sa.func.count().filter(c.state == "dead").label("dead"),
        sa.func.min(c.stored_at)
        .filter(c.state.in_(("ready", "to_name", "to_key", "returned")))
        .label("oldest"),
    ).where(c.stored_at >= since)
    return _rows(engine, query)[0]


def _rows(engine: sa.Engine, query: sa.Executable) -> Rows:
    with transaction(engine) as connection:
        found: Sequence[sa.RowMapping] = connection.execute(query).mappings().all()
    return [dict(row) for row in found]
