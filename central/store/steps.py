"""Steps of deliveries in the database; a document follows its deliveries.

All functions belong to the caller's transaction, so that a step, its document's state and its
line in the audit trail exist together or not at all.

Whatever makes a delivery wait to be claimed goes through here, and what an open hold covers is
held in the same transaction. A hold, or a change of the plan, is made by somebody who ``owns`` the
routes; everybody who makes a delivery wait only ``shares`` them. So a hold comes before a delivery,
which then sees it, or after, and then sees the delivery: none is missed (decision 0012).
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.lifecycle import (
    ONLY_WHAT_NEVER_LEFT,
    DeliveryState,
    DocumentState,
    Step,
    before,
    document_after,
    leads_to,
    may_become,
)
from central.store.tables import NOTIFY_CHANNEL, deliveries, documents, handed_over, holds

HELD = ("hold", "Retenue par l'exploitation.")
UNKNOWN = ("destination_unknown", "Destination inconnue du centre.")
_ROUTES = 0x7661_6775  # of the advisory lock; no other of ours has this number
_d, _h = deliveries.c, holds.c


def share_routes(connection: sa.Connection) -> None:
    """Keep holds and the plan as they are until the end of the transaction.

    Who will make deliveries wait calls this before anything that locks rows: one who owns the
    routes may want those rows.
    """
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_ROUTES)))


def own_routes(connection: sa.Connection) -> None:
    """Wait for all who share the routes; others wait for the end of this transaction."""
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ROUTES)))


def take(
    connection: sa.Connection, step: Step, *where: sa.ColumnElement[bool], **values: Any
) -> Sequence[sa.Row[Any]]:
    """Take a step with every delivery that matches and may take it; returns them, changed.

    What would wait and is covered by a hold is held instead. What its application may have is not
    ended as if it had never left.
    """
    if step in ONLY_WHAT_NEVER_LEFT:
        where = (*where, ~is_in_doubt())
    will_wait = leads_to(step) is DeliveryState.WAITING
    if will_wait:
        share_routes(connection)
    changed = connection.execute(
        deliveries.update()
        .where(_d.state.in_([state.value for state in before(step)]), *where)
        .values(state=leads_to(step).value, **values)
        .returning(deliveries)
    ).all()
    if will_wait and changed:
        hold_covered(connection, _d.document_id.in_({row.document_id for row in changed}))
    return changed


def hold_covered(connection: sa.Connection, *of: sa.ColumnElement[bool]) -> int:
    """Hold what waits among some deliveries and an open hold covers; returns how many."""
    code, reason = HELD
    return len(take(connection, Step.HOLD, *of, is_covered(), last_code=code, last_reason=reason))


def is_in_doubt() -> sa.ColumnElement[bool]:
    """Whether a delivery's application may have the document, and nobody is asking it just now."""
    return sa.and_(
        _d.doubts > 0,
        _d.state.in_(
            [one.value for one in (DeliveryState.WAITING, DeliveryState.HELD, DeliveryState.DEAD)]
        ),
    )


def is_covered(but: int | None = None) -> sa.ColumnElement[bool]:
    """Whether an open hold covers a delivery: its destination, its document's type or site.

    Args:
        but: A hold that does not count, as if it were released.
    """
    about = documents.alias("covered")
    value = sa.case(
        (_h.kind == "destination", _d.destination),
        (_h.kind == "type", about.c.type),
        else_=about.c.site,
    )
    return (
        sa.select(_h.id)
        .select_from(holds.join(about, about.c.id == _d.document_id))
        .where(
            _h.released_at.is_(None),
            _h.value == value,
            *([] if but is None else [_h.id != but]),
        )
        .correlate(deliveries)
        .exists()
    )


