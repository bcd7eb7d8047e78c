"""What signing in needs in the database: accounts of the identity provider, and pending sign-ins.

A person whom the provider vouches for is found by issuer and subject only. A sign-in that awaits a
code or the provider's answer is stored here and nowhere else: the browser has a random token.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql import insert

from central.accounts.rules import ProviderIdentity
from central.db import audit
from central.db.engine import transaction
from central.db.tables import people, sign_in_steps
from central.errors import AccountClosed, LoginTaken

_p = people.c


def provision_account(engine: sa.Engine, issuer: str, who: ProviderIdentity) -> int:
    """Make or find somebody's account, with the rights that they have at the provider now.

    A login that somebody else has already is refused: it would give their name to another.

    Returns:
        The account's id.

    Raises:
        AccountClosed: an administrator closed it here.
        LoginTaken: another account has that login.
        StoreUnavailable: nothing was changed.
    """
    rights = {
        "roles": sorted(who.roles),
        "sites": sorted(who.sites),
        "poles": sorted(who.poles),
        "team": who.team,
    }
    try:
        with transaction(engine) as connection:
            row = connection.execute(
                sa.select(people)
                .where(_p.oidc_issuer == issuer, _p.oidc_subject == who.subject)
                .with_for_update()
            ).one_or_none()
            if row is None:
                return _add(connection, issuer, who, rights)
            if not row.is_active:
                raise AccountClosed(row.login)
            _update(connection, row, who.name, rights)
            found: int = row.id
            return found
    except exc.IntegrityError as error:
        raise LoginTaken(who.login) from error


def _add(
    connection: sa.Connection, issuer: str, who: ProviderIdentity, rights: dict[str, Any]
) -> int:
    made: int = connection.execute(
        people.insert()
        .values(
            login=who.login,
            name=who.name,
            oidc_issuer=issuer,
            oidc_subject=who.subject,
            **rights,
        )
        .returning(_p.id)
    ).scalar_one()
    audit.record(connection, "provider", "account_added", who.login, **rights)
    return made


def _update(connection: sa.Connection, row: sa.Row[Any], name: str, rights: dict[str, Any]) -> None:
    before = {key: getattr(row, key) for key in rights}
    if before == rights and row.name == name:
        return
    connection.execute(people.update().where(_p.id == row.id).values(name=name, **rights))
    if before != rights:
        audit.record(
            connection, "provider", "rights_changed", row.login, before=before, after=rights
        )


_c = sign_in_steps.c

Step = Literal["code", "provider", "enrolment"]


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """What was settled so far."""

    person_id: int | None
    content: Mapping[str, Any]


def save_pending(
    engine: sa.Engine, token: str, step: Step, begun: PendingSignIn, within_s: float
) -> None:
    """Remember a step; one that was begun with the same token is forgotten.

    Raises:
        StoreUnavailable: nothing was written.
    """
    told = {
        "step": step,
        "person_id": begun.person_id,
        "content": dict(begun.content),
        "expires_at": sa.func.now() + dt.timedelta(seconds=within_s),
    }
    with transaction(engine) as connection:
        connection.execute(sign_in_steps.delete().where(_c.expires_at <= sa.func.now()))
        statement = insert(sign_in_steps).values(token_sha256=_digest(token), **told)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["token_sha256"], set_=told)
        )


def peek_pending(engine: sa.Engine, token: str, step: Step) -> PendingSignIn | None:
    """What was begun; None: nothing, or too long ago.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        row = connection.execute(sa.select(sign_in_steps).where(*_is(token, step))).one_or_none()
    return None if row is None else PendingSignIn(row.person_id, row.content)


def pop_pending(engine: sa.Engine, token: str, step: Step) -> PendingSignIn | None:
    """What was begun, once: whoever asks again gets None.

    Raises:
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = connection.execute(
            sign_in_steps.delete().where(*_is(token, step)).returning(sign_in_steps)
        ).one_or_none()
    return None if row is None else PendingSignIn(row.person_id, row.content)


def _is(token: str, step: Step) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.token_sha256 == _digest(token), _c.step == step, _c.expires_at > sa.func.now()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
