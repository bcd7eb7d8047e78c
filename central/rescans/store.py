"""Requests to scan a document again, from the person who asks to the answer that joins it.

``asked → told → answered``, or ``impossible`` (the operator says so), or ``withdrawn`` (a person at
the centre no longer wants it). While a request is open its document is ``to_rescan`` and in
nobody's queue.

The answer's pages join the original in the transaction that stores it. The pages that they replace
stay, with the role ``replaced``: never delivered, never lost. The answer itself stays as a document
of its own lot, discarded, so that the lot's counts agree.
"""

import contextlib
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import uuid6

from central.db import audit
from central.db.engine import transaction
from central.db.tables import documents, drafts, fields, leases, lots, pages, rescans
from central.documents.rules import WAITING_FOR_A_PERSON, DocumentState, may_change
from central.documents.store import field_rows, page_rows
from central.errors import NotFound
from central.rescans import rules as domain
from vaguemestre.model.document import RouteKind
from vaguemestre.model.limits import MAX_PICTURE
from vaguemestre.model.lot import (
    UNTOLD,
    AskedSheet,
    DocumentRecord,
    RescanImpossible,
    RescanRequest,
)

UNKNOWN = "rescan_unknown"
"""Why a document waits for a person that answers no request, or one that is over."""

REPLACED = "replaced"
_OPEN = ("asked", "told")
_ROLES_TOLD = 200  # in one line of the audit trail


@dataclass(frozen=True, slots=True)
class RescanTarget:
    """The request and the document that an answer joins; both rows are locked."""

    rescan_id: uuid.UUID
    document_id: uuid.UUID
    is_first: bool  # no document of the answer has come yet
    state: DocumentState
    original: domain.RescannedDocument


def find_target(connection: sa.Connection, answer: DocumentRecord) -> RescanTarget | None:
    """Find what a document answers; None when it must stand alone.

    A request takes one lot as its answer: all documents of that lot, as long as nobody has
    finished with the original. Only stations of the site that was asked may answer.
    """
    if not answer.document.rescan_id:
        return None
    rescan_id = uuid.UUID(answer.document.rescan_id)
    request = connection.execute(
        sa.select(rescans).where(rescans.c.id == rescan_id).with_for_update()
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
        and row.state in WAITING_FOR_A_PERSON
        and _is_of_the_answer(connection, answer, request.document_id)
    )
    if not (is_first or is_further):
        return None
    return RescanTarget(
        rescan_id=request.id,
        document_id=request.document_id,
        is_first=is_first,
        state=DocumentState(row.state),
        original=domain.RescannedDocument(row.type, row.received_on, row.due_on),
    )


def attach_answer(connection: sa.Connection, asked: RescanTarget, answer: DocumentRecord) -> None:
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
        type=answer.document.type,
        pages=len(answer.document.pages),
        first_page=first_page,
        roles_replaced=replaced[:_ROLES_TOLD],
    )


def _is_of_the_answer(
    connection: sa.Connection, answer: DocumentRecord, original: uuid.UUID
) -> bool:
    earlier = sa.select(documents.c.id).where(
        documents.c.lot_id == uuid.UUID(answer.lot.id), documents.c.joined_into == original
    )
    return connection.execute(earlier.limit(1)).first() is not None


def _append_pages(connection: sa.Connection, asked: RescanTarget, answer: DocumentRecord) -> int:
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


def _replace(connection: sa.Connection, asked: RescanTarget, first_page: int) -> list[str]:
    """Mark the pages before ``first_page``; returns what each was, for the audit trail."""
    earlier = (pages.c.document_id == asked.document_id, pages.c.number < first_page)
    roles = connection.scalars(sa.select(pages.c.role).where(*earlier).order_by(pages.c.number))
    were = [str(role) for role in roles]
    connection.execute(pages.update().where(*earlier).values(role=REPLACED))
    return were


