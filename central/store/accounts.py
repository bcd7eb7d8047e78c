"""Local accounts: made, found, locked."""

from collections.abc import Collection
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy import exc

from central.errors import AccountExists
from central.store import audit
from central.store.engine import transaction
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


def find(engine: sa.Engine, login: str) -> sa.Row[tuple[object, ...]] | None:
    """The account of a login, whole; None when there is none.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        return connection.execute(sa.select(people).where(_p.login == login.lower())).one_or_none()
