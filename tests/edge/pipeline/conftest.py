"""One set of reading processes for the tests that only read."""

from collections.abc import Iterator

import pytest

from edge.pipeline.workers import Workers
from tests.support import reading


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Two real reading processes, started when the first page comes."""
    with reading.running(reading.settings()) as running:
        yield running