def _take_reading(
    connection: sa.Connection, asked: RescanTarget, answer: DocumentRecord, first_page: int
) -> None:
    """Take type, fields and way of the answer: what was read before was of the pages replaced."""
    document = answer.document
    route = document.route
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
        type=document.type,
        type_confidence=document.type_confidence,
        runner_up=document.runner_up,
        layout=document.layout,
        route=RouteKind.KEY if route.kind is RouteKind.KEY else RouteKind.NAME,
        route_reasons=[domain.RESCANNED, *route.reasons],
        process=route.process,
        pole=route.pole,
        destination=route.destination,
        due_on=domain.due_on(asked.original, answer),
        retention=route.retention,
        marks=list(dict.fromkeys((*document.marks, domain.RESCANNED))),
        versions=dict(answer.versions),
        key_pass=1,
    )


def _become(
    connection: sa.Connection, asked: RescanTarget, state: DocumentState, **values: Any
) -> None:
    if state is not asked.state and may_change(asked.state, state):
        values |= {"state": state.value, "state_at": sa.func.now()}
    if values:
        connection.execute(
            documents.update().where(documents.c.id == asked.document_id).values(**values)
        )


MAX_REASON_CHARACTERS = 500


def request_rescan(
    where: sa.Connection | sa.Engine,
    document_id: uuid.UUID,
    person_id: int,
    actor: str,
    reason: str,
    sheet: AskedSheet = UNTOLD,
) -> uuid.UUID:
    """Ask the station that sent a document to scan it again.

    The document leaves its queue: its lease and what was typed for it go with it.

    Args:
        where: The database, or the connection of the caller's transaction.
        document_id: A document that waits for a person.
        person_id: Who asks.
        actor: The same, for the audit trail.
        reason: French, for the operator.
        sheet: Which one; a picture that is too large is left out.

    Returns:
        The request's id, a UUIDv7.

    Raises:
        NotFound: no such document waits for a person.
        StoreUnavailable: nothing was written.
    """
    with _within(where) as connection:
        row = connection.execute(
            sa.select(documents.c.site, documents.c.station, lots.c.name)
            .join(lots, lots.c.id == documents.c.lot_id)
            .where(
                documents.c.id == document_id,
                documents.c.state.in_(WAITING_FOR_A_PERSON),
            )
            .with_for_update(of=documents)
        ).one_or_none()
        if row is None:
            raise NotFound(f"document {document_id} does not wait for a person")
        rescan_id = uuid.UUID(int=uuid6.uuid7().int)
        connection.execute(
            rescans.insert().values(
                id=rescan_id,
                document_id=document_id,
                site=row.site,
                station=row.station,
                lot_name=row.name,
                reason=_clean(reason),
                person_id=person_id,
                type_title=_clean(sheet.type_title),
                page=sheet.page,
                page_count=sheet.pages,
                picture=sheet.picture if len(sheet.picture) <= MAX_PICTURE else None,
            )
        )
        _step(connection, document_id, DocumentState.TO_RESCAN)
        for table in (leases, drafts):
            connection.execute(table.delete().where(table.c.document_id == document_id))
        audit.record(
            connection,
            actor,
            "rescan_asked",
            str(document_id),
            rescan=str(rescan_id),
            station=row.station,
        )
    return rescan_id


def open_for(engine: sa.Engine, site: str, station: str) -> tuple[RescanRequest, ...]:
    """The requests that a station has yet to answer, oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    r = rescans.c
    query = (
        sa.select(
            *(r.id, r.document_id, r.lot_name, r.reason, r.type_title, r.page, r.page_count),
            *(r.picture, documents.c.received_on, documents.c.fund, documents.c.position),
        )
        .join(documents, documents.c.id == r.document_id)
        .where(
            r.site == site,
            r.station == station,
            r.state.in_(_OPEN),
            documents.c.state == DocumentState.TO_RESCAN.value,  # not discarded meanwhile
        )
        .order_by(r.id)
    )
    with transaction(engine) as connection:
        return tuple(_request(row) for row in connection.execute(query))


def _request(row: Any) -> RescanRequest:
    picture = bytes(row.picture or b"")
    return RescanRequest(
        document_id=str(row.document_id),
        lot_name=row.lot_name,
        reason=row.reason,
        rescan_id=str(row.id),
        received_on=row.received_on,
        fund=row.fund,
        sheet=AskedSheet(row.position + 1, row.type_title, row.page, row.page_count, picture),
    )


def mark_sent(engine: sa.Engine, rescan_ids: Collection[str]) -> None:
    """The station was sent the requests with these ids.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            rescans.update()
            .where(rescans.c.id.in_(map(uuid.UUID, rescan_ids)), rescans.c.state == "asked")
            .values(state="told", told_at=sa.func.now())
        )


