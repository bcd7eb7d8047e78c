"""What the board of operations shows: counts and ages of documents, deliveries, sites and stations.

Every row is a plain dictionary by column name, ready to be shown; none holds what a page says. The
functions that take a person count only what that person may see. All raise StoreUnavailable when
the database does not answer.
"""

import datetime as dt
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Scope
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import (
    circuits,
    controls,
    deliveries,
    documents,
    leases,
    lots,
    rescans,
    returns,
    sites,
    stations,
)
from central.documents.rules import WAITING_FOR_A_PERSON

Rows = list[dict[str, Any]]

_UNDELIVERED = ("ready", "to_name", "to_key", "to_rescan", "dead")
_PENDING = ("waiting", "claimed", "held", "dead")
_AGES_H = (1, 4, 24, 72)
"""Limits in hours between which the ages of waiting documents are counted."""


def documents_by_pole(engine: sa.Engine, scope: Scope, since: dt.datetime) -> Rows:
    """For each site and pôle: documents stored since a time, and all that are not delivered."""
    c = documents.c
    return _rows(
        engine,
        sa.select(
            c.site,
            c.pole,
            sa.func.count().filter(c.stored_at >= since).label("received"),
            sa.func.count().filter(c.stored_at >= since, c.state == "delivered").label("delivered"),
            *_by_state(),
        )
        .where(
            sa.or_(c.stored_at >= since, c.state.in_(_UNDELIVERED)),
            *scope_conditions(scope, c.site, c.pole),
        )
        .group_by(c.site, c.pole)
        .order_by(c.site, c.pole),
    )


def undelivered_by_pole(engine: sa.Engine, scope: Scope, site: str = "") -> Rows:
    """For each pôle that has any: documents that are not delivered by state, and the oldest."""
    c = documents.c
    where = [c.state.in_(_UNDELIVERED), *scope_conditions(scope, c.site, c.pole)]
    if site:
        where.append(c.site == site)
    oldest = sa.func.min(c.stored_at).label("oldest")
    return _rows(engine, sa.select(c.pole, *_by_state(), oldest).where(*where).group_by(c.pole))


def waiting_for_a_person(engine: sa.Engine, scope: Scope, limit: int) -> Rows:
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
        .where(c.state.in_(WAITING_FOR_A_PERSON), *scope_conditions(scope, c.site, c.pole))
        .order_by(c.priority.desc(), c.stored_at)
        .limit(limit),
    )  # fmt: skip


def delivery_queue(engine: sa.Engine, scope: Scope) -> Rows:
    """For each destination with unfinished deliveries: how many in each state, and the oldest."""
    d = deliveries.c
    return _rows(
        engine,
        sa.select(
            d.destination,
            *(sa.func.count().filter(d.state == state).label(state) for state in _PENDING),
            sa.func.min(d.created_at).label("oldest"),
            circuits.c.state.label("circuit"),
            circuits.c.open_until,
        )
        .outerjoin(circuits, circuits.c.destination == d.destination)
        .where(d.state.in_(_PENDING), *_of_documents_seen(scope))
        .group_by(d.destination, circuits.c.state, circuits.c.open_until)
        .order_by(d.destination),
    )


def dead_letters(engine: sa.Engine, scope: Scope, limit: int) -> Rows:
    """Deliveries that a person must look at, with the reason; the oldest first."""
    d = deliveries.c
    return _rows(
        engine,
        sa.select(
            d.document_id,
            d.destination,
            d.state,
            d.attempts,
            d.last_code,
            d.last_reason,
            d.created_at,
            documents.c.type,
            documents.c.site,
        )
        .join(documents, documents.c.id == d.document_id)
        .where(
            d.state.in_(("dead", "held")),
            *scope_conditions(scope, documents.c.site, documents.c.pole),
        )
        .order_by(d.created_at)
        .limit(limit),
    )


def queue_ages(engine: sa.Engine, scope: Scope, now: dt.datetime) -> Rows:
    """Outstanding documents by state: how many, how old, how many in somebody's hands.

    ``ages`` counts them by how long they have been in that state, between ``_AGES_H``.
    """
    c = documents.c
    limits = [now - dt.timedelta(hours=hours) for hours in _AGES_H]
    younger = [sa.func.count().filter(c.state_at > limit) for limit in limits]
    return _rows(
        engine,
        sa.select(
            c.state,
            sa.func.count().label("count"),
            sa.func.min(c.state_at).label("oldest"),
            sa.func.count().filter(c.priority > 0).label("urgent"),
            sa.func.count(leases.c.document_id).label("in_hand"),
            sa.func.json_build_array(*younger).label("younger"),
        )
        .outerjoin(
            leases, sa.and_(leases.c.document_id == c.id, leases.c.lease_until > sa.func.now())
        )
        .where(c.state.in_(_UNDELIVERED), *scope_conditions(scope, c.site, c.pole))
        .group_by(c.state),
    )


