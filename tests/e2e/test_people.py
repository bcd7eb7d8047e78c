"""Two keyers at a real centre, in Chromium, by keyboard only; their work reaches the pôles."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from central.db import embedded
from central.db.engine import open_engine
from tests.support.browser import chromium, seen, sign_in, visitor
from tests.support.mail import Line, Post
from tests.support.site import Site
from vaguemestre.model.lot import DocumentRecord

_WITHIN_S = 60.0
_NIR = "255081416802538"
_IBAN = "FR1420041010050500013M02606"
_BENEFICIARIES = ("Gestion des bénéficiaires", "BENEFICIAIRES")
_ACCOUNTS = ("Comptabilité", "COMPTABILITE")


class Centre:
    """A centre alone; documents come as if stations had sent them."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root, root / "cache")
        self._root = root
        self.start()
        self.post = Post(self.engine, root / "images")

    def start(self) -> None:
        """Start it, or start it again: its database gets another port each time."""
        self.site.start_centre()
        self.engine = open_engine(embedded.running_url(self._root / "postgresql"))

    def stop(self) -> None:
        self.engine.dispose()
        self.site.stop()

    def package(self, made: DocumentRecord) -> dict[str, Any]:
        """What a pôle has received of a document; waits for it."""
        found: list[Path] = []

        def has_come() -> bool:
            found[:] = self.site.poles.glob(f"*/*/{made.id}.json")
            return bool(found)

        until(has_come)
        told: dict[str, Any] = json.loads(found[0].read_text("utf-8"))
        assert len(found) == 1
        return told


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    running = Centre(tmp_path_factory.mktemp("people"))
    with contextlib.ExitStack() as over:
        over.callback(running.stop)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def _values(package: dict[str, Any]) -> dict[str, str | None]:
    return {field["name"]: field["value"] for field in package["fields"]}


def _shown(page: Page) -> str:
    return page.locator("#sheet img").get_attribute("src") or ""


def _next_comes(page: Page, before: str) -> None:
    page.wait_for_function(
        "before => document.getElementById('desk').hidden"
        " || document.querySelector('#sheet img')?.getAttribute('src') !== before",
        arg=before,
    )


def test_ten_documents_named_and_keyed_by_keyboard_only_arrive_at_their_poles(
    centre: Centre, browser: Browser
) -> None:
    post = centre.post
    unknown = [post.deliver(f"Lettre {n}", kind="name", reasons=("unknown",)) for n in range(5)]
    doubtful = [_situation(centre, f"Changement de situation {n}") for n in range(5)]

    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    page.wait_for_url("**/nommer")
    for _ in unknown:
        seen(page)
        before = _shown(page)
        page.keyboard.type("courrier")
        page.keyboard.press("Enter")
        _next_comes(page, before)

    page.keyboard.press("Shift+Tab")  # out of the search, as somebody without a mouse would
    page.goto("/videocoder")
    for _ in doubtful:
        seen(page)
        before = _shown(page)
        page.keyboard.type(_NIR)
        page.keyboard.press("Enter")
        page.keyboard.type("MARTIN LÉA")
        page.keyboard.press("Enter")
        _next_comes(page, before)

    for made in unknown:
        assert centre.package(made)["type"] == "courrier"
    for made in doubtful:
        assert _values(centre.package(made)) == {"nir": _NIR, "beneficiary_name": "MARTIN LÉA"}
    page.context.close()


def test_two_keyers_at_once_share_the_work_and_key_an_iban_blind(
    centre: Centre, browser: Browser
) -> None:
    made = [
        centre.post.deliver(
            f"Relevé d'identité bancaire {n}",
            Line("iban", "IBAN", _IBAN, read="FR1420041010050500013M02605"),
            kind="key",
            code="rib",
            way=_ACCOUNTS,
        )
        for n in range(2)
    ]
    pages = [
        sign_in(visitor(browser, centre.site.address), login)
        for login in ("videocodeur", "videocodeuse")
    ]
    for page in pages:
        page.goto("/videocoder")
        seen(page)
    shown = [_shown(page) for page in pages]
    assert shown[0] != shown[1]
    for _ in range(2):  # each keys one document first, then the other's, blind
        for page in pages:
            seen(page)
            assert page.input_value("#value") == ""
            before = _shown(page)
            page.keyboard.type(_IBAN)
            page.keyboard.press("Enter")
            _next_comes(page, before)
    for one in made:
        assert _values(centre.package(one)) == {"iban": _IBAN}
    for page in pages:
        page.context.close()


