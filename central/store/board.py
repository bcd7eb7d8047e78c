"""What the monitoring page shows: counts and ages, never what a page says.

Every row is a plain dictionary by column name, ready to be shown.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from central.store.engine import transaction
from central.store.tables import circuits, deliveries, documents, lots, returns, stations

Rows = list[dict[str, Any]]

_WAITS_FOR_A_PERSON = ("to_name", "to_key")
_UNDELIVERED = ("ready", "to_name", "to_key", "dead")


def lots_with_counts(engine: sa.Engine, limit: int) -> Rows:
    """The newest lots with their four counts: scanner, station, centre, delivered."""
    newest = sa.select(lots).order_by(lots.c.received_at.desc()).limit(limit).subquery()
    c = documents.c
    is_delivered = c.state == "delivered"
    stored = (
        sa.select(
            c.lot_id,
            sa.func.count().label("stored_documents"),
            sa.func.sum(c.page_count).label("stored_pages"),
            sa.func.count().filter(is_delivered).label("delivered_documents"),
            sa.func.sum(c.page_count).filter(is_delivered).label("delivered_pages"),
            sa.func.count().filter(c.state.in_(_WAITS_FOR_A_PERSON)).label("waiting"),
            sa.func.count().filter(c.state == "dead").label("dead"),
        )
        .where(c.lot_id.in_(sa.select(newest.c.id)))
        .group_by(c.lot_id)
        .subquery()
    )
    counts = [
        sa.func.coalesce(column, 0).label(column.name)
        for column in stored.c
        if column.name != "lot_id"
    ]
    n = newest.c
    return _rows(
        engine,
        sa.select(
            n.id, n.name, n.site, n.station, n.received_at, n.state, n.priority,
            n.expected_pages.label("announced_pages"), n.counted_pages.label("found_pages"),
            n.documents.label("sent_documents"), n.document_pages.label("sent_pages"),
            n.loose_pages, sa.func.jsonb_array_length(n.set_aside).label("set_aside"), *counts,
        )
        .outerjoin(stored, stored.c.lot_id == n.id)
        .order_by(n.received_at.desc()),
    )  # fmt: skip


def documents_by_pole(engine: sa.Engine, since: dt.datetime) -> Rows:
    """For each site and pôle: documents stored since a time, and all that are not delivered."""
    c = documents.c
    return _rows(
        engine,
        sa.select(
            c.site,
            c.pole,
            sa.func.count().filter(c.stored_at >= since).label("received"),
            sa.func.count().filter(c.stored_at >= since, c.state == "delivered").label("delivered"),
            *(
                sa.func.count().filter(c.state == state).label(state)
                for state in ("ready", "to_name", "to_key", "dead")
            ),
        )
        .where(sa.or_(c.stored_at >= since, c.state.in_(_UNDELIVERED)))
        .group_by(c.site, c.pole)
        .order_by(c.site, c.pole),
    )


def waiting_for_a_person(engine: sa.Engine, limit: int) -> Rows:
    """Documents to name or to key, urgent and oldest first, with the last cause of a return."""
    c, r = documents.c, returns.c
    cause = (
        sa.select(r.cause)
        .where(r.document_id == c.id)
        .order_by(r.id.desc())
        .limit(1)
        .correlate(documents)
        .scalar_subquery()
    )
    return _rows(
        engine,
        sa.select(
            c.id, c.state, c.type, c.site, c.pole, c.route_reasons, c.stored_at, c.state_at,
            c.due_on, c.marks, c.priority, c.page_count, lots.c.name.label("lot_name"),
            cause.label("returned_cause"),
        )
        .join(lots, lots.c.id == c.lot_id)
        .where(c.state.in_(_WAITS_FOR_A_PERSON))
        .order_by(c.priority.desc(), c.stored_at)
        .limit(limit),
    )  # fmt: skip


def delivery_queue(engine: sa.Engine) -> Rows:
    """For each destination with unfinished deliveries: how many in each state, and the oldest."""
    d = deliveries.c
    states = ("waiting", "claimed", "held", "dead")
    return _rows(
        engine,
        sa.select(
            d.destination,
            *(sa.func.count().filter(d.state == state).label(state) for state in states),
            sa.func.min(d.created_at).label("oldest"),
            circuits.c.state.label("circuit"),
            circuits.c.open_until,
        )
        .outerjoin(circuits, circuits.c.destination == d.destination)
        .where(d.state.in_(states))
        .group_by(d.destination, circuits.c.state, circuits.c.open_until)
        .order_by(d.destination),
    )


def dead_letters(engine: sa.Engine, limit: int) -> Rows:
    """Deliveries that a person must look at, with the reason; the oldest first."""
    d = deliveries.c
    return _rows(
        engine,
        sa.select(
            d.document_id, d.destination, d.state, d.attempts, d.last_code, d.last_reason,
            d.created_at, documents.c.type,
        )
        .join(documents, documents.c.id == d.document_id)
        .where(d.state.in_(("dead", "held")))
        .order_by(d.created_at)
        .limit(limit),
    )  # fmt: skip


def recent_documents(engine: sa.Engine, limit: int, lot: str = "") -> Rows:
    """The newest documents and where each went; of one lot's name only, if given."""
    c, d = documents.c, deliveries.c
    query = (
        sa.select(
            c.id, c.lot_id, c.position, c.site, c.type, c.pole, c.destination, c.route, c.state,
            c.route_reasons, c.page_count, c.stored_at, lots.c.name.label("lot_name"),
            d.delivered_at, d.receipt, d.state.label("delivery_state"),
        )
        .join(lots, lots.c.id == c.lot_id)
        .outerjoin(deliveries, sa.and_(d.document_id == c.id, d.destination == c.destination))
        .order_by(c.id.desc())
        .limit(limit)
    )  # fmt: skip
    if lot:
        query = query.where(lots.c.name == lot)
    return _rows(engine, query)


