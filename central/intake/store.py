"""What stations hand over, stored: documents, lots, blobs, and what each station says of itself.

A document is stored whole, once, or not at all. A lot is known from its first document on, and
counted when its station reports on it. A document with an image that another document shows already
is probably the same mail twice: a station knows its own files only, so the centre finds it, and a
person decides which of the documents stands.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.db import audit, migrate, tables
from central.db.engine import transaction
from central.db.tables import documents, pages
from central.documents import state_store
from central.documents.store import document_row, field_rows, page_rows, source_digests
from central.errors import BlobMissing, SiteForbidden
from central.plan import store as plan_store
from central.quality import store as quality_store
from central.quality.rules import SamplingPolicy
from central.rescans import store as rescans_store
from vaguemestre.model.document import Document, RouteKind
from vaguemestre.model.lot import DocumentRecord, Heartbeat, LotReport

REASON = "probable_duplicate"
"""As stations tell it: mark of the document, and why it waits for a person."""

_NO_CONTENT = ("blank", "separator", "replaced")
_LOCKS = 0x7661_6776  # first key of the advisory locks; no other of ours has this number
_BUCKETS = 1_024  # locks that one document takes at most, of some thousands that a server has
_c, _p = documents.c, pages.c


def find(connection: sa.Connection, record: DocumentRecord) -> uuid.UUID | None:
    """Find another document, not given up, that shows one of a document's images.

    Of two that come at the same moment the second one waits for the first to be committed, and
    then sees it.
    """
    shown = sorted(
        {
            (row["sha256"], row["file_index"])
            for row in page_rows(record)
            if row["role"] not in _NO_CONTENT
        }
    )
    if not shown:
        return None
    _lock(connection, {sha256 for sha256, _ in shown})
    query = (
        sa.select(_p.document_id)
        .join(documents, _c.id == _p.document_id)
        .where(
            _p.sha256.in_({sha256 for sha256, _ in shown}),
            sa.tuple_(_p.sha256, _p.file_index).in_(shown),
            _p.role.not_in(_NO_CONTENT),
            _p.document_id != record.id,
            _c.state != "discarded",
        )
        .order_by(_p.document_id)
        .limit(1)
    )
    return connection.scalar(query)


def _lock(connection: sa.Connection, digests: set[bytes]) -> None:
    """Keep others from storing the same images until the end of the transaction."""
    for bucket in sorted({int.from_bytes(sha256[:4]) % _BUCKETS for sha256 in digests}):
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCKS, bucket)))


def _ensure_lot(connection: sa.Connection, record: DocumentRecord) -> None:
    """Make the document's lot known before the station reports on it.

    Raises:
        SiteForbidden: the lot belongs to another site.
    """
    lot, lot_id = record.lot, uuid.UUID(record.lot.id)
    connection.execute(
        insert(tables.lots)
        .values(
            id=lot_id,
            name=lot.name,
            site=record.site,
            station=record.station,
            channel=lot.channel,
            received_at=lot.received_at,
            fund=lot.fund,
            process=record.document.route.process,
            priority=lot.priority,
        )
        .on_conflict_do_nothing()
    )
    owner = connection.scalar(sa.select(tables.lots.c.site).where(tables.lots.c.id == lot_id))
    if owner != record.site:
        raise SiteForbidden(f"lot {lot_id} belongs to another site")


def store_report(engine: sa.Engine, report: LotReport) -> None:
    """Store the station's final count; a later report of the same lot replaces it.

    Raises:
        SiteForbidden: the lot belongs to another site.
        StoreUnavailable: nothing was written.
    """
    lot = report.lot
    told = {
        "name": lot.name,
        "process": lot.process,
        "priority": lot.priority,
        "expected_pages": lot.expected_pages,
        "counted_pages": report.counted_pages,
        "documents": report.documents,
        "document_pages": report.document_pages,
        "loose_pages": report.loose_pages,
        "set_aside": [asdict(aside) for aside in report.set_aside],
        "state": report.state,
        "reported_at": sa.func.now(),
    }
    statement = insert(tables.lots).values(
        id=uuid.UUID(lot.id),
        site=report.site,
        station=report.station,
        channel=lot.channel,
        received_at=lot.received_at,
        fund=lot.fund,
        **told,
    )
    with transaction(engine) as connection:
        stored = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_=told, where=tables.lots.c.site == report.site
            ).returning(tables.lots.c.id)
        ).all()
        if not stored:
            raise SiteForbidden(f"lot {lot.id} belongs to another site")
        audit.record(
            connection,
            f"station:{report.site}/{report.station}",
            "lot_reported",
            lot.id,
            state=report.state,
            counted_pages=report.counted_pages,
            documents=report.documents,
        )


_STATE_OF_ROUTE = {
    RouteKind.STRAIGHT: "ready",
    RouteKind.NAME: "to_name",
    RouteKind.KEY: "to_key",
}


def store_document(
    engine: sa.Engine, record: DocumentRecord, drawing: SamplingPolicy | None = None
) -> bool:
    """Store a document with its pages, fields and delivery in one transaction.

    A document that goes straight gets its delivery, and the dispatch processes are told at the
    commit. One for a person waits in its state. One that answers a request to scan again joins
    the document that was asked for. One that is already here changes nothing; one with an image
    of another document waits for a person who says which of them stands. Its route is the
    station's, with what was changed of the plan since; what a hold covers is held.

    Args:
        engine: The database.
        record: The document as it came.
        drawing: How many are drawn for the blind control; None: none is.

    Returns:
        True when it was here before.

    Raises:
        BlobMissing: an image that it names was never stored; nothing was written.
        SiteForbidden: its id or its lot belongs to another site.
        StoreUnavailable: nothing was written.
    """
    migrate.make_for(engine, record.id, dt.datetime.now(dt.UTC).date())
    with transaction(engine) as connection:
        owner = connection.scalar(
            sa.select(tables.documents.c.site).where(tables.documents.c.id == record.id)
        )
        if owner is None:
            _demand_blobs(connection, record)
            _ensure_lot(connection, record)
            if _insert(connection, record, drawing):
                return False
            owner = connection.scalar(  # another stream was faster
                sa.select(tables.documents.c.site).where(tables.documents.c.id == record.id)
            )
        if owner != record.site:
            raise SiteForbidden(f"document {record.id} belongs to another site")
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


def _demand_blobs(connection: sa.Connection, record: DocumentRecord) -> None:
    wanted = source_digests(record.document)
    sent = tables.blob_sites.c
    found = connection.scalars(
        sa.select(sent.sha256).where(sent.sha256.in_(wanted), sent.site == record.site)
    )
    if missing := wanted - {bytes(sha256) for sha256 in found}:
        raise BlobMissing(", ".join(sorted(sha256.hex()[:16] for sha256 in missing)))


def _insert(
    connection: sa.Connection, record: DocumentRecord, drawing: SamplingPolicy | None
) -> bool:
    state_store.lock_routing_shared(connection)
    record, followed = plan_store.apply_plan_to_incoming(connection, record)
    document = record.document
    asked = rescans_store.find_target(connection, record)
    row = document_row(record)
    if asked is not None:
        row |= {"state": "discarded", "joined_into": asked.document_id}
    elif document.rescan_id:
        reasons = [rescans_store.UNKNOWN, *document.route.reasons]
        row |= {"state": "to_name", "route_reasons": reasons}
    else:
        row["state"] = _STATE_OF_ROUTE[document.route.kind]
        row |= _as_duplicate(document, find(connection, record))
    inserted = connection.execute(
        insert(tables.documents)
        .values(**row)
        .on_conflict_do_nothing()
        .returning(tables.documents.c.id)
    ).all()
    if not inserted:
        return False
    connection.execute(tables.pages.insert(), page_rows(record))
    if document.fields:
        connection.execute(tables.fields.insert(), field_rows(record))
    for change_id, way in followed.items():
        plan_store.save_previous_routes(
            connection, change_id, {asked.document_id if asked else record.id: way}
        )
    if row["state"] == "ready":
        state_store.enqueue(connection, [record.id], document.route.destination)
        if drawing is not None:
            quality_store.sample_stored(connection, record, drawing)
    audit.record(
        connection,
        f"station:{record.site}/{record.station}",
        "document_stored",
        str(record.id),
        state=row["state"],
        type=document.type,
        pages=len(document.pages),
        **({"plan_changes": list(followed)} if followed else {}),
    )
    if asked is not None:
        rescans_store.attach_answer(connection, asked, record)
    return True


def _as_duplicate(document: Document, twin: uuid.UUID | None) -> dict[str, Any]:
    """What differs of a document that shows what another one shows; nothing if none does."""
    if twin is None:
        return {}
    reasons, marks = document.route.reasons, document.marks
    told = REASON
    return {
        "state": "to_name",
        "route": "name",
        "route_reasons": [*reasons, *(() if told in reasons else (told,))],
        "marks": [*marks, *(() if told in marks else (told,))],
    }


def record_connection(
    engine: sa.Engine, site: str, station: str, versions: Mapping[str, str]
) -> None:
    """A station opened its stream.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(insert(tables.sites).values(site=site).on_conflict_do_nothing())
        told = {"versions": dict(versions), "connected_at": sa.func.now()}
        statement = insert(tables.stations).values(site=site, station=station, **told)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["site", "station"], set_=told)
        )


def record_heartbeat(engine: sa.Engine, site: str, station: str, beat: Heartbeat) -> None:
    """A station told how it is; ``heartbeat_at`` is the centre's clock, not the station's.

    Raises:
        StoreUnavailable: nothing was written.
    """
    backlog, condition = beat.backlog, beat.condition
    with transaction(engine) as connection:
        connection.execute(
            tables.stations.update()
            .where(tables.stations.c.site == site, tables.stations.c.station == station)
            .values(
                heartbeat_at=sa.func.now(),
                backlog_documents=backlog.documents,
                backlog_bytes=backlog.bytes,
                free_disk_bytes=condition.free_disk_bytes,
                pages_per_minute=condition.pages_per_minute,
                lots_open=backlog.lots_open,
                lots_incomplete=backlog.lots_incomplete,
                versions=dict(beat.versions),
                certificate_until=condition.certificate_until,
                rated_pages_per_minute=condition.rated_pages_per_minute,
            )
        )
