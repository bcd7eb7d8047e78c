"""A station as a process of its own, its centre absent: the page shows it all the same."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import small_lots
from tests.support.site import Process, Site

_DEADLINE_S = 120.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path, tmp_path / "cache", station={"page": {"listen": "127.0.0.1:0"}})
    made.port = 1  # nobody listens there
    yield made
    made.stop()


def _page(station: Process | None) -> str:
    assert station is not None
    return station.wait_for("page :")


def _until_shown(address: str, *wanted: str) -> None:
    """Wait until the page's source holds each of these patterns."""
    deadline = time.monotonic() + _DEADLINE_S
    text = ""
    while time.monotonic() < deadline:
        text = httpx.get(address, timeout=20).text
        if all(re.search(words, text) for words in wanted):
            return
        time.sleep(0.2)
    pytest.fail(f"{wanted} in {re.sub('<[^>]+>', ' ', text)}")


def test_the_page_shows_what_is_read_while_the_centre_is_away(site: Site, tmp_path: Path) -> None:
    lot = small_lots.draw(tmp_path / "lots")[0]
    site.start_station()
    address = _page(site.station)
    _until_shown(address, "Centre injoignable", "Aucun lot")
    small_lots.copy(tmp_path / "lots" / lot.name, site.scan / lot.name)
    _until_shown(address, "TERMINÉ", "En sécurité ici, attend le centre.")
    _until_shown(address, r"<strong>[1-9]\d* pages/min</strong>")
    assert site.station is not None
    site.station.kill()
    site.start_station()
    _until_shown(_page(site.station), lot.name, "En sécurité ici")
