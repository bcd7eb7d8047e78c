"""What people do to pages: turn them, mark them blank, cut documents apart, put them together.

An act needs the person's lease, and changes what it says in one transaction. A page is never
dropped: it is turned, marked, or moved to another document of the same lot.
"""

import uuid
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person
from central.db import audit
from central.db.engine import transaction
from central.db.tables import documents, fields, pages
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import DocumentState, may_change
from central.documents.state_store import change_state, record_act
from central.errors import InputInvalid, LeaseLost, NotFound
from central.sent_work import store as sent_work_store

_c, _f, _p = documents.c, fields.c, pages.c


def turn_page(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int, quarters: int
) -> None:
    """Turn a page clockwise by quarters; boxes of the fields on it no longer hold.

    Raises:
        LeaseLost: somebody else holds the document.
        NotFound: it has no such page.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        is_it = (_p.document_id == document_id, _p.number == number)
        found = connection.execute(
            sa.select(_p.rotation, _p.width_mm, _p.height_mm).where(*is_it)
        ).one_or_none()
        if found is None:
            raise NotFound(f"page {number}")
        width, height = found.width_mm, found.height_mm
        if quarters % 2:
            width, height = height, width
        connection.execute(
            pages.update()
            .where(*is_it)
            .values(
                rotation=(found.rotation + 90 * quarters) % 360,
                skew_deg=0.0,
                width_mm=width,
                height_mm=height,
            )
        )
        connection.execute(
            fields.update()
            .where(_f.document_id == document_id, _f.page == number)
            .values(box_mm=None)
        )
        record_act(connection, person, row, "turned", row.type, page=number, quarters=quarters)


def mark_blank(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, number: int, *, is_blank: bool
) -> None:
    """Say that nothing stands on a page, or that something does.

    Raises:
        LeaseLost: somebody else holds the document.
        NotFound: it has no such page.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        numbers = [page.number for page in documents_store.pages_of(connection, document_id)]
        if number not in numbers:
            raise NotFound(f"page {number}")
        what = f"Page {numbers.index(number) + 1} {'' if is_blank else 'non '}blanche"
        sent_work_store.remember(connection, person, document_id, "name", what, with_pages=True)
        connection.execute(
            pages.update()
            .where(_p.document_id == document_id, _p.number == number)
            .values(role="blank" if is_blank else "front")
        )
        act = "blanked" if is_blank else "unblanked"
        record_act(connection, person, row, act, row.type, page=number)


def split_document(
    engine: sa.Engine,
    person: Person,
    document_id: uuid.UUID,
    number: int,
    new_id: uuid.UUID,
    lease_s: float,
) -> None:
    """Cut a document before a page: that page and those after it become one of their own.

    The new document is to be named, by the same person.

    Args:
        engine: The database.
        person: Who cuts; holds the document.
        document_id: Which.
        number: The first page of the new document; not the first of this one.
        new_id: A UUIDv7 for the new one.
        lease_s: How long the person holds the new one as well.

    Raises:
        InputInvalid: nothing would remain, or nothing would go.
        LeaseLost: somebody else holds the document.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        numbers = [
            page.number
            for page in documents_store.pages_of(connection, document_id)
            if page.role != "replaced"
        ]
        if number not in numbers[1:]:
            raise InputInvalid("page")
        what = f"Séparé à la page {numbers.index(number) + 1}"
        decision = sent_work_store.remember(
            connection, person, document_id, "name", what, with_pages=True
        )
        told = {column.name: getattr(row, column.name) for column in documents.columns}
        told |= {
            "id": new_id,
            "split_from": document_id,
            "page_count": 0,
            "type": "unknown",
            "type_confidence": 0.0,
            "runner_up": None,
            "layout": None,
            "route": "name",
            "route_reasons": ["split"],
        }
        for clock in ("state_at", "stored_at"):
            del told[clock]
        connection.execute(documents.insert().values(**told))
        sent_work_store.remember_made(connection, person, new_id, decision, what)
        connection.execute(
            pages.update()
            .where(_p.document_id == document_id, _p.number >= number)
            .values(document_id=new_id, number=_p.number - number)
        )
        connection.execute(fields.delete().where(_f.document_id == document_id, _f.page >= number))
        lease_store.assign(connection, new_id, person.id, "name", lease_s)
        record_act(connection, person, row, "split", row.type, page=number, into=str(new_id))
        audit.record(connection, person.actor, "document_split", str(new_id), by=str(document_id))


def join_documents(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, *, into_previous: bool
) -> tuple[uuid.UUID, uuid.UUID]:
    """Put two neighbours of a lot together: this one to the one before, or the next to this.

    The pages of the later one follow those of the earlier; the later one is done with.

    Returns:
        The document that holds all pages now, and the one that is done with.

    Raises:
        LeaseLost: somebody else holds one of them.
        NotFound: there is no neighbour, it is none of the person's business, or it has left
            already.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, "name")
        other = _neighbour(connection, row, is_before=into_previous)
        # Its pages would be seen here, or these would go where the person sees nothing.
        if not person.scope.may_see(other.site, other.pole):
            raise NotFound("neighbour")
        if lease_store.is_held_by_other(connection, other.id, person.id):
            raise LeaseLost(str(other.id))
        first, second = (other, row) if into_previous else (row, other)
        what = "Joint au précédent" if into_previous else "Suivant joint"
        decision = sent_work_store.remember(
            connection, person, row.id, "name", what, with_pages=True
        )
        sent_work_store.remember(
            connection, person, other.id, "name", what, decision=decision, with_pages=True
        )
        follows = connection.scalar(
            sa.select(sa.func.max(_p.number) + 1).where(_p.document_id == first.id)
        )
        connection.execute(
            pages.update()
            .where(_p.document_id == second.id)
            .values(document_id=first.id, number=_p.number + (follows or 0))
        )
        connection.execute(fields.delete().where(_f.document_id == second.id))
        lease_store.end_lease(connection, second.id)
        change_state(
            connection, second.id, second.state, DocumentState.DISCARDED, joined_into=first.id
        )
        record_act(connection, person, second, "joined", first.type, into=str(first.id))
        return first.id, second.id


def _neighbour(connection: sa.Connection, row: sa.Row[Any], *, is_before: bool) -> sa.Row[Any]:
    """The nearest document of the lot that is still here; those joined or cut off count too."""
    order = (_c.position, _c.id)
    here = (row.position, row.id)
    is_beside = (
        sa.tuple_(*order) < sa.tuple_(*here) if is_before else sa.tuple_(*order) > sa.tuple_(*here)
    )
    found = connection.execute(
        sa.select(documents)
        .where(_c.lot_id == row.lot_id, is_beside, _c.joined_into.is_(None))
        .order_by(*(o.desc() if is_before else o for o in order))
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if found is None or not may_change(DocumentState(found.state), DocumentState.DISCARDED):
        raise NotFound("neighbour")
    if found.state not in (DocumentState.TO_NAME, DocumentState.TO_KEY):
        raise NotFound("neighbour")
    return found
