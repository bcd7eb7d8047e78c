"""Deliveries that do not go through: lost claims, unknown destinations, dead letters.

The sweeper takes back claims whose worker died and holds deliveries to a destination that no living
dispatch process knows; each process says in ``dispatchers`` which ones it knows, since processes
may know different ones (one that alone reaches a pôle's network, or one started before the settings
changed). People see dead and held deliveries grouped by cause and one by one, replay them, or
discard them with a reason.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import Scope
from central.accounts.scope import scope_conditions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, dispatchers, documents
from central.documents.rules import WAITING_FOR_A_PERSON, DeliveryStep
from central.documents.state_store import (
    HELD,
    UNKNOWN,
    apply_step,
    enqueue,
    in_batches,
    is_covered,
    is_in_doubt,
    lock_routing_shared,
    notify_dispatch,
    sync_document_state,
    sync_document_states,
)
from central.errors import NotFound
from central.holds import store as holds_store

_dispatchers_c = dispatchers.c
_c, _d = documents.c, deliveries.c


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
            .on_conflict_do_update(index_elements=[_dispatchers_c.name], set_=values)
        )
        connection.execute(dispatchers.delete().where(_dispatchers_c.lives_until < sa.func.now()))


def leave(engine: sa.Engine, name: str) -> None:
    """Tell that a process ends.

    Raises:
        StoreUnavailable: it counts until its time is over.
    """
    with transaction(engine) as connection:
        connection.execute(dispatchers.delete().where(_dispatchers_c.name == name))


def _known_destinations(engine: sa.Engine) -> set[str]:
    """Every destination that a living process knows.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(_dispatchers_c.destinations).where(
        _dispatchers_c.lives_until >= sa.func.now()
    )
    with transaction(engine) as connection:
        return {name for names in connection.scalars(query) for name in names}


_LOST = ("worker_lost", "Chaque essai de livraison a été interrompu.")


@dataclass(frozen=True, slots=True)
class ReleasedClaims:
    """What one sweep did."""

    expired: int  # claims taken back
    dead: int  # of which are not tried again


