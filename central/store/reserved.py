"""To whom a document comes that somebody passed on, and to whom not again for a while.

What was sent to somebody comes to them first. Nothing waits for one person for ever: after
``RESERVED`` it is anybody's, and what was refused comes again after its pause.
"""

import datetime as dt

import sqlalchemy as sa

from central.domain.access import Person, Role
from central.store.tables import documents, remarks

RESERVED = dt.timedelta(hours=4)
_NOT_AGAIN = {"give_back": dt.timedelta(minutes=10), "skip": dt.timedelta(hours=4)}
"""How long a document does not come again to who would not have it."""
_r, _c = remarks.c, documents.c


def sent_to(person: Person) -> sa.ColumnElement[bool]:
    """Whether a document was sent to somebody, or to people like them."""
    return sa.exists().where(_r.document_id == _c.id, *_is_reserved(), _is_for(person))


def is_free_for(person: Person) -> sa.ColumnElement[bool]:
    """Whether a document is not kept for others, nor was refused by this person a while ago."""
    is_kept = sa.exists().where(_r.document_id == _c.id, *_is_reserved(), ~_is_for(person))
    was_refused = [
        sa.and_(_r.way == way, _r.written_at > sa.func.now() - pause)
        for way, pause in _NOT_AGAIN.items()
    ]
    is_refused = sa.exists().where(
        _r.document_id == _c.id,
        _r.person_id == person.id,
        _r.written_at > _c.state_at,
        sa.or_(*was_refused),
    )
    return sa.and_(~is_kept, ~is_refused)


def _is_reserved() -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _r.is_open,
        _r.written_at >= _c.state_at,  # it has gone on since
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
