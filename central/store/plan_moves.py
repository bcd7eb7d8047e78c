"""What a change of the plan does to documents that are here: done and undone.

Moved is what has not left: documents that wait for a person or their station, and those whose
delivery waits, is held or dead. What a worker has in hand goes where it was sent.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from central.domain import plan_changes as domain
from central.domain.calendar import public_holidays
from central.domain.catalogue import Catalogue
from central.domain.lifecycle import Step
from central.domain.plan_changes import Way, from_json
from central.errors import LaterChange
from central.store import audit, plan
from central.store.engine import transaction
from central.store.plan_effect import is_in_hand, is_open, target_of
from central.store.steps import line_up, own_routes, settle_documents, take
from central.store.tables import (
    deliveries,
    documents,
    namings,
    plan_change_documents,
    plan_changes,
)

_c, _d = documents.c, deliveries.c
_m, _p = plan_change_documents.c, plan_changes.c
_MOVABLE = ("waiting", "held", "dead")


def apply(engine: sa.Engine, person_id: int, actor: str, change_id: int) -> int:
    """Let a proposed change hold, and move what has not left; returns how many documents.

    Raises:
        AlreadyDecided: somebody was faster.
        NotFound: there is no such change.
        NotYours: this person proposed it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        own_routes(connection)
        row = plan.locked(connection, change_id, "proposed", not_by=person_id)
        plan.decide(connection, person_id, change_id, "applied")
        target = target_of(connection, (row.type, row.fund, row.changes))
        _lock(connection, connection.scalars(sa.select(_c.id).where(*target.concerned)).all())
        moved = connection.execute(
            sa.select(_c.id, _c.pole, _c.destination, _c.due_on, target.due_on.label("new_due_on"))
            .where(*target.concerned, ~is_in_hand())
            .order_by(_c.id)
        ).all()
        plan.remember(
            connection,
            change_id,
            {one.id: Way(one.pole, one.destination, one.due_on) for one in moved},
        )
        groups: dict[Way, list[uuid.UUID]] = defaultdict(list)
        for one in moved:
            pole = row.changes.get("pole", one.pole)
            to = row.changes.get("destination", one.destination)
            groups[Way(pole, to, one.new_due_on)].append(one.id)
        _move(connection, groups)
        ids = [one.id for one in moved]
        audit.record_each(connection, actor, "document_moved", ids, plan_change=change_id)
        audit.record(connection, actor, "plan_applied", f"plan:{change_id}", documents=len(ids))
    return len(ids)


def undo(engine: sa.Engine, person_id: int, actor: str, change_id: int, shipped: Catalogue) -> int:
    """Take an applied change back, with the documents that it moved and that have not left.

    Those that somebody gave the type since get the way that the plan has for them again.

    Args:
        engine: The database.
        person_id: Who.
        actor: The same person, for the audit trail.
        change_id: Which.
        shipped: The plan without any change.

    Returns:
        How many documents went back.

    Raises:
        AlreadyDecided: it does not hold, or no longer.
        LaterChange: one of the same type was applied after it.
        NotFound: there is no such change.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        own_routes(connection)
        row = plan.locked(connection, change_id, "applied")
        _demand_last(connection, row)
        connection.execute(
            plan_changes.update()
            .where(_p.id == change_id)
            .values(state="undone", undone_by=person_id, undone_at=sa.func.clock_timestamp())
        )
        _lock(connection, connection.scalars(sa.select(_c.id).where(*_is_still(row))).all())
        groups = _ways_back(connection, row)
        for way, ids in _ways_of_named(connection, row, shipped).items():
            groups[way] += ids
        _move(connection, groups)
        back = [document_id for ids in groups.values() for document_id in ids]
        audit.record_each(connection, actor, "document_moved_back", back, plan_change=change_id)
        audit.record(connection, actor, "plan_undone", f"plan:{change_id}", documents=len(back))
    return len(back)


def moved(engine: sa.Engine, change_id: int, limit: int) -> tuple[Sequence[Any], int]:
    """Documents that a change moved, those that left first, and how many left.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    has_left = sa.or_(_c.state.in_(("delivered", "discarded")), is_in_hand())
    joined = sa.join(plan_change_documents, documents, _c.id == _m.document_id)
    query = (
        sa.select(
            _c.id, _c.site, _c.type, _c.state, _c.pole, _c.destination, _c.due_on, _m.before,
            has_left.label("has_left"),
        )
        .select_from(joined)
        .where(_m.change_id == change_id)
        .order_by(has_left.desc(), _c.id)
        .limit(limit)
    )  # fmt: skip
    left = sa.select(sa.func.count()).select_from(joined).where(_m.change_id == change_id, has_left)
    with transaction(engine) as connection:
        return connection.execute(query).all(), connection.scalar(left) or 0


