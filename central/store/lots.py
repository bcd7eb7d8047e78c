"""Lots and their four counts: the scanner's, the station's, the centre's, and delivered."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingDocument, IncomingLot
from central.errors import SiteForbidden
from central.store import audit, tables
from central.store.engine import transaction


@dataclass(frozen=True, slots=True)
class LotCounts:
    """One lot as it is shown; pages but for the last two."""

    id: uuid.UUID
    name: str
    site: str
    received_at: dt.datetime
    state: str
    expected_pages: int | None  # by the scanner
    counted_pages: int | None  # by the station, separators and set-aside included
    announced_pages: int | None  # by the station, those in documents
    stored_pages: int  # at the centre
    set_aside: int
    stored_documents: int
    delivered_documents: int


def touch(connection: sa.Connection, document: IncomingDocument) -> None:
    """Make the document's lot known before the station reports on it.

    Raises:
        SiteForbidden: the lot belongs to another site.
    """
    connection.execute(
        insert(tables.lots)
        .values(
            id=document.lot_id,
            name=document.lot_name,
            site=document.site,
            station=document.station,
            channel=document.channel,
            received_at=document.received_at,
            fund=document.fund,
            process=document.route.process,
            priority=document.priority,
        )
        .on_conflict_do_nothing()
    )
    owner = connection.scalar(
        sa.select(tables.lots.c.site).where(tables.lots.c.id == document.lot_id)
    )
    if owner != document.site:
        raise SiteForbidden(f"lot {document.lot_id} belongs to another site")


def report(engine: sa.Engine, lot: IncomingLot) -> None:
    """Store the station's final count; a later report of the same lot replaces it.

    Raises:
        SiteForbidden: the lot belongs to another site.
        StoreUnavailable: nothing was written.
    """
    told = {
        "name": lot.name,
        "process": lot.process,
        "priority": lot.priority,
        "expected_pages": lot.expected_pages,
        "counted_pages": lot.counted_pages,
        "documents": lot.documents,
        "document_pages": lot.document_pages,
        "loose_pages": lot.loose_pages,
        "set_aside": [asdict(aside) for aside in lot.set_aside],
        "state": lot.state,
        "reported_at": sa.func.now(),
    }
    statement = insert(tables.lots).values(
        id=lot.id,
        site=lot.site,
        station=lot.station,
        channel=lot.channel,
        received_at=lot.received_at,
        fund=lot.fund,
        **told,
    )
    with transaction(engine) as connection:
        stored = connection.execute(
            statement.on_conflict_do_update(
                index_elements=["id"], set_=told, where=tables.lots.c.site == lot.site
            ).returning(tables.lots.c.id)
        ).all()
        if not stored:
            raise SiteForbidden(f"lot {lot.id} belongs to another site")
        audit.record(
            connection,
            f"station:{lot.site}/{lot.station}",
            "lot_reported",
            str(lot.id),
            state=lot.state,
            counted_pages=lot.counted_pages,
            documents=lot.documents,
        )


def recent(engine: sa.Engine, limit: int) -> Sequence[LotCounts]:
    """List the latest lots with their counts, newest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    lots, documents = tables.lots, tables.documents
    latest = sa.select(lots).order_by(lots.c.received_at.desc()).limit(limit).subquery()
    is_delivered = documents.c.state == "delivered"
    query = (
        sa.select(
            latest.c.id,
            latest.c.name,
            latest.c.site,
            latest.c.received_at,
            latest.c.state,
            latest.c.expected_pages,
            latest.c.counted_pages,
            latest.c.document_pages.label("announced_pages"),
            sa.func.coalesce(sa.func.sum(documents.c.page_count), 0).label("stored_pages"),
            sa.func.jsonb_array_length(latest.c.set_aside).label("set_aside"),
            sa.func.count(documents.c.id).label("stored_documents"),
            sa.func.count(documents.c.id).filter(is_delivered).label("delivered_documents"),
        )
        .outerjoin(documents, documents.c.lot_id == latest.c.id)
        .group_by(*latest.c)
        .order_by(latest.c.received_at.desc())
    )
    with transaction(engine) as connection:
        return [LotCounts(**row) for row in connection.execute(query).mappings()]
