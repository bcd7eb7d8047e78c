"""Who works on which document: one person each, for as long as their page is open.

A lease is taken with FOR UPDATE SKIP LOCKED, so that any number of people on any number of consoles
never get the same document. A page renews it every few seconds; a document whose page went silent
goes to somebody else, and a person who comes back before that goes on.

A document that was passed on to somebody comes to them first, for at most ``RESERVED``; one that a
person refused does not come to them again for a while.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import Person, Role
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import documents, drafts, keyings, leases, remarks
from central.documents.rules import KeyPass
from central.documents.state_store import lock_routing_shared
from central.errors import LeaseLost

RESERVED = dt.timedelta(hours=4)
_NOT_AGAIN = {"give_back": dt.timedelta(minutes=10), "skip": dt.timedelta(hours=4)}
"""How long a document does not come again to who would not have it."""
_r, _reserved_c = remarks.c, documents.c


def sent_to(person: Person) -> sa.ColumnElement[bool]:
    """Whether a document was sent to somebody, or to people like them."""
    return sa.exists().where(_r.document_id == _reserved_c.id, *_is_reserved(), _is_for(person))


def is_free_for(person: Person) -> sa.ColumnElement[bool]:
    """Whether a document is not kept for others, nor was refused by this person a while ago."""
    is_kept = sa.exists().where(_r.document_id == _reserved_c.id, *_is_reserved(), ~_is_for(person))
    was_refused = [
        sa.and_(_r.way == way, _r.written_at > sa.func.now() - pause)
        for way, pause in _NOT_AGAIN.items()
    ]
    is_refused = sa.exists().where(
        _r.document_id == _reserved_c.id,
        _r.person_id == person.id,
        _r.written_at > _reserved_c.state_at,
        sa.or_(*was_refused),
    )
    return sa.and_(~is_kept, ~is_refused)


def _is_reserved() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _r.is_open,
        _r.written_at >= _reserved_c.state_at,  # it has gone on since
        _r.written_at > sa.func.now() - RESERVED,
    )


def _is_for(person: Person) -> sa.ColumnElement[bool]:
    is_skilled = _r.to_skill.in_(sorted(person.skills)) if person.skills else sa.true()
    ways = [
        sa.and_(_r.way == "colleague", _r.to_person_id == person.id),
        sa.and_(_r.way == "skill", is_skilled, _r.person_id != person.id),
    ]
    if Role.SUPERVISOR in person.roles:
        ways.append(_r.way == "supervisor")
    return sa.or_(*ways)


@dataclass(frozen=True, slots=True)
class _Lease:
    person_id: int
    queue: str
    seconds: float
    is_ahead: bool = False


STATE_OF = {"name": "to_name", "key": "to_key"}
_TRIES = 10
_l, _leases_c, _k = leases.c, documents.c, keyings.c


def take_next(
    engine: sa.Engine,
    person: Person,
    queue: str,
    lease_s: float,
    *,
    besides: Collection[uuid.UUID] = (),
    is_ahead: bool = False,
) -> uuid.UUID | None:
    """Take the next document of a queue: first what this person had begun, then by urgency.

    When nothing else is left, a document comes that somebody's page has loaded ahead only.

    Args:
        engine: The database.
        person: Whose sites, pôles and skills limit what comes.
        queue: ``name`` or ``key``.
        lease_s: After which it goes to somebody else unless ``renew`` is called.
        besides: What the person's page holds already.
        is_ahead: It is loaded, and shown later.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    with transaction(engine) as connection:
        begun: uuid.UUID | None = connection.scalar(
            sa.select(_l.document_id)
            .join(documents, _leases_c.id == _l.document_id)
            .where(
                _l.person_id == person.id,
                _l.queue == queue,
                _leases_c.state == STATE_OF[queue],
                _l.document_id.not_in(besides),
                *queue_scope(person, queue),  # a change of the plan may have moved it out of them
            )
            .order_by(_l.taken_at)
            .limit(1)
        )
        lease = _Lease(person.id, queue, lease_s, is_ahead)
        if begun is not None and _hold(connection, begun, lease):
            return begun
        passed_over = set(besides)
        mine: uuid.UUID | None = connection.scalar(_sent_to(person, queue, passed_over))
        if mine is not None and _hold(connection, mine, lease):
            return mine
        for may_steal in (False,) if is_ahead else (False, True):
            for _ in range(_TRIES):
                free = _next(person, queue, passed_over, may_steal=may_steal)
                wanted: uuid.UUID | None = connection.scalar(free)
                if wanted is None:
                    break
                if _hold(connection, wanted, lease, may_steal=may_steal):
                    return wanted
                passed_over.add(wanted)  # somebody was faster by a moment
        return None


