"""A database for what asks one."""

from collections.abc import Iterator

import pytest

from tests.compat import present


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[present.Engine]:
    """A migrated, empty database."""
    with present.database(tmp_path_factory.mktemp("postgres")) as engine:
        yield engine
