"""A document that somebody does not finish: given back, skipped or sent on, with a remark.

The remark stays with the document; whoever has it next reads it. To whom the document then comes
is in central/documents/lease_store.py.
"""

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.accounts.rules import Person, Role
from central.accounts.session_store import person_of
from central.db import audit
from central.db.engine import transaction
from central.db.tables import leases, people, remarks
from central.documents import lease_store
from central.errors import InputInvalid
from central.sent_work import store as sent_work_store

_TOLD = {
    "give_back": "Rendu à la file",
    "skip": "Passé",
    "colleague": "Transmis à un collègue",
    "skill": "Transmis à qui traite ce type",
    "supervisor": "Transmis à l'encadrement",
}
_WHO_WORK = (Role.KEYER, Role.SUPERVISOR)
_r, _p = remarks.c, people.c


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a document; a person's id or a type, where the way needs one."""

    name: str
    remark: str = ""
    to_person: int | None = None
    to_skill: str | None = None


def pass_on(
    engine: sa.Engine, person: Person, document_id: uuid.UUID, queue: str, way: Way
) -> None:
    """Let a document that somebody holds go to others, with a remark.

    Args:
        engine: The database.
        person: Who holds it.
        document_id: Which.
        queue: ``name`` or ``key``.
        way: Where to, and what is said of it.

    Raises:
        InputInvalid: the way needs a remark or somebody, or they may not see the document.
        LeaseLost: somebody else holds it.
        StoreUnavailable: nothing was changed.
    """
    with transaction(engine) as connection:
        row = lease_store.require_lease(connection, person.id, document_id, queue)
        _check(connection, person, row, way)
        _pass_on(connection, person, row, queue, way)


def _check(connection: sa.Connection, person: Person, row: sa.Row[Any], way: Way) -> None:
    if way.name not in _TOLD:
        raise InputInvalid("way")
    if way.name != "give_back" and not way.remark:
        raise InputInvalid("remark")
    if way.name == "colleague" and way.to_person not in {
        one.id for one in _colleagues(connection, person, row.site, row.pole)
    }:
        raise InputInvalid("to")
    if way.name == "skill" and not way.to_skill:
        raise InputInvalid("to")


def _pass_on(
    connection: sa.Connection, person: Person, row: sa.Row[Any], queue: str, way: Way
) -> None:
    sent_work_store.remember(connection, person, row.id, queue, _TOLD[way.name])
    close(connection, row.id)
    is_open = way.name in ("colleague", "skill", "supervisor")
    connection.execute(
        remarks.insert().values(
            document_id=row.id,
            person_id=person.id,
            way=way.name,
            remark=way.remark,
            to_person_id=way.to_person if way.name == "colleague" else None,
            to_skill=way.to_skill if way.name == "skill" else None,
            is_open=is_open,
        )
    )
    connection.execute(leases.delete().where(leases.c.document_id == row.id))
    audit.record(connection, person.actor, "document_passed_on", str(row.id), way=way.name)


def close(connection: sa.Connection, document_id: uuid.UUID) -> None:
    """It waits for nobody in particular any more."""
    connection.execute(
        remarks.update().where(_r.document_id == document_id, _r.is_open).values(is_open=False)
    )


def receivers(engine: sa.Engine, person: Person, site: str, pole: str) -> list[Person]:
    """Who else names and keys, and may see documents of a site and pôle, by name.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        return _colleagues(connection, person, site, pole)


def _colleagues(connection: sa.Connection, person: Person, site: str, pole: str) -> list[Person]:
    found = connection.execute(
        sa.select(people)
        .where(
            _p.is_active,
            _p.id != person.id,
            sa.or_(*(sa.literal(role.value) == sa.any_(_p.roles) for role in _WHO_WORK)),
        )
        .order_by(_p.name)
        .limit(500)
    )
    others = map(person_of, found)
    return [one for one in others if one.scope.may_see(site, pole)]
