"""Fixtures of the tier that runs real PostgreSQL and real gRPC on loopback."""

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from central.store.engine import open_engine
from tests.support import database


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the store's tests on the wheel's server and on Debian's, all others on the first."""
    if "postgres" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("on_both_servers")
        servers = ["wheel", "debian"] if both else ["wheel"]
        metafunc.parametrize("postgres", servers, indirect=True, scope="session")


@pytest.fixture(scope="session")
def postgres(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[database.TestServer]:
    """One server of each build for the session."""
    binaries = None
    if request.param == "debian":
        binaries = database.debian_binaries()
        if binaries is None:
            missing = "Debian's PostgreSQL server is not installed: apt-get install postgresql"
            pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with database.serve(tmp_path_factory.mktemp("postgres"), binaries) as server:
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
