"""What several tests of a station's packages share."""

from collections.abc import Iterator

import pytest

from edge.inference.engine import StationEngine, load_engine
from edge.pipeline.workers import Workers
from tests.support import reading


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> StationEngine:
    """The station's own networks."""
    return load_engine(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Two real reading processes for tests that only read, started when the first page comes."""
    with reading.running(reading.settings()) as running:
        yield running
