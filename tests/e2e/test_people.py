"""Two keyers at a real centre, in Chromium, by keyboard only; their work reaches the pôles."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from central import embedded
from central.domain.incoming import IncomingDocument
from central.store.engine import open_engine
from tests.support.browser import chromium, sign_in, visitor
from tests.support.mail import Line, Post
from tests.support.site import Site

_WITHIN_S = 60.0
_NIR = "255081416802538"
_BENEFICIARIES = ("Gestion des bénéficiaires", "BENEFICIAIRES")
_ACCOUNTS = ("Comptabilité", "COMPTABILITE")


class Centre:
    """A centre alone; documents come as if stations had sent them."""

    def __init__(self, root: Path) -> None:
        self.site = Site(root, root / "cache")
        self.site.start_centre()
        self.engine = open_engine(embedded.running_url(root / "postgresql"))
        self.post = Post(self.engine, root / "images")

    def package(self, made: IncomingDocument) -> dict[str, Any]:
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
        over.callback(running.site.stop)
        over.callback(running.engine.dispose)
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
    doubtful = [
        post.deliver(
            "Changement de situation",
            Line("nir", "NIR", _NIR, read="255081416802533"),
            Line("beneficiary_name", "Nom", f"MARTIN LEA {n}", read="MART1N"),
            code="S1104",
            kind="key",
            reasons=("field:nir", "field:beneficiary_name"),
            way=_BENEFICIARIES,
        )
        for n in range(5)
    ]

    page = sign_in(visitor(browser, centre.site.address), "videocodeur")
    page.wait_for_url("**/nommer")
    for _ in unknown:
        page.wait_for_selector("#desk:not([hidden])")
        before = _shown(page)
        page.keyboard.type("courrier")
        page.keyboard.press("Enter")
        _next_comes(page, before)

    page.keyboard.press("Shift+Tab")  # out of the search, as somebody without a mouse would
    page.goto("/videocoder")
    for number in range(5):
        page.wait_for_selector("#desk:not([hidden])")
        before = _shown(page)
        page.keyboard.type(_NIR)
        page.keyboard.press("Enter")
        page.keyboard.type(f"MARTIN LEA {number}")
        page.keyboard.press("Enter")
        _next_comes(page, before)

    for made in unknown:
        assert centre.package(made)["type"] == "courrier"
    for made in doubtful:
        values = _values(centre.package(made))
        assert values["nir"] == _NIR
        assert values["beneficiary_name"] is not None
    page.context.close()
