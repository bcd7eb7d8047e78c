"""Passing a document on by keyboard; the next person reads the remark, and so does its history."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from central.accounts.rules import Role
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person, serving, settings
from tests.support.controlled import POLE
from tests.support.mail import Line, Post


@pytest.fixture
def pages(engine: sa.Engine, browser: Browser, tmp_path: Path) -> Iterator[tuple[Page, Page]]:
    """Karim, and Sophie who supervises; each at a browser of their own."""
    post = Post(engine, tmp_path / "images")
    post.deliver("Lettre", kind="name", code="courrier", reasons=("type_doubtful",))
    post.deliver(
        "Changement", Line("nir", "NIR", "1", read="255081416802533"),
        code="S1104", kind="key", reasons=("field:nir",),
    )  # fmt: skip
    add_person(engine, "karim", Role.KEYER)
    add_person(engine, "sophie", Role.SUPERVISOR)
    with serving(settings(tmp_path, POLE), engine) as client:
        address = str(client.base_url)
        opened = [
            sign_in_with(visitor(browser, address), login, PASSWORD)
            for login in ("karim", "sophie")
        ]
        yield opened[0], opened[1]
        for page in opened:
            page.context.close()


@pytest.mark.parametrize("path", ["/nommer", "/videocoder"])
def test_a_document_goes_to_a_colleague_with_a_remark(pages: tuple[Page, Page], path: str) -> None:
    karim, sophie = pages
    sophie.goto("/exploitation")
    karim.goto(path)
    seen(karim)
    karim.keyboard.press("Alt+m")
    expect(karim.locator("#pass-way:focus")).to_be_visible()
    for way in ("skip", "colleague"):
        karim.keyboard.press("ArrowDown")
        expect(karim.locator("#pass-way")).to_have_value(way)
    expect(karim.locator("#pass-skill")).to_be_hidden()
    expect(karim.locator("#pass-person")).to_be_visible()
    hold_to_accessibility(karim)
    karim.locator("#pass-remark").focus()
    karim.keyboard.type("Je ne lis pas le tampon.")
    karim.keyboard.press("Enter")
    expect(karim.locator("#count")).to_contain_text("1 document")
    expect(karim.locator("#sent li")).to_contain_text("À un collègue")
    sophie.goto(path)
    seen(sophie)
    expect(sophie.locator("#notes")).to_contain_text("Je ne lis pas le tampon.")
    hold_to_accessibility(sophie)
    shown = sophie.locator("#sheet img").get_attribute("src") or ""
    sophie.goto("/documents/" + shown.split("/")[3])
    expect(sophie.locator("ol.life")).to_contain_text("Transmis à un collègue (Sophie)")
    expect(sophie.locator("ol.life")).to_contain_text("« Je ne lis pas le tampon. »")


def test_giving_back_needs_no_remark_and_skipping_does(pages: tuple[Page, Page]) -> None:
    karim, _ = pages
    karim.goto("/nommer")
    seen(karim)
    karim.keyboard.press("Alt+m")
    karim.locator("#pass-way").select_option("skip")
    karim.locator("#ask button[value=yes]").click()
    expect(karim.locator("#ask")).to_be_visible()
    karim.locator("#pass-way").select_option("give_back")
    karim.locator("#ask button[value=yes]").click()
    expect(karim.locator("#empty")).to_be_visible()
