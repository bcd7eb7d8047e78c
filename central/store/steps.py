"""Steps of deliveries in the database; a document follows its deliveries.

Both functions belong to the caller's transaction, so that a step, its document's state and its
line in the audit trail exist together or not at all.
"""

import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from central.domain.lifecycle import (
    DeliveryState,
    DocumentState,
    Step,
    before,
    document_after,
    leads_to,
    may_become,
)
from central.store.tables import deliveries, documents


def take(
    connection: sa.Connection, step: Step, *where: sa.ColumnElement[bool], **values: Any
) -> Sequence[sa.Row[Any]]:
    """Take a step with every delivery that matches and may take it; returns them, changed."""
    return connection.execute(
        deliveries.update()
        .where(deliveries.c.state.in_([state.value for state in before(step)]), *where)
        .values(state=leads_to(step).value, **values)
        .returning(deliveries)
    ).all()


def settle_document(connection: sa.Connection, document_id: uuid.UUID) -> DocumentState:
    """Bring a document's state in line with its deliveries'; returns it.

    The document's row is locked before its deliveries are looked at: of two deliveries that are
    finished at once the later one sees both.
    """
    current = DocumentState(
        connection.execute(
            sa.select(documents.c.state).where(documents.c.id == document_id).with_for_update()
        ).scalar_one()
    )
    states = connection.scalars(
        sa.select(deliveries.c.state).where(deliveries.c.document_id == document_id)
    )
    wanted = document_after([DeliveryState(state) for state in states])
    if wanted is None or not may_become(current, wanted):
        return current
    connection.execute(
        documents.update()
        .where(documents.c.id == document_id)
        .values(state=wanted.value, state_at=sa.func.now())
    )
    return wanted
