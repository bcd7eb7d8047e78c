"""Holds: deliveries to a destination, of a type or from a site wait because somebody said so.

A hold covers what waits when it is placed and what comes later (central/store/steps.py); what a
worker has in hand is finished. Releasing gives back what no other hold covers.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from central.domain.lifecycle import Step
from central.errors import AlreadyHeld, NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.steps import HELD, UNKNOWN, hold_covered, is_covered, own_routes, take, tell
from central.store.tables import deliveries, documents, holds

_h, _d = holds.c, deliveries.c
_WITH_DELIVERIES = ("ready", "dead", "to_name", "to_key", "to_rescan")
"""States of documents that may have a delivery that waits or is held."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold; ``held`` tells how many deliveries it covers now, 0 once released."""

    id: int
    kind: str
    value: str
    reason: str
    held_by: str
    held_at: dt.datetime
    released_by: str | None = None
    released_at: dt.datetime | None = None
    held: int = 0


def place(engine: sa.Engine, login: str, kind: str, value: str, reason: str) -> int:
    """Hold a destination, a type or a site; returns how many deliveries were waiting.

    Raises:
        AlreadyHeld: it is.
        StoreUnavailable: nothing was changed.
    """
    try:
        with transaction(engine) as connection:
            own_routes(connection)
            connection.execute(
                holds.insert().values(kind=kind, value=value, reason=reason, held_by=login)
            )
            held = hold_covered(connection, _is_of(kind, value))
            actor = f"person:{login}"
            audit.record(
                connection, actor, "hold_placed", f"{kind}:{value}", reason=reason, held=held
            )
            return held
    except exc.IntegrityError as error:
        raise AlreadyHeld(f"{kind} {value}") from error


def release(engine: sa.Engine, login: str, hold_id: int, known: Collection[str]) -> int:
    """End a hold; returns how many deliveries wait for dispatch again.

    Args:
        engine: The database.
        login: Who ends it.
        hold_id: Which.
        known: The configured destinations; what goes elsewhere stays held, for that reason.

    Raises:
        NotFound: there is no such hold, or it was ended before.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        own_routes(connection)
        row = connection.execute(
            holds.update()
            .where(_h.id == hold_id, _h.released_at.is_(None))
            .values(released_by=login, released_at=sa.func.now())
            .returning(_h.kind, _h.value)
        ).one_or_none()
        if row is None:
            raise NotFound(f"hold {hold_id}")
        is_free = [_d.last_code == HELD[0]]
        others = sa.select(sa.exists().where(_h.released_at.is_(None)))
        if connection.scalar(others):
            is_free.append(~is_covered())
        released = take(
            connection,
            Step.RELEASE,
            *is_free,
            _d.destination.in_(known),
            last_code=None,
            last_reason=None,
            next_at=sa.func.now(),
        )
        code, reason = UNKNOWN
        connection.execute(
            deliveries.update()
            .where(_d.state == "held", *is_free)
            .values(last_code=code, last_reason=reason)
        )
        subject = f"{row.kind}:{row.value}"
        audit.record(
            connection, f"person:{login}", "hold_released", subject, released=len(released)
        )
        if released:
            tell(connection, "release")
        return len(released)


def find(engine: sa.Engine, hold_id: int) -> Hold:
    """One hold, open or ended.

    Raises:
        NotFound: there is none of that number.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(sa.select(holds).where(_h.id == hold_id)).one_or_none()
    if row is None:
        raise NotFound(f"hold {hold_id}")
    return Hold(**row._mapping)


def open_ones(engine: sa.Engine) -> list[Hold]:
    """What is held now, the oldest first, each with how many deliveries it covers.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    value = sa.case(
        (_h.kind == "destination", _d.destination),
        (_h.kind == "type", documents.c.type),
        else_=documents.c.site,
    )
    counted = (
        sa.select(_h.id, sa.func.count().label("held"))
        .select_from(holds, deliveries)
        .join(documents, documents.c.id == _d.document_id)
        .where(
            _h.released_at.is_(None),
            _d.state == "held",
            _h.value == value,
            documents.c.state.in_(_WITH_DELIVERIES),
        )
        .group_by(_h.id)
        .subquery()
    )
    query = (
        sa.select(holds, sa.func.coalesce(counted.c.held, 0).label("held"))
        .outerjoin(counted, counted.c.id == _h.id)
        .where(_h.released_at.is_(None))
        .order_by(_h.held_at, _h.id)
    )
    with transaction(engine) as connection:
        return [Hold(**row._mapping) for row in connection.execute(query)]


def ended(engine: sa.Engine, limit: int) -> list[Hold]:
    """Holds that were released, the newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = (
        sa.select(holds)
        .where(_h.released_at.is_not(None))
        .order_by(_h.released_at.desc())
        .limit(limit)
    )
    with transaction(engine) as connection:
        return [Hold(**row._mapping) for row in connection.execute(query)]


def to_deliver(engine: sa.Engine) -> dict[tuple[str, str], int]:
    """How much is to be delivered, by what a hold could be placed on: (kind, value).

    Raises:
        StoreUnavailable: the database does not answer.
    """
    c, count = documents.c, sa.func.count().label("count_of")
    is_waiting, is_ready = _d.state == "waiting", c.state == "ready"
    by_destination = sa.select(_d.destination, count).where(is_waiting).group_by(_d.destination)
    by_document = sa.select(c.type, c.site, count).where(is_ready).group_by(c.type, c.site)
    found: dict[tuple[str, str], int] = {}
    with transaction(engine) as connection:
        for row in connection.execute(by_destination):
            found[("destination", row.destination)] = row.count_of
        for row in connection.execute(by_document):
            for key in (("type", row.type), ("site", row.site)):
                found[key] = found.get(key, 0) + row.count_of
    return found


def _is_of(kind: str, value: str) -> sa.ColumnElement[bool]:
    """Whether a delivery is of a destination, or its document of a type or a site."""
    if kind == "destination":
        return _d.destination == value
    c = documents.c
    its = c.type if kind == "type" else c.site
    # The state finds the few documents that are not done by an index.
    return _d.document_id.in_(sa.select(c.id).where(c.state.in_(_WITH_DELIVERIES), its == value))