def take_document(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, queue: str, lease_s: float
) -> bool:
    """Take one document; False when somebody else has it, or it waits for nobody like them.

    Raises:
        StoreUnavailable: nothing was taken.
    """
    where = [
        _leases_c.id == document_id,
        _leases_c.state == STATE_OF[queue],
        *queue_scope(person, queue),
    ]
    if queue == "key":
        where.append(_is_another_persons_turn(person))
    with transaction(engine) as connection:
        found = connection.scalar(
            sa.select(_leases_c.id).where(*where).with_for_update(of=documents)
        )
        return found is not None and assign(connection, found, person.id, queue, lease_s)


def renew(
    engine: sa.Engine,
    person_id: int,
    ids: Collection[uuid.UUID],
    lease_s: float,
    *,
    shown: uuid.UUID | None = None,
) -> set[uuid.UUID]:
    """Hold on to documents whose page is still open; returns those that are still theirs.

    Args:
        engine: The database.
        person_id: Whose.
        ids: What their page holds.
        lease_s: For how long.
        shown: What it shows: that one is not given to anybody who has nothing to do.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        return set(
            connection.scalars(
                leases.update()
                .where(_l.person_id == person_id, _l.document_id.in_(ids))
                .values(
                    lease_until=sa.func.now() + dt.timedelta(seconds=lease_s),
                    is_ahead=sa.and_(_l.is_ahead, _l.document_id != shown),
                )
                .returning(_l.document_id)
            )
        )


def release(engine: sa.Engine, person_id: int, ids: Collection[uuid.UUID]) -> None:
    """Give documents back that somebody does not go on with; their drafts stay.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        connection.execute(
            leases.delete().where(_l.person_id == person_id, _l.document_id.in_(ids))
        )


def require_lease(
    connection: sa.Connection, person_id: int, document_id: uuid.UUID, queue: str
) -> sa.Row[Any]:
    """Give the document, locked, to who holds it; a lease that nobody took over still counts.

    The routes are shared until the end of the transaction: what follows may make a delivery. The
    lease is locked behind the document: of one form sent twice at a moment the second waits here,
    and would else go on by the lease that the first one ended.

    Raises:
        LeaseLost: somebody else has it, or it waits for nobody any more.
    """
    lock_routing_shared(connection)
    row = connection.execute(
        sa.select(documents)
        .join(leases, _l.document_id == _leases_c.id)
        .where(
            _leases_c.id == document_id,
            _leases_c.state == STATE_OF[queue],
            _l.person_id == person_id,
            _l.queue == queue,
        )
        .with_for_update(of=[documents, leases])
    ).one_or_none()
    if row is None:
        raise LeaseLost(str(document_id))
    return row


def demand_held(engine: sa.Engine, person_id: int, document_id: uuid.UUID) -> None:
    """See that somebody holds a document, in whatever queue.

    Raises:
        LeaseLost: they do not.
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        if not connection.scalar(sa.select(is_held_by(person_id, document_id))):
            raise LeaseLost(str(document_id))


def is_held_by(person_id: int, document_id: uuid.UUID) -> sa.Exists:
    """Whether a lease is somebody's; one that nobody took over still counts."""
    return sa.exists().where(_l.document_id == document_id, _l.person_id == person_id)


def end_lease(connection: sa.Connection, document_id: uuid.UUID) -> None:
    """Forget who held a document, and what they had typed: it was sent."""
    connection.execute(leases.delete().where(_l.document_id == document_id))
    connection.execute(drafts.delete().where(drafts.c.document_id == document_id))


def is_held_by_other(connection: sa.Connection, document_id: uuid.UUID, person_id: int) -> bool:
    """Whether somebody else's page holds a document now."""
    return bool(
        connection.scalar(
            sa.select(
                sa.exists().where(
                    _l.document_id == document_id,
                    _l.person_id != person_id,
                    _l.lease_until >= sa.func.now(),
                )
            )
        )
    )


