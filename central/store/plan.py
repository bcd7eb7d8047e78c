"""Changes of the plan: proposed by one person, decided by another, followed by what comes later.

Applying and undoing, which move documents that are here, is central/store/plan_moves.py.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain import plan_changes as domain
from central.domain.incoming import IncomingDocument
from central.domain.plan_changes import Way, as_json
from central.errors import AlreadyDecided, NotFound, NotYours
from central.store import audit
from central.store.engine import transaction
from central.store.tables import documents, people, plan_change_documents, plan_changes
from vaguemestre.model.calendar import public_holidays

_c = plan_changes.c


@dataclass(frozen=True, slots=True)
class Change:
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


def changes(engine: sa.Engine) -> list[tuple[str, str, Mapping[str, Any]]]:
    """What holds now, in order, as ``Catalogue.changed`` takes it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(_c.type, _c.fund, _c.changes).where(_c.state == "applied").order_by(*_ORDER)
    with transaction(engine) as connection:
        return [(row.type, row.fund, row.changes) for row in connection.execute(query)]


_ORDER = (_c.decided_at, _c.id)


def follow(
    connection: sa.Connection, document: IncomingDocument
) -> tuple[IncomingDocument, Mapping[int, Way]]:
    """Give an incoming document the way that the changed plan has for it.

    Its station knows the pack's plan only. Belongs to a transaction that shares the routes.

    Returns:
        The document, and its way before each change that it followed.
    """
    route = document.route
    way, followed = _followed(
        connection,
        (document.type, document.fund, document.received_on),
        Way(route.pole, route.destination, route.due_on),
    )
    if followed:
        changed = replace(route, pole=way.pole, destination=way.destination, due_on=way.due_on)
        document = replace(document, route=changed)
    return document, followed


def catch_up(connection: sa.Connection, document_id: uuid.UUID) -> str:
    """Give a document that somebody named the way of the plan at this moment; returns where to.

    Their page knew the plan of a moment ago. Belongs to a transaction that shares the routes.
    """
    c = documents.c
    row = connection.execute(
        sa.select(c.type, c.fund, c.received_on, c.pole, c.destination, c.due_on).where(
            c.id == document_id
        )
    ).one()
    before = Way(row.pole, row.destination, row.due_on)
    way, followed = _followed(connection, (row.type, row.fund, row.received_on), before)
    if followed:
        values = {"pole": way.pole, "destination": way.destination, "due_on": way.due_on}
        connection.execute(documents.update().where(c.id == document_id).values(**values))
    for change_id, was in followed.items():
        remember(connection, change_id, {document_id: was})
    return way.destination


def _followed(
    connection: sa.Connection, of: tuple[str, str, dt.date], way: Way
) -> tuple[Way, dict[int, Way]]:
    """The way after every change that holds, and the one before each that made a difference."""
    code, fund, received_on = of
    rows = connection.execute(
        sa.select(_c.id, _c.changes)
        .where(_c.state == "applied", _c.type == code, _c.fund.in_(("", fund)))
        .order_by(*_ORDER)
    ).all()
    followed: dict[int, Way] = {}
    holidays = public_holidays([received_on]) if rows else frozenset()
    for row in rows:
        after = domain.changed(way, received_on, row.changes, holidays)
        if after != way:
            followed[row.id] = way
            way = after
    return way, followed


def remember(connection: sa.Connection, change_id: int, before: Mapping[uuid.UUID, Way]) -> None:
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


def propose(
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
            .returning(_c.id)
        ).scalar_one()
        audit.record(
            connection, actor, "plan_proposed", f"plan:{made}", type=code, fund=fund, **differs
        )
        return made


def refuse(engine: sa.Engine, person_id: int, actor: str, change_id: int) -> None:
    """Decide against a change; who proposed it may thereby take it back.

    Raises:
        AlreadyDecided: it is no longer open.
        NotFound: there is none of that number.
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        locked(connection, change_id, "proposed")
        decide(connection, person_id, change_id, "refused")
        audit.record(connection, actor, "plan_refused", f"plan:{change_id}")


def locked(
    connection: sa.Connection, change_id: int, state: str, not_by: int | None = None
) -> sa.Row[Any]:
    """Lock a change in the state that it must be in; for who decides.

    Raises:
        AlreadyDecided: it is in another one.
        NotFound: there is none of that number.
        NotYours: ``not_by`` proposed it: four eyes.
    """
    row = connection.execute(
        sa.select(plan_changes).where(_c.id == change_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(f"plan change {change_id}")
    if row.state != state:
        raise AlreadyDecided(f"plan change {change_id} is {row.state}")
    if row.proposed_by == not_by:
        raise NotYours(f"plan change {change_id}")
    return row


def decide(connection: sa.Connection, person_id: int, change_id: int, state: str) -> None:
    """Write a decision down; by the clock, as a transaction may have begun before another's end."""
    connection.execute(
        plan_changes.update()
        .where(_c.id == change_id)
        .values(state=state, decided_by=person_id, decided_at=sa.func.clock_timestamp())
    )


def find(engine: sa.Engine, change_id: int) -> Change:
    """One change.

    Raises:
        NotFound: there is none of that number.
        StoreUnavailable: the database does not answer.
    """
    found = _listed(engine, 1, _c.id == change_id)
    if not found:
        raise NotFound(f"plan change {change_id}")
    return found[0]


def listed(engine: sa.Engine, states: Collection[str], limit: int) -> list[Change]:
    """Changes in some states, those that were decided or proposed last first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _listed(engine, limit, _c.state.in_(states))


def _listed(engine: sa.Engine, limit: int, *where: sa.ColumnElement[bool]) -> list[Change]:
    proposer, decider, undoer = (people.alias(name) for name in ("proposer", "decider", "undoer"))
    moved = (
        sa.select(sa.func.count())
        .where(plan_change_documents.c.change_id == _c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            _c.id, _c.type, _c.fund, _c.changes, _c.reason, _c.state, _c.proposed_by,
            proposer.c.name.label("proposer"), _c.proposed_at, decider.c.name.label("decider"),
            _c.decided_at, undoer.c.name.label("undoer"), _c.undone_at, moved.label("documents"),
            _c.is_settled,
        )
        .join(proposer, proposer.c.id == _c.proposed_by)
        .outerjoin(decider, decider.c.id == _c.decided_by)
        .outerjoin(undoer, undoer.c.id == _c.undone_by)
        .where(*where)
        .order_by(sa.func.coalesce(_c.decided_at, _c.proposed_at).desc(), _c.id.desc())
        .limit(limit)
    )  # fmt: skip
    with transaction(engine) as connection:
        return [Change(**row._mapping) for row in connection.execute(query)]
