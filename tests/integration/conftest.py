"""Fixtures of the tier that runs real PostgreSQL and real gRPC on loopback."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from central.store.engine import open_engine
from tests.support import database


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[database.TestServer]:
    """One server for the session."""
    with database.serve(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def database_url(postgres: database.TestServer) -> Iterator[str]:
    """A fresh, migrated database for one test."""
    with postgres.migrated() as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """Connections to the test's own database."""
    engine = open_engine(database_url)
    yield engine
    engine.dispose()
