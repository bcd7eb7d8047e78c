"""What a delivery's package says, read from the database, and bound to its idempotency key.

One key stands for one content, which is written down before it is handed over. An application that
took a delivery whose answer was lost says "I have it" to the same key, and may say so only of what
it has. So a document that was renamed, corrected or sent another way since its last try goes out
under the key of a new round, which supersedes the one before. All functions join the caller's
transaction.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.db.tables import deliveries, documents, fields, handed_over, lots, pages, returns
from central.delivery import rules as delivery_rules
from central.documents.rules import DeliverableDocument
from central.documents.state_store import idempotency_key
from vaguemestre.model.document import NEGATIVE, DeliveryField, DeliveryPage


def load_for_delivery(connection: sa.Connection, document_id: uuid.UUID) -> DeliverableDocument:
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


_d, _h, _r = deliveries.c, handed_over.c, returns.c


@dataclass(frozen=True, slots=True)
class Round:
    """The round of a delivery that is about to be handed over."""

    number: int
    idempotency_key: str
    content: bytes
    supersedes: delivery_rules.Superseded | None


def begin(connection: sa.Connection, delivery: sa.Row[Any], document: DeliverableDocument) -> Round:
    """Bind a claimed delivery's key to its content; a new round begins if it has another one.

    Args:
        connection: Of the transaction that claims it.
        delivery: Its row, locked.
        document: As it will be told.
    """
    document_id, destination = delivery.document_id, delivery.destination
    content = delivery_rules.digest_of(document, destination)
    rounds = _rounds(connection, document_id, destination)
    number, key = int(delivery.round), str(delivery.idempotency_key)
    known = next((one for one in rounds if one.round == number), None)
    if known is not None and bytes(known.content_sha256) != content:
        number = int(rounds[0].round) + 1
        key = _renumber(connection, delivery, number)
        known = None
    parts = delivery_rules.parts_of(document, destination)
    if known is None:
        connection.execute(
            handed_over.insert().values(
                document_id=document_id,
                destination=destination,
                round=number,
                idempotency_key=key,
                content_sha256=content,
                parts=parts,
            )
        )
    before = next((one for one in rounds if one.round < number), None)
    supersedes = None
    if before is not None:
        cause = _cause(connection, before)
        changed = delivery_rules.changes(before.parts, parts, document)
        supersedes = delivery_rules.Superseded(
            int(before.round), before.idempotency_key, cause, changed
        )
    return Round(number, key, content, supersedes)


def is_still_told(
    connection: sa.Connection, document_id: uuid.UUID, destination: str, number: int
) -> bool:
    """Whether a document tells what was handed over in a round; it does until the transaction ends.

    What was changed since, an application that has that round does not have.
    """
    connection.execute(
        sa.select(documents.c.id).where(documents.c.id == document_id).with_for_update()
    )
    handed = connection.scalar(
        sa.select(_h.content_sha256).where(
            _h.document_id == document_id, _h.destination == destination, _h.round == number
        )
    )
    now = delivery_rules.digest_of(load_for_delivery(connection, document_id), destination)
    return handed is not None and bytes(handed) == now


def is_or_was(
    connection: sa.Connection, document_id: uuid.UUID, destination: str, number: int
) -> bool:
    """Whether a round was ever about to be handed over."""
    return bool(
        connection.scalar(
            sa.select(
                sa.exists().where(
                    _h.document_id == document_id,
                    _h.destination == destination,
                    _h.round == number,
                )
            )
        )
    )


def _rounds(
    connection: sa.Connection, document_id: uuid.UUID, destination: str
) -> list[sa.Row[Any]]:
    """Every round handed over, the newest first."""
    query = (
        sa.select(handed_over)
        .where(_h.document_id == document_id, _h.destination == destination)
        .order_by(_h.round.desc())
    )
    return list(connection.execute(query))


def _renumber(connection: sa.Connection, delivery: sa.Row[Any], number: int) -> str:
    changed = connection.execute(
        deliveries.update()
        .where(_d.document_id == delivery.document_id, _d.destination == delivery.destination)
        .values(
            round=number,
            idempotency_key=idempotency_key(
                _d.document_id, delivery.destination, sa.literal(number)
            ),
        )
        .returning(_d.idempotency_key)
    )
    return str(changed.scalar_one())


def _cause(connection: sa.Connection, before: sa.Row[Any]) -> str | None:
    """Why the pôle gave a round back; None when it did not."""
    return connection.scalar(
        sa.select(_r.cause).where(
            _r.document_id == before.document_id,
            _r.destination == before.destination,
            _r.round == before.round,
        )
    )