def release_expired_claims(engine: sa.Engine, give_up_after: int) -> ReleasedClaims:
    """Take back claims whose lease has passed: their worker died or hangs.

    A document that ends its worker each time becomes a dead letter, like any other that fails.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    is_lost = _d.lease_until < sa.func.now()
    freed = {"claimed_by": None, "lease_until": None}
    with transaction(engine) as connection:
        lock_routing_shared(connection)
        hopeless = apply_step(
            connection,
            DeliveryStep.GIVE_UP,
            is_lost,
            _d.attempts >= give_up_after,
            last_code=_LOST[0],
            last_reason=_LOST[1],
            **freed,
        )
        for row in hopeless:
            sync_document_state(connection, row.document_id)
            audit.record(connection, "dispatch:sweeper", "delivery_dead", str(row.document_id))
        expired = apply_step(
            connection, DeliveryStep.EXPIRE, is_lost, next_at=sa.func.now(), **freed
        )
        if expired:
            notify_dispatch(connection, "sweep")
    return ReleasedClaims(len(expired) + len(hopeless), len(hopeless))


def hold_unknown_destinations(
    engine: sa.Engine, known: Collection[str], *, within_s: float | None = None
) -> tuple[int, int]:
    """Hold deliveries to destinations that nobody configured, release those that somebody did.

    What an open hold covers stays held, for that reason. What another living dispatch process knows
    is known, too (central/delivery/failure_store.py). What a hold began, and its process did not
    finish, is finished.

    Args:
        engine: The database.
        known: The configured destinations.
        within_s: As much of each kind as fits into so many seconds; None: all.

    Returns:
        How many were held, how many released.

    Raises:
        StoreUnavailable: some may be done; the rest is, the next time.
    """
    code, reason = UNKNOWN
    known = _known_destinations(engine).union(known)
    is_unknown = _d.destination.not_in(known)
    is_found = (_d.destination.in_(known), _d.last_code == code)

    def hold(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        told = {"last_code": code, "last_reason": reason}
        return len(apply_step(connection, DeliveryStep.HOLD, is_one, is_unknown, **told))

    def release(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        released = apply_step(
            connection,
            DeliveryStep.RELEASE,
            is_one,
            *is_found,
            ~is_covered(),
            next_at=sa.func.now(),
        )
        connection.execute(
            deliveries.update()
            .where(_d.state == "held", is_one, *is_found)
            .values(last_code=HELD[0], last_reason=HELD[1])
        )
        if released:
            notify_dispatch(connection, "release")
        return len(released)

    held = in_batches(engine, DeliveryStep.HOLD, [is_unknown], hold, within_s=within_s).changed
    released = in_batches(
        engine, DeliveryStep.RELEASE, is_found, release, within_s=within_s
    ).changed
    covered, freed = holds_store.settle(engine, known, within_s=within_s)
    return held + covered, released + freed


@dataclass(frozen=True, slots=True)
class DeliverySelection:
    """Which dead or held deliveries are meant, of documents that may be seen.

    A filter that is None limits nothing.
    """

    scope: Scope
    document_ids: Collection[uuid.UUID] | None = None
    destination: str | None = None
    code: str | None = None
    state: str | None = None
    pairs: Collection[tuple[uuid.UUID, str]] | None = None

    def where(self) -> list[sa.ColumnElement[bool]]:
        """The same as conditions on deliveries."""
        told: list[sa.ColumnElement[bool]] = []
        if self.document_ids is not None:
            told.append(_d.document_id.in_(self.document_ids))
        if self.destination is not None:
            told.append(_d.destination == self.destination)
        if self.code is not None:
            told.append(sa.func.coalesce(_d.last_code, "") == self.code)
        if self.state is not None:
            told.append(_d.state == self.state)
        if self.pairs is not None:
            told.append(sa.tuple_(_d.document_id, _d.destination).in_(list(self.pairs)))
        if self.scope.is_limited:
            told.append(self._is_seen())
        return told

    def _is_seen(self) -> sa.ColumnElement[bool]:
        c = documents.c
        # A dead or held delivery's document is not done: few are, and an index finds them.
        not_done = c.state.not_in(("delivered", "discarded"))
        seen = sa.select(c.id).where(not_done, *scope_conditions(self.scope, c.site, c.pole))
        return _d.document_id.in_(seen)


def replay(engine: sa.Engine, actor: str, chosen: DeliverySelection) -> int:
    """Try the dead letters among these again from the start; returns how many.

    Raises:
        StoreUnavailable: some may be done; asked again, the rest is.
    """

    def act(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        changed = apply_step(
            connection, DeliveryStep.REPLAY, is_one, attempts=0, next_at=sa.func.now()
        )
        if changed:
            ids = {row.document_id for row in changed}
            sync_document_states(connection, ids)
            audit.record_each(connection, actor, "delivery_replayed", ids)
            notify_dispatch(connection, "replay")
        return len(changed)

    return in_batches(engine, DeliveryStep.REPLAY, chosen.where(), act).changed


def discard(engine: sa.Engine, actor: str, reason: str, chosen: DeliverySelection) -> int:
    """Give the dead or held deliveries among these up for a reason; returns how many.

    Raises:
        StoreUnavailable: some may be done; asked again, the rest is.
    """

    def act(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        changed = apply_step(connection, DeliveryStep.DISCARD, is_one, last_reason=reason)
        if changed:
            ids = {row.document_id for row in changed}
            sync_document_states(connection, ids)
            audit.record_each(connection, actor, "delivery_discarded", ids, reason=reason)
        return len(changed)

    return in_batches(engine, DeliveryStep.DISCARD, chosen.where(), act).changed


def send_to(
    connection: sa.Connection, actor: str, document_id: uuid.UUID, destination: str
) -> None:
    """Send a document that a person named (anew) to a destination, in the caller's transaction.

    To the pôle that gave it back it is another delivery, with a key of its own. A caller that
    locks rows before shares the routes first (central/documents/state_store.py).

    Raises:
        NotFound: no such document waits for a person.
    """
    lock_routing_shared(connection)
    state = connection.scalar(
        sa.select(documents.c.state).where(documents.c.id == document_id).with_for_update()
    )
    if state not in WAITING_FOR_A_PERSON:
        raise NotFound(f"{document_id} waits for nobody")
    is_its = _d.document_id == document_id
    apply_step(connection, DeliveryStep.SUPERSEDE, is_its, _d.destination != destination)
    connection.execute(
        documents.update().where(documents.c.id == document_id).values(destination=destination)
    )
    enqueue(connection, [document_id], destination)
    sync_document_state(connection, document_id)
    audit.record(connection, actor, "document_rerouted", str(document_id), destination=destination)


_STUCK = ("dead", "held")


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """How many were stopped by the same thing on the way to the same destination."""

    destination: str
    state: str
    code: str
    reason: str
    count: int
    oldest: dt.datetime


@dataclass(frozen=True, slots=True)
class FailedDelivery:
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
class FailureQuery:
    """Which are listed: of a type, of a site, after the last one of the page before."""

    type: str = ""
    site: str = ""
    after: tuple[dt.datetime, uuid.UUID, str] | None = None


def failure_groups(engine: sa.Engine, chosen: DeliverySelection) -> list[FailureGroup]:
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
        return [FailureGroup(**row._mapping) for row in connection.execute(query)]


def failed_deliveries(
    engine: sa.Engine, chosen: DeliverySelection, asked: FailureQuery, limit: int
) -> list[FailedDelivery]:
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
            _d.document_id,
            _d.destination,
            _d.state,
            _d.attempts,
            _d.created_at,
            sa.func.coalesce(_d.last_code, "").label("code"),
            sa.func.coalesce(_d.last_reason, "").label("reason"),
            since.label("since"),
            _c.type,
            _c.site,
            _c.pole,
        )
        .join(documents, _c.id == _d.document_id)
        .where(_d.state.in_(_STUCK), *chosen.where(), *where)
        .order_by(*order)
        .limit(limit)
    )
    with transaction(engine) as connection:
        return [FailedDelivery(**row._mapping) for row in connection.execute(query)]


def failure_counts(engine: sa.Engine, chosen: DeliverySelection) -> dict[str, int]:
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


def in_doubt(engine: sa.Engine, chosen: DeliverySelection) -> dict[str, int]:
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
