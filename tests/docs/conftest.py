"""The tests of the documentation need no network, and get none."""

import pytest


@pytest.fixture(autouse=True)
def _no_network(socket_disabled: None) -> None:
    """Fail what opens a socket."""
