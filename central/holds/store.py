"""Holds: deliveries to a destination, of a type or from a site wait because somebody said so.

A hold is placed or released in a moment that stops everybody else; the deliveries follow in
batches (``settle``), and the sweeper goes on with those of a process that died meanwhile.

A hold covers what waits when it is placed and what comes later (central/documents/state_store.py);
what a worker has in hand is finished. Releasing gives back what no other hold covers.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import exc

from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, documents, holds
from central.documents.rules import DeliveryStep
from central.documents.state_store import (
    HELD,
    UNKNOWN,
    apply_step,
    hold_covered,
    in_batches,
    is_covered,
    lock_routing,
    notify_dispatch,
)
from central.errors import AlreadyHeld, NotFound

_h, _d = holds.c, deliveries.c
_WITH_DELIVERIES = ("ready", "dead", "to_name", "to_key", "to_rescan")
"""States of documents that may have a delivery that waits or is held."""
_PATIENCE_S = 20.0
"""Of the person who places or releases a hold; the sweeper does the rest."""


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
    is_settled: bool = True
    held: int = 0


def place_hold(engine: sa.Engine, login: str, kind: str, value: str, reason: str) -> int:
    """Hold a destination, a type or a site; returns how many deliveries were waiting.

    The hold is there at once; what waits is held in batches.

    Raises:
        AlreadyHeld: it is.
        StoreUnavailable: nothing was changed, or the hold is there and the sweeper goes on.
    """
    try:
        with transaction(engine) as connection:
            waiting = _count(connection, _d.state == "waiting", _is_of(kind, value))
            lock_routing(connection)
            connection.execute(
                holds.insert().values(
                    kind=kind, value=value, reason=reason, held_by=login, is_settled=False
                )
            )
            actor = f"person:{login}"
            audit.record(
                connection, actor, "hold_placed", f"{kind}:{value}", reason=reason, held=waiting
            )
    except exc.IntegrityError as error:
        raise AlreadyHeld(f"{kind} {value}") from error
    held, _ = settle(engine, None, within_s=_PATIENCE_S)
    return held


def release_hold(engine: sa.Engine, login: str, hold_id: int, known: Collection[str]) -> int:
    """End a hold; returns how many deliveries wait for dispatch again.

    The hold is ended at once; what it covered is given back in batches.

    Args:
        engine: The database.
        login: Who ends it.
        hold_id: Which.
        known: The configured destinations; what goes elsewhere stays held, for that reason.

    Raises:
        NotFound: there is no such hold, or it was ended before.
        StoreUnavailable: nothing was changed, or the hold is ended and the sweeper goes on.
    """
    with transaction(engine) as connection:
        one = connection.execute(sa.select(_h.kind, _h.value).where(_h.id == hold_id)).one_or_none()
        if one is None:
            raise NotFound(f"hold {hold_id}")
        freed = _count(
            connection,
            _d.state == "held",
            _d.last_code == HELD[0],
            _d.destination.in_(known),
            _is_of(one.kind, one.value),
            ~is_covered(but=hold_id),
        )
        lock_routing(connection)
        row = connection.execute(
            holds.update()
            .where(_h.id == hold_id, _h.released_at.is_(None))
            .values(released_by=login, released_at=sa.func.now(), is_settled=False)
            .returning(_h.id)
        ).one_or_none()
        if row is None:
            raise NotFound(f"hold {hold_id}")
        subject = f"{one.kind}:{one.value}"
        audit.record(connection, f"person:{login}", "hold_released", subject, released=freed)
    _, released = settle(engine, known, within_s=_PATIENCE_S)
    return released


def settle(
    engine: sa.Engine, known: Collection[str] | None, *, within_s: float | None = None
) -> tuple[int, int]:
    """Finish what placing and releasing holds began: hold what is covered, give back what is not.

    Args:
        engine: The database.
        known: The configured destinations; None: nothing is given back now.
        within_s: As much as fits into so many seconds; None: all.

    Returns:
        How many were held, how many released.

    Raises:
        StoreUnavailable: some may be done; the rest is, the next time.
    """
    begun = _begun(engine)
    if not begun:
        return 0, 0
    held = in_batches(engine, DeliveryStep.HOLD, [is_covered()], hold_covered, within_s=within_s)
    if held.is_complete:
        _settled(engine, {key: at for key, at in begun.items() if at is None})
    ended = {key: at for key, at in begun.items() if at is not None}
    if known is None or not ended:
        return held.changed, 0
    is_free = [_d.last_code == HELD[0], ~is_covered()]

    def give_back(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        return _give_back(connection, known, is_one, *is_free)

    released = in_batches(engine, DeliveryStep.RELEASE, is_free, give_back, within_s=within_s)
    if released.is_complete:
        _settled(engine, ended)
    return held.changed, released.changed


def _give_back(
    connection: sa.Connection, known: Collection[str], *where: sa.ColumnElement[bool]
) -> int:
    released = apply_step(
        connection,
        DeliveryStep.RELEASE,
        *where,
        _d.destination.in_(known),
        last_code=None,
        last_reason=None,
        next_at=sa.func.now(),
    )
    code, reason = UNKNOWN
    connection.execute(
        deliveries.update()
        .where(_d.state == "held", *where)
        .values(last_code=code, last_reason=reason)
    )
    if released:
        notify_dispatch(connection, "release")
    return len(released)


def _begun(engine: sa.Engine) -> dict[int, dt.datetime | None]:
    """Holds whose deliveries do not all follow yet, and when each was released."""
    query = sa.select(_h.id, _h.released_at).where(_h.is_settled.is_(False))
    with transaction(engine) as connection:
        return {row.id: row.released_at for row in connection.execute(query)}


def _settled(engine: sa.Engine, begun: Mapping[int, dt.datetime | None]) -> None:
    """Unless somebody released one of them meanwhile: then that remains to be finished."""
    with transaction(engine) as connection:
        for hold_id, released_at in begun.items():
            connection.execute(
                holds.update()
                .where(_h.id == hold_id, _h.released_at.is_not_distinct_from(released_at))
                .values(is_settled=True)
            )


def _count(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(deliveries).where(*where)) or 0


def find_hold(engine: sa.Engine, hold_id: int) -> Hold:
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


def open_holds(engine: sa.Engine) -> list[Hold]:
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


def ended_holds(engine: sa.Engine, limit: int) -> list[Hold]:
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
