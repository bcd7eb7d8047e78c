"""Documents that a pôle gives back because a value is wrong: keyed anew, whatever was accepted."""

import uuid
from typing import Any

import sqlalchemy as sa

from central.domain.keying import spec_of
from central.domain.lifecycle import DeliveryState
from central.domain.returns import Cause
from central.store import work
from central.store.tables import deliveries, documents, fields, returns
from vaguemestre.model.catalogue import NOT_KEYED, KeyingMode, TypeEntry

_c, _f = documents.c, fields.c


def is_told(connection: sa.Connection, document_id: uuid.UUID) -> bool:
    """Whether a pôle has given a document back because a value of it is wrong."""
    r, d = returns.c, deliveries.c
    said = sa.exists().where(
        d.document_id == document_id,
        d.state == DeliveryState.RETURNED,
        r.document_id == d.document_id,
        r.destination == d.destination,
        r.round == d.round,
        r.cause == Cause.WRONG_VALUE,
    )
    return bool(connection.scalar(sa.select(said)))


def doubt(connection: sa.Connection, row: sa.Row[Any], entry: TypeEntry) -> None:
    """Have all that is keyed of a type keyed: else the same wrong value is delivered again."""
    keyed = [
        field
        for field in work.fields_of(connection, row.id)
        if (spec := spec_of(entry, field.name)).kind not in NOT_KEYED
        and spec.mode is not KeyingMode.READ_ONLY
    ]
    positions = [field.position for field in keyed]
    is_it = (_f.document_id == row.id, _f.position.in_(positions))
    connection.execute(fields.update().where(*is_it).values(accepted=False))
    reasons = dict.fromkeys((*row.route_reasons, *(f"field:{field.name}" for field in keyed)))
    connection.execute(
        documents.update().where(_c.id == row.id).values(route_reasons=list(reasons))
    )
