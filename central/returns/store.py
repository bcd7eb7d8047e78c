"""Documents that a pôle returns: accepted once each, counted by cause, audited."""

import uuid
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, returns
from central.delivery import content_store
from central.documents.rules import DeliveryState, DeliveryStep, ReturnNote, Which
from central.documents.state_store import apply_step, lock_routing_shared, sync_document_state
from central.errors import NotFound

_d = deliveries.c


class ReturnOutcome(Enum):
    """What came of a document that a pôle gives back."""

    TAKEN = "taken"
    ALREADY = "already"
    NOT_YET = "not_yet"
    UNCLEAR = "unclear"


def accept_return(
    engine: sa.Engine,
    document_id: uuid.UUID,
    destination: str,
    note: ReturnNote,
    channel: str,
    actor: str = "",
    which: Which | None = None,
) -> ReturnOutcome:
    """Take a delivered document back for naming.

    Args:
        engine: The database.
        document_id: Which.
        destination: Who gives it back; only one that received it may.
        note: Why.
        channel: "http", "folder", or "console": somebody of operations for the pôle.
        actor: Who records it; empty: the pôle itself.
        which: Which of its deliveries, as the pôle says; None: the last one.

    Returns:
        What came of it. ``ALREADY``: that round was given back before, or another has taken its
        place. ``NOT_YET``: it is on its way there and not recorded as delivered, which a pôle may
        well notice; it may ask again. ``UNCLEAR``: there were several and it does not say which.

    Raises:
        NotFound: it never went there.
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        lock_routing_shared(connection)
        who = actor or f"pole:{destination}"
        return accept_return_in(connection, who, document_id, destination, note, channel, which)


def accept_return_in(
    connection: sa.Connection,
    actor: str,
    document_id: uuid.UUID,
    destination: str,
    note: ReturnNote,
    channel: str,
    which: Which | None = None,
) -> ReturnOutcome:
    """``accept_return`` in the caller's transaction.

    Raises:
        NotFound: it never went there.
    """
    is_it = (_d.document_id == document_id, _d.destination == destination)
    row = connection.execute(
        sa.select(_d.round, _d.state, _d.delivered_at, _d.doubts).where(*is_it).with_for_update()
    ).one_or_none()
    if row is None or (which and (which.round or 0) > row.round):
        raise NotFound(f"{document_id} did not go to {destination}")
    if (said := _before_taking(connection, document_id, destination, row, which)) is not None:
        return said
    if row.state != DeliveryState.DELIVERED:  # it has it, and the centre had not heard of it
        apply_step(connection, DeliveryStep.DELIVER_LATE, *is_it, delivered_at=sa.func.now())
        sync_document_state(connection, document_id)  # else it would not be one that can come back
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
    apply_step(
        connection, DeliveryStep.GIVE_BACK, *is_it, doubts=0
    )  # whatever it had, it has no more
    sync_document_state(connection, document_id)
    audit.record(
        connection,
        actor,
        "document_returned",
        str(document_id),
        cause=note.cause.value,
        channel=channel,
    )
    return ReturnOutcome.TAKEN


def _before_taking(
    connection: sa.Connection,
    document_id: uuid.UUID,
    destination: str,
    row: Any,
    which: Which | None,
) -> ReturnOutcome | None:
    """What to answer without taking anything back; None: it is to be taken."""
    if row.state in (DeliveryState.RETURNED, DeliveryState.DISCARDED):
        return ReturnOutcome.ALREADY  # or its document was sent another way, or given up
    if which is not None and which.round is not None and which.round < row.round:
        return ReturnOutcome.ALREADY
    if row.delivered_at is None:
        # What was never about to be handed over cannot have arrived; what a worker has in hand
        # may have, this moment. Who names no round means whichever it may have.
        was_handed = content_store.is_or_was(connection, document_id, destination, row.round) or (
            which is None and row.doubts > 0
        )
        if row.state == DeliveryState.CLAIMED or not was_handed:
            return ReturnOutcome.NOT_YET
    if which is None or which.round is not None or row.round == 1:
        return None
    is_since = which.said_at and row.delivered_at and which.said_at >= row.delivered_at
    return None if is_since else ReturnOutcome.UNCLEAR
