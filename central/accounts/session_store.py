"""People and their signed-in browsers.

A session's token is known to the browser alone; the database holds its SHA-256, so that whoever
reads a backup cannot sign in with it.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person, Reach, Role
from central.db import audit
from central.db.engine import transaction
from central.db.tables import people, sessions

_p, _s = people.c, sessions.c
_MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """A signed-in browser: who it is, and what its forms must carry."""

    person: Person
    csrf: str
    method: str
    has_totp: bool = False


@dataclass(frozen=True, slots=True)
class ActiveSession:
    """One signed-in browser in somebody's list."""

    created_at: dt.datetime
    seen_at: dt.datetime
    method: str
    is_this: bool


def open_session(
    engine: sa.Engine,
    person_id: int,
    token: str,
    csrf: str,
    method: str,
    longest_s: float,
    id_token: str | None = None,
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
                id_token=id_token,
                expires_at=sa.func.now() + dt.timedelta(seconds=longest_s),
            )
        )
        row = connection.execute(
            people.update()
            .where(_p.id == person_id)
            .values(signed_in_at=sa.func.now())
            .returning(_p.login)
        ).one()
        audit.record(connection, f"person:{row.login}", "signed_in", row.login, method=method)


def find_session(
    engine: sa.Engine, token: str, idle_s: float, *, is_by_itself: bool = False
) -> SignedInUser | None:
    """Who a browser is; None when its session has ended, or the account was closed.

    What a page asks by itself (``is_by_itself``) keeps no session alive: nobody may be there.

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
            .values(seen_at=_s.seen_at if is_by_itself else sa.func.now())
            .returning(people, _s.csrf, _s.method)
        ).one_or_none()
    if row is None:
        return None
    return SignedInUser(person_of(row), row.csrf, row.method, row.totp_secret is not None)


def find_user(engine: sa.Engine, login: str) -> Person | None:
    """Who has a login; None when there is no such account, or it was closed.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(people).where(_p.login == login.lower(), _p.is_active)
        ).one_or_none()
    return None if row is None else person_of(row)


def close_session(engine: sa.Engine, token: str) -> str | None:
    """Sign a browser out; returns the provider's id token, if it came from there.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sessions.delete()
            .where(_s.token_sha256 == _digest(token), _p.id == _s.person_id)
            .returning(_s.id_token, _p.login)
        ).one_or_none()
        if row is None:
            return None
        audit.record(connection, f"person:{row.login}", "signed_out", row.login)
    token_of_provider: str | None = row.id_token
    return token_of_provider


def sessions_of(
    engine: sa.Engine, person_id: int, idle_s: float, this: str = ""
) -> list[ActiveSession]:
    """Where somebody is signed in, the last seen first; ``this`` is the asking browser's token.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_s.token_sha256, _s.created_at, _s.seen_at, _s.method)
            .where(
                _s.person_id == person_id,
                _s.expires_at > sa.func.now(),
                _s.seen_at > sa.func.now() - dt.timedelta(seconds=idle_s),
            )
            .order_by(_s.seen_at.desc())
            .limit(_MOST_SHOWN)
        ).all()
    mine = _digest(this)
    return [
        ActiveSession(row.created_at, row.seen_at, row.method, bytes(row.token_sha256) == mine)
        for row in rows
    ]


def end_sessions(connection: sa.Connection, person_id: int, but: str | None = None) -> int:
    """Sign somebody out everywhere, in the caller's transaction; ``but`` is a token that stays."""
    where = [_s.person_id == person_id]
    if but is not None:
        where.append(_s.token_sha256 != _digest(but))
    return connection.execute(sessions.delete().where(*where)).rowcount


def close_others(engine: sa.Engine, person: Person, this: str) -> int:
    """Sign somebody out on every browser but this one; returns how many were.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        ended = end_sessions(connection, person.id, but=this)
        audit.record(connection, person.actor, "sessions_ended", person.login, sessions=ended)
    return ended


def sweep_sessions(engine: sa.Engine, idle_s: float) -> int:
    """Forget sessions that have ended; returns how many.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        return connection.execute(
            sessions.delete().where(
                sa.or_(
                    _s.expires_at <= sa.func.now(),
                    _s.seen_at <= sa.func.now() - dt.timedelta(seconds=idle_s),
                )
            )
        ).rowcount


def person_of(row: sa.Row[Any]) -> Person:
    """A row of ``people`` as the rest of the program knows it."""
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles if role in set(Role)),
        sites=Reach(row.sites),
        poles=Reach(row.poles),
        skills=frozenset(row.skills),
        team=row.team,
        must_change_password=row.must_change_password,
        letters=tuple(sorted((str(name), str(one)) for name, one in row.letters.items())),
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
