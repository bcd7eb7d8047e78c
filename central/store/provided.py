"""People that the identity provider vouches for: found by issuer and subject, by nothing else."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from central.domain.claims import Vouched
from central.errors import AccountClosed, LoginTaken
from central.store import audit
from central.store.engine import transaction
from central.store.tables import people

_p = people.c


def admit(engine: sa.Engine, issuer: str, who: Vouched) -> int:
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


def _add(connection: sa.Connection, issuer: str, who: Vouched, rights: dict[str, Any]) -> int:
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
