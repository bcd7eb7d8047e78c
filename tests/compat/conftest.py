"""A database for what asks one."""

from collections.abc import Iterator

import pytest

from tests.compat import present
from tests.support import database


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[database.TestServer]:
    """A PostgreSQL of its own."""
    with database.serve(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="module")
def engine(server: database.TestServer) -> Iterator[present.Engine]:
    """A migrated database, empty at first."""
    with present.database(server) as engine:
        yield engine
