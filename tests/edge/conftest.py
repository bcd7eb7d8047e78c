"""What several tests of a station's packages share."""

import pytest

from edge.inference.engine import StationEngine, load_engine


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> StationEngine:
    """The station's own networks."""
    return load_engine(tmp_path_factory.mktemp("cache"))
