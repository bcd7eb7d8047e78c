"""Deliveries: claimed by one worker at a time, finished once.

``claim`` picks and marks in one statement (FOR UPDATE SKIP LOCKED), so any number of workers
on any number of machines never hold the same delivery. Finishing checks that the claim is
still ours: a worker that was too slow changes nothing.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.circuit import Circuit, State
from central.domain.delivery import Delivery, DeliveryField, DeliveryPage
from central.domain.lifecycle import Step, after, before
from central.store import audit
from central.store.engine import transaction
from central.store.tables import (
    NOTIFY_CHANNEL,
    circuits,
    deliveries,
    documents,
    fields,
    lots,
    pages,
)


def claim(
    engine: sa.Engine, worker: str, destinations: Collection[str], lease_s: float
) -> Delivery | None:
    """Claim the next due delivery of some destinations, urgent first, oldest first."""
    if not destinations:
        return None
    d = deliveries.c
    due = (
        sa.select(d.document_id, d.destination)
        .where(d.state == "waiting", d.next_at <= sa.func.now(), d.destination.in_(destinations))
        .order_by(d.priority.desc(), d.next_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    with transaction(engine) as connection:
        row = connection.execute(
            deliveries.update()
            .where(d.document_id == due.c.document_id, d.destination == due.c.destination)
            .values(
                state="claimed",
                claimed_by=worker,
                attempts=d.attempts + 1,
                lease_until=sa.func.now() + dt.timedelta(seconds=lease_s),
            )
            .returning(d.document_id, d.destination, d.idempotency_key, d.attempts)
        ).one_or_none()
        return None if row is None else _load(connection, row)


def _load(connection: sa.Connection, claimed: sa.Row[Any]) -> Delivery:
    document = connection.execute(
        sa.select(documents, lots.c.name.label("lot_name"))
        .join(lots, lots.c.id == documents.c.lot_id)
        .where(documents.c.id == claimed.document_id)
    ).one()
    page_rows = connection.execute(
        sa.select(pages).where(pages.c.document_id == document.id).order_by(pages.c.number)
    )
    field_rows = connection.execute(
        sa.select(fields).where(fields.c.document_id == document.id).order_by(fields.c.position)
    )
    return Delivery(
        document_id=document.id,
        destination=claimed.destination,
        idempotency_key=claimed.idempotency_key,
        attempts=claimed.attempts,
        type=document.type,
        pole=document.pole,
        process=document.process,
        site=document.site,
        station=document.station,
        channel=document.channel,
        lot_id=document.lot_id,
        lot_name=document.lot_name,
        position=document.position,
        fund=document.fund,
        received_at=document.received_at,
        received_on=document.received_on,
        due_on=document.due_on,
        retention=document.retention,
        priority=document.priority,
        marks=tuple(document.marks),
        versions=document.versions,
        pages=tuple(
            DeliveryPage(bytes(p.sha256), p.file_index, p.role, p.rotation, p.file)
            for p in page_rows
        ),
        fields=tuple(
            DeliveryField(f.name, f.value, f.confidence, f.check_result, f.accepted)
            for f in field_rows
        ),
    )


def delivered(engine: sa.Engine, worker: str, delivery: Delivery, receipt: str) -> bool:
    """Record that the application has it; False when the claim was lost meanwhile."""
    values = {"state": "delivered", "delivered_at": sa.func.now(), "receipt": receipt}
    return _finish(engine, worker, delivery, values, Step.DELIVER)


def dead(engine: sa.Engine, worker: str, delivery: Delivery, code: str, reason: str) -> bool:
    """Record a dead letter; False when the claim was lost meanwhile."""
    values = {"state": "dead", "last_code": code, "last_reason": reason}
    return _finish(engine, worker, delivery, values, Step.GIVE_UP)


def try_again(
    engine: sa.Engine, worker: str, delivery: Delivery, delay_s: float, code: str, reason: str
) -> bool:
    """Put it back for later; False when the claim was lost meanwhile."""
    values = {
        "state": "waiting",
        "next_at": sa.func.now() + dt.timedelta(seconds=delay_s),
        "last_code": code,
        "last_reason": reason,
    }
    return _finish(engine, worker, delivery, values, None)


def _finish(
    engine: sa.Engine, worker: str, delivery: Delivery, values: dict[str, Any], step: Step | None
) -> bool:
    d = deliveries.c
    with transaction(engine) as connection:
        done = connection.execute(
            deliveries.update()
            .where(
                d.document_id == delivery.document_id,
                d.destination == delivery.destination,
                d.state == "claimed",
                d.claimed_by == worker,
                d.attempts == delivery.attempts,
            )
            .values(lease_until=None, claimed_by=None, **values)
        ).rowcount
        if done and step is not None:
            _step(connection, delivery.document_id, step)
            audit.record(
                connection,
                f"dispatch:{worker}",
                f"delivery_{values['state']}",
                str(delivery.document_id),
                destination=delivery.destination,
                attempts=delivery.attempts,
            )
    return bool(done)


def _step(connection: sa.Connection, document_id: uuid.UUID, step: Step) -> bool:
    for state in before(step):
        changed = connection.execute(
            documents.update()
            .where(documents.c.id == document_id, documents.c.state == state.value)
            .values(state=after(state, step), state_at=sa.func.now())
        ).rowcount
        if changed:
            return True
    return False


def sweep(engine: sa.Engine) -> int:
    """Take back claims whose lease has passed: their worker died or hangs."""
    d = deliveries.c
    with transaction(engine) as connection:
        back = connection.execute(
            deliveries.update()
            .where(d.state == "claimed", d.lease_until < sa.func.now())
            .values(state="waiting", claimed_by=None, lease_until=None, next_at=sa.func.now())
        ).rowcount
        if back:
            connection.execute(sa.select(sa.func.pg_notify(NOTIFY_CHANNEL, "sweep")))
    return back


def replay(engine: sa.Engine, document_ids: Sequence[uuid.UUID], actor: str) -> int:
    """Try dead letters again from the start; returns how many were dead."""
    return _resolve(engine, document_ids, actor, Step.REPLAY, {"state": "waiting", "attempts": 0})


def discard(engine: sa.Engine, document_ids: Sequence[uuid.UUID], actor: str, reason: str) -> int:
    """Give dead letters up with a reason; returns how many were dead."""
    values = {"state": "discarded", "last_reason": reason}
    return _resolve(engine, document_ids, actor, Step.DISCARD, values)


def _resolve(
    engine: sa.Engine,
    document_ids: Sequence[uuid.UUID],
    actor: str,
    step: Step,
    values: dict[str, Any],
) -> int:
    d = deliveries.c
    with transaction(engine) as connection:
        changed = connection.scalars(
            deliveries.update()
            .where(d.document_id.in_(document_ids), d.state == "dead")
            .values(next_at=sa.func.now(), **values)
            .returning(d.document_id)
        ).all()
        for document_id in changed:
            _step(connection, document_id, step)
            audit.record(connection, actor, f"delivery_{step.value}", str(document_id))
        connection.execute(sa.select(sa.func.pg_notify(NOTIFY_CHANNEL, step.value)))
    return len(changed)


def circuit_of(engine: sa.Engine, destination: str) -> Circuit:
    """A destination's circuit, shared by all dispatch processes."""
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(circuits).where(circuits.c.destination == destination)
        ).one_or_none()
    return Circuit() if row is None else Circuit(State(row.state), row.failures, row.open_until)


def set_circuit(engine: sa.Engine, destination: str, circuit: Circuit, code: str) -> None:
    """Remember a circuit's new state."""
    values = {
        "state": circuit.state.value,
        "failures": circuit.failures,
        "open_until": circuit.open_until,
        "changed_at": sa.func.now(),
        "last_code": code,
    }
    with transaction(engine) as connection:
        connection.execute(
            insert(circuits)
            .values(destination=destination, **values)
            .on_conflict_do_update(index_elements=["destination"], set_=values)
        )
