"""Documents as stations hand them over: stored whole, once, or not at all."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingDocument
from central.domain.sampling import DrawPolicy
from central.errors import BlobMissing, SiteForbidden
from central.store import (
    audit,
    duplicates,
    lots,
    partitions,
    plan,
    rescan_answers,
    sampling,
    steps,
    tables,
)
from central.store.engine import transaction
from central.store.rows import document_row, field_rows, page_rows

_STATE_OF_ROUTE = {"straight": "ready", "name": "to_name", "key": "to_key"}


def store(engine: sa.Engine, document: IncomingDocument, drawing: DrawPolicy | None = None) -> bool:
    """Store a document with its pages, fields and delivery in one transaction.

    A document that goes straight gets its delivery, and the dispatch processes are told at the
    commit. One for a person waits in its state. One that answers a request to scan again joins
    the document that was asked for. One that is already here changes nothing; one with an image
    of another document waits for a person who says which of them stands. Its route is the
    station's, with what was changed of the plan since; what a hold covers is held.

    Args:
        engine: The database.
        document: As it came.
        drawing: How many are drawn for the blind control; None: none is.

    Returns:
        True when it was here before.

    Raises:
        BlobMissing: an image that it names was never stored; nothing was written.
        SiteForbidden: its id or its lot belongs to another site.
        StoreUnavailable: nothing was written.
    """
    partitions.make_for(engine, document.id, dt.datetime.now(dt.UTC).date())
    with transaction(engine) as connection:
        owner = connection.scalar(
            sa.select(tables.documents.c.site).where(tables.documents.c.id == document.id)
        )
        if owner is None:
            _demand_blobs(connection, document)
            lots.touch(connection, document)
            if _insert(connection, document, drawing):
                return False
            owner = connection.scalar(  # another stream was faster
                sa.select(tables.documents.c.site).where(tables.documents.c.id == document.id)
            )
        if owner != document.site:
            raise SiteForbidden(f"document {document.id} belongs to another site")
        return True


def blob_stored(engine: sa.Engine, sha256: bytes, size: int, site: str) -> None:
    """Remember that a blob is durably in the blob store, and that this site has sent all of it.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            insert(tables.blobs).values(sha256=sha256, size=size).on_conflict_do_nothing()
        )
        connection.execute(
            insert(tables.blob_sites).values(sha256=sha256, site=site).on_conflict_do_nothing()
        )


def has_blob(engine: sa.Engine, sha256: bytes, site: str) -> bool:
    """Whether this site has sent a blob before; another site's digest is no proof of having it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    sent = tables.blob_sites.c
    wanted = sa.select(sent.site).where(sent.sha256 == sha256, sent.site == site)
    with transaction(engine) as connection:
        return connection.scalar(wanted) is not None


def _demand_blobs(connection: sa.Connection, document: IncomingDocument) -> None:
    wanted = document.digests
    sent = tables.blob_sites.c
    found = connection.scalars(
        sa.select(sent.sha256).where(sent.sha256.in_(wanted), sent.site == document.site)
    )
    if missing := wanted - {bytes(sha256) for sha256 in found}:
        raise BlobMissing(", ".join(sorted(sha256.hex()[:16] for sha256 in missing)))


def _insert(
    connection: sa.Connection, document: IncomingDocument, drawing: DrawPolicy | None
) -> bool:
    steps.share_routes(connection)
    document, followed = plan.follow(connection, document)
    asked = rescan_answers.find(connection, document)
    row = document_row(document)
    if asked is not None:
        row |= {"state": "discarded", "joined_into": asked.document_id}
    elif document.rescan_id is not None:
        reasons = [rescan_answers.UNKNOWN, *document.route.reasons]
        row |= {"state": "to_name", "route_reasons": reasons}
    else:
        row["state"] = _STATE_OF_ROUTE[document.route.kind]
        row |= _as_duplicate(document, duplicates.find(connection, document))
    inserted = connection.execute(
        insert(tables.documents)
        .values(**row)
        .on_conflict_do_nothing()
        .returning(tables.documents.c.id)
    ).all()
    if not inserted:
        return False
    connection.execute(tables.pages.insert(), page_rows(document))
    if document.fields:
        connection.execute(tables.fields.insert(), field_rows(document))
    for change_id, way in followed.items():
        plan.remember(connection, change_id, {asked.document_id if asked else document.id: way})
    if row["state"] == "ready":
        steps.line_up(connection, [document.id], document.route.destination)
        if drawing is not None:
            sampling.draw_stored(connection, document, drawing)
    audit.record(
        connection,
        f"station:{document.site}/{document.station}",
        "document_stored",
        str(document.id),
        state=row["state"],
        type=document.type,
        pages=len(document.pages),
        **({"plan_changes": list(followed)} if followed else {}),
    )
    if asked is not None:
        rescan_answers.join(connection, asked, document)
    return True


def _as_duplicate(document: IncomingDocument, twin: uuid.UUID | None) -> dict[str, Any]:
    """What differs of a document that shows what another one shows; nothing if none does."""
    if twin is None:
        return {}
    reasons, marks = document.route.reasons, document.marks
    told = duplicates.REASON
    return {
        "state": "to_name",
        "route": "name",
        "route_reasons": [*reasons, *(() if told in reasons else (told,))],
        "marks": [*marks, *(() if told in marks else (told,))],
    }
