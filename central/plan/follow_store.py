"""Documents that are here follow a decision on the plan, a thousand at a time.

Moved is what has not left: documents that wait for a person or their station, and those whose
delivery waits, is held or dead. What a worker has in hand goes where it was sent, and what a pôle
may have without having said so stays with it: else two would have it. Each batch reads
the decision again: a change may be undone while its documents follow it.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from central.db import audit
from central.db.engine import transaction
from central.db.tables import (
    deliveries,
    documents,
    namings,
    people,
    plan_change_documents,
    plan_changes,
)
from central.documents.rules import DeliveryStep
from central.documents.state_store import Batches, apply_step, each, enqueue, sync_document_states
from central.plan import rules as domain
from central.plan import store as plan_store
from central.plan.rules import PlannedRoute, from_json
from central.plan.store import doubted, is_open, may_be_there, stays, target_of
from vaguemestre.model.calendar import public_holidays

_c, _d = documents.c, deliveries.c
_m, _p = plan_change_documents.c, plan_changes.c
_MOVABLE = ("waiting", "held", "dead")
_FIRST = (sa.case((_c.state == "ready", 0), else_=1), _c.id)
"""What may leave at any moment before what waits for people."""


class _Overtaken(Exception):
    """The change was decided anew while its documents followed it."""


def settle(
    engine: sa.Engine, change_id: int | None = None, *, within_s: float | None = None
) -> Batches:
    """Finish what applying and undoing changes began.

    Args:
        engine: The database.
        change_id: Of this one; None: of all.
        within_s: As much as fits into so many seconds; None: all.

    Raises:
        StoreUnavailable: some may be done; the rest is, the next time.
    """
    changed, is_complete = 0, True
    for row in _begun(engine, change_id):
        try:
            done = _follow(engine, row, within_s)
        except _Overtaken:
            done = Batches(0, is_complete=False)
        if done.is_complete:
            _settled(engine, row)
        changed += done.changed
        is_complete &= done.is_complete
    return Batches(changed, is_complete)


def remaining(engine: sa.Engine, change_id: int) -> int:
    """How many documents still follow a change; 0 once all do.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    begun = _begun(engine, change_id)
    with transaction(engine) as connection:
        return sum(
            connection.scalar(
                sa.select(sa.func.count()).select_from(_left(connection, row).subquery())
            )
            or 0
            for row in begun
        )


def to_bring_back(connection: sa.Connection, change_id: int) -> sa.Select[uuid.UUID]:
    """Documents that a change moved, or that got its type since, and that have not left."""
    row = connection.execute(sa.select(plan_changes).where(_p.id == change_id)).one_or_none()
    return sa.select(_c.id).where(sa.false()) if row is None else _to_bring_back(row)


def left_behind(engine: sa.Engine, row: Any, limit: int) -> tuple[Sequence[Any], Mapping[str, int]]:
    """Documents that an applied change did not move, since their pôle may have them already.

    Args:
        engine: The database.
        row: The change, with its type, fund and what it changes.
        limit: Of documents; they are counted all.

    Returns:
        Some of them, and how many each destination may have.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    if row.state != "applied":
        return [], {}
    followed = sa.exists().where(_m.document_id == _c.id, _m.change_id == row.id)
    with transaction(engine) as connection:
        target = target_of(connection, (row.type, row.fund, row.changes))
        where = (*target.concerned, ~followed)
        query = (
            sa.select(_c.id, _c.site, _c.state, _c.pole, _c.destination)
            .where(*where, may_be_there())
            .order_by(_c.due_on, _c.id)
            .limit(limit)
        )
        return connection.execute(query).all(), doubted(connection, *where)


def _begun(engine: sa.Engine, change_id: int | None) -> Sequence[sa.Row[Any]]:
    """Changes whose documents do not all follow yet, each with who decided it last."""
    who = sa.func.coalesce(_p.undone_by, _p.decided_by)
    query = (
        sa.select(plan_changes, people.c.login)
        .join(people, people.c.id == who)
        .where(_p.is_settled.is_(False), *([] if change_id is None else [_p.id == change_id]))
        .order_by(_p.decided_at, _p.id)
    )
    with transaction(engine) as connection:
        return connection.execute(query).all()


def _follow(engine: sa.Engine, row: sa.Row[Any], within_s: float | None) -> Batches:
    with transaction(engine) as connection:
        ids = list(connection.scalars(_left(connection, row).order_by(*_FIRST)))
    act = _move_on if row.state == "applied" else _bring_back

    def one_batch(connection: sa.Connection, some: Sequence[uuid.UUID]) -> int:
        if connection.scalar(sa.select(_p.state).where(_p.id == row.id)) != row.state:
            raise _Overtaken
        return act(connection, row, _lock(connection, some))

    return each(engine, ids, one_batch, within_s=within_s)


def _left(connection: sa.Connection, row: sa.Row[Any]) -> sa.Select[uuid.UUID]:
    if row.state == "undone":
        return _to_bring_back(row)
    target = target_of(connection, (row.type, row.fund, row.changes))
    return sa.select(_c.id).where(*target.concerned, ~stays())


def _settled(engine: sa.Engine, row: sa.Row[Any]) -> None:
    """Unless somebody undid it meanwhile: then that remains to be finished."""
    with transaction(engine) as connection:
        connection.execute(
            plan_changes.update()
            .where(_p.id == row.id, _p.state == row.state)
            .values(is_settled=True)
        )


def _move_on(connection: sa.Connection, row: sa.Row[Any], some: Sequence[uuid.UUID]) -> int:
    """Give documents the way of a change that holds."""
    target = target_of(connection, (row.type, row.fund, row.changes), some)
    found = connection.execute(
        sa.select(_c.id, _c.pole, _c.destination, _c.due_on, target.due_on.label("new_due_on"))
        .where(*target.concerned, ~stays())
        .order_by(_c.id)
    ).all()
    before = {one.id: PlannedRoute(one.pole, one.destination, one.due_on) for one in found}
    plan_store.save_previous_routes(connection, row.id, before)
    groups: dict[PlannedRoute, list[uuid.UUID]] = defaultdict(list)
    for one in found:
        pole = row.changes.get("pole", one.pole)
        to = row.changes.get("destination", one.destination)
        groups[PlannedRoute(pole, to, one.new_due_on)].append(one.id)
    return _move(connection, row, groups, "document_moved")


def _bring_back(connection: sa.Connection, row: sa.Row[Any], some: Sequence[uuid.UUID]) -> int:
    """Give documents their way before a change; those named since, the plan's without it."""
    is_its = sa.and_(_m.document_id == _c.id, _m.change_id == row.id)
    found = connection.execute(
        sa.select(*(_c.id, _c.fund, _c.received_on, _c.pole, _c.destination, _c.due_on), _m.before)
        .outerjoin(plan_change_documents, is_its)
        .where(_c.id.in_(some), *_is_still(row), ~stays(), _m.is_back.is_not(True))
        .order_by(_c.id)
    ).all()
    groups: dict[PlannedRoute, list[uuid.UUID]] = defaultdict(list)
    for one in found:
        now = PlannedRoute(one.pole, one.destination, one.due_on)
        way = _way_of_named(row, one, now) if one.before is None else _way_back(row, one, now)
        if way != now:
            groups[way].append(one.id)
    connection.execute(
        plan_change_documents.update()
        .where(_m.change_id == row.id, _m.document_id.in_([one.id for one in found]))
        .values(is_back=True)
    )
    return _move(connection, row, groups, "document_moved_back")