def test_a_reload_in_the_middle_loses_nothing_typed(centre: Centre, browser: Browser) -> None:
    made = _situation(centre, "reload")
    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    page.goto("/videocoder")
    seen(page)
    page.keyboard.type(_NIR)
    page.keyboard.press("Enter")
    with page.expect_response(lambda answer: answer.url.endswith("/draft")):
        page.keyboard.type("MARTIN LÉ")
    page.reload()
    seen(page)
    assert page.input_value("#value") == "MARTIN LÉ"
    page.keyboard.press("End")
    page.keyboard.type("A")
    page.keyboard.press("Enter")
    assert _values(centre.package(made)) == {"nir": _NIR, "beneficiary_name": "MARTIN LÉA"}
    page.context.close()


def test_a_reload_confirms_no_field_that_was_passed_over(centre: Centre, browser: Browser) -> None:
    made = _situation(centre, "passed over")
    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    page.goto("/videocoder")
    seen(page)
    page.keyboard.press("ArrowDown")
    with page.expect_response(lambda answer: answer.url.endswith("/draft")):
        page.keyboard.type("MARTIN LÉA")
    page.reload()
    seen(page)
    assert page.input_value("#value") == "MARTIN LÉA"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('label').textContent === 'NIR'")
    page.keyboard.type(_NIR)
    page.keyboard.press("Enter")
    assert _values(centre.package(made)) == {"nir": _NIR, "beneficiary_name": "MARTIN LÉA"}
    page.context.close()


def test_the_centre_restarts_in_the_middle_and_nothing_typed_is_lost(
    centre: Centre, browser: Browser
) -> None:
    made = _situation(centre, "restart")
    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    page.goto("/videocoder")
    seen(page)
    page.keyboard.type(_NIR)
    page.keyboard.press("Enter")
    assert centre.site.centre is not None
    centre.site.centre.kill()
    page.keyboard.type("MARTIN LÉA")
    page.keyboard.press("Enter")  # sent to a centre that is not there
    page.wait_for_selector("#link:not([hidden])")
    centre.engine.dispose()
    centre.start()
    centre.post.move_to(centre.engine)
    assert _values(centre.package(made)) == {"nir": _NIR, "beneficiary_name": "MARTIN LÉA"}
    page.wait_for_selector("#link[hidden]", state="attached")
    page.context.close()


def test_pages_are_split_turned_and_joined_by_keyboard(centre: Centre, browser: Browser) -> None:
    made = centre.post.deliver("Deux lettres", kind="name", reasons=("unknown",), pages=3)
    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    seen(page)
    page.keyboard.press("PageDown")
    page.keyboard.press("Alt+t")
    page.wait_for_function(
        "() => document.querySelector('#sheet img').getAttribute('src').endsWith('-90')"
    )
    seen(page)
    page.keyboard.press("Alt+s")
    page.wait_for_function("() => document.querySelectorAll('#thumbs li').length === 1")
    seen(page)
    page.keyboard.press("Alt+j")
    page.wait_for_function("() => document.querySelectorAll('#thumbs li').length === 3")
    seen(page)
    page.keyboard.type("pli non")
    page.keyboard.press("Enter")
    package = centre.package(made)
    assert package["counts"]["pages"] == 3
    page.context.close()


def _situation(centre: Centre, title: str) -> DocumentRecord:
    return centre.post.deliver(
        title,
        Line("nir", "NIR", _NIR, read="255081416802533"),
        Line("beneficiary_name", "Nom", "MARTIN LÉA", read="MART1N"),
        code="S1104",
        kind="key",
        reasons=("field:nir", "field:beneficiary_name"),
        way=_BENEFICIARIES,
    )
