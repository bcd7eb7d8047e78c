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

from central.db import embedded
from central.db.engine import open_engine
from tests.support.browser import SMALL, chromium, pictured, sign_in, visitor
from tests.support.mail import Line, Post
from tests.support.page import busy_station, serving
from tests.tools.demo import Demo

_INTO = Path(__file__).parents[2] / "docs" / "images"
_COLOURS = 48  # pages of text and bitonal scans need no more, and take a third of the bytes


def main() -> None:
    """Make all of them."""
    with chromium() as browser:
        _station(browser)
        demo = Demo(Console(markup=False), None)
        try:
            demo.start()
            demo.drop()
            demo.follow()
            _prescriptions(demo.folder)
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


def _prescriptions(folder: Path) -> None:
    """Five documents with one doubtful field, which the demo's lots have too few of."""
    engine = open_engine(embedded.running_url(folder / "postgresql"))
    post = Post(engine, folder / "images")
    for name in ("MARIE LAMBERT", "CAMILLE VINCENT", "JEANNE BENOIT", "LUC LEFEVRE", "JEAN LEROY"):
        line = Line("beneficiary_name", "Patient", name, read=name)
        post.deliver(
            "Ordonnance",
            line,
            kind="key",
            code="ordonnance",
            way=("Frais de santé", "FRAIS_DE_SANTE"),
        )
    engine.dispose()


def _keyers(browser: Browser, address: str) -> None:
    with _signed_in(browser, address, "videocodeuse") as page:
        page.goto("/grouper?type=ordonnance&champ=beneficiary_name")
        pictured(page)
        page.keyboard.press("Enter")  # the first is right
        page.wait_for_selector("#items .done")
        _keep(page, "grouper")
    with _signed_in(browser, address, "videocodeur") as page:
        page.goto("/videocoder")
        pictured(page)
        page.keyboard.press("Alt+n")  # of another type: somebody names it
        page.wait_for_selector("#sent li:not(.under-way)")
        pictured(page)
        _keep(page, "videocoder")
        page.goto("/nommer")
        pictured(page)
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
