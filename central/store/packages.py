"""A document with its pages and fields, as its package tells them."""

import uuid

import sqlalchemy as sa

from central.domain.document import NEGATIVE, DeliverableDocument, DeliveryField, DeliveryPage
from central.store.tables import documents, fields, lots, pages


def load(connection: sa.Connection, document_id: uuid.UUID) -> DeliverableDocument:
    """Read a document that exists, in the caller's transaction."""
    row = connection.execute(
        sa.select(documents, lots.c.name.label("lot_name"))
        .join(lots, lots.c.id == documents.c.lot_id)
        .where(documents.c.id == document_id)
    ).one()
    return DeliverableDocument(
        id=row.id,
        type=row.type,
        type_confidence=row.type_confidence,
        runner_up=row.runner_up,
        layout=row.layout,
        route=row.route,
        route_reasons=tuple(row.route_reasons),
        pole=row.pole,
        process=row.process,
        site=row.site,
        station=row.station,
        channel=row.channel,
        lot_id=row.lot_id,
        lot_name=row.lot_name,
        position=row.position,
        fund=row.fund,
        received_at=row.received_at,
        received_on=row.received_on,
        due_on=row.due_on,
        retention=row.retention,
        priority=row.priority,
        marks=tuple(row.marks),
        versions=row.versions,
        pages=_pages(connection, document_id),
        fields=_fields(connection, document_id),
    )


def _pages(connection: sa.Connection, document_id: uuid.UUID) -> tuple[DeliveryPage, ...]:
    c = pages.c
    rows = connection.execute(
        sa.select(
            c.sha256, c.file_index, c.role, c.rotation, c.file, c.width_mm, c.height_mm, c.marks
        )
        .where(c.document_id == document_id)
        .order_by(c.number)
    )
    return tuple(
        DeliveryPage(
            bytes(row.sha256),
            row.file_index,
            row.role,
            row.rotation,
            row.file,
            row.width_mm,
            row.height_mm,
            NEGATIVE in row.marks,
        )
        for row in rows
    )


def _fields(connection: sa.Connection, document_id: uuid.UUID) -> tuple[DeliveryField, ...]:
    c = fields.c
    rows = connection.execute(
        sa.select(
            c.name, c.value, c.confidence, c.check_result, c.accepted, c.page, c.source, c.reason
        )
        .where(c.document_id == document_id)
        .order_by(c.position)
    )
    return tuple(DeliveryField(*row) for row in rows)
