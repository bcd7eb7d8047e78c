"""Everything that one Enter confirms is on screen: all lines of an address, a value to its end."""

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from central.accounts.rules import Role
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person, serving, settings
from tests.support.controlled import POLE
from tests.support.mail import Line, Post

_LINES = (
    "12 RUE DES LILAS",
    "BATIMENT C ESCALIER 4",
    "LIEU DIT LES TROIS FONTAINES",
    "17200 ROYAN",
)
_READ = " ".join(_LINES)


@pytest.fixture
def page(engine: sa.Engine, browser: Browser, tmp_path: Path) -> Iterator[Page]:
    with serving(settings(tmp_path, POLE), engine) as client:
        post = Post(engine, tmp_path / "images")
        for number in range(2):
            post.deliver(
                f"Changement {number}",
                Line("beneficiary_name", "Nom", "MARTIN LEA", read="MARTIN LEA", accepted=True),
                Line("address", "Adresse", "\n".join(_LINES), read=_READ),
                code="S1104",
                kind="key",
                reasons=("field:address",),
                way=("Gestion des bénéficiaires", POLE),
            )
        add_person(engine, "karim", Role.KEYER, Role.OPERATIONS)
        yield _signed_in(browser, client)


def _signed_in(browser: Browser, client: httpx.Client) -> Page:
    return sign_in_with(visitor(browser, str(client.base_url)), "karim", PASSWORD)


def _lines_in(page: Page, selector: str) -> int:
    """How many written lines a picture on the page shows."""
    address = page.locator(selector).first.get_attribute("src") or ""
    picture = Image.open(io.BytesIO(page.request.get(address).body())).convert("L")
    is_inked = (np.asarray(picture) < 128).any(axis=1).astype(int)
    return int((np.diff(is_inked, prepend=0) == 1).sum())


def _go_to_address(page: Page) -> None:
    while "adresse" not in page.inner_text("#label").lower():
        before = page.inner_text("#label")
        page.keyboard.press("ArrowDown")
        expect(page.locator("#label")).not_to_have_text(before)


_IS_WHOLE = "one => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth"


def test_an_address_of_several_lines_and_its_value_are_seen_whole(page: Page) -> None:
    page.goto("/videocoder")
    seen(page)
    _go_to_address(page)
    assert page.input_value("#value") == _READ
    assert page.locator("#value").evaluate(_IS_WHOLE)
    page.wait_for_function("() => document.querySelector('#zone img')?.naturalWidth > 0")
    assert _lines_in(page, "#zone img") == len(_LINES)
    frame = page.locator(".frame rect").bounding_box()
    sheet = page.locator(".frame").bounding_box()
    assert frame is not None
    assert sheet is not None
    assert frame["height"] / sheet["height"] > 20 / 297
    hold_to_accessibility(page)
    page.keyboard.press("Enter")
    for value in page.locator("#tasks .value").all():
        assert value.evaluate(_IS_WHOLE)


def test_a_pasted_address_becomes_one_line(page: Page) -> None:
    page.goto("/videocoder")
    seen(page)
    _go_to_address(page)
    page.locator("#value").fill("\n".join(_LINES))
    assert page.input_value("#value") == _READ


def test_a_group_shows_each_address_whole(page: Page) -> None:
    page.goto("/grouper?type=S1104&champ=address")
    seen(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#items img')].every((one) => one.naturalWidth > 0)"
    )
    assert page.locator("#items li").count() == 2
    for item in page.locator("#items textarea").all():
        assert item.input_value() == _READ
        assert item.evaluate(_IS_WHOLE)
    assert _lines_in(page, "#items img") == len(_LINES)
    for picture in page.locator("#items img").all():
        shown, around = picture.bounding_box(), picture.locator("..").bounding_box()
        assert shown is not None
        assert around is not None
        assert shown["height"] <= around["height"] + 1, "nothing of it is cut off"
        assert shown["height"] >= 100, "four lines are large enough to be read"
    hold_to_accessibility(page)


def test_a_document_frames_the_whole_address(page: Page) -> None:
    page.goto("/videocoder")
    seen(page)
    address = page.locator("#sheet img").get_attribute("src") or ""
    page.goto("/documents/" + address.split("/")[3])
    heights = page.locator("rect[data-field]").evaluate_all(
        "all => all.map((one) => Number(one.getAttribute('height')))"
    )
    assert max(heights) >= 24
