"""Signing in and administering in a real Chromium, by keyboard, under the real policy."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from central.accounts.rules import Role
from tests.support.accessibility import hold_to_accessibility
from tests.support.central import document, store
from tests.support.console import PASSWORD, add_person, serving, settings
from tests.support.oidc_line import Line, config

_NEW = "un tout autre mot de passe"


class Window:
    """One browser without a past; what its console complains of fails the test."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._context = browser.new_context(
            base_url=address, locale="fr-FR", viewport={"width": 1366, "height": 768}
        )
        self.page: Page = self._context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda told: self._heard(told.type, told.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and "status of 4" not in text:
            self.complaints.append(text)

    def type(self, *words: str) -> None:
        """Type into the field in focus, each next one a Tab away, and press Enter.

        A new page puts the focus into a field a moment after it has loaded: that is waited for.
        """
        self.page.wait_for_selector("input:focus")
        for number, word in enumerate(words):
            if number:
                self.page.keyboard.press("Tab")
            self.page.keyboard.type(word)
        self.page.keyboard.press("Enter")

    def close(self) -> None:
        self._context.close()
        assert self.complaints == []


@pytest.fixture
def window(browser: Browser, engine: sa.Engine, tmp_path: Path) -> Iterator[Window]:
    with serving(settings(tmp_path), engine) as client:
        found = Window(browser, str(client.base_url))
        yield found
        found.close()


def _is_cut_off(page: Page) -> Any:
    return page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )


def test_a_keyer_signs_in_by_keyboard_with_a_code_that_they_set_up(
    window: Window, engine: sa.Engine
) -> None:
    add_person(engine, "anne", Role.AUDITOR)
    page = window.page
    page.goto("/audit?action=signed_in")
    hold_to_accessibility(page)
    window.type("anne", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("incorrect")
    hold_to_accessibility(page)
    window.type("anne", PASSWORD)
    page.wait_for_url("**/audit?action=signed_in")

    page.goto("/compte/codes")
    hold_to_accessibility(page)
    window.type(PASSWORD)
    image = page.locator("img.code")
    expect(image).to_be_visible()
    page.wait_for_function(
        "one => one.complete && one.naturalWidth > 100", arg=image.element_handle()
    )
    hold_to_accessibility(page)
    secret = page.locator("li code").inner_text().replace(" ", "")
    code = pyotp.TOTP(secret)
    window.type(code.now())
    expect(page.get_by_role("status")).to_contain_text("à chaque connexion")
    hold_to_accessibility(page)

    page.get_by_role("button", name="Se déconnecter").press("Enter")
    page.wait_for_url("**/connexion")
    window.type("anne", PASSWORD)
    page.wait_for_url("**/connexion/code")
    hold_to_accessibility(page)
    window.type(code.at(int(time.time()) + 30))  # the first one is not taken twice
    page.wait_for_url("**/exploitation")
    page.goto("/audit")
    hold_to_accessibility(page)
    assert not _is_cut_off(page)


def test_a_temporary_password_is_changed_by_keyboard(window: Window, engine: sa.Engine) -> None:
    add_person(engine, "anne", Role.OPERATIONS, must_change_password=True)
    page = window.page
    page.goto("/exploitation")
    window.type("anne", PASSWORD)
    page.wait_for_url("**/compte")
    hold_to_accessibility(page)
    window.type(PASSWORD, _NEW, _NEW)
    expect(page.locator(".alert.good")).to_contain_text("changé")
    page.goto("/exploitation")
    expect(page.locator("#status")).to_be_visible()


def test_an_administrator_finds_somebody_and_changes_their_rights_by_keyboard(
    window: Window, engine: sa.Engine
) -> None:
    store(engine, document())
    add_person(engine, "chef", Role.ADMIN)
    add_person(engine, "paul", Role.KEYER)
    page = window.page
    page.goto("/personnes")
    window.type("chef", PASSWORD)
    page.wait_for_url("**/personnes")
    hold_to_accessibility(page)
    page.get_by_label("Nom, identifiant").focus()
    window.type("paul")
    page.get_by_role("link", name="paul").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Paul")
    hold_to_accessibility(page)
    assert not _is_cut_off(page)
    page.get_by_label("exploitation", exact=True).press("Space")
    page.get_by_label("vidéocodage", exact=True).press("Space")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.locator(".alert.good")).to_contain_text("enregistrés")
    expect(page.get_by_label("exploitation", exact=True)).to_be_checked()
    page.get_by_role("button", name="provisoire").press("Enter")
    expect(page.locator(".secret")).to_be_visible()
    hold_to_accessibility(page)
    page.get_by_role("button", name="Fermer le compte").press("Enter")
    expect(page.locator(".tag.bad")).to_contain_text("fermé")
    page.get_by_role("link", name="Personnes").first.press("Enter")
    page.get_by_role("link", name="Nouveau compte").press("Enter")
    hold_to_accessibility(page)
    page.keyboard.type("marie")
    page.get_by_label("Nom affiché").fill("Marie Petit")
    page.get_by_label("encadrement").press("Space")
    page.get_by_role("group", name="Sites").get_by_label("tous").press("Space")
    page.get_by_role("group", name="Pôles").get_by_label("tous").press("Space")
    page.get_by_role("button", name="Créer").press("Enter")
    expect(page.locator(".secret")).to_be_visible()
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT login, roles, is_active FROM people ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            ("chef", ["admin"], True),
            ("paul", ["operations"], False),
            ("marie", ["supervisor"], True),
        ]


def test_somebody_comes_in_through_the_identity_provider_and_leaves_it(
    browser: Browser, engine: sa.Engine, tmp_path: Path
) -> None:
    line = Line(tmp_path, engine)
    with serving(config(tmp_path, line.port, line.issuer), engine), line.browser, line.provider():
        window = Window(browser, line.address)
        page = window.page
        # The provider's own pages ask for a font from the internet.
        page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
        page.goto("/compte")
        hold_to_accessibility(page)
        page.get_by_role("link", name="compte de l'organisme").press("Enter")
        page.get_by_placeholder("login").wait_for()
        window.type("paul", "any")
        page.wait_for_url(f"{line.address}/compte")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Paul Saisie")
        hold_to_accessibility(page)
        page.get_by_role("button", name="Se déconnecter").press("Enter")
        page.get_by_role("button", name="Yes, sign me out").press("Enter")
        page.wait_for_url(f"{line.address}/connexion*")
        page.goto("/compte")
        page.get_by_role("link", name="compte de l'organisme").press("Enter")
        page.get_by_placeholder("login").wait_for()
        window.complaints = [one for one in window.complaints if "ERR_FAILED" not in one]
        window.close()
