"""Requests to scan a document again, from the person who asks to the station that answers.

``asked → told → answered``, or ``impossible`` (the operator says so), or ``withdrawn`` (a person
at the centre no longer wants it). While a request is open its document is ``to_rescan`` and in
nobody's queue. What an answer does to its document is in central/store/rescan_answers.py.
"""

import contextlib
import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import uuid6

from central.domain.lifecycle import WAITING_FOR_A_PERSON, DocumentState
from central.errors import NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.tables import documents, drafts, leases, lots, rescans

MAX_REASON_CHARACTERS = 500
MAX_PICTURE_BYTES = 65_536
_OPEN = ("asked", "told")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which sheet a person means: what the document was taken for, and the page they saw."""

    type_title: str = ""
    page: int = 0  # from 1; 0: not told
    pages: int = 0
    picture: bytes = b""  # JPEG


UNTOLD = Sheet()


@dataclass(frozen=True, slots=True)
class Request:
    """What a station is told of a request."""

    id: uuid.UUID
    document_id: uuid.UUID
    lot_name: str
    reason: str
    received_on: dt.date
    fund: str
    number: int  # of the document in its lot, from 1
    sheet: Sheet


def ask(
    where: sa.Connection | sa.Engine,
    document_id: uuid.UUID,
    person_id: int,
    actor: str,
    reason: str,
    sheet: Sheet = UNTOLD,
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
                documents.c.state.in_([state.value for state in WAITING_FOR_A_PERSON]),
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
                picture=sheet.picture if len(sheet.picture) <= MAX_PICTURE_BYTES else None,
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


def open_for(engine: sa.Engine, site: str, station: str) -> tuple[Request, ...]:
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


def _request(row: Any) -> Request:
    sheet = Sheet(row.type_title, row.page, row.page_count, bytes(row.picture or b""))
    return Request(
        row.id,
        row.document_id,
        row.lot_name,
        row.reason,
        row.received_on,
        row.fund,
        row.position + 1,
        sheet,
    )


def told(engine: sa.Engine, ids: Collection[uuid.UUID]) -> None:
    """The station was sent these requests.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            rescans.update()
            .where(rescans.c.id.in_(ids), rescans.c.state == "asked")
            .values(state="told", told_at=sa.func.now())
        )


def impossible(
    engine: sa.Engine, site: str, station: str, rescan_id: uuid.UUID, reason: str
) -> bool:
    """The operator says that the document cannot be scanned again; a person decides.

    Returns:
        False when the request was none of this station's, or over already.

    Raises:
        StoreUnavailable: nothing was written.
    """
    mine = (rescans.c.site == site, rescans.c.station == station)
    with transaction(engine) as connection:
        values = {
            "state": "impossible",
            "answer": _clean(reason),
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


def withdraw(where: sa.Connection | sa.Engine, rescan_id: uuid.UUID, actor: str) -> bool:
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
        done = [withdraw(connection, rescan_id, actor) for rescan_id in found]
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
