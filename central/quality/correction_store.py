"""Values that turn out wrong after a document went straight through: put right, delivered again.

Everything happens in the caller's transaction: the document walks from delivered to waiting for a
person and back to ready in one step, so that nobody is ever offered it in between.
"""

import uuid
from collections.abc import Mapping

import sqlalchemy as sa

from central.db import audit
from central.db.tables import deliveries, documents
from central.delivery import failure_store
from central.documents.rules import DeliveryState, DocumentState, ReturnCause, ReturnNote
from central.documents.state_store import idempotency_key
from central.errors import DeliveryUnderWay
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from central.returns import store as returns_store

_d = deliveries.c
_NOTE = ReturnNote(ReturnCause.WRONG_VALUE, "Contrôle qualité : une valeur livrée était fausse.")
CORRECTED = frozenset({DocumentState.READY, DocumentState.DELIVERED, DocumentState.DEAD})
"""Where a document stands when nobody is at work on it."""


def redeliver_corrected(
    connection: sa.Connection,
    actor: str,
    document_id: uuid.UUID,
    truths: Mapping[int, SubmittedField],
) -> int:
    """Put fields right and see to it that the pôle has them; returns the delivery's round.

    A delivery that nobody tried yet takes the new values along; one that was tried gets a key of
    its own, since the application may have taken it without our knowing. Replaying a dead letter
    begins its attempts anew, but leaves what stopped it.

    Args:
        connection: Of a transaction in which the document's row is locked.
        actor: Who found out, as ``person:name``.
        document_id: A document in one of the states ``CORRECTED``.
        truths: By the field's position.

    Raises:
        DeliveryUnderWay: a worker is handing it over at this moment.
    """
    destination = connection.execute(
        sa.select(documents.c.destination).where(documents.c.id == document_id)
    ).scalar_one()
    is_it = (_d.document_id == document_id, _d.destination == destination)
    row = connection.execute(
        sa.select(_d.state, _d.round, _d.attempts, _d.last_code)
        .where(*is_it)
        .with_for_update(skip_locked=True)  # who has it may wait for the document, which we have
    ).one_or_none()
    if row is None or row.state == DeliveryState.CLAIMED:
        raise DeliveryUnderWay(str(document_id))
    for position, truth in truths.items():
        keying_store.set_field(connection, document_id, position, truth)
    delivery_round = int(row.round)
    if row.state == DeliveryState.DELIVERED:
        returns_store.accept_return_in(
            connection, actor, document_id, destination, _NOTE, "console"
        )
        failure_store.send_to(connection, actor, document_id, destination)
        delivery_round += 1
    elif row.attempts or row.last_code is not None:
        delivery_round += 1
        connection.execute(
            deliveries.update()
            .where(*is_it)
            .values(
                round=delivery_round,
                idempotency_key=idempotency_key(
                    _d.document_id, destination, sa.literal(delivery_round)
                ),
            )
        )
    audit.record(
        connection,
        actor,
        "document_corrected",
        str(document_id),
        fields=len(truths),
        round=delivery_round,
    )
    return delivery_round
