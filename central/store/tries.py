"""Tries to sign in, counted by login and address: who guesses waits, not who owns the account.

A try counts as a failure from its beginning, and stops doing so when it succeeds. Were it counted
at its end, as many as come at once would be tried.
"""

import datetime as dt

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.addresses import counted
from central.domain.lockout import LockPolicy, pause_after
from central.store import audit
from central.store.engine import transaction
from central.store.tables import people, sign_in_tries

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
            .values(login=name, address=counted(address), failures=0)
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
    return _t.login == login, _t.address == counted(address)
