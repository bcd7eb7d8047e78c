"""People and their signed-in browsers.

A session's token is known to the browser alone; the database holds its SHA-256, so that whoever
reads a backup cannot sign in with it.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.domain.access import Person, Role
from central.store import audit
from central.store.engine import transaction
from central.store.tables import people, sessions

_p, _s = people.c, sessions.c


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed-in browser: who it is, and what its forms must carry."""

    person: Person
    csrf: str
    method: str


def open_session(
    engine: sa.Engine, person_id: int, token: str, csrf: str, method: str, longest_s: float
) -> None:
    """Let a browser in.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            sessions.insert().values(
                token_sha256=_digest(token),
                person_id=person_id,
                csrf=csrf,
                method=method,
                expires_at=sa.func.now() + dt.timedelta(seconds=longest_s),
            )
        )
        row = connection.execute(
            people.update()
            .where(_p.id == person_id)
            .values(signed_in_at=sa.func.now(), failures=0, locked_until=None)
            .returning(_p.login)
        ).one()
        audit.record(connection, f"person:{row.login}", "signed_in", row.login, method=method)


def signed(engine: sa.Engine, token: str, idle_s: float) -> Signed | None:
    """Who a browser is; None when its session has ended, or the account was closed.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sessions.update()
            .where(
                _s.token_sha256 == _digest(token),
                _s.expires_at > sa.func.now(),
                _s.seen_at > sa.func.now() - dt.timedelta(seconds=idle_s),
                _p.id == _s.person_id,
                _p.is_active,
            )
            .values(seen_at=sa.func.now())
            .returning(people, _s.csrf, _s.method)
        ).one_or_none()
    return None if row is None else Signed(person_of(row), row.csrf, row.method)


def find(engine: sa.Engine, login: str) -> Person | None:
    """Who has a login; None when there is no such account, or it was closed.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(people).where(_p.login == login.lower(), _p.is_active)
        ).one_or_none()
    return None if row is None else person_of(row)


def close_session(engine: sa.Engine, token: str) -> None:
    """Sign a browser out.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(sessions.delete().where(_s.token_sha256 == _digest(token)))


def person_of(row: sa.Row[Any]) -> Person:
    """A row of ``people`` as the rest of the program knows it."""
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles if role in set(Role)),
        sites=frozenset(row.sites),
        poles=frozenset(row.poles),
        skills=frozenset(row.skills),
        team=row.team,
        must_change_password=row.must_change_password,
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
