"""Upkeep of deliveries: lost claims, unknown destinations, dead letters, new routes.

Dead letters are looked at by people: replayed, or discarded with a reason.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa

from central.domain.lifecycle import DocumentState, Step
from central.errors import NotFound
from central.store import audit, dispatchers, holds
from central.store.batches import in_batches
from central.store.engine import transaction
from central.store.steps import (
    HELD,
    UNKNOWN,
    is_covered,
    line_up,
    settle_document,
    settle_documents,
    share_routes,
    take,
    tell,
)
from central.store.tables import deliveries, documents

_d = deliveries.c
_LOST = ("worker_lost", "Chaque essai de livraison a été interrompu.")


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep did."""

    expired: int  # claims taken back
    dead: int  # of which are not tried again


def sweep(engine: sa.Engine, give_up_after: int) -> Swept:
    """Take back claims whose lease has passed: their worker died or hangs.

    A document that ends its worker each time becomes a dead letter, like any other that fails.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    is_lost = _d.lease_until < sa.func.now()
    freed = {"claimed_by": None, "lease_until": None}
    with transaction(engine) as connection:
        share_routes(connection)
        hopeless = take(
            connection,
            Step.GIVE_UP,
            is_lost,
            _d.attempts >= give_up_after,
            last_code=_LOST[0],
            last_reason=_LOST[1],
            **freed,
        )
        for row in hopeless:
            settle_document(connection, row.document_id)
            audit.record(connection, "dispatch:sweeper", "delivery_dead", str(row.document_id))
        expired = take(connection, Step.EXPIRE, is_lost, next_at=sa.func.now(), **freed)
        if expired:
            tell(connection, "sweep")
    return Swept(len(expired) + len(hopeless), len(hopeless))


def match_destinations(
    engine: sa.Engine, known: Collection[str], *, within_s: float | None = None
) -> tuple[int, int]:
    """Hold deliveries to destinations that nobody configured, release those that somebody did.

    What an open hold covers stays held, for that reason. What another living dispatch process knows
    is known, too (central/store/dispatchers.py). What a hold began, and its process did not finish,
    is finished.

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
    known = dispatchers.known(engine).union(known)
    is_unknown = _d.destination.not_in(known)
    is_found = (_d.destination.in_(known), _d.last_code == code)

    def hold(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        told = {"last_code": code, "last_reason": reason}
        return len(take(connection, Step.HOLD, is_one, is_unknown, **told))

    def release(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        released = take(
            connection, Step.RELEASE, is_one, *is_found, ~is_covered(), next_at=sa.func.now()
        )
        connection.execute(
            deliveries.update()
            .where(_d.state == "held", is_one, *is_found)
            .values(last_code=HELD[0], last_reason=HELD[1])
        )
        if released:
            tell(connection, "release")
        return len(released)

    held = in_batches(engine, Step.HOLD, [is_unknown], hold, within_s=within_s).changed
    released = in_batches(engine, Step.RELEASE, is_found, release, within_s=within_s).changed
    covered, freed = holds.settle(engine, known, within_s=within_s)
    return held + covered, released + freed


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which dead or held deliveries are meant; what is empty or None limits nothing.

    ``sites`` and ``poles`` are those that a person is limited to.
    """

    document_ids: Collection[uuid.UUID] | None = None
    destination: str | None = None
    code: str | None = None
    state: str | None = None
    pairs: Collection[tuple[uuid.UUID, str]] | None = None
    sites: Collection[str] = field(default_factory=frozenset)
    poles: Collection[str] = field(default_factory=frozenset)

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
        if self.sites or self.poles:
            told.append(self._is_seen())
        return told

    def _is_seen(self) -> sa.ColumnElement[bool]:
        c = documents.c
        # A dead or held delivery's document is not done: few are, and an index finds them.
        not_done = c.state.not_in(("delivered", "discarded"))
        seen = sa.select(c.id).where(not_done)
        if self.sites:
            seen = seen.where(c.site.in_(self.sites))
        if self.poles:
            seen = seen.where(c.pole.in_(self.poles))
        return _d.document_id.in_(seen)


def replay(
    engine: sa.Engine,
    actor: str,
    document_ids: Collection[uuid.UUID] | None = None,
    destination: str | None = None,
) -> int:
    """Try dead letters again from the start; returns how many.

    Args:
        engine: The database.
        actor: Who asks, as ``person:name``.
        document_ids: Of these only; None: of all documents.
        destination: To this one only; None: to any.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    return replay_chosen(engine, actor, Chosen(document_ids, destination))


def replay_chosen(engine: sa.Engine, actor: str, chosen: Chosen) -> int:
    """Try the dead letters among these again from the start; returns how many.

    Raises:
        StoreUnavailable: some may be done; asked again, the rest is.
    """

    def act(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        changed = take(connection, Step.REPLAY, is_one, attempts=0, next_at=sa.func.now())
        if changed:
            ids = {row.document_id for row in changed}
            settle_documents(connection, ids)
            audit.record_each(connection, actor, "delivery_replayed", ids)
            tell(connection, "replay")
        return len(changed)

    return in_batches(engine, Step.REPLAY, chosen.where(), act).changed


def discard(
    engine: sa.Engine,
    actor: str,
    reason: str,
    document_ids: Collection[uuid.UUID],
    destination: str | None = None,
) -> int:
    """Give dead or held deliveries up for a reason; returns how many.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    return discard_chosen(engine, actor, reason, Chosen(document_ids, destination))


def discard_chosen(engine: sa.Engine, actor: str, reason: str, chosen: Chosen) -> int:
    """Give the dead or held deliveries among these up for a reason; returns how many.

    Raises:
        StoreUnavailable: some may be done; asked again, the rest is.
    """

    def act(connection: sa.Connection, is_one: sa.ColumnElement[bool]) -> int:
        changed = take(connection, Step.DISCARD, is_one, last_reason=reason)
        if changed:
            ids = {row.document_id for row in changed}
            settle_documents(connection, ids)
            audit.record_each(connection, actor, "delivery_discarded", ids, reason=reason)
        return len(changed)

    return in_batches(engine, Step.DISCARD, chosen.where(), act).changed


def send(connection: sa.Connection, actor: str, document_id: uuid.UUID, destination: str) -> None:
    """Send a document that a person named (anew) to a destination, in the caller's transaction.

    To the pôle that gave it back it is another delivery, with a key of its own. A caller that
    locks rows before shares the routes first (central/store/steps.py).

    Raises:
        NotFound: no such document waits for a person.
    """
    share_routes(connection)
    state = connection.scalar(
        sa.select(documents.c.state).where(documents.c.id == document_id).with_for_update()
    )
    if state not in (DocumentState.TO_NAME, DocumentState.TO_KEY):
        raise NotFound(f"{document_id} waits for nobody")
    is_its = _d.document_id == document_id
    take(connection, Step.SUPERSEDE, is_its, _d.destination != destination)
    connection.execute(
        documents.update().where(documents.c.id == document_id).values(destination=destination)
    )
    line_up(connection, [document_id], destination)
    settle_document(connection, document_id)
    audit.record(connection, actor, "document_rerouted", str(document_id), destination=destination)
