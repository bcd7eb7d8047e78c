"""Debian's Chromium, driven as a person would: by keys."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from weakref import WeakKeyDictionary

import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

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
_FRAMES = """() => Promise.race([
    new Promise((done) => requestAnimationFrame(() => done("it is painted"))),
    new Promise((done) => setTimeout(() => done(`${document.visibilityState}, not painted`), 3000)),
])"""
_TROUBLE: WeakKeyDictionary[Page, list[str]] = WeakKeyDictionary()
"""What each page could not get, told when it waits in vain."""


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
    trouble = _TROUBLE[page] = []
    page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
    page.on("requestfailed", lambda request: trouble.append(f"{request.url}: {request.failure}"))
    page.on("response", lambda answer: _refused(answer, trouble))
    page.set_default_timeout(_PATIENCE_MS)
    return page


def _refused(answer: Response, trouble: list[str]) -> None:
    if answer.status >= 400:
        trouble.append(f"{answer.url}: {answer.status}")


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
    try:
        page.wait_for_selector('body[data-seen="yes"]')
    except TooLate as error:
        state = page.locator("body").get_attribute("data-seen")
        frames = page.evaluate(_FRAMES)
        text = " ".join(page.inner_text("body").split())[:1500]
        trouble = _TROUBLE.get(page, [])[-20:]
        raise AssertionError(f"{page.url}: seen is {state}, {frames}, {trouble}, {text}") from error


def pictured(page: Page) -> None:
    """Wait until keys count and every picture that they may confirm is there."""
    seen(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#sheet img, #zone img, #items img')]"
        ".every((one) => one.complete && one.naturalWidth > 0)"
    )
