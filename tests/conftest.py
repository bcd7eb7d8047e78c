"""Fixtures that every tier may use.

Fixtures of the tier that runs real PostgreSQL and real gRPC on loopback.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings
from playwright.sync_api import Browser

from central.db.engine import open_engine
from tests.support import database
from tests.support.browser import chromium
from tests.support.console import serving
from tests.support.console import settings as console_settings
from tests.support.controlled import POLE
from tests.support.mail import Post

# The same examples at every run, and a failure told at once: making one small takes minutes.
# HYPOTHESIS_PROFILE=explore looks for new ones and makes what it finds small.
settings.register_profile(
    "same", derandomize=True, database=None, print_blob=True, deadline=None,
    phases=[Phase.explicit, Phase.generate],
)  # fmt: skip
settings.register_profile("explore", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(scope="session")
def samples() -> Path:
    """Folder of the real samples; skips, saying so, when VAGUEMESTRE_SAMPLES is unset."""
    folder = os.environ.get("VAGUEMESTRE_SAMPLES", "")
    if not folder:
        pytest.skip("VAGUEMESTRE_SAMPLES is unset: the real samples are not at hand")
    path = Path(folder)
    if not path.is_dir():
        pytest.fail(f"VAGUEMESTRE_SAMPLES names no folder: {path}")
    return path


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


@pytest.fixture
def post(engine: sa.Engine, tmp_path: Path) -> Post:
    """Who brings documents to the centre of a test."""
    return Post(engine, tmp_path / "images")


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    """The centre's pages, with one pôle."""
    with serving(console_settings(tmp_path, POLE), engine) as client:
        yield client


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as running:
        yield running
