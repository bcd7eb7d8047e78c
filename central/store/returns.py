"""Misrouted documents that a pôle gives back: once each, counted by cause, audited."""

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.lifecycle import Step, after, before
from central.errors import NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.tables import deliveries, documents, returns

CAUSES = ("wrong_pole", "wrong_type", "unreadable", "incomplete", "duplicate", "other")


def give_back(
    engine: sa.Engine, document_id: uuid.UUID, destination: str, cause: str, channel: str
) -> bool:
    """Take a delivered document back for naming.

    Args:
        engine: The database.
        document_id: Which.
        destination: Who gives it back; only one that received it may.
        cause: One of ``CAUSES``.
        channel: "http" or "folder".

    Returns:
        False when it was given back before; nothing changed.

    Raises:
        NotFound: it was never delivered there.
    """
    d = deliveries.c
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(d.round, d.state)
            .where(d.document_id == document_id, d.destination == destination)
            .with_for_update()
        ).one_or_none()
        if row is None or row.state not in ("delivered", "returned"):
            raise NotFound(f"{document_id} was not delivered to {destination}")
        inserted = connection.execute(
            insert(returns)
            .values(
                document_id=document_id,
                destination=destination,
                round=row.round,
                cause=cause,
                channel=channel,
            )
            .on_conflict_do_nothing()
            .returning(returns.c.id)
        ).all()
        if not inserted:
            return False
        connection.execute(
            deliveries.update()
            .where(d.document_id == document_id, d.destination == destination)
            .values(state="returned")
        )
        for state in before(Step.GIVE_BACK):
            connection.execute(
                documents.update()
                .where(documents.c.id == document_id, documents.c.state == state.value)
                .values(state=after(state, Step.GIVE_BACK), state_at=sa.func.now())
            )
        audit.record(
            connection, f"pole:{destination}", "document_returned", str(document_id), cause=cause
        )
    return True
