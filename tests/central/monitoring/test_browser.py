"""Pages of operations in Chromium, on months of mail: nothing cut off, accessible, by keyboard."""

import datetime as dt
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from central.accounts.rules import Role
from central.db.engine import open_engine, transaction
from central.monitoring import flow_store
from tests.support import many
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import LARGE, SMALL, visitor
from tests.support.console import PASSWORD, add_person, serving, settings
from tests.support.database import TestServer

_DOCUMENTS, _DAYS = 4_000, 40


@pytest.fixture(scope="module")
def console(
    postgres: TestServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, sa.Engine]]:
    now = dt.datetime.now(dt.UTC)
    folder = tmp_path_factory.mktemp("console")
    with postgres.migrated() as url:
        engine = open_engine(url)
        many.fill(engine, _DOCUMENTS, _DAYS, now, _DOCUMENTS)
        flow_store.recount_hours(engine, now)
        add_person(engine, "ops", Role.OPERATIONS)
        add_person(engine, "audit", Role.AUDITOR)
        add_person(engine, "scan", Role.SCANNER, sites=["gien"])
        with serving(settings(folder, "CNSE"), engine) as client:
            yield _address(client), engine
        engine.dispose()


def _address(client: httpx.Client) -> str:
    return str(client.base_url)


def _enter(browser: Browser, address: str, login: str, size: tuple[int, int] = SMALL) -> Page:
    page = visitor(browser, address, size)
    page.goto("/connexion")
    page.fill("[name=login]", login)
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/connexion" not in url)
    return page


def _one(engine: sa.Engine, query: str) -> str:
    with transaction(engine) as connection:
        return str(connection.scalar(sa.text(query)))


def _paths(engine: sa.Engine) -> list[str]:
    lot = _one(engine, "SELECT id FROM lots WHERE state = 'read' ORDER BY received_at DESC LIMIT 1")
    document = _one(engine, "SELECT id FROM documents WHERE state = 'to_key' LIMIT 1")
    return [
        "/exploitation", "/delais", "/lots", "/recherche?type=S3110", "/sites/gien",
        f"/lots/{lot}", f"/documents/{document}",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_every_page_is_accessible_and_none_scrolls_sideways(
    browser: Browser, console: tuple[str, sa.Engine], size: tuple[int, int]
) -> None:
    address, engine = console
    page = _enter(browser, address, "ops", size)
    for path in _paths(engine):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0], path
        hold_to_accessibility(page)


@pytest.mark.parametrize(("login", "first"), [("audit", "/exploitation"), ("scan", "/lots")])
def test_who_sees_less_begins_at_their_own_page_and_finds_it_accessible(
    browser: Browser, console: tuple[str, sa.Engine], login: str, first: str
) -> None:
    page = _enter(browser, console[0], login)
    assert page.url.endswith(first)
    hold_to_accessibility(page)
    page.click("table.list tbody th a[href^='/lots/']")
    page.wait_for_selector(".steps")
    hold_to_accessibility(page)


def test_the_board_renews_itself_and_keeps_what_somebody_has_opened(
    browser: Browser, console: tuple[str, sa.Engine]
) -> None:
    address, engine = console
    page = _enter(browser, address, "ops")
    page.click("[data-part=hours] summary")
    page.focus("[data-part=tiles] a")
    before = page.inner_text("[data-part=tiles]")
    with transaction(engine) as connection:
        connection.execute(
            sa.text("UPDATE documents SET due_on = '2020-01-02' WHERE state = 'to_name'")
        )
    page.wait_for_function(
        "old => document.querySelector('[data-part=tiles]').innerText !== old", arg=before
    )
    assert page.evaluate("document.activeElement.closest('[data-part]').dataset.part") == "tiles"
    assert page.is_visible("[data-part=hours] details table")


def test_a_search_is_made_by_keyboard_and_leads_to_a_document_and_its_fields(
    browser: Browser, console: tuple[str, sa.Engine]
) -> None:
    address, engine = console
    nir = _one(
        engine,
        "SELECT value FROM fields JOIN documents d ON d.id = document_id "
        "WHERE name = 'nir' AND d.state = 'delivered' LIMIT 1",
    )
    page = _enter(browser, address, "ops")
    page.goto("/recherche")
    page.wait_for_selector("#nir:focus")
    page.keyboard.type(nir[:13])
    page.keyboard.press("Enter")
    page.wait_for_selector("tbody a[href^='/documents/']")
    assert nir[:13] not in page.url
    page.focus("tbody a[href^='/documents/']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".fields")
    assert nir in page.inner_text(".fields")
    page.focus("button[data-show='0']")
    page.wait_for_selector(".sheet rect[data-field='0'].lit")


def test_a_wrong_nir_is_told_beside_its_field(
    browser: Browser, console: tuple[str, sa.Engine]
) -> None:
    page = _enter(browser, console[0], "ops")
    page.goto("/recherche")
    page.fill("#nir", "255081416802539")
    page.keyboard.press("Enter")
    page.wait_for_selector("#nir[aria-invalid=true]")
    assert "La clé de ce NIR est fausse" in page.inner_text("#wrong-nir")
    assert page.input_value("#nir") == "255081416802539"
    hold_to_accessibility(page)
