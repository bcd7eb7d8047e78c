"""The rules of accessibility that pages are held to (RGAA is law for this user)."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def hold_to_accessibility(page: Page) -> None:
    """Fail on any rule that axe finds broken on the page."""
    found = Axe().run(page)
    told = [
        f"{one['id']}: {node['html'][:160]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]
    assert told == [], f"{page.url}: {told}"
