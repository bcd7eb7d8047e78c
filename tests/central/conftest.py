"""What several tests of the centre's features share."""

import pytest
import sqlalchemy as sa

from central.accounts.rules import Person, Role
from tests.support.console import add_person
from tests.support.keyers import keyer


@pytest.fixture
def lea(engine: sa.Engine) -> Person:
    """Somebody who names and keys."""
    return keyer(engine, "lea")


@pytest.fixture
def two(engine: sa.Engine) -> tuple[int, int]:
    """Two people of operations."""
    return (
        add_person(engine, "anne", Role.OPERATIONS),
        add_person(engine, "bruno", Role.OPERATIONS),
    )
