"""What administrators see of accounts, and change; each change leaves a line in the trail."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts import store as accounts_store
from central.accounts.rules import ALL, Role
from central.accounts.session_store import end_sessions
from central.db import audit
from central.db.engine import transaction
from central.db.tables import people, sessions, sign_in_tries, sites
from central.errors import LastAdmin, NotFound

_p = people.c
_SHOWN = (
    _p.id,
    _p.login,
    _p.name,
    _p.roles,
    _p.sites,
    _p.poles,
    _p.skills,
    _p.team,
    _p.is_active,
    _p.must_change_password,
    sa.select(sa.func.coalesce(sa.func.max(sign_in_tries.c.failures), 0))
    .where(sign_in_tries.c.login == _p.login)
    .scalar_subquery()
    .label("failures"),
    _p.created_at,
    _p.signed_in_at,
    _p.oidc_issuer,
    (_p.totp_secret.is_not(None)).label("has_totp"),
    (_p.password_hash.is_not(None)).label("has_password"),
    sa.exists()
    .where(sign_in_tries.c.login == _p.login, sign_in_tries.c.locked_until > sa.func.now())
    .label("is_locked"),
    sa.select(sa.func.max(sign_in_tries.c.locked_until))
    .where(sign_in_tries.c.login == _p.login)
    .scalar_subquery()
    .label("locked_until"),
)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which accounts; empty: all."""

    text: str = ""
    role: str = ""
    active: bool | None = None


def list_accounts(
    engine: sa.Engine, sought: AccountFilter, after: str, limit: int
) -> list[dict[str, Any]]:
    """Accounts by login, those behind ``after``.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [_p.login > after] if after else []
    if sought.text:
        like = _p.login.icontains(sought.text, autoescape=True)
        named = _p.name.icontains(sought.text, autoescape=True)
        where.append(sa.or_(like, named, _p.team.icontains(sought.text, autoescape=True)))
    if sought.role:
        where.append(_has_role(sought.role))
    if sought.active is not None:
        where.append(_p.is_active.is_(sought.active))
    statement = sa.select(*_SHOWN).where(*where).order_by(_p.login).limit(limit)
    with transaction(engine) as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def get_account(engine: sa.Engine, person_id: int) -> dict[str, Any]:
    """One account, with how many browsers are signed in.

    Raises:
        NotFound: there is none.
        StoreUnavailable: the database does not answer.
    """
    browsers = (
        sa.select(sa.func.count())
        .where(sessions.c.person_id == person_id, sessions.c.expires_at > sa.func.now())
        .scalar_subquery()
        .label("browsers")
    )
    with transaction(engine) as connection:
        row = (
            connection.execute(sa.select(*_SHOWN, browsers).where(_p.id == person_id))
            .mappings()
            .one_or_none()
        )
    if row is None:
        raise NotFound(str(person_id))
    return dict(row)


def known_sites(engine: sa.Engine) -> list[str]:
    """Every site that a station ever spoke for.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        return list(connection.scalars(sa.select(sites.c.site).order_by(sites.c.site)))


def update_account(engine: sa.Engine, actor: str, person_id: int, **values: Any) -> bool:
    """Change columns of an account; False when they were so already.

    Raises:
        LastAdmin: nobody who is active would be left to administer.
        NotFound: there is no such account.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        before = _locked(connection, person_id)
        differs = {key: new for key, new in values.items() if getattr(before, key) != new}
        if not differs:
            return False
        connection.execute(people.update().where(_p.id == person_id).values(**differs))
        _keep_an_admin(connection)
        was = {key: getattr(before, key) for key in differs}
        audit.record(connection, actor, "rights_changed", before.login, before=was, after=differs)
    return True


def open_or_close(engine: sa.Engine, actor: str, person_id: int, *, active: bool) -> None:
    """Close an account, which signs its owner out, or open it again.

    Raises:
        LastAdmin: nobody who is active would be left to administer.
        NotFound: there is no such account.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        before = _locked(connection, person_id)
        connection.execute(people.update().where(_p.id == person_id).values(is_active=active))
        _keep_an_admin(connection)
        if not active:
            end_sessions(connection, person_id)
        action = "account_opened" if active else "account_closed"
        audit.record(connection, actor, action, before.login)


def unlock_account(engine: sa.Engine, actor: str, person_id: int) -> None:
    """Let somebody try again at once.

    Raises:
        NotFound: there is no such account.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        before = _locked(connection, person_id)
        accounts_store.forget(connection, before.login)
        audit.record(connection, actor, "account_unlocked", before.login)


def sign_out(engine: sa.Engine, actor: str, person_id: int) -> int:
    """End every session of somebody; returns how many.

    Raises:
        NotFound: there is no such account.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        before = _locked(connection, person_id)
        ended = end_sessions(connection, person_id)
        audit.record(connection, actor, "sessions_ended", before.login, sessions=ended)
    return ended


def _locked(connection: sa.Connection, person_id: int) -> sa.Row[Any]:
    """One account, for changing; administrators are locked first, always in the same order.

    Two administrators who take the right from each other at once would else both succeed.
    """
    connection.execute(
        sa.select(_p.id).where(_has_role(Role.ADMIN)).order_by(_p.id).with_for_update()
    )
    row = connection.execute(
        sa.select(people).where(_p.id == person_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound(str(person_id))
    return row


def _keep_an_admin(connection: sa.Connection) -> None:
    # One who is limited to sites or pôles has no way to the accounts.
    is_unlimited = (sa.literal(ALL) == sa.any_(_p.sites), sa.literal(ALL) == sa.any_(_p.poles))
    query = sa.select(sa.func.count()).where(_has_role(Role.ADMIN), _p.is_active, *is_unlimited)
    if not connection.scalar(query):
        raise LastAdmin


def _has_role(role: str) -> sa.ColumnElement[bool]:
    return sa.literal(str(role)) == sa.any_(_p.roles)
