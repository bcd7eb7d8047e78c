"""Local accounts: made, found; their passwords and one-time codes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from central.domain.access import Person
from central.errors import AccountExists, NotFound
from central.store import audit, tries
from central.store.engine import transaction
from central.store.people import end_sessions
from central.store.tables import people

_p = people.c


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of; the password comes hashed. No sites or pôles see nothing."""

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
    with transaction(engine) as connection:
        row = connection.execute(sa.select(people).where(which)).one_or_none()
    if row is None:
        return None
    return Account(
        id=row.id,
        login=row.login,
        password_hash=row.password_hash,
        totp_secret=row.totp_secret,
        is_active=row.is_active,
    )


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


def choose_letters(engine: sa.Engine, person: Person, letters: Mapping[str, str]) -> None:
    """Keep the letters that somebody chose for commands, in place of those that they had.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        connection.execute(people.update().where(_p.id == person.id).values(letters=dict(letters)))


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
            )
        )
        tries.forget(connection, person.login)
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
                **values,
            )
            .returning(_p.id)
        ).scalar_one_or_none()
        if found is None:
            raise NotFound(login)
        tries.forget(connection, login)
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


def unsealed_secrets(engine: sa.Engine, mark: str) -> dict[int, str]:
    """Secrets of one-time codes, by account, that do not begin as sealed ones do.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    query = sa.select(_p.id, _p.totp_secret).where(~_p.totp_secret.startswith(mark))
    with transaction(engine) as connection:
        return {row.id: row.totp_secret for row in connection.execute(query)}


def seal_secret(engine: sa.Engine, person_id: int, old: str, sealed: str) -> None:
    """Keep the same secret unreadable, unless it was changed meanwhile.

    Raises:
        StoreUnavailable: it stays as it was.
    """
    with transaction(engine) as connection:
        connection.execute(
            people.update()
            .where(_p.id == person_id, _p.totp_secret == old)
            .values(totp_secret=sealed)
        )
