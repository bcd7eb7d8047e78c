"""An act of a person on a document: kept for its page and the reports, and audited."""

import uuid
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person
from central.domain.lifecycle import DocumentState, may_become
from central.errors import LeaseLost
from central.store import audit
from central.store.tables import documents, namings

_c = documents.c


def keep(
    connection: sa.Connection,
    person: Person,
    row: sa.Row[Any],
    act: str,
    type_after: str,
    *,
    seconds: float | None = None,
    **detail: Any,
) -> None:
    """Remember an act, for the document's page, the reports and the trail."""
    connection.execute(
        namings.insert().values(
            document_id=row.id,
            person_id=person.id,
            act=act,
            type_before=row.type,
            type_after=type_after,
            detail=detail,
            seconds=seconds,
        )
    )
    audit.record(
        connection, person.actor, f"document_{act}", str(row.id), type=type_after, **detail
    )


def move(
    connection: sa.Connection,
    document_id: uuid.UUID,
    state: str,
    wanted: DocumentState,
    **values: Any,
) -> None:
    """Take a document to another state, with what else changes.

    Raises:
        LeaseLost: it cannot go there from where it is: somebody was faster.
    """
    if state == wanted.value:
        return
    if not may_become(DocumentState(state), wanted):
        raise LeaseLost(f"{document_id}: {state}")
    connection.execute(
        documents.update()
        .where(_c.id == document_id)
        .values(state=wanted.value, state_at=sa.func.now(), **values)
    )
