"""The blind control: who takes which document, and what is to key of it.

Every control has one row in ``controls``; what was keyed is in ``keyings``, with the machine's
value beside it. A document that people changed meanwhile is nobody's to control any more.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person, Role
from central.domain.control import Opinions, disputed, shown
from central.domain.keying import Entry, KeyPass, KeyReason, Task, spec_of
from central.errors import LeaseLost, NotYours
from central.store import corrections, leases, work
from central.store.engine import transaction
from central.store.steps import share_routes
from central.store.tables import controls, documents, keyings, namings
from central.store.tables import leases as held
from vaguemestre.model.catalogue import KeyingMode, TypeEntry

QUEUE = "control"
WAITING, DISPUTED, DONE = "waiting", "disputed", "done"
_c, _d, _k, _l, _n = controls.c, documents.c, keyings.c, held.c, namings.c
UNTOUCHED = tuple(state.value for state in corrections.CORRECTED)

EntryOf = Callable[[str, str], TypeEntry]


@dataclass(frozen=True, slots=True)
class Held:
    """A control that somebody holds, with its document, both rows locked."""

    id: uuid.UUID
    state: str
    keyer_id: int | None
    type: str
    fund: str
    document_state: str


def take(
    engine: sa.Engine, person: Person, lease_s: float, *, besides: Collection[uuid.UUID] = ()
) -> uuid.UUID | None:
    """Take the next control: disputes first for who supervises, then the oldest drawn.

    Nobody gets a document that they named, keyed or controlled before.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    with transaction(engine) as connection:
        begun = connection.scalar(_mine(person).where(_c.document_id.not_in(besides)))
        if begun is not None and leases.hold(connection, begun, person.id, QUEUE, lease_s):
            return _id(begun)
        for state in (DISPUTED, WAITING):
            if state == DISPUTED and Role.SUPERVISOR not in person.roles:
                continue
            found = connection.scalar(_next(person, state, besides))
            if found is not None and leases.hold(connection, found, person.id, QUEUE, lease_s):
                return _id(found)
        return None


def take_this(engine: sa.Engine, person: Person, document_id: uuid.UUID, lease_s: float) -> bool:
    """Take one control; False when somebody else has it, or it waits for nobody like them.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    is_it = _c.document_id == document_id
    with transaction(engine) as connection:
        found = connection.scalar(_mine(person).where(is_it))
        for state in (DISPUTED, WAITING):
            if found is None and (state == WAITING or Role.SUPERVISOR in person.roles):
                found = connection.scalar(_next(person, state, ()).where(is_it))
        return found is not None and leases.hold(connection, found, person.id, QUEUE, lease_s)


def look(engine: sa.Engine, document_id: uuid.UUID, entry: TypeEntry) -> tuple[Task, ...]:
    """What is to key of a control now; of a dispute the two values, not told apart.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        state = connection.scalar(sa.select(_c.state).where(_c.document_id == document_id))
        if state != DISPUTED:
            return tuple(tasks(connection, document_id, entry).values())
        said = opinions(connection, document_id, entry)
        differing = set(disputed(said))
        return tuple(
            Task(one, spec_of(entry, one.name), False, shown(document_id, one.position, its))
            for one in work.fields_of(connection, document_id)
            if one.position in differing and (its := said[one.position])
        )


def demand(connection: sa.Connection, person: Person, document_id: uuid.UUID) -> Held:
    """Give the control, locked, to who holds it.

    Raises:
        LeaseLost: somebody else has it, it is done, or people changed the document.
        NotYours: this person was at the document before.
    """
    share_routes(connection)  # a correction delivers again; a change of the plan locks first
    row = connection.execute(
        sa.select(_c.state, _c.person_id, _d.type, _d.fund, _d.state.label("document_state"))
        .join(documents, _d.id == _c.document_id)
        .join(held, _l.document_id == _c.document_id)
        .where(
            _c.document_id == document_id,
            _c.state.in_((WAITING, DISPUTED)),
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
            _l.person_id == person.id,
            _l.queue == QUEUE,
        )
        .with_for_update(of=[controls, documents])
    ).one_or_none()
    if row is None:
        raise LeaseLost(str(document_id))
    if connection.scalar(sa.select(_was_at(person, sa.literal(document_id)))):
        raise NotYours(str(document_id))
    return Held(document_id, row.state, row.person_id, row.type, row.fund, row.document_state)


def tasks(connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry) -> dict[int, Task]:
    """What is keyed blind of a document: all that the machine accepted, but for signatures."""
    return {
        one.position: Task(one, spec, is_blind=True)
        for one in work.fields_of(connection, document_id)
        if one.accepted
        and one.source == "machine"
        and one.value is not None
        and (spec := spec_of(entry, one.name)).kind != "signature"
        and spec.mode is not KeyingMode.READ_ONLY
    }


def opinions(
    connection: sa.Connection, document_id: uuid.UUID, entry: TypeEntry
) -> dict[int, Opinions]:
    """What the machine and the person said of each controlled field."""
    rows = connection.execute(
        sa.select(_k.position, _k.name, _k.value, _k.reason, _k.machine_value)
        .where(_k.document_id == document_id, _k["pass"] == KeyPass.CONTROL)
        .order_by(_k.id)
    )
    return {
        row.position: Opinions(
            spec_of(entry, row.name).kind,
            Entry(row.machine_value),
            Entry(row.value, KeyReason(row.reason) if row.reason else None),
        )
        for row in rows
    }


def _mine(person: Person) -> sa.Select[Any]:
    return (
        sa.select(_c.document_id)
        .join(held, _l.document_id == _c.document_id)
        .join(documents, _d.id == _c.document_id)
        .where(
            _l.person_id == person.id,
            _l.queue == QUEUE,
            _c.state.in_((WAITING, DISPUTED)),
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
        )
        .order_by(_l.taken_at)
        .limit(1)
    )


def _next(person: Person, state: str, besides: Collection[uuid.UUID]) -> sa.Select[Any]:
    is_held = sa.exists().where(
        _l.document_id == _c.document_id,
        sa.or_(_l.lease_until >= sa.func.now(), _l.person_id == person.id),
    )
    return (
        sa.select(_c.document_id)
        .join(documents, _d.id == _c.document_id)
        .where(
            _c.state == state,
            _c.type == _d.type,
            _d.state.in_(UNTOUCHED),
            ~is_held,
            ~_was_at(person, _c.document_id),
            _c.document_id.not_in(besides),
            *leases.limits(person, QUEUE),
        )
        .order_by(_c.drawn_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=controls)
    )


def _was_at(person: Person, document_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    has_keyed = sa.exists().where(_k.document_id == document_id, _k.person_id == person.id)
    has_named = sa.exists().where(_n.document_id == document_id, _n.person_id == person.id)
    return sa.or_(has_keyed, has_named)


def _id(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