def _lock(connection: sa.Connection, ids: Collection[uuid.UUID]) -> None:
    """Keep documents and those of their deliveries that may be moved as they are.

    A claimed delivery is left alone: its worker may be waiting for the document's row.
    """
    if ids:
        connection.execute(sa.select(_c.id).where(_c.id.in_(ids)).order_by(_c.id).with_for_update())
        connection.execute(
            sa.select(_d.document_id)
            .where(_d.document_id.in_(ids), _d.state.in_(_MOVABLE))
            .with_for_update()
        )


def _move(connection: sa.Connection, groups: Mapping[Way, Collection[uuid.UUID]]) -> None:
    for way, ids in groups.items():
        values = {"pole": way.pole, "destination": way.destination, "due_on": way.due_on}
        connection.execute(documents.update().where(_c.id.in_(ids)).values(**values))
        is_elsewhere = (_d.document_id.in_(ids), _d.destination != way.destination)
        taken = {row.document_id for row in take(connection, Step.MOVE, *is_elsewhere)}
        line_up(connection, taken, way.destination)
        settle_documents(connection, taken)


def _demand_last(connection: sa.Connection, row: sa.Row[Any]) -> None:
    is_later = sa.tuple_(_p.decided_at, _p.id) > sa.tuple_(row.decided_at, row.id)
    later = sa.select(_p.id).where(_p.state == "applied", _p.type == row.type, is_later)
    if row.fund:
        later = later.where(_p.fund.in_(("", row.fund)))
    if connection.scalars(later.limit(1)).first() is not None:
        raise LaterChange(f"plan change {row.id}")


def _is_still(row: sa.Row[Any]) -> list[sa.ColumnElement[bool]]:
    """Documents of the type that have not left and lie where the change sends them."""
    where = is_open(row.type, row.fund)
    where += [_c[key] == row.changes[key] for key in ("pole", "destination") if key in row.changes]
    return where


def _ways_back(connection: sa.Connection, row: sa.Row[Any]) -> dict[Way, list[uuid.UUID]]:
    """Documents that the change moved, by their way before it."""
    found = connection.execute(
        sa.select(_c.id, _c.pole, _c.destination, _c.due_on, _m.before)
        .join(plan_change_documents, _m.document_id == _c.id)
        .where(_m.change_id == row.id, *_is_still(row), ~is_in_hand())
        .order_by(_c.id)
    )
    groups: dict[Way, list[uuid.UUID]] = defaultdict(list)
    for one in found:
        was, what = from_json(one.before), row.changes
        way = Way(
            was.pole if "pole" in what else one.pole,
            was.destination if "destination" in what else one.destination,
            was.due_on if "delay_days" in what else one.due_on,
        )
        groups[way].append(one.id)
    return groups


def _ways_of_named(
    connection: sa.Connection, row: sa.Row[Any], shipped: Catalogue
) -> dict[Way, list[uuid.UUID]]:
    """Documents that somebody gave the type while the change held, by the plan's way without it."""
    applied = connection.execute(
        sa.select(_p.type, _p.fund, _p.changes)
        .where(_p.state == "applied")
        .order_by(_p.decided_at, _p.id)
    )
    catalogue = shipped.changed([(one.type, one.fund, one.changes) for one in applied])
    is_named = sa.exists().where(
        namings.c.document_id == _c.id,
        namings.c.type_after == row.type,
        namings.c.named_at >= row.decided_at,
    )
    is_recorded = sa.exists().where(_m.document_id == _c.id, _m.change_id == row.id)
    found = connection.execute(
        sa.select(_c.id, _c.fund, _c.received_on, _c.pole, _c.destination, _c.due_on)
        .where(*_is_still(row), is_named, ~is_recorded, ~is_in_hand())
        .order_by(_c.id)
    )
    groups: dict[Way, list[uuid.UUID]] = defaultdict(list)
    for one in found:
        entry = catalogue.of(row.type, one.fund)
        planned = {key: getattr(entry, key) for key in row.changes}
        now = Way(one.pole, one.destination, one.due_on)
        holidays = public_holidays([one.received_on])
        groups[domain.changed(now, one.received_on, planned, holidays)].append(one.id)
    return groups
