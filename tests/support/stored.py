"""What the centre's tables hold, read back by tests; and statements that only tests make."""

import uuid
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from central.db.engine import transaction
from central.db.tables import audit, deliveries, documents
from central.delivery import store as delivery_store


def run(engine: sa.Engine, statement: str, **values: object) -> None:
    """Execute one statement, committed."""
    with transaction(engine) as connection:
        connection.execute(sa.text(statement), values)


def document_row(engine: sa.Engine, document_id: uuid.UUID) -> Any:
    """A document as it is stored."""
    with transaction(engine) as connection:
        return connection.execute(sa.select(documents).where(documents.c.id == document_id)).one()


def document_states(engine: sa.Engine) -> list[str]:
    """The states of all documents, in the order of their lot."""
    query = sa.select(documents.c.state).order_by(documents.c.position, documents.c.id)
    with transaction(engine) as connection:
        return list(connection.scalars(query))


def delivery_row(engine: sa.Engine, document_id: uuid.UUID, destination: str = "") -> Any:
    """A document's delivery, the only one or that to a destination."""
    query = sa.select(deliveries).where(deliveries.c.document_id == document_id)
    if destination:
        query = query.where(deliveries.c.destination == destination)
    with transaction(engine) as connection:
        return connection.execute(query).one()


def deliver_next(engine: sa.Engine, destinations: Collection[str]) -> None:
    """Deliver what comes next to one of the destinations, as a worker records it."""
    claimed = delivery_store.claim_next(engine, "w", destinations, 60.0)
    assert claimed is not None
    assert delivery_store.record_delivered(engine, claimed.claim, "receipt")


def actions_on(engine: sa.Engine, subject: object) -> list[str]:
    """What the audit trail says was done to a document, lot or delivery, in order."""
    query = sa.select(audit.c.action).where(audit.c.subject == str(subject)).order_by(audit.c.id)
    with transaction(engine) as connection:
        return list(connection.scalars(query))
