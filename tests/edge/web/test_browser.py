"""The operators' page in a real browser: by keyboard, kept up to date, readable by everybody."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import chromium
from tests.support.page import RESCANS, busy_station, serving
from tests.support.station import Station

_SCREENS = [(1366, 768), (1920, 1080)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return busy_station(tmp_path)


@pytest.fixture
def address(station: Station) -> Iterator[str]:
    crashes: list[BaseException] = []
    with serving(station, crashes) as address:
        yield address
    assert crashes == []


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A window on the station; a warning of the browser's, or a call elsewhere, fails the test."""
    complaints: list[str] = []
    opened = browser.new_page(viewport={"width": 1366, "height": 768})
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(address) else complaints.append(asked.url),
    )
    opened.goto(address)
    yield opened
    opened.close()
    assert complaints == []


def _incomplete(station: Station) -> str:
    return next(lot.id for lot in station.spool.status.lots_overview() if lot.name == "DMT-0037")


@pytest.mark.parametrize(("width", "height"), _SCREENS)
def test_all_of_it_is_on_one_screen(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    root = page.evaluate("[document.body.scrollWidth, document.body.scrollHeight]")
    assert root == [width, height]
    for name in ("#lots", "#rescans", "#aside", "#cards"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= height
        assert box["x"] + box["width"] <= width
    for act in page.locator("#rescans .button, #lots .button").all():
        expect(act).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("width", "height"), [*_SCREENS, (800, 600)])
def test_everybody_can_read_every_page(
    page: Page, address: str, station: Station, width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    paths = (
        "/",
        "/feuilles",
        f"/cloturer?source=scan&lot={_incomplete(station)}",
        f"/numerisation/impossible?demande={RESCANS[0]}",
        "/?fait=cloture",
    )
    for path in paths:
        page.goto(address + path)
        hold_to_accessibility(page)


def test_a_request_shows_which_sheet_it_means(page: Page) -> None:
    asked = page.locator("#rescans li").first
    expect(asked).to_contain_text("document n° 12 du lot, Feuille de soins - médecin, page 2 sur 3")
    assert asked.locator("img").evaluate("one => one.decode().then(() => one.naturalWidth)") == 240
    expect(page.locator("#rescans li").nth(1).locator("img")).to_have_count(0)


def test_an_operator_closes_a_lot_by_keyboard(page: Page, station: Station) -> None:
    lot = _incomplete(station)
    for _ in range(30):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.dataset.key ?? ''")
        if focused == f"clore scan {lot}":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_have_text("Clôturer le lot DMT-0037 ?")
    page.get_by_role("button", name="Clôturer tel quel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_be_visible()
    expect(page.locator(".message")).to_have_text("Le lot est clôturé : il part tel quel.")
    assert station.spool.outbox.backlog().documents == 5 + 37


def test_an_operator_says_why_a_document_cannot_be_scanned_again(
    page: Page, station: Station
) -> None:
    page.get_by_role("link", name="Impossible… de la demande 3FA9C21B").press("Enter")
    expect(page.get_by_label("Pourquoi est-ce impossible ?")).to_be_focused()
    page.keyboard.type("Le papier a été détruit.")
    page.keyboard.press("Enter")
    expect(page.locator(".message")).to_contain_text("C'est noté")
    assert station.spool.rescans.impossible_requests() == [(RESCANS[0], "Le papier a été détruit.")]


def test_what_changes_is_shown_by_itself_and_the_focus_stays(page: Page, station: Station) -> None:
    sheet = page.get_by_role("link", name="Imprimer la feuille de la demande 815C02DE")
    sheet.focus()
    page.locator("#lots .scroll").evaluate("one => { one.scrollTop = 40; }")
    station.drop("NOUVEAU.tif", b"new")
    station.settle()
    expect(page.get_by_text("NOUVEAU.tif")).to_be_attached(timeout=8_000)
    expect(sheet).to_be_focused()
    assert page.locator("#lots .scroll").evaluate("one => one.scrollTop") == 40
    station.spool.status.record_link("centre:7443", "")
    expect(page.get_by_text("Centre relié")).to_be_visible(timeout=8_000)


def test_a_station_that_no_longer_answers_is_told(browser: Browser, station: Station) -> None:
    page = browser.new_page()
    with serving(station) as address:
        page.goto(address)
        expect(page.get_by_role("status")).to_have_text("À jour")
    expect(page.get_by_text("La station ne répond plus")).to_be_visible(timeout=8_000)
    expect(page.get_by_text("DMT-0037", exact=True)).to_be_visible()  # what was known stays
    page.close()
