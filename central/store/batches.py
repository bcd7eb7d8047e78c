"""Many deliveries or documents at once, a thousand at a time, so that nobody waits for all of them.

The keys are read first and without a lock. Each batch is a transaction of its own that shares the
routes, locks its rows in one order, and looks again: what changed meanwhile is left alone. Whoever
moves thousands gives way to whoever moves one: a batch waits for a lock for less time than
PostgreSQL takes to call two that wait for each other a deadlock, and is tried again.
"""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from central.domain.lifecycle import Step, before
from central.errors import StoreUnavailable
from central.store.engine import transaction
from central.store.steps import share_routes
from central.store.tables import deliveries

BATCH = 1_000
_LOCK_WAIT_MS, _TRIES = 500, 20
K = TypeVar("K")
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

    def locked(connection: sa.Connection, some: Sequence[tuple[uuid.UUID, str]]) -> int:
        is_one = sa.tuple_(_d.document_id, _d.destination).in_(some)
        connection.execute(
            sa.select(_d.document_id)
            .where(is_one)
            .order_by(_d.document_id, _d.destination)
            .with_for_update()
        )
        return act(connection, is_one)

    return each(engine, _keys(engine, step, where), locked, within_s=within_s)


def each(
    engine: sa.Engine,
    keys: Sequence[K],
    act: Callable[[sa.Connection, Sequence[K]], int],
    *,
    within_s: float | None = None,
) -> Batches:
    """Let ``act`` have all keys, a thousand in each transaction; it locks what it changes at once.

    Args:
        engine: The database.
        keys: Of rows.
        act: Returns how many it changed; called again for the same keys when it had to give way.
        within_s: No batch begins later; None: all are done.

    Raises:
        StoreUnavailable: the batches before were done.
    """
    started, changed = time.monotonic(), 0
    for first in range(0, len(keys), BATCH):
        if within_s is not None and time.monotonic() - started > within_s:
            return Batches(changed, is_complete=False)
        changed += _in_turn(engine, keys[first : first + BATCH], act)
    return Batches(changed, is_complete=True)


def _in_turn(
    engine: sa.Engine, some: Sequence[K], act: Callable[[sa.Connection, Sequence[K]], int]
) -> int:
    for left in reversed(range(_TRIES)):
        try:
            with transaction(engine) as connection:
                connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_LOCK_WAIT_MS}ms'"))
                share_routes(connection)
                return act(connection, some)
        except StoreUnavailable as error:
            if not left or str(error) != "LockNotAvailable":
                raise
    raise AssertionError("unreachable")


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
