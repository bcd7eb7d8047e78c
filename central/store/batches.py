"""Many deliveries at once, a thousand at a time, so that nobody waits for all of them.

The keys are read first and without a lock. Each batch is a transaction of its own that shares the
routes, locks its rows in one order, and looks again: what changed meanwhile is left alone.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from central.domain.lifecycle import Step, before
from central.store.engine import transaction
from central.store.steps import share_routes
from central.store.tables import deliveries

BATCH = 1_000
_d = deliveries.c

Act = Callable[[sa.Connection, sa.ColumnElement[bool]], int]
"""Takes a step with the deliveries that meet a condition; returns how many it changed."""


@dataclass(frozen=True, slots=True)
class Batches:
    """What was done: how many deliveries changed, and whether none was left for lack of time."""

    changed: int
    is_complete: bool


def in_batches(
    engine: sa.Engine,
    step: Step,
    where: Sequence[sa.ColumnElement[bool]],
    act: Act,
    *,
    within_s: float | None = None,
) -> Batches:
    """Let ``act`` take a step with all deliveries that match and may take it.

    Args:
        engine: The database.
        step: Which; deliveries in other states are not looked at.
        where: Which deliveries, as they are at the start.
        act: Called for each batch; it checks again what may have changed.
        within_s: No batch begins later; None: all are done.

    Raises:
        StoreUnavailable: the batches before were done.
    """
    started, changed = time.monotonic(), 0
    keys = _keys(engine, step, where)
    for first in range(0, len(keys), BATCH):
        if within_s is not None and time.monotonic() - started > within_s:
            return Batches(changed, is_complete=False)
        is_one = sa.tuple_(_d.document_id, _d.destination).in_(keys[first : first + BATCH])
        with transaction(engine) as connection:
            share_routes(connection)
            connection.execute(
                sa.select(_d.document_id)
                .where(is_one)
                .order_by(_d.document_id, _d.destination)
                .with_for_update()
            )
            changed += act(connection, is_one)
    return Batches(changed, is_complete=True)


def _keys(
    engine: sa.Engine, step: Step, where: Sequence[sa.ColumnElement[bool]]
) -> list[tuple[uuid.UUID, str]]:
    query = (
        sa.select(_d.document_id, _d.destination)
        .where(_d.state.in_([state.value for state in before(step)]), *where)
        .order_by(_d.document_id, _d.destination)
    )
    with transaction(engine) as connection:
        return [(row.document_id, row.destination) for row in connection.execute(query)]
