"""The last decision is undone with one key on every page of keyers."""

import re
from collections.abc import Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route, expect

from central.accounts.rules import Role
from central.db.engine import transaction
from central.db.tables import deliveries, fields, people
from central.delivery import store as store_of_deliveries
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import pictured, seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person
from tests.support.controlled import POLE, entry_of
from tests.support.mail import Line, Post
from tests.support.stored import document_states

_GROUP = "/grouper?type=S3110&champ=accident_number"
_PAIR = "/grouper?paire=17"


@pytest.fixture
def page(console: httpx.Client, browser: Browser, engine: sa.Engine) -> Iterator[Page]:
    add_person(engine, "karim", Role.KEYER)
    shown = sign_in_with(visitor(browser, str(console.base_url)), "karim", PASSWORD)
    yield shown
    shown.context.close()


def _letter(post: Post, pages: int = 1) -> None:
    post.deliver("Lettre", kind="name", code="courrier", reasons=("type_doubtful",), pages=pages)


def _care_sheets(post: Post, *numbers: str) -> None:
    sure = tuple(
        Line(spec.name, spec.name, "lu", read="lu", accepted=True)
        for spec in entry_of("S3110", "45").keyed_fields
        if spec.required and spec.name != "accident_number"
    )
    for number in numbers:
        post.deliver(
            "Feuille de soins",
            Line("accident_number", "Accident", number, read=number),
            *sure,
            code="S3110",
            kind="key",
            layout="verified",
            way=("Frais de santé", POLE),
            reasons=("field:accident_number",),
        )


def _press(page: Page, *keys: str) -> None:
    for key in keys:
        pictured(page)
        page.keyboard.press(key)


def _done(page: Page) -> None:
    """Nothing is left to do, and the centre has answered for all that was sent."""
    expect(page.locator("#empty")).to_be_visible()
    expect(page.locator("#sent .under-way")).to_have_count(0)


def _pages_shown(page: Page, count: int) -> None:
    expect(page.locator("#thumbs li")).to_have_count(count)


def test_a_split_is_undone_with_one_key(engine: sa.Engine, post: Post, page: Page) -> None:
    _letter(post, pages=3)
    page.goto("/nommer")
    _press(page, "PageDown", "Alt+s")
    _pages_shown(page, 1)
    expect(page.locator("#sent li")).to_contain_text("Séparé à la page 2")
    seen(page)
    page.reload()
    expect(page.locator("#sent li")).to_contain_text("Séparé à la page 2")
    _press(page, "Alt+l")
    _pages_shown(page, 3)
    expect(page.locator("#sent li")).to_have_count(0)
    _press(page, "Enter")
    _done(page)
    assert sorted(document_states(engine)) == ["discarded", "ready"]


