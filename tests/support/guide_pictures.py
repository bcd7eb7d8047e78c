"""The pictures of keyers' and operators' pages in the guides: ``make pictures``.

Runs the demo, works a little at its centre as its people would, and photographs the pages at
1366 × 768 in a French Chromium. The station's page is that of a station with something of
everything. Mail, names and numbers are all drawn by program. Look at each picture before it is
committed: no test can tell whether it shows what its caption says, and is legible.
"""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from rich.console import Console

from tests.support.browser import SMALL, chromium, pictured, sign_in, visitor
from tests.support.demo import Demo
from tests.support.page import busy_station, serving

_INTO = Path(__file__).parents[2] / "docs" / "images"
_COLOURS = 128  # pages of text and bitonal scans need no more, and take a third of the bytes


def main() -> None:
    """Make all of them."""
    with chromium() as browser:
        _station(browser)
        demo = Demo(Console(markup=False), None)
        try:
            demo.start()
            demo.drop()
            demo.follow()
            _keyers(browser, demo.address)
        finally:
            demo.stop()


def _station(browser: Browser) -> None:
    with tempfile.TemporaryDirectory() as folder, serving(busy_station(Path(folder))) as address:
        page = visitor(browser, address, SMALL)
        page.goto("/")
        page.wait_for_selector("#rescans .button")
        page.wait_for_load_state("networkidle")
        _keep(page, "page-station")
        page.context.close()


def _keyers(browser: Browser, address: str) -> None:
    with _signed_in(browser, address, "videocodeuse") as page:
        page.goto("/grouper")
        page.locator(".choose a").first.click()
        pictured(page)
        page.keyboard.press("Enter")  # the first is right
        page.wait_for_selector("#items .done")
        _keep(page, "grouper")
        page.goto("/videocoder")
        pictured(page)
        _keep(page, "videocoder")
    with _signed_in(browser, address, "videocodeur") as page:
        page.goto("/nommer")
        pictured(page)
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.wait_for_selector("#sent li:not(.under-way)")
        pictured(page)
        page.keyboard.press("ArrowDown")
        _keep(page, "nommer")


@contextmanager
def _signed_in(browser: Browser, address: str, login: str) -> Iterator[Page]:
    page = sign_in(visitor(browser, address, SMALL), login)
    yield page
    page.context.close()


def _keep(page: Page, name: str) -> None:
    """Write what is on screen, in few colours."""
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        few = shot.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
        few.save(_INTO / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
