"""Misrouted documents that a pôle gives back: once each, counted by cause, audited."""

import uuid
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.lifecycle import DeliveryState, Step
from central.domain.returns import ReturnNote
from central.errors import NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.steps import settle_document, take
from central.store.tables import deliveries, returns


class Returned(Enum):
    """What came of a document that a pôle gives back."""

    TAKEN = "taken"
    ALREADY = "already"
    NOT_YET = "not_yet"


def give_back(
    engine: sa.Engine,
    document_id: uuid.UUID,
    destination: str,
    note: ReturnNote,
    channel: str,
    actor: str = "",
) -> Returned:
    """Take a delivered document back for naming.

    Args:
        engine: The database.
        document_id: Which.
        destination: Who gives it back; only one that received it may.
        note: Why.
        channel: "http", "folder", or "console": somebody of operations for the pôle.
        actor: Who records it; empty: the pôle itself.

    Returns:
        What came of it; ``NOT_YET``: it is on its way there and not recorded as delivered, which
        a pôle may well notice; it may ask again.

    Raises:
        NotFound: it never went there.
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        who = actor or f"pole:{destination}"
        return take_back(connection, who, document_id, destination, note, channel)


def take_back(
    connection: sa.Connection,
    actor: str,
    document_id: uuid.UUID,
    destination: str,
    note: ReturnNote,
    channel: str,
) -> Returned:
    """``give_back`` in the caller's transaction.

    Raises:
        NotFound: it never went there.
    """
    d = deliveries.c
    is_it = (d.document_id == document_id, d.destination == destination)
    row = connection.execute(
        sa.select(d.round, d.state, d.delivered_at).where(*is_it).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"{document_id} did not go to {destination}")
    if row.delivered_at is None:
        return Returned.NOT_YET
    if row.state != DeliveryState.DELIVERED:
        return Returned.ALREADY
    connection.execute(
        insert(returns).values(
            document_id=document_id,
            destination=destination,
            round=row.round,
            cause=note.cause.value,
            comment=note.comment,
            channel=channel,
        )
    )
    take(connection, Step.GIVE_BACK, *is_it)
    settle_document(connection, document_id)
    audit.record(
        connection,
        actor,
        "document_returned",
        str(document_id),
        cause=note.cause.value,
        channel=channel,
    )
    return Returned.TAKEN