def line_up(
    connection: sa.Connection, document_ids: Collection[uuid.UUID], destination: str
) -> None:
    """Make a delivery of each document to a destination wait, and wake dispatch at the commit.

    To an application that gave a document back it is another delivery, with a key of its own. To
    one that never confirmed an earlier try it is the same, so that it cannot arrive twice, as
    long as it tells the same (central/store/handed.py).
    """
    if not document_ids:
        return
    share_routes(connection)
    c = documents.c
    new = sa.select(
        c.id, sa.literal(destination), key_of(c.id, destination, sa.literal(1)), c.priority
    ).where(c.id.in_(document_ids))
    made = connection.scalars(
        insert(deliveries)
        .from_select(["document_id", "destination", "idempotency_key", "priority"], new)
        .on_conflict_do_nothing()
        .returning(_d.document_id)
    ).all()
    if again := set(document_ids) - set(made):
        next_round = sa.case((_is_spent(), _d.round + 1), else_=_d.round)
        take(
            connection,
            Step.REROUTE,
            _d.document_id.in_(again),
            _d.destination == destination,
            round=next_round,
            idempotency_key=key_of(_d.document_id, destination, next_round),
            attempts=0,
            next_at=sa.func.now(),
            delivered_at=None,
            receipt=None,
        )
    if made:
        hold_covered(connection, _d.document_id.in_(made))
    tell(connection, destination)


def _is_spent() -> sa.ColumnElement[bool]:
    """Whether a delivery's key may not be used again, or nobody knows what it stands for.

    Nobody does where it was tried by a version that did not write down what it handed over.
    """
    was_tried = sa.or_(_d.attempts > 0, _d.last_code.not_in((HELD[0], UNKNOWN[0])))
    is_known = sa.exists().where(
        handed_over.c.document_id == _d.document_id,
        handed_over.c.destination == _d.destination,
        handed_over.c.round == _d.round,
    )
    return sa.or_(_d.delivered_at.is_not(None), sa.and_(was_tried, ~is_known))


def key_of(
    document_id: sa.ColumnElement[Any], destination: str, delivery_round: sa.ColumnElement[int]
) -> sa.ColumnElement[str]:
    """Name one delivery for the application that receives it; the same at every attempt."""
    return sa.func.concat(
        sa.cast(document_id, sa.Text), "-", destination, "-", sa.cast(delivery_round, sa.Text)
    )


def tell(connection: sa.Connection, why: str) -> None:
    """Wake the dispatch processes, at the commit."""
    connection.execute(sa.select(sa.func.pg_notify(NOTIFY_CHANNEL, why)))


def settle_document(connection: sa.Connection, document_id: uuid.UUID) -> DocumentState:
    """Bring a document's state in line with its deliveries'; returns it."""
    return settle_documents(connection, [document_id])[document_id]


def settle_documents(
    connection: sa.Connection, document_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, DocumentState]:
    """Bring documents' states in line with their deliveries'; returns them.

    The documents' rows are locked before their deliveries are looked at: of two deliveries that
    are finished at once the later one sees both.
    """
    c = documents.c
    locked = connection.execute(
        sa.select(c.id, c.state).where(c.id.in_(document_ids)).order_by(c.id).with_for_update()
    ).all()
    found: dict[uuid.UUID, set[DeliveryState]] = defaultdict(set)
    for row in connection.execute(
        sa.select(_d.document_id, _d.state).where(_d.document_id.in_(document_ids))
    ):
        found[row.document_id].add(DeliveryState(row.state))
    settled = {}
    changed: dict[DocumentState, list[uuid.UUID]] = defaultdict(list)
    for row in locked:
        current, wanted = DocumentState(row.state), document_after(found[row.id])
        settled[row.id] = current
        if wanted is not None and may_become(current, wanted):
            settled[row.id] = wanted
            changed[wanted].append(row.id)
    for state, ids in changed.items():
        connection.execute(
            documents.update()
            .where(c.id.in_(ids))
            .values(state=state.value, state_at=sa.func.now())
        )
    return settled