def assign(
    connection: sa.Connection, document_id: uuid.UUID, person_id: int, queue: str, lease_s: float
) -> bool:
    """Give a document to somebody; False when somebody else has it."""
    return _hold(connection, document_id, _Lease(person_id, queue, lease_s))


def _hold(
    connection: sa.Connection, document_id: uuid.UUID, lease: "_Lease", *, may_steal: bool = False
) -> bool:
    told = {
        "person_id": lease.person_id,
        "queue": lease.queue,
        "is_ahead": lease.is_ahead,
        "lease_until": sa.func.now() + dt.timedelta(seconds=lease.seconds),
    }
    statement = insert(leases).values(document_id=document_id, **told)
    taken = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["document_id"],
            set_={**told, "taken_at": sa.func.now()},
            where=sa.or_(
                _l.person_id == lease.person_id,
                _l.lease_until < sa.func.now(),
                sa.and_(sa.literal(may_steal), _l.is_ahead),
            ),
        ).returning(_l.document_id)
    ).all()
    return bool(taken)


def _next(
    person: Person, queue: str, besides: Collection[uuid.UUID], *, may_steal: bool
) -> sa.Select[Any]:
    is_held = sa.exists().where(
        _l.document_id == _leases_c.id,
        sa.or_(
            sa.and_(
                _l.lease_until >= sa.func.now(),
                sa.not_(sa.and_(sa.literal(may_steal), _l.is_ahead)),
            ),
            sa.and_(_l.person_id == person.id, _l.queue == queue),
        ),
    )
    where = [
        *(
            _leases_c.state == STATE_OF[queue],
            ~is_held,
            _leases_c.id.not_in(besides),
            *queue_scope(person, queue),
        ),
        is_free_for(person),
    ]
    if queue == "key":
        where.append(_is_another_persons_turn(person))
    return (
        sa.select(_leases_c.id)
        .where(*where)
        .order_by(_leases_c.priority.desc(), _leases_c.due_on, _leases_c.stored_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=documents)
    )


def _sent_to(person: Person, queue: str, besides: Collection[uuid.UUID]) -> sa.Select[Any]:
    """The document that was sent to somebody first and that nobody holds."""
    is_held = sa.exists().where(_l.document_id == _leases_c.id, _l.lease_until >= sa.func.now())
    where = [
        _leases_c.state == STATE_OF[queue],
        ~is_held,
        _leases_c.id.not_in(besides),
        *queue_scope(person, queue),
    ]
    if queue == "key":
        where.append(_is_another_persons_turn(person))
    return (
        sa.select(_leases_c.id)
        .where(
            _leases_c.id.in_(sa.select(remarks.c.document_id).where(remarks.c.is_open)),
            sent_to(person),
            *where,
        )
        .order_by(_leases_c.priority.desc(), _leases_c.due_on, _leases_c.stored_at)
        .limit(1)
        .with_for_update(skip_locked=True, of=documents)
    )


def _is_another_persons_turn(person: Person) -> sa.ColumnElement[bool]:
    """Blind double keying wants two people, and a third, who supervises, where they differ.

    What counts is the last entry of each field that is keyed twice: a document that a pôle gave
    back is keyed anew, by whoever is there.
    """
    later = keyings.alias("later")
    is_followed = sa.exists().where(
        later.c.document_id == _k.document_id,
        later.c.position == _k.position,
        later.c["pass"] == _k["pass"],
        later.c.id > _k.id,
    )
    is_of_this_look = sa.or_(
        _k["pass"] == KeyPass.FIRST, sa.and_(_k["pass"] == KeyPass.SECOND, _leases_c.key_pass == 3)
    )
    has_keyed = sa.exists().where(
        _k.document_id == _leases_c.id,
        _k.person_id == person.id,
        is_of_this_look,
        sa.or_(_leases_c.keyed_twice.is_(None), _k.position == sa.any_(_leases_c.keyed_twice)),
        ~is_followed,
    )
    highest = 3 if Role.SUPERVISOR in person.roles else 2
    return sa.and_(_leases_c.key_pass <= highest, sa.or_(_leases_c.key_pass == 1, ~has_keyed))


def queue_scope(person: Person, queue: str) -> list[sa.ColumnElement[bool]]:
    """What comes to somebody in a queue; skills are types, and what is to be named has none yet."""
    found = scope_conditions(person.scope, _leases_c.site, _leases_c.pole)
    if person.skills and queue != "name":
        found.append(_leases_c.type.in_(sorted(person.skills)))
    return found