def _way_back(row: sa.Row[Any], one: Any, now: PlannedRoute) -> PlannedRoute:
    was, what = from_json(one.before), row.changes
    return PlannedRoute(
        was.pole if "pole" in what else now.pole,
        was.destination if "destination" in what else now.destination,
        was.due_on if "delay_days" in what else now.due_on,
    )


def _way_of_named(row: sa.Row[Any], one: Any, now: PlannedRoute) -> PlannedRoute:
    planned: Mapping[str, Any] = row.without.get(one.fund, row.without[""])
    return domain.changed_route(now, one.received_on, planned, public_holidays([one.received_on]))


def _lock(connection: sa.Connection, ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Keep documents with their deliveries as they are; returns those of which nothing is claimed.

    A claimed delivery is not waited for: its worker may be waiting for the document's row. It may
    be given back a moment later, and be claimed anew while its document is moved: the document
    would tell one way and its delivery go the other. So its document stays where it is.
    """
    connection.execute(sa.select(_c.id).where(_c.id.in_(ids)).order_by(_c.id).with_for_update())
    one_delivery = sa.select(_d.document_id, _d.destination).where(_d.document_id.in_(ids))
    movable = one_delivery.where(_d.state.in_(_MOVABLE))
    ordered = movable.order_by(_d.document_id, _d.destination)
    locked = {tuple(row) for row in connection.execute(ordered.with_for_update())}
    unfinished = connection.execute(one_delivery.where(_d.state.in_((*_MOVABLE, "claimed"))))
    in_hand = {row.document_id for row in unfinished if tuple(row) not in locked}
    return [document_id for document_id in ids if document_id not in in_hand]


def _move(
    connection: sa.Connection,
    row: sa.Row[Any],
    groups: Mapping[PlannedRoute, Collection[uuid.UUID]],
    action: str,
) -> int:
    for way, ids in groups.items():
        values = {"pole": way.pole, "destination": way.destination, "due_on": way.due_on}
        connection.execute(documents.update().where(_c.id.in_(ids)).values(**values))
        is_elsewhere = (_d.document_id.in_(ids), _d.destination != way.destination)
        taken = {
            one.document_id for one in apply_step(connection, DeliveryStep.MOVE, *is_elsewhere)
        }
        enqueue(connection, taken, way.destination)
        sync_document_states(connection, taken)
    all_ids = [document_id for ids in groups.values() for document_id in ids]
    audit.record_each(connection, f"person:{row.login}", action, all_ids, plan_change=row.id)
    return len(all_ids)


def _is_still(row: sa.Row[Any]) -> list[sa.ColumnElement[bool]]:
    """Documents of the type that have not left and lie where the change sends them."""
    where = is_open(row.type, row.fund)
    where += [_c[key] == row.changes[key] for key in ("pole", "destination") if key in row.changes]
    return where


def _to_bring_back(row: sa.Row[Any]) -> sa.Select[uuid.UUID]:
    is_its = (_m.document_id == _c.id, _m.change_id == row.id)
    is_moved = sa.exists().where(*is_its, _m.is_back.is_(False))
    is_named = sa.exists().where(
        namings.c.document_id == _c.id,
        namings.c.type_after == row.type,
        namings.c.named_at >= row.decided_at,
        *([] if row.undone_at is None else [namings.c.named_at < row.undone_at]),
    )
    is_concerned = sa.or_(is_moved, sa.and_(is_named, ~sa.exists().where(*is_its)))
    return sa.select(_c.id).where(*_is_still(row), is_concerned, ~stays())
