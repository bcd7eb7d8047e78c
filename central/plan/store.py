"""Changes of the plan: proposed by one person, decided by another, followed by what comes later.

``preview_change`` says beforehand what a change would do to documents that are here; applying and
undoing it, which moves them, is central/plan/move_store.py.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.db import audit
from central.db.engine import transaction
from central.db.tables import deliveries, documents, people, plan_change_documents, plan_changes
from central.documents.state_store import is_in_doubt
from central.errors import AlreadyDecided, NotFound, NotYours
from central.plan import rules as domain
from central.plan.rules import PlannedRoute, as_json
from vaguemestre.model.calendar import add_working_days, public_holidays
from vaguemestre.model.lot import DocumentRecord

_c, _d, _p = documents.c, deliveries.c, plan_changes.c


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One change of the plan; who did what is told by name, None: not (yet)."""

    id: int
    type: str
    fund: str
    changes: Mapping[str, Any]
    reason: str
    state: str
    proposed_by: int
    proposer: str
    proposed_at: dt.datetime
    decider: str | None
    decided_at: dt.datetime | None
    undoer: str | None
    undone_at: dt.datetime | None
    documents: int
    is_settled: bool  # the documents that were here follow; until then they do so in batches


def active_changes(engine: sa.Engine) -> list[tuple[str, str, Mapping[str, Any]]]:
    """What holds now, in order, as ``Plan.changed`` takes it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(_p.type, _p.fund, _p.changes).where(_p.state == "applied").order_by(*_ORDER)
    with transaction(engine) as connection:
        return [(row.type, row.fund, row.changes) for row in connection.execute(query)]


_ORDER = (_p.decided_at, _p.id)


def apply_plan_to_incoming(
    connection: sa.Connection, record: DocumentRecord
) -> tuple[DocumentRecord, Mapping[int, PlannedRoute]]:
    """Give an incoming document the way that the changed plan has for it.

    Its station knows the pack's plan only. Belongs to a transaction that shares the routes.

    Returns:
        The document, and its way before each change that it followed.
    """
    document = record.document
    route = document.route
    way, followed = _followed(
        connection,
        (document.type, record.lot.fund, record.lot.received_on),
        PlannedRoute(route.pole, route.destination, route.due_on),
    )
    if followed:
        changed = replace(route, pole=way.pole, destination=way.destination, due_on=way.due_on)
        record = replace(record, document=replace(document, route=changed))
    return record, followed


def apply_plan_to_named(connection: sa.Connection, document_id: uuid.UUID) -> str:
    """Give a document that somebody named the way of the plan at this moment; returns where to.

    Their page knew the plan of a moment ago. Belongs to a transaction that shares the routes.
    """
    c = documents.c
    row = connection.execute(
        sa.select(c.type, c.fund, c.received_on, c.pole, c.destination, c.due_on).where(
            c.id == document_id
        )
    ).one()
    before = PlannedRoute(row.pole, row.destination, row.due_on)
    way, followed = _followed(connection, (row.type, row.fund, row.received_on), before)
    if followed:
        values = {"pole": way.pole, "destination": way.destination, "due_on": way.due_on}
        connection.execute(documents.update().where(c.id == document_id).values(**values))
    for change_id, was in followed.items():
        save_previous_routes(connection, change_id, {document_id: was})
    return way.destination


def _followed(
    connection: sa.Connection, of: tuple[str, str, dt.date], way: PlannedRoute
) -> tuple[PlannedRoute, dict[int, PlannedRoute]]:
    """The way after every change that holds, and the one before each that made a difference."""
    code, fund, received_on = of
    rows = connection.execute(
        sa.select(_p.id, _p.changes)
        .where(_p.state == "applied", _p.type == code, _p.fund.in_(("", fund)))
        .order_by(*_ORDER)
    ).all()
    followed: dict[int, PlannedRoute] = {}
    holidays = public_holidays([received_on]) if rows else frozenset()
    for row in rows:
        after = domain.changed_route(way, received_on, row.changes, holidays)
        if after != way:
            followed[row.id] = way
            way = after
    return way, followed


def save_previous_routes(
    connection: sa.Connection, change_id: int, before: Mapping[uuid.UUID, PlannedRoute]
) -> None:
    """Keep what documents' ways were before a change of the plan, so that it can be undone.

    Where a document was moved by it before, the first way stays.
    """
    if before:
        connection.execute(
            insert(plan_change_documents).on_conflict_do_nothing(),
            [
                {"change_id": change_id, "document_id": document_id, "before": as_json(way)}
                for document_id, way in before.items()
            ],
        )


def propose_change(
    engine: sa.Engine,
    person_id: int,
    actor: str,
    what: tuple[str, str, Mapping[str, Any]],
    reason: str,
) -> int:
    """Propose a change, (type, fund or empty, what differs); returns its number.

    Raises:
        StoreUnavailable: nothing was written.
    """
    code, fund, differs = what
    with transaction(engine) as connection:
        made: int = connection.execute(
            plan_changes.insert()
            .values(
                type=code, fund=fund, changes=dict(differs), reason=reason, proposed_by=person_id
            )
            .returning(_p.id)
        ).scalar_one()
        audit.record(
            connection, actor, "plan_proposed", f"plan:{made}", type=code, fund=fund, **differs
        )
        return made


def refuse_change(engine: sa.Engine, person_id: int, actor: str, change_id: int) -> None:
    """Decide against a change; who proposed it may thereby take it back.

    Raises:
        AlreadyDecided: it is no longer open.
        NotFound: there is none of that number.
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        lock_change(connection, change_id, "proposed")
        record_decision(connection, person_id, change_id, "refused")
        audit.record(connection, actor, "plan_refused", f"plan:{change_id}")


