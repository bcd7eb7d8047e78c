"""Documents as stations hand them over: stored whole, once, or not at all."""

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingDocument, IncomingRef
from central.domain.sampling import DrawPolicy
from central.errors import BlobMissing, SiteForbidden
from central.store import audit, lots, sampling, tables
from central.store.engine import transaction

_STATE_OF_ROUTE = {"straight": "ready", "name": "to_name", "key": "to_key"}


def store(engine: sa.Engine, document: IncomingDocument, drawing: DrawPolicy | None = None) -> bool:
    """Store a document with its pages, fields and delivery in one transaction.

    A document that goes straight gets its delivery, and the dispatch processes are told at the
    commit. One for a person waits in its state. One that is already here changes nothing.

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


def blob_stored(engine: sa.Engine, sha256: bytes, size: int) -> None:
    """Remember that a blob is durably in the blob store.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            insert(tables.blobs).values(sha256=sha256, size=size).on_conflict_do_nothing()
        )


def has_blob(engine: sa.Engine, sha256: bytes) -> bool:
    """Whether a blob was stored before.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    wanted = sa.select(tables.blobs.c.size).where(tables.blobs.c.sha256 == sha256)
    with transaction(engine) as connection:
        return connection.scalar(wanted) is not None


def _demand_blobs(connection: sa.Connection, document: IncomingDocument) -> None:
    wanted = document.digests
    found = connection.scalars(
        sa.select(tables.blobs.c.sha256).where(tables.blobs.c.sha256.in_(wanted))
    )
    if missing := wanted - {bytes(sha256) for sha256 in found}:
        raise BlobMissing(", ".join(sorted(sha256.hex()[:16] for sha256 in missing)))


def _insert(
    connection: sa.Connection, document: IncomingDocument, drawing: DrawPolicy | None
) -> bool:
    state = _STATE_OF_ROUTE[document.route.kind]
    inserted = connection.execute(
        insert(tables.documents)
        .values(**_document_row(document), state=state)
        .on_conflict_do_nothing()
        .returning(tables.documents.c.id)
    ).all()
    if not inserted:
        return False
    connection.execute(tables.pages.insert(), _page_rows(document))
    if document.fields:
        connection.execute(tables.fields.insert(), _field_rows(document))
    if state == "ready":
        _make_delivery(connection, document)
        if drawing is not None:
            sampling.draw_stored(connection, document, drawing)
    audit.record(
        connection,
        f"station:{document.site}/{document.station}",
        "document_stored",
        str(document.id),
        state=state,
        type=document.type,
        pages=len(document.pages),
    )
    return True


def _make_delivery(connection: sa.Connection, document: IncomingDocument) -> None:
    destination = document.route.destination
    connection.execute(
        tables.deliveries.insert().values(
            document_id=document.id,
            destination=destination,
            idempotency_key=idempotency_key(document.id, destination, 1),
            priority=document.priority,
        )
    )
    connection.execute(sa.select(sa.func.pg_notify(tables.NOTIFY_CHANNEL, destination)))


def idempotency_key(document_id: uuid.UUID, destination: str, delivery_round: int) -> str:
    """Name one delivery for the application that receives it; the same at every attempt."""
    return f"{document_id}-{destination}-{delivery_round}"


def _document_row(document: IncomingDocument) -> dict[str, Any]:
    route = document.route
    return {
        "id": document.id,
        "lot_id": document.lot_id,
        "position": document.position,
        "site": document.site,
        "station": document.station,
        "channel": document.channel,
        "received_at": document.received_at,
        "received_on": document.received_on,
        "fund": document.fund,
        "type": document.type,
        "type_confidence": document.type_confidence,
        "runner_up": document.runner_up,
        "layout": document.layout,
        "route": route.kind,
        "route_reasons": list(route.reasons),
        "process": route.process,
        "pole": route.pole,
        "destination": route.destination,
        "due_on": route.due_on,
        "retention": route.retention,
        "marks": list(document.marks),
        "versions": dict(document.versions),
        "priority": document.priority,
        "page_count": len(document.pages),
    }


def _page_rows(document: IncomingDocument) -> list[dict[str, Any]]:
    nothing = IncomingRef("", 0, b"")
    return [
        {
            "document_id": document.id,
            "number": number,
            "file": page.ref.file,
            "file_index": page.ref.index,
            "sha256": page.ref.sha256,
            "role": page.role,
            "rotation": page.rotation,
            "skew_deg": page.skew_deg,
            "dpi": page.dpi,
            "width_mm": page.width_mm,
            "height_mm": page.height_mm,
            "blur": page.blur,
            "text": page.text,
            "marks": list(page.marks),
            "twin_file": (page.twin or nothing).file or None,
            "twin_index": page.twin.index if page.twin else None,
            "twin_sha256": (page.twin or nothing).sha256 or None,
        }
        for number, page in enumerate(document.pages)
    ]


def _field_rows(document: IncomingDocument) -> list[dict[str, Any]]:
    return [
        {
            "document_id": document.id,
            "position": position,
            "name": field.name,
            "value": field.value,
            "raw": field.raw,
            "confidence": field.confidence,
            "accepted": field.accepted,
            "check_result": field.check,
            "page": field.page,
            "box_mm": list(field.box_mm) if field.box_mm else None,
        }
        for position, field in enumerate(document.fields)
    ]