def test_both_halves_named_are_whole_again_after_three_keys(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _letter(post, pages=2)
    page.goto("/nommer")
    _press(page, "PageDown", "Alt+s", "Enter")
    pictured(page)
    page.keyboard.type("courrier")
    page.keyboard.press("Enter")
    _done(page)
    expect(page.locator("#sent li")).to_have_count(3)
    expect(page.locator("#sent")).to_be_visible()
    assert sorted(document_states(engine)) == ["ready", "ready"]
    page.keyboard.press("Alt+l")
    _pages_shown(page, 1)
    _press(page, "Alt+l")
    expect(page.locator("#sent li")).to_have_count(1)
    _press(page, "Alt+l")
    _pages_shown(page, 2)
    assert sorted(document_states(engine)) == ["discarded", "to_name"]


@pytest.mark.parametrize("key", ["Alt+j", "Alt+p"])
def test_a_join_is_undone_with_one_key(engine: sa.Engine, post: Post, page: Page, key: str) -> None:
    _letter(post)
    _letter(post, pages=2)
    page.goto("/nommer")
    seen(page)
    if key == "Alt+p":  # of the second document, the first waits for somebody else
        pictured(page)
        page.keyboard.press("Alt+m")
        expect(page.locator("#ask")).to_be_visible()
        page.keyboard.press("Enter")
    _press(page, key)
    expect(page.locator("#sent li").first).to_contain_text("oint")
    if key == "Alt+j":
        _pages_shown(page, 3)
        seen(page)
    else:
        _done(page)
    page.keyboard.press("Alt+l")
    _pages_shown(page, 1 if key == "Alt+j" else 2)
    _press(page, "Enter")
    if key == "Alt+j":
        _pages_shown(page, 2)
        _press(page, "Enter")
        _done(page)
        assert document_states(engine) == ["ready", "ready"]


def test_the_next_document_is_not_shown_as_it_was_before_it_was_joined(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    for _ in range(3):
        _letter(post)
    page.goto("/nommer")
    seen(page)
    page.wait_for_load_state("networkidle")  # the second is loaded ahead
    _press(page, "Alt+j")
    _pages_shown(page, 2)
    _press(page, "Enter")
    seen(page)
    expect(page.locator("#facts")).to_contain_text("n° 3")
    expect(page.locator("#problem")).to_be_hidden()


def test_blank_pages_and_what_was_given_up_for_them_come_back(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _letter(post)
    page.goto("/nommer")
    _press(page, "Alt+b")
    expect(page.locator("#ask")).to_contain_text("Toutes les pages sont blanches")
    page.keyboard.press("Enter")
    _done(page)
    assert document_states(engine) == ["discarded"]
    page.keyboard.press("Alt+l")
    _pages_shown(page, 1)
    expect(page.locator("#thumbs .blank")).to_have_count(1)
    _press(page, "Alt+l")
    expect(page.locator("#thumbs .blank")).to_have_count(0)
    assert document_states(engine) == ["to_name"]


def test_a_key_before_the_question_is_there_decides_nothing(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _letter(post)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/receivers", hold)
    page.goto("/nommer")
    pictured(page)
    with page.expect_request("**/receivers"):
        page.keyboard.press("Alt+m")
    page.keyboard.press("Enter")
    expect(page.locator("#early")).to_be_visible()
    held[0].continue_()
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Escape")
    assert document_states(engine) == ["to_name"]


def test_without_its_page_no_act_is_decided(engine: sa.Engine, post: Post, page: Page) -> None:
    _letter(post, pages=2)
    _letter(post)
    page.route(re.compile(r"/image\?"), lambda route: route.abort())
    page.goto("/nommer")
    for key in ("Alt+b", "Alt+j", "Alt+p", "Alt+o", "Alt+s"):
        seen(page)
        page.keyboard.press(key)
        expect(page.locator("#problem")).to_contain_text("image n'est pas arrivée")
        page.keyboard.press("PageDown")
    assert document_states(engine) == ["to_name", "to_name"]
    expect(page.locator("#sent li")).to_have_count(0)


def test_a_duplicate_comes_back_with_one_key(engine: sa.Engine, post: Post, page: Page) -> None:
    for again in (False, True):
        post.deliver("Copie", kind="name", code="courrier", again=again)
    page.goto("/nommer")
    _press(page, "Alt+o")
    expect(page.locator("#ask")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#facts")).to_contain_text("n° 2")
    assert sorted(document_states(engine)) == ["discarded", "to_name"]
    _press(page, "Alt+l")
    expect(page.locator("#facts")).to_contain_text("n° 1")
    assert document_states(engine) == ["to_name", "to_name"]


def _group(page: Page, address: str) -> None:
    page.goto(address)
    pictured(page)


def test_a_group_comes_back_as_it_was_sent(engine: sa.Engine, post: Post, page: Page) -> None:
    _care_sheets(post, "1001", "1002", "1003")
    _group(page, _GROUP)
    page.keyboard.type("1009")
    for _ in range(3):
        _press(page, "Enter")
        page.wait_for_timeout(320)  # a slower hand than a double tap
    _done(page)
    expect(page.locator("#sent li")).to_contain_text("et 2 autres")
    assert document_states(engine) == ["ready"] * 3
    hold_to_accessibility(page)
    page.keyboard.press("Alt+l")
    expect(page.locator("#items li.done")).to_have_count(3)
    assert page.locator("#items textarea").first.input_value() == "1009"
    assert document_states(engine) == ["to_key"] * 3
    expect(page.locator("#sent li")).to_have_count(0)
    pictured(page)
    page.locator("#items textarea").nth(2).focus()
    page.locator("#items textarea").nth(2).select_text()
    page.keyboard.type("1033")
    _press(page, "Enter")
    _done(page)
    with transaction(engine) as connection:
        is_number = fields.c.name == "accident_number"
        kept = connection.scalars(sa.select(fields.c.value).where(is_number))
        assert sorted(map(str, kept)) == ["1002", "1009", "1033"]


def test_of_a_group_what_a_pole_has_comes_back_with_a_reason(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _care_sheets(post, "1001", "1002")
    _group(page, _GROUP)
    for _ in range(2):
        _press(page, "Enter")
        page.wait_for_timeout(320)
    _done(page)
    with transaction(engine) as connection:
        where = connection.scalar(sa.select(deliveries.c.destination))
    claimed = store_of_deliveries.claim_next(engine, "w", [str(where)], 60)
    assert claimed is not None
    assert store_of_deliveries.record_delivered(engine, claimed.claim, "reçu")
    page.reload()  # the list is the centre's
    expect(page.locator("#sent li")).to_contain_text("accident")  # the group's title
    expect(page.locator("#sent li")).to_contain_text("et 1 autre")
    page.keyboard.press("Alt+l")
    expect(page.locator("#items li")).to_have_count(1)
    expect(page.locator("#early")).to_contain_text("1 document déjà au pôle")
    assert sorted(document_states(engine)) == ["delivered", "to_key"]
    _press(page, "Alt+l")
    expect(page.locator("#ask")).to_contain_text("Corriger un document remis")
    page.keyboard.type("Mauvais numéro.")
    page.keyboard.press("Enter")
    page.wait_for_url("**/nommer?id=*")
    expect(page.locator("#notes")).to_contain_text("Mauvais numéro.")


def test_marks_of_look_alikes_come_back(engine: sa.Engine, post: Post, page: Page) -> None:
    _care_sheets(post, "1111", "1117")
    _group(page, _PAIR)
    _press(page, "ArrowRight", "Space", "Enter")
    _done(page)
    assert sorted(document_states(engine)) == ["ready", "to_key"]
    page.keyboard.press("Alt+l")
    expect(page.locator("#items li")).to_have_count(2)
    expect(page.locator('#items [aria-checked="true"]')).to_have_count(1)
    assert document_states(engine) == ["to_key", "to_key"]


def test_letters_of_commands_are_a_persons_own(engine: sa.Engine, post: Post, page: Page) -> None:
    _letter(post, pages=2)
    page.goto("/compte#letters")
    expect(page.locator("#keyboard")).to_be_visible()
    page.locator("#letter-turn").focus()
    page.keyboard.press("s")
    hold_to_accessibility(page)
    page.keyboard.press("Enter")
    expect(page.locator("#wrong")).to_contain_text("« Tourner » et « Séparer ici »")
    assert page.locator("#letter-turn").input_value() == "S"
    expect(page.locator("#keyboard")).to_be_visible()
    page.locator("#letter-turn").focus()
    page.keyboard.press("q")
    page.locator("#letter-back").focus()
    page.keyboard.press("y")
    page.keyboard.press("Enter")
    expect(page.locator('main [role="status"]')).to_contain_text("enregistrées")
    page.goto("/nommer")
    pictured(page)
    assert page.locator('[data-act="turn"] kbd').inner_text() == "Alt Q"
    sheet = page.locator("#sheet img")
    _press(page, "Alt+t")  # nobody's now
    _press(page, "Alt+b")
    expect(page.locator("#thumbs .blank")).to_have_count(1)
    assert not (sheet.get_attribute("src") or "").endswith("-90")
    _press(page, "Alt+y")
    expect(page.locator("#thumbs .blank")).to_have_count(0)
    _press(page, "Alt+q")
    expect(sheet).to_have_attribute("src", re.compile("-90$"))
    _care_sheets(post, "1001", "1002")
    _group(page, _GROUP)
    assert page.locator("#back kbd").inner_text() == "Alt Y"
    page.goto("/videocoder")
    seen(page)
    assert page.locator('[data-act="back"] kbd').inner_text() == "Alt Y"
    page.goto("/compte#letters")
    page.get_by_role("button", name="Touches d'origine").click()
    expect(page.locator("#letter-turn")).to_have_value("T")
    with transaction(engine) as connection:
        assert connection.scalar(sa.select(people.c.letters)) == {}


def test_what_was_keyed_alone_comes_back_from_a_group_to_its_own_page(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _care_sheets(post, "1001", "1002", "1003")
    page.goto("/videocoder")
    _press(page, "Enter")
    expect(page.locator("#count")).to_contain_text("1 document")
    page.goto("/grouper?paire=49")  # its numbers have neither
    expect(page.locator("#sent li")).to_be_visible()
    expect(page.locator("body")).not_to_have_attribute("data-seen", "no")
    page.keyboard.press("Alt+l")
    page.wait_for_url("**/videocoder?id=*")
    seen(page)
    assert document_states(engine) == ["to_key"] * 3