def lock_change(
    connection: sa.Connection, change_id: int, state: str, not_by: int | None = None
) -> sa.Row[Any]:
    """Lock a change in the state that it must be in; for who decides.

    Raises:
        AlreadyDecided: it is in another one.
        NotFound: there is none of that number.
        NotYours: ``not_by`` proposed it: four eyes.
    """
    row = connection.execute(
        sa.select(plan_changes).where(_p.id == change_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"plan change {change_id}")
    if row.state != state:
        raise AlreadyDecided(f"plan change {change_id} is {row.state}")
    if row.proposed_by == not_by:
        raise NotYours(f"plan change {change_id}")
    return row


def record_decision(connection: sa.Connection, person_id: int, change_id: int, state: str) -> None:
    """Write a decision down; by the clock, as a transaction may have begun before another's end."""
    connection.execute(
        plan_changes.update()
        .where(_p.id == change_id)
        .values(state=state, decided_by=person_id, decided_at=sa.func.clock_timestamp())
    )


def find_change(engine: sa.Engine, change_id: int) -> PlanChange:
    """One change.

    Raises:
        NotFound: there is none of that number.
        StoreUnavailable: the database does not answer.
    """
    found = _listed(engine, 1, _p.id == change_id)
    if not found:
        raise NotFound(f"plan change {change_id}")
    return found[0]


def list_changes(engine: sa.Engine, states: Collection[str], limit: int) -> list[PlanChange]:
    """Changes in some states, those that were decided or proposed last first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _listed(engine, limit, _p.state.in_(states))


def _listed(engine: sa.Engine, limit: int, *where: sa.ColumnElement[bool]) -> list[PlanChange]:
    proposer, decider, undoer = (people.alias(name) for name in ("proposer", "decider", "undoer"))
    moved = (
        sa.select(sa.func.count())
        .where(plan_change_documents.c.change_id == _p.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            _p.id,
            _p.type,
            _p.fund,
            _p.changes,
            _p.reason,
            _p.state,
            _p.proposed_by,
            proposer.c.name.label("proposer"),
            _p.proposed_at,
            decider.c.name.label("decider"),
            _p.decided_at,
            undoer.c.name.label("undoer"),
            _p.undone_at,
            moved.label("documents"),
            _p.is_settled,
        )
        .join(proposer, proposer.c.id == _p.proposed_by)
        .outerjoin(decider, decider.c.id == _p.decided_by)
        .outerjoin(undoer, undoer.c.id == _p.undone_by)
        .where(*where)
        .order_by(sa.func.coalesce(_p.decided_at, _p.proposed_at).desc(), _p.id.desc())
        .limit(limit)
    )
    with transaction(engine) as connection:
        return [PlanChange(**row._mapping) for row in connection.execute(query)]


What = tuple[str, str, Mapping[str, Any]]
"""A change: type, fund or empty, what differs."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do now.

    ``moves`` counts by site, state and way before; ``first`` lists some of the documents, each with
    its ``new_due_on``; ``overdue`` are those that would be late at once and are not yet;
    ``in_hand`` are being delivered and would go where they were sent; ``in_doubt`` counts by
    destination what may have been received there already, and would stay.
    """

    total: int
    moves: Sequence[Any]
    first: Sequence[Any]
    earlier: int
    later: int
    overdue: int
    in_hand: int
    in_doubt: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ChangeTarget:
    """The new way as columns, and which documents differ from it."""

    pole: sa.ColumnElement[str]
    destination: sa.ColumnElement[str]
    due_on: sa.ColumnElement[Any]
    concerned: Sequence[sa.ColumnElement[bool]]


def preview_change(engine: sa.Engine, what: What, today: dt.date, limit: int) -> Preview:
    """Tell what a change would do, from the database as it is.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        target = target_of(connection, what)
        movable = (*target.concerned, ~stays())
        counts = connection.execute(
            sa.select(
                sa.func.count().label("total"),
                sa.func.count().filter(target.due_on < _c.due_on).label("earlier"),
                sa.func.count().filter(target.due_on > _c.due_on).label("later"),
                sa.func.count().filter(target.due_on < today, _c.due_on >= today).label("overdue"),
            ).where(*movable)
        ).one()
        in_hand = connection.scalar(
            sa.select(sa.func.count()).where(*target.concerned, _is_in_hand())
        )
        in_doubt = doubted(connection, *target.concerned)
        way = (
            _c.site,
            _c.state,
            _c.pole,
            _c.destination,
        )
        moves = connection.execute(
            sa.select(*way, sa.func.count().label("documents"))
            .where(*movable)
            .group_by(*way)
            .order_by(*way)
        ).all()
        first = connection.execute(
            sa.select(
                _c.id,
                *way,
                _c.received_on,
                _c.due_on,
                target.due_on.label("new_due_on"),
            )
            .where(*movable)
            .order_by(_c.due_on, _c.id)
            .limit(limit)
        ).all()
    return Preview(
        **counts._mapping, moves=moves, first=first, in_hand=in_hand or 0, in_doubt=in_doubt
    )


def _is_in_hand() -> sa.ColumnElement[bool]:
    """Whether a worker is delivering a document at this moment."""
    return sa.exists().where(_d.document_id == _c.id, _d.state == "claimed")


def may_be_there() -> sa.ColumnElement[bool]:
    """Whether a pôle may have a document without having said so."""
    return sa.exists().where(_d.document_id == _c.id, is_in_doubt())


def stays() -> sa.ColumnElement[bool]:
    """Whether a document stays with its pôle: a worker delivers it, or it may be there already."""
    return sa.exists().where(_d.document_id == _c.id, sa.or_(_d.state == "claimed", is_in_doubt()))


def doubted(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> dict[str, int]:
    """How many of some documents each destination may have without having said so."""
    query = (
        sa.select(_d.destination, sa.func.count().label("documents"))
        .select_from(deliveries.join(documents, _c.id == _d.document_id))
        .where(is_in_doubt(), *where)
        .group_by(_d.destination)
        .order_by(_d.destination)
    )
    return {row.destination: row.documents for row in connection.execute(query)}


def is_open(code: str, fund: str) -> list[sa.ColumnElement[bool]]:
    """Documents of a type, of a fund or of all, that no pôle has yet."""
    only = [_c.fund == fund] if fund else []
    return [
        _c.state.not_in(("delivered", "discarded")),
        _c.type == code,
        *only,
    ]


def target_of(
    connection: sa.Connection, what: What, some: Collection[uuid.UUID] | None = None
) -> ChangeTarget:
    """Where a change sends documents of its type, all or some, and which differ from that."""
    code, fund, differs = what
    undelivered = is_open(code, fund)
    if some is not None:
        undelivered.append(_c.id.in_(some))
    pole: sa.ColumnElement[str] = sa.literal(differs["pole"]) if "pole" in differs else _c.pole
    destination: sa.ColumnElement[str] = (
        sa.literal(differs["destination"]) if "destination" in differs else _c.destination
    )
    due_on: sa.ColumnElement[Any] = _c.due_on
    if "delay_days" in differs:
        days = connection.scalars(sa.select(_c.received_on).where(*undelivered).distinct()).all()
        holidays = public_holidays(days)
        dues = {day: add_working_days(day, differs["delay_days"], holidays) for day in days}
        due_on = sa.case(dues, value=_c.received_on, else_=_c.due_on) if dues else _c.due_on
    is_other = sa.or_(
        _c.pole != pole,
        _c.destination != destination,
        _c.due_on.is_distinct_from(due_on),
    )
    return ChangeTarget(pole, destination, due_on, [*undelivered, is_other])
