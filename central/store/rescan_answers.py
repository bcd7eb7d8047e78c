"""The answer of a request to scan again: its pages join the document that was asked for.

All of it happens in the transaction that stores the answer. The pages that it replaces stay
where they are, with the role ``replaced``: never delivered, never lost. The answer itself stays
as a document of its own lot, discarded, so that the lot's counts agree.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.domain import rescans as domain
from central.domain.incoming import IncomingDocument
from central.domain.lifecycle import DocumentState, may_become
from central.store import audit
from central.store.rows import field_rows, page_rows
from central.store.tables import documents, fields, leases, pages, rescans

UNKNOWN = "rescan_unknown"
"""Why a document waits for a person that answers no request, or one that is over."""

REPLACED = "replaced"
_OPEN = ("asked", "told")
_BEING_SEEN = ("to_name", "to_key")
_ROLES_TOLD = 200  # in one line of the audit trail


@dataclass(frozen=True, slots=True)
class Asked:
    """The request and the document that an answer joins; both rows are locked."""

    rescan_id: uuid.UUID
    document_id: uuid.UUID
    is_first: bool  # no document of the answer has come yet
    state: DocumentState
    original: domain.Original


def find(connection: sa.Connection, answer: IncomingDocument) -> Asked | None:
    """Find what a document answers; None when it must stand alone.

    A request takes one lot as its answer: all documents of that lot, as long as nobody has
    finished with the original. Only stations of the site that was asked may answer.
    """
    if answer.rescan_id is None:
        return None
    request = connection.execute(
        sa.select(rescans).where(rescans.c.id == answer.rescan_id).with_for_update()
    ).one_or_none()
    if request is None or request.site != answer.site:
        return None
    d = documents.c
    row = connection.execute(
        sa.select(d.state, d.type, d.received_on, d.due_on)
        .where(d.id == request.document_id)
        .with_for_update()
    ).one()
    is_first = request.state in _OPEN and row.state == DocumentState.TO_RESCAN
    is_further = (
        request.state == "answered"
        and row.state in _BEING_SEEN
        and _is_of_the_answer(connection, answer, request.document_id)
    )
    if not (is_first or is_further):
        return None
    return Asked(
        rescan_id=request.id,
        document_id=request.document_id,
        is_first=is_first,
        state=DocumentState(row.state),
        original=domain.Original(row.type, row.received_on, row.due_on),
    )


def join(connection: sa.Connection, asked: Asked, answer: IncomingDocument) -> None:
    """Append the answer's pages to the original, which a person sees next.

    The first document of the answer says what the original is; a further one only adds pages,
    and somebody must look at where the documents begin.
    """
    first_page = _append_pages(connection, asked, answer)
    if asked.is_first:
        replaced = _replace(connection, asked, first_page)
        _take_reading(connection, asked, answer, first_page)
        state = domain.state_after(answer)
    else:
        replaced, state = [], DocumentState.TO_NAME
        _become(connection, asked, state)
        # Who has it open has not seen these pages: what they send is refused, and they look again.
        connection.execute(leases.delete().where(leases.c.document_id == asked.document_id))
    connection.execute(
        rescans.update()
        .where(rescans.c.id == asked.rescan_id)
        .values(
            state="answered",
            picture=None,
            answered_at=sa.func.coalesce(rescans.c.answered_at, sa.func.now()),
        )
    )
    audit.record(
        connection,
        f"station:{answer.site}/{answer.station}",
        "document_rescanned",
        str(asked.document_id),
        rescan=str(asked.rescan_id),
        answer=str(answer.id),
        state=state.value,
        type=answer.type,
        pages=len(answer.pages),
        first_page=first_page,
        roles_replaced=replaced[:_ROLES_TOLD],
    )


def _is_of_the_answer(
    connection: sa.Connection, answer: IncomingDocument, original: uuid.UUID
) -> bool:
    earlier = sa.select(documents.c.id).where(
        documents.c.lot_id == answer.lot_id, documents.c.joined_into == original
    )
    return connection.execute(earlier.limit(1)).first() is not None


def _append_pages(connection: sa.Connection, asked: Asked, answer: IncomingDocument) -> int:
    last = connection.scalar(
        sa.select(sa.func.max(pages.c.number)).where(pages.c.document_id == asked.document_id)
    )
    first = 0 if last is None else int(last) + 1
    rows = [
        row | {"document_id": asked.document_id, "number": first + row["number"]}
        for row in page_rows(answer)
    ]
    connection.execute(pages.insert(), rows)
    return first


def _replace(connection: sa.Connection, asked: Asked, first_page: int) -> list[str]:
    """Mark the pages before ``first_page``; returns what each was, for the audit trail."""
    earlier = (pages.c.document_id == asked.document_id, pages.c.number < first_page)
    roles = connection.scalars(sa.select(pages.c.role).where(*earlier).order_by(pages.c.number))
    were = [str(role) for role in roles]
    connection.execute(pages.update().where(*earlier).values(role=REPLACED))
    return were


def _take_reading(
    connection: sa.Connection, asked: Asked, answer: IncomingDocument, first_page: int
) -> None:
    """Take type, fields and way of the answer: what was read before was of the pages replaced."""
    route = answer.route
    connection.execute(fields.delete().where(fields.c.document_id == asked.document_id))
    rows = [
        row | {"document_id": asked.document_id, "page": first_page + row["page"]}
        for row in field_rows(answer)
    ]
    if rows:
        connection.execute(fields.insert(), rows)
    _become(
        connection,
        asked,
        domain.state_after(answer),
        type=answer.type,
        type_confidence=answer.type_confidence,
        runner_up=answer.runner_up,
        layout=answer.layout,
        route="key" if route.kind == "key" else "name",
        route_reasons=[domain.RESCANNED, *route.reasons],
        process=route.process,
        pole=route.pole,
        destination=route.destination,
        due_on=domain.due_on(asked.original, answer),
        retention=route.retention,
        marks=list(dict.fromkeys((*answer.marks, domain.RESCANNED))),
        versions=dict(answer.versions),
        key_pass=1,
    )


def _become(connection: sa.Connection, asked: Asked, state: DocumentState, **values: Any) -> None:
    if state is not asked.state and may_become(asked.state, state):
        values |= {"state": state.value, "state_at": sa.func.now()}
    if values:
        connection.execute(
            documents.update().where(documents.c.id == asked.document_id).values(**values)
        )
