"""Decisions on changes of the plan that move documents which are here: applied, undone.

A decision is written in a moment that stops everybody else; the documents follow in batches
(central/plan/follow_store.py), and the sweeper goes on with those of a process that died.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from central.db import audit
from central.db.engine import transaction
from central.db.tables import documents, plan_change_documents, plan_changes
from central.documents.state_store import lock_routing
from central.errors import ChangeUnderWay, LaterChange
from central.plan import store as plan_store
from central.plan.follow_store import settle, to_bring_back
from central.plan.store import may_be_there, stays, target_of
from vaguemestre.model.plan import Plan

_c = documents.c
_m, _p = plan_change_documents.c, plan_changes.c
_PATIENCE_S = 20.0
"""Of the person who applies or undoes a change; the sweeper does the rest."""


def apply_change(engine: sa.Engine, person_id: int, actor: str, change_id: int) -> int:
    """Let a proposed change hold, and move what has not left; returns how many documents so far.

    What comes from now on follows it at once; what is here, in batches.

    Raises:
        AlreadyDecided: somebody was faster.
        ChangeUnderWay: documents of the type still follow another change.
        NotFound: there is no such change.
        NotYours: this person proposed it.
        StoreUnavailable: nothing was changed, or the change holds and the sweeper goes on.
    """
    with transaction(engine) as connection:
        foretold = _foretold(connection, change_id)
        lock_routing(connection)
        row = plan_store.lock_change(connection, change_id, "proposed", not_by=person_id)
        _demand_settled(connection, row)
        plan_store.record_decision(connection, person_id, change_id, "applied")
        _begin(connection, change_id)
        audit.record(connection, actor, "plan_applied", f"plan:{change_id}", documents=foretold)
    return settle(engine, change_id, within_s=_PATIENCE_S).changed


def undo_change(
    engine: sa.Engine, person_id: int, actor: str, change_id: int, shipped: Plan
) -> int:
    """Take an applied change back, with the documents that it moved and that have not left.

    Those that somebody gave the type since get the way that the plan has for them again.

    Args:
        engine: The database.
        person_id: Who.
        actor: The same person, for the audit trail.
        change_id: Which; its documents may still be following it.
        shipped: The plan without any change.

    Returns:
        How many documents went back so far.

    Raises:
        AlreadyDecided: it does not hold, or no longer.
        ChangeUnderWay: documents of the type still follow another change.
        LaterChange: one of the same type was applied after it.
        NotFound: there is no such change.
        StoreUnavailable: nothing was changed, or the change is undone and the sweeper goes on.
    """
    with transaction(engine) as connection:
        foretold = connection.scalar(
            sa.select(sa.func.count()).select_from(to_bring_back(connection, change_id).subquery())
        )
        lock_routing(connection)
        row = plan_store.lock_change(connection, change_id, "applied")
        _demand_last(connection, row)
        _demand_settled(connection, row)
        connection.execute(
            plan_changes.update()
            .where(_p.id == change_id)
            .values(state="undone", undone_by=person_id, undone_at=sa.func.clock_timestamp())
        )
        _begin(connection, change_id, without=_without(connection, row, shipped))
        audit.record(connection, actor, "plan_undone", f"plan:{change_id}", documents=foretold)
    return settle(engine, change_id, within_s=_PATIENCE_S).changed


def moved_documents(engine: sa.Engine, change_id: int, limit: int) -> tuple[Sequence[Any], int]:
    """Documents that a change moved, those that left first, and how many left.

    What a pôle may have without having said so counts among these.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    has_left = sa.or_(_c.state.in_(("delivered", "discarded")), stays())
    joined = sa.join(plan_change_documents, documents, _c.id == _m.document_id)
    query = (
        sa.select(
            _c.id, _c.site, _c.type, _c.state, _c.pole, _c.destination, _c.due_on, _m.before,
            has_left.label("has_left"), may_be_there().label("is_in_doubt"),
        )
        .select_from(joined)
        .where(_m.change_id == change_id)
        .order_by(has_left.desc(), _c.id)
        .limit(limit)
    )  # fmt: skip
    left = sa.select(sa.func.count()).select_from(joined).where(_m.change_id == change_id, has_left)
    with transaction(engine) as connection:
        return connection.execute(query).all(), connection.scalar(left) or 0


def _foretold(connection: sa.Connection, change_id: int) -> int:
    """How many documents a change will move; counted before anybody has to wait."""
    row = connection.execute(
        sa.select(_p.type, _p.fund, _p.changes).where(_p.id == change_id)
    ).one_or_none()
    if row is None:
        return 0
    target = target_of(connection, (row.type, row.fund, row.changes))
    counted = sa.select(sa.func.count()).where(*target.concerned, ~stays())
    return connection.scalar(counted) or 0


def _begin(connection: sa.Connection, change_id: int, **values: Any) -> None:
    connection.execute(
        plan_changes.update().where(_p.id == change_id).values(is_settled=False, **values)
    )


def _demand_settled(connection: sa.Connection, row: sa.Row[Any]) -> None:
    """Each change keeps what documents' ways were before it: one after the other."""
    others = (_p.type == row.type, _p.id != row.id, _p.is_settled.is_(False))
    if connection.scalars(sa.select(_p.id).where(*others).limit(1)).first() is not None:
        raise ChangeUnderWay(f"plan change {row.id}")


def _demand_last(connection: sa.Connection, row: sa.Row[Any]) -> None:
    is_later = sa.tuple_(_p.decided_at, _p.id) > sa.tuple_(row.decided_at, row.id)
    later = sa.select(_p.id).where(_p.state == "applied", _p.type == row.type, is_later)
    if row.fund:
        later = later.where(_p.fund.in_(("", row.fund)))
    if connection.scalars(later.limit(1)).first() is not None:
        raise LaterChange(f"plan change {row.id}")


def _without(
    connection: sa.Connection, row: sa.Row[Any], shipped: Plan
) -> dict[str, dict[str, Any]]:
    """What the plan says of a type once a change of it no longer holds, by fund.

    Kept with the change: whoever goes on with it later may have no pack.
    """
    applied = connection.execute(
        sa.select(_p.type, _p.fund, _p.changes)
        .where(_p.state == "applied", _p.id != row.id)
        .order_by(_p.decided_at, _p.id)
    )
    entry = shipped.changed([(one.type, one.fund, one.changes) for one in applied]).of(row.type)
    return {
        fund: {key: getattr(entry.for_fund(fund), key) for key in row.changes}
        for fund in ("", *entry.funds)
    }
