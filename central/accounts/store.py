"""Local accounts: passwords, one-time codes, and tries to sign in.

A try counts as a failure from its beginning, and no longer when it succeeds; were it counted at its
end, any number that come at once would be tried. Tries are counted by login and address: whoever
guesses waits, not the owner of the account.
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import LockPolicy, Person, pause_after
from central.accounts.session_store import end_sessions
from central.addresses import limited_address
from central.db import audit
from central.db.engine import transaction
from central.db.tables import people, sign_in_tries
from central.errors import AccountExists, NotFound

_t = sign_in_tries.c
_FORGOTTEN_AFTER = dt.timedelta(days=1)


def begin(engine: sa.Engine, login: str, address: str, policy: LockPolicy) -> bool:
    """Count a try; False: this login may not be tried from this address yet.

    Tries while it may not do not lengthen the wait.

    Raises:
        StoreUnavailable: nothing was counted, and nothing may be tried.
    """
    name = login.lower()
    with transaction(engine) as connection:
        connection.execute(
            insert(sign_in_tries)
            .values(login=name, address=limited_address(address), failures=0)
            .on_conflict_do_nothing()
        )
        row = connection.execute(
            sa.select(
                _t.failures,
                sa.func.coalesce(_t.locked_until > sa.func.now(), sa.false()).label("is_locked"),
            )
            .where(*_is(name, address))
            .with_for_update()
        ).one()
        if row.is_locked:
            return False
        pause = pause_after(policy, row.failures + 1)
        until = sa.func.now() + dt.timedelta(seconds=pause) if pause else None
        connection.execute(
            sign_in_tries.update()
            .where(*_is(name, address))
            .values(failures=row.failures + 1, locked_until=until, tried_at=sa.func.now())
        )
        return True


def take_back(engine: sa.Engine, login: str, address: str) -> None:
    """A try was right, and another one of the same sign-in follows.

    Raises:
        StoreUnavailable: it counts as a failure.
    """
    with transaction(engine) as connection:
        connection.execute(
            sign_in_tries.update()
            .where(*_is(login.lower(), address))
            .values(failures=sa.func.greatest(_t.failures - 1, 0), locked_until=None)
        )


def succeeded(engine: sa.Engine, login: str, address: str) -> None:
    """Somebody has signed in: their failures from there are forgotten.

    Raises:
        StoreUnavailable: they are not.
    """
    with transaction(engine) as connection:
        connection.execute(sign_in_tries.delete().where(*_is(login.lower(), address)))


def failed(engine: sa.Engine, login: str, what: str, address: str) -> None:
    """Leave a line in the trail for a wrong password or code.

    An unknown login leaves one as well, so that it costs the same; what was typed is not in it: it
    may be a password.

    Raises:
        StoreUnavailable: nothing was written.
    """
    name = login.lower()
    with transaction(engine) as connection:
        known = connection.scalar(sa.select(people.c.login).where(people.c.login == name))
        subject = known or "-"
        audit.record(connection, "console", "sign_in_failed", subject, what=what, address=address)
        row = connection.execute(
            sa.select(_t.locked_until - _t.tried_at).where(
                *_is(name, address), _t.locked_until > sa.func.now()
            )
        ).one_or_none()
        if row is not None and known is not None:
            seconds = round(row[0].total_seconds())
            audit.record(
                connection, "console", "account_locked", subject, seconds=seconds, address=address
            )


def forget(connection: sa.Connection, login: str) -> None:
    """Let a login be tried again from everywhere; joins the caller's transaction."""
    connection.execute(sign_in_tries.delete().where(_t.login == login.lower()))


def sweep(engine: sa.Engine) -> int:
    """Forget tries of long ago; returns how many.

    Raises:
        StoreUnavailable: none was.
    """
    with transaction(engine) as connection:
        old = _t.tried_at < sa.func.now() - _FORGOTTEN_AFTER
        return connection.execute(sign_in_tries.delete().where(old)).rowcount


def _is(login: str, address: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _t.login == login, _t.address == limited_address(address)


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


def add_account(engine: sa.Engine, actor: str, account: NewAccount) -> int:
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


def find_account(engine: sa.Engine, login: str) -> Account | None:
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


def replace_hash(engine: sa.Engine, person_id: int, old: str, new: str) -> None:
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
        forget(connection, person.login)
        ended = end_sessions(connection, person.id, but=this)
        audit.record(connection, person.actor, "password_changed", person.login, sessions=ended)
    return ended


def reset_password(
    engine: sa.Engine, actor: str, login: str, password_hash: str, *, and_totp: bool
) -> None:
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
        forget(connection, login)
        end_sessions(connection, found)
        audit.record(connection, actor, "password_reset", login.lower(), totp=and_totp)


def enable_totp(engine: sa.Engine, person: Person, secret: str, step: int) -> None:
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
