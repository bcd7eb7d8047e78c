"""Debian's Chromium, driven as a person would: by keys."""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.accounts import READY

_ARGUMENTS = (
    "--no-sandbox",  # CI runs as root, in a sandbox of its own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE_MS = 60_000  # of a machine that is busy with much else
expect.set_options(timeout=_PATIENCE_MS)
SMALL, LARGE = (1366, 768), (1920, 1080)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; without one a test is skipped, and fails in CI."""
    program = shutil.which("chromium")
    if program is None:
        missing = "Debian's Chromium is not installed: apt-get install chromium"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield browser
        browser.close()


def visitor(browser: Browser, address: str, size: tuple[int, int] = SMALL) -> Page:
    """A browser of its own, with its own cookies; whatever breaks in a page fails the test."""
    context = browser.new_context(
        base_url=address, viewport={"width": size[0], "height": size[1]}, locale="fr-FR"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"script: {error}"))
    page.set_default_timeout(_PATIENCE_MS)
    return page


def sign_in(page: Page, login: str) -> Page:
    """Sign in as a ready account, by keyboard."""
    one = next(account for account in READY if account.login == login)
    return sign_in_with(page, one.login, one.password)


def sign_in_with(page: Page, login: str, password: str) -> Page:
    """Sign in by keyboard."""
    page.goto("/connexion")
    page.wait_for_selector("#login:focus")
    page.keyboard.type(login)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/connexion" not in url)
    return page


def seen(page: Page) -> None:
    """Wait until what is shown has been on screen long enough for keys to count."""
    page.wait_for_selector('body[data-seen="yes"]')


def pictured(page: Page) -> None:
    """Wait until keys count and every picture that they may confirm is there."""
    seen(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#sheet img, #zone img, #items img')]"
        ".every((one) => one.complete && one.naturalWidth > 0)"
    )
