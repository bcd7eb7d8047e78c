"""People at the centre for tests."""

import sqlalchemy as sa
from uuid6 import uuid7

from central.db.engine import transaction
from central.db.tables import people


def person(engine: sa.Engine) -> int:
    """Someone whom rows may name."""
    login = f"lea-{str(uuid7())[-8:]}"
    with transaction(engine) as connection:
        made = people.insert().values(login=login, name="Léa").returning(people.c.id)
        return int(connection.execute(made).scalar_one())