def station_states(engine: sa.Engine) -> Rows:
    """What each station last told of itself."""
    return _rows(engine, sa.select(stations).order_by(stations.c.site, stations.c.station))


def returned_by_cause(engine: sa.Engine, since: dt.datetime) -> Rows:
    """How many documents each destination gave back since a time, by cause."""
    r = returns.c
    return _rows(
        engine,
        sa.select(r.destination, r.cause, sa.func.count().label("count"))
        .where(r.returned_at >= since)
        .group_by(r.destination, r.cause)
        .order_by(r.destination, r.cause),
    )


def received_since(engine: sa.Engine, since: dt.datetime) -> dict[str, Any]:
    """Documents and pages stored since a time, how many straight through, how many delivered."""
    c = documents.c
    query = sa.select(
        sa.func.count().label("documents"),
        sa.func.coalesce(sa.func.sum(c.page_count), 0).label("pages"),
        sa.func.count().filter(c.route == "straight").label("straight"),
        sa.func.count().filter(c.state == "delivered").label("delivered"),
    ).where(c.stored_at >= since)
    return _rows(engine, query)[0]


def undelivered(engine: sa.Engine) -> dict[str, Any]:
    """All documents that no pôle has yet, whenever they came: by state, and the oldest."""
    c = documents.c
    query = sa.select(
        *(sa.func.count().filter(c.state == state).label(state) for state in _UNDELIVERED),
        sa.func.min(c.stored_at).label("oldest"),
    ).where(c.state.in_(_UNDELIVERED))
    return _rows(engine, query)[0]


def ask(engine: sa.Engine) -> None:
    """Ask the database for nothing, to learn whether it answers.

    Raises:
        StoreUnavailable: it does not.
    """
    _rows(engine, sa.select(sa.literal(1)))


def _rows(engine: sa.Engine, query: sa.Executable) -> Rows:
    with transaction(engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
