"""Keyers at work, for tests of the queues."""

import uuid

import sqlalchemy as sa

from central.accounts.rules import EVERYWHERE, Person, Role
from central.db.engine import transaction
from central.documents import lease_store
from central.pack import load_plan
from tests.support.console import add_person
from vaguemestre import pack

PLAN = load_plan(pack.default_dir())


def keyer(engine: sa.Engine, login: str, *roles: Role, **limits: frozenset[str]) -> Person:
    """Somebody who may key, unless told otherwise."""
    told = roles or (Role.KEYER,)
    number = add_person(engine, login, *told)
    limits = {"sites": EVERYWHERE, "poles": EVERYWHERE} | limits
    return Person(number, login, login, frozenset(told), **limits)  # type: ignore[arg-type]


def state_of(engine: sa.Engine, document_id: uuid.UUID) -> str:
    """Where a document stands."""
    with transaction(engine) as connection:
        return str(
            connection.scalar(
                sa.text("SELECT state FROM documents WHERE id = :id"), {"id": document_id}
            )
        )


def take(engine: sa.Engine, person: Person, queue: str = "name") -> uuid.UUID | None:
    """Take the next document of a queue."""
    return lease_store.take_next(engine, person, queue, 60)
