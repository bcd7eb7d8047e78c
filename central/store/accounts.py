"""Local accounts: made, found, locked; their passwords and one-time codes."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from central.domain.access import Person
from central.domain.lockout import LockPolicy, pause_after
from central.errors import AccountExists, NotFound
from central.store import audit
from central.store.engine import transaction
from central.store.people import end_sessions
from central.store.tables import people

_p = people.c


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of; the password comes hashed."""

    login: str
    name: str
    roles: Collection[str]
    password_hash: str | None = None
    must_change_password: bool = False
    sites: Collection[str] = field(default_factory=tuple)
    poles: Collection[str] = field(default_factory=tuple)
    skills: Collection[str] = field(default_factory=tuple)
    team: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """What signing in needs to know; not for showing."""

    id: int
    login: str
    password_hash: str | None
    totp_secret: str | None
    is_active: bool
    is_locked: bool


def add(engine: sa.Engine, actor: str, account: NewAccount) -> int:
    """Make an account; returns its id.

    Raises:
        AccountExists: somebody has that login.
        StoreUnavailable: nothing was written.
    """
    try:
        with transaction(engine) as connection:
            made: int = connection.execute(
                people.insert()
                .values(
                    login=account.login.lower(),
                    name=account.name,
                    roles=sorted(account.roles),
                    password_hash=account.password_hash,
                    must_change_password=account.must_change_password,
                    sites=sorted(account.sites),
                    poles=sorted(account.poles),
                    skills=sorted(account.skills),
                    team=account.team,
                )
                .returning(_p.id)
            ).scalar_one()
            audit.record(
                connection, actor, "account_added", account.login, roles=sorted(account.roles)
            )
            return made
    except exc.IntegrityError as error:
        raise AccountExists(account.login) from error


def find(engine: sa.Engine, login: str) -> Account | None:
    """The account of a login; None when there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _one(engine, _p.login == login.lower())


def by_id(engine: sa.Engine, person_id: int) -> Account | None:
    """The account of an id; None when there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return _one(engine, _p.id == person_id)


def _one(engine: sa.Engine, which: sa.ColumnElement[bool]) -> Account | None:
    is_locked = sa.func.coalesce(_p.locked_until > sa.func.now(), sa.false()).label("is_locked")
    with transaction(engine) as connection:
        row = connection.execute(sa.select(people, is_locked).where(which)).one_or_none()
    if row is None:
        return None
    return Account(
        id=row.id,
        login=row.login,
        password_hash=row.password_hash,
        totp_secret=row.totp_secret,
        is_active=row.is_active,
        is_locked=row.is_locked,
    )


def failed(engine: sa.Engine, login: str, policy: LockPolicy, what: str, address: str) -> None:
    """Record a wrong password or code; the account may rest for a while.

    An unknown login leaves a line in the trail as well, so that it costs the same; what was typed
    is not in it: it may be a password. Tries while the account rests do not lengthen its rest.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(
                _p.id,
                _p.login,
                _p.failures,
                sa.func.coalesce(_p.locked_until > sa.func.now(), sa.false()).label("is_locked"),
            )
            .where(_p.login == login.lower())
            .with_for_update()
        ).one_or_none()
        subject = row.login if row is not None else "-"
        audit.record(connection, "console", "sign_in_failed", subject, what=what, address=address)
        if row is None or row.is_locked:
            return
        pause = pause_after(policy, row.failures + 1)
        until = sa.func.now() + dt.timedelta(seconds=pause) if pause else None
        connection.execute(
            people.update()
            .where(_p.id == row.id)
            .values(failures=row.failures + 1, locked_until=until)
        )
        if pause:
            audit.record(connection, "console", "account_locked", subject, seconds=round(pause))


def rehash(engine: sa.Engine, person_id: int, old: str, new: str) -> None:
    """Keep the same password under newer parameters, unless it was changed meanwhile.

    Raises:
        StoreUnavailable: nothing was written.
    """
    with transaction(engine) as connection:
        connection.execute(
            people.update()
            .where(_p.id == person_id, _p.password_hash == old)
            .values(password_hash=new)
        )


def change_password(engine: sa.Engine, person: Person, password_hash: str, this: str) -> int:
    """Give somebody the password that they chose; their other browsers are signed out.

    Args:
        engine: The database.
        person: Who it is.
        password_hash: Of the new one.
        this: The token of the browser that stays.

    Returns:
        How many were signed out.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        connection.execute(
            people.update()
            .where(_p.id == person.id)
            .values(
                password_hash=password_hash,
                must_change_password=False,
                failures=0,
                locked_until=None,
            )
        )
        ended = end_sessions(connection, person.id, but=this)
        audit.record(connection, person.actor, "password_changed", person.login, sessions=ended)
    return ended


def reset(engine: sa.Engine, actor: str, login: str, password_hash: str, *, and_totp: bool) -> None:
    """Give somebody a password for once: locks go, every browser is signed out.

    Args:
        engine: The database.
        actor: Who resets.
        login: Whose.
        password_hash: Of the password that is to be changed at the next sign-in.
        and_totp: The second factor goes too.

    Raises:
        NotFound: no such account with a password of ours.
        StoreUnavailable: nothing was changed.
    """
    values: dict[str, Any] = {"totp_secret": None, "totp_last_step": None} if and_totp else {}
    with transaction(engine) as connection:
        found = connection.execute(
            people.update()
            .where(_p.login == login.lower(), _p.password_hash.is_not(None))
            .values(
                password_hash=password_hash,
                must_change_password=True,
                failures=0,
                locked_until=None,
                **values,
            )
            .returning(_p.id)
        ).scalar_one_or_none()
        if found is None:
            raise NotFound(login)
        end_sessions(connection, found)
        audit.record(connection, actor, "password_reset", login.lower(), totp=and_totp)


def enrol(engine: sa.Engine, person: Person, secret: str, step: int) -> None:
    """Demand a one-time code of somebody from now on; ``step`` is that of the code just shown.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        connection.execute(
            people.update()
            .where(_p.id == person.id)
            .values(totp_secret=secret, totp_last_step=step)
        )
        audit.record(connection, person.actor, "totp_enrolled", person.login)


def drop_totp(engine: sa.Engine, actor: str, person_id: int) -> None:
    """Demand no code any more.

    Raises:
        NotFound: no such account.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        login = connection.execute(
            people.update()
            .where(_p.id == person_id)
            .values(totp_secret=None, totp_last_step=None)
            .returning(_p.login)
        ).scalar_one_or_none()
        if login is None:
            raise NotFound(str(person_id))
        audit.record(connection, actor, "totp_removed", login)


def use_code(engine: sa.Engine, person_id: int, step: int) -> bool:
    """Take a code for good; False when it, or a later one, was taken already.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        taken = connection.execute(
            people.update()
            .where(
                _p.id == person_id,
                sa.or_(_p.totp_last_step.is_(None), _p.totp_last_step < step),
            )
            .values(totp_last_step=step)
        )
        return taken.rowcount == 1
