"""Lots: known from their first document on, counted when their station reports on them."""

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingDocument, IncomingLot
from central.errors import SiteForbidden
from central.store import audit, tables
from central.store.engine import transaction


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