def controls_waiting(engine: sa.Engine, scope: Scope) -> dict[str, Any]:
    """Blind controls that nobody has done yet: how many, and the oldest."""
    k, c = controls.c, documents.c
    query = sa.select(sa.func.count().label("count"), sa.func.min(k.drawn_at).label("oldest"))
    where = [k.state.in_(("waiting", "disputed")), *scope_conditions(scope, k.site)]
    if scope.poles:
        is_seen = (c.id == k.document_id, *scope_conditions(scope, c.site, c.pole))
        where.append(sa.exists().where(*is_seen))
    return _rows(engine, query.where(*where))[0]


def rescans_asked(engine: sa.Engine, scope: Scope, limit: int, site: str = "") -> Rows:
    """Documents that stations were asked to scan again and have not answered, oldest first."""
    r, c = rescans.c, documents.c
    where = [r.state.in_(("asked", "told")), *scope_conditions(scope, c.site, c.pole)]
    if site:
        where.append(r.site == site)
    return _rows(
        engine,
        sa.select(
            r.document_id, r.site, r.station, r.lot_name, r.reason, r.state, r.asked_at, r.told_at
        )
        .join(documents, c.id == r.document_id)
        .where(*where)
        .order_by(r.asked_at)
        .limit(limit),
    )


def recent_documents(engine: sa.Engine, scope: Scope, limit: int, lot: str = "") -> Rows:
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
        .where(*scope_conditions(scope, c.site, c.pole))
        .order_by(c.id.desc())
        .limit(limit)
    )  # fmt: skip
    if lot:
        query = query.where(lots.c.name == lot)
    return _rows(engine, query)


def station_states(engine: sa.Engine, scope: Scope, site: str = "") -> Rows:
    """What each station last told of itself."""
    s = stations.c
    where = scope_conditions(scope, s.site) + ([s.site == site] if site else [])
    return _rows(engine, sa.select(stations).where(*where).order_by(s.site, s.station))


def is_site(engine: sa.Engine, site: str) -> bool:
    """Whether a site has ever spoken."""
    return bool(_rows(engine, sa.select(sites.c.site).where(sites.c.site == site)))


def site_names(engine: sa.Engine, scope: Scope) -> list[str]:
    """The sites that may be seen, by name."""
    query = (
        sa.select(sites.c.site).where(*scope_conditions(scope, sites.c.site)).order_by(sites.c.site)
    )
    return [row["site"] for row in _rows(engine, query)]


def returned_by_cause(engine: sa.Engine, scope: Scope, since: dt.datetime) -> Rows:
    """How many documents each destination gave back since a time, by cause."""
    r, c = returns.c, documents.c
    return _rows(
        engine,
        sa.select(r.destination, r.cause, sa.func.count().label("count"))
        .join(documents, c.id == r.document_id)
        .where(r.returned_at >= since, *scope_conditions(scope, c.site, c.pole))
        .group_by(r.destination, r.cause)
        .order_by(r.destination, r.cause),
    )


def received_since(
    engine: sa.Engine,
    scope: Scope,
    since: dt.datetime,
) -> dict[str, Any]:
    """Documents and pages stored since a time, how many straight through, how many delivered."""
    c = documents.c
    query = sa.select(
        sa.func.count().label("documents"),
        sa.func.coalesce(sa.func.sum(c.page_count), 0).label("pages"),
        sa.func.count().filter(c.route == "straight").label("straight"),
        sa.func.count().filter(c.state == "delivered").label("delivered"),
    ).where(c.stored_at >= since, c.split_from.is_(None), *scope_conditions(scope, c.site, c.pole))
    return _rows(engine, query)[0]


def undelivered_total(engine: sa.Engine, scope: Scope) -> dict[str, Any]:
    """All documents that no pôle has yet, whenever they came: by state, and the oldest."""
    c = documents.c
    query = sa.select(
        *_by_state(),
        sa.func.min(c.stored_at).label("oldest"),
    ).where(c.state.in_(_UNDELIVERED), *scope_conditions(scope, c.site, c.pole))
    return _rows(engine, query)[0]


def _by_state() -> list[sa.Label[int]]:
    return [
        sa.func.count().filter(documents.c.state == state).label(state) for state in _UNDELIVERED
    ]


def _of_documents_seen(scope: Scope) -> list[sa.ColumnElement[bool]]:
    """Only deliveries of documents that may be seen; nothing to ask of who sees them all."""
    c = documents.c
    if not scope_conditions(scope, c.site, c.pole):
        return []
    is_seen = (c.id == deliveries.c.document_id, *scope_conditions(scope, c.site, c.pole))
    return [sa.exists().where(*is_seen)]


def _rows(engine: sa.Engine, query: sa.Executable) -> Rows:
    with transaction(engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
