"""Upkeep of deliveries: lost claims, unknown destinations, dead letters, new routes.

Dead letters are looked at by people: replayed, or discarded with a reason.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from central.domain.lifecycle import DocumentState, Step
from central.errors import NotFound
from central.store import audit
from central.store.deliveries import tell
from central.store.documents import idempotency_key
from central.store.engine import transaction
from central.store.steps import settle_document, take
from central.store.tables import deliveries, documents

_d = deliveries.c
_UNKNOWN = ("destination_unknown", "Destination inconnue du centre.")
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


def match_destinations(engine: sa.Engine, known: Collection[str]) -> tuple[int, int]:
    """Hold deliveries to destinations that nobody configured, release those that somebody did.

    All dispatch processes of a centre share one list of destinations.

    Returns:
        How many were held, how many released.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    code, reason = _UNKNOWN
    with transaction(engine) as connection:
        held = take(
            connection, Step.HOLD, _d.destination.not_in(known), last_code=code, last_reason=reason
        )
        released = take(
            connection,
            Step.RELEASE,
            _d.destination.in_(known),
            _d.last_code == code,
            next_at=sa.func.now(),
        )
        if released:
            tell(connection, "release")
    return len(held), len(released)


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
    with transaction(engine) as connection:
        changed = take(
            connection,
            Step.REPLAY,
            *_selected(document_ids, destination),
            attempts=0,
            next_at=sa.func.now(),
        )
        for row in changed:
            settle_document(connection, row.document_id)
            audit.record(connection, actor, "delivery_replayed", str(row.document_id))
        if changed:
            tell(connection, "replay")
    return len(changed)


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
    with transaction(engine) as connection:
        changed = take(
            connection, Step.DISCARD, *_selected(document_ids, destination), last_reason=reason
        )
        for row in changed:
            settle_document(connection, row.document_id)
            audit.record(
                connection, actor, "delivery_discarded", str(row.document_id), reason=reason
            )
    return len(changed)


def reroute(engine: sa.Engine, actor: str, document_id: uuid.UUID, destination: str) -> None:
    """Send a document that a person named (anew) to a destination.

    To the pôle that gave it back it is another delivery, with a key of its own.

    Raises:
        NotFound: no such document waits for a person.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        send(connection, actor, document_id, destination)


def send(connection: sa.Connection, actor: str, document_id: uuid.UUID, destination: str) -> None:
    """Do what ``reroute`` does, in the caller's transaction.

    Raises:
        NotFound: no such document waits for a person.
    """
    row = connection.execute(
        sa.select(documents.c.state, documents.c.priority)
        .where(documents.c.id == document_id)
        .with_for_update()
    ).one_or_none()
    if row is None or row.state not in (DocumentState.TO_NAME, DocumentState.TO_KEY):
        raise NotFound(f"{document_id} waits for nobody")
    is_its = _d.document_id == document_id
    take(connection, Step.SUPERSEDE, is_its, _d.destination != destination)
    past = connection.scalar(sa.select(_d.round).where(is_its, _d.destination == destination))
    if past is None:
        connection.execute(
            deliveries.insert().values(
                document_id=document_id,
                destination=destination,
                idempotency_key=idempotency_key(document_id, destination, 1),
                priority=row.priority,
            )
        )
    else:
        take(
            connection,
            Step.REROUTE,
            is_its,
            _d.destination == destination,
            round=past + 1,
            idempotency_key=idempotency_key(document_id, destination, past + 1),
            attempts=0,
            next_at=sa.func.now(),
            delivered_at=None,
            receipt=None,
        )
    connection.execute(
        documents.update().where(documents.c.id == document_id).values(destination=destination)
    )
    settle_document(connection, document_id)
    audit.record(connection, actor, "document_rerouted", str(document_id), destination=destination)
    tell(connection, destination)


def _selected(
    document_ids: Collection[uuid.UUID] | None, destination: str | None
) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if document_ids is not None:
        where.append(_d.document_id.in_(document_ids))
    if destination is not None:
        where.append(_d.destination == destination)
    return where