def mark_impossible(engine: sa.Engine, site: str, station: str, told: RescanImpossible) -> bool:
    """The operator says that the document cannot be scanned again; a person decides.

    Returns:
        False when the request was none of this station's, or over already.

    Raises:
        StoreUnavailable: nothing was written.
    """
    rescan_id = uuid.UUID(told.rescan_id)
    mine = (rescans.c.site == site, rescans.c.station == station)
    with transaction(engine) as connection:
        values = {
            "state": "impossible",
            "answer": _clean(told.reason),
            "answered_at": sa.func.now(),
            "picture": None,
        }
        document_id = connection.scalar(
            rescans.update()
            .where(rescans.c.id == rescan_id, rescans.c.state.in_(_OPEN), *mine)
            .values(values)
            .returning(rescans.c.document_id)
        )
        if document_id is None:
            return False
        _back(connection, document_id, f"station:{site}/{station}", "rescan_impossible", rescan_id)
    return True


def withdraw_request(where: sa.Connection | sa.Engine, rescan_id: uuid.UUID, actor: str) -> bool:
    """A person no longer wants a document scanned again; it goes back to naming.

    Returns:
        False when the request was over already.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with _within(where) as connection:
        document_id = connection.scalar(
            rescans.update()
            .where(rescans.c.id == rescan_id, rescans.c.state.in_(_OPEN))
            .values(state="withdrawn", answered_at=sa.func.now(), picture=None)
            .returning(rescans.c.document_id)
        )
        if document_id is None:
            return False
        _back(connection, document_id, actor, "rescan_withdrawn", rescan_id)
    return True


def open_one(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Of a document's requests, the one that the station has yet to answer."""
    return next((row for row in rows if row["state"] in _OPEN), None)


def withdraw_of(where: sa.Connection | sa.Engine, document_id: uuid.UUID, actor: str) -> bool:
    """Withdraw whatever request is open for a document.

    Returns:
        False when there was none.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with _within(where) as connection:
        found = connection.scalars(
            sa.select(rescans.c.id)
            .where(rescans.c.document_id == document_id, rescans.c.state.in_(_OPEN))
            .order_by(rescans.c.id)
        ).all()
        done = [withdraw_request(connection, rescan_id, actor) for rescan_id in found]
    return any(done)


def _back(
    connection: sa.Connection,
    document_id: uuid.UUID,
    actor: str,
    action: str,
    rescan_id: uuid.UUID,
) -> None:
    _step(connection, document_id, DocumentState.TO_NAME)
    audit.record(connection, actor, action, str(document_id), rescan=str(rescan_id))


def _step(connection: sa.Connection, document_id: uuid.UUID, wanted: DocumentState) -> None:
    """To ``to_rescan``, or back to naming unless somebody has discarded it meanwhile."""
    is_it = [documents.c.id == document_id]
    if wanted is not DocumentState.TO_RESCAN:
        is_it.append(documents.c.state == DocumentState.TO_RESCAN.value)
    connection.execute(
        documents.update().where(*is_it).values(state=wanted.value, state_at=sa.func.now())
    )


def _clean(text: str) -> str:
    """A database's text holds no NUL, and a sheet of paper no line breaks of others."""
    shown = "".join(c if c.isprintable() else " " for c in text).strip()
    return shown[:MAX_REASON_CHARACTERS]


@contextlib.contextmanager
def _within(where: sa.Connection | sa.Engine) -> Iterator[sa.Connection]:
    if isinstance(where, sa.Connection):
        yield where
    else:
        with transaction(where) as connection:
            yield connection
