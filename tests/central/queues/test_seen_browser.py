"""Nothing is decided of what nobody can have seen: double taps, keys ahead, missing pictures."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route, expect

from central.accounts.rules import Role
from central.db.engine import transaction
from central.db.tables import deliveries, documents, fields, namings
from central.delivery import store as store_of_deliveries
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import pictured, seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person
from tests.support.controlled import POLE, entry_of
from tests.support.mail import Line, Post
from vaguemestre.model.lot import DocumentRecord

_TAP_MS = 150
_EARLY_TIMERS = """
  const now = performance.now.bind(performance), setLater = window.setTimeout.bind(window);
  let next = [];
  performance.now = () => next.shift() ?? now();
  window.setTimeout = (act, delay, ...rest) => {
    if (delay < 300 || delay > 400) return setLater(act, delay, ...rest);
    const due = now() + delay;
    return setLater(() => { next = [due - 0.2, due + 0.1]; act(...rest); next = []; }, delay);
  };
"""
"""The clock passes the moment that a timer was set for while its act looks at it."""
_IBAN = "FR1420041010050500013M02606"
_PICTURES = re.compile(r"/(image|zone)\?")


@pytest.fixture
def page(console: httpx.Client, browser: Browser, engine: sa.Engine) -> Iterator[Page]:
    add_person(engine, "karim", Role.KEYER)
    shown = sign_in_with(visitor(browser, str(console.base_url)), "karim", PASSWORD)
    yield shown
    shown.context.close()


def _letters(post: Post, count: int, **told: str) -> list[DocumentRecord]:
    made = {"code": "courrier", **told}
    return [
        post.deliver(f"Lettre {n}", kind="name", reasons=("type_doubtful",), **made)  # type: ignore[arg-type]
        for n in range(count)
    ]


def _care_sheet(post: Post, *lines: Line) -> DocumentRecord:
    names = {line.name for line in lines}
    sure = tuple(
        Line(spec.name, spec.name, "lu", read="lu", accepted=True)
        for spec in entry_of("S3110", "45").keyed_fields
        if spec.required and spec.name not in names
    )
    return post.deliver(
        "Feuille de soins",
        *lines,
        *sure,
        code="S3110",
        kind="key",
        layout="verified",
        way=("Frais de santé", POLE),
        reasons=tuple(f"field:{name}" for name in names),
    )


def _states(engine: sa.Engine) -> list[str]:
    with transaction(engine) as connection:
        query = sa.select(documents.c.state).order_by(documents.c.position)
        return list(connection.scalars(query))


def _named(engine: sa.Engine) -> int:
    with transaction(engine) as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(namings)) or 0)


def _tap_twice(page: Page, key: str) -> None:
    page.keyboard.press(key)
    page.wait_for_timeout(_TAP_MS)  # the tap itself, not a wait for anything
    page.keyboard.press(key)


def test_a_page_opened_while_the_centre_does_not_answer_comes_all_the_same(
    post: Post, page: Page
) -> None:
    _letters(post, 1)
    answers = iter([500, 503, 429])

    def fail_first(route: Route) -> None:
        status = next(answers, 0)
        route.fulfill(status=status, body="{}") if status else route.continue_()

    page.route("**/api/types", fail_first)
    page.goto("/nommer")
    expect(page.locator("#link")).to_be_visible()
    pictured(page)
    expect(page.locator("#link")).to_be_hidden()


def test_a_timer_that_comes_a_hair_early_leaves_no_document_unseen(post: Post, page: Page) -> None:
    _letters(post, 1)
    page.add_init_script(_EARLY_TIMERS)
    page.goto("/nommer")
    pictured(page)


def test_a_double_tap_names_one_document_and_the_second_key_is_told(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    _letters(post, 3)
    page.goto("/nommer")
    pictured(page)
    _tap_twice(page, "Enter")
    expect(page.locator("#early")).to_be_visible()
    hold_to_accessibility(page)
    pictured(page)
    expect(page.locator("#count")).to_contain_text("1 document")
    assert _named(engine) == 1
    page.keyboard.press("Enter")  # seen by now
    expect(page.locator("#count")).to_contain_text("2 documents")
    expect(page.locator("#early")).to_be_hidden()


def test_a_double_click_names_one_document(engine: sa.Engine, post: Post, page: Page) -> None:
    _letters(post, 3)
    page.goto("/nommer")
    pictured(page)
    page.locator("#types li").first.dblclick(delay=40)
    pictured(page)
    expect(page.locator("#count")).to_contain_text("1 document")
    assert _named(engine) == 1


def test_a_document_that_nobody_recognised_has_no_type_until_somebody_chooses(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    post.deliver("Inconnu", kind="name", reasons=("unknown",))
    page.goto("/nommer")
    seen(page)
    assert page.locator('#types [aria-selected="true"]').count() == 0
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("Choisissez d'abord un type")
    assert _named(engine) == 0
    page.keyboard.press("ArrowDown")
    assert page.locator('#types [aria-selected="true"]').count() == 1
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("1 document")


def test_what_was_sent_passes_for_lost_to_nobody_while_the_next_one_is_awaited(
    post: Post, page: Page
) -> None:
    _letters(post, 3)
    keeps, ahead, at_once = list[Route](), list[Route](), list[Route]()

    def keep(route: Route) -> None:
        keeps.append(route)

    def take(route: Route) -> None:
        if (route.request.post_data_json or {})["ahead"]:
            ahead.append(route)
            return
        at_once.append(route)
        route.continue_()

    page.route("**/api/work/keep", keep)
    page.route("**/api/work/take", take)
    with page.expect_request("**/api/work/keep"):
        page.goto("/nommer")
    pictured(page)
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("1 document")  # sent, and nothing else is here
    with page.expect_response("**/api/work/keep"):
        keeps[0].continue_()  # the centre says that the document is theirs no more
    with page.expect_response("**/api/work/take"):
        ahead[0].continue_()
    pictured(page)
    expect(page.locator("#problem")).to_be_hidden()
    assert len(at_once) == 1, "another document was taken than the one that comes"


def test_what_was_sent_is_on_screen(post: Post, page: Page) -> None:
    _letters(post, 2)
    page.goto("/nommer")
    pictured(page)
    page.keyboard.press("Enter")
    expect(page.locator("#sent li")).to_contain_text("courrier 1 n° 1")
    expect(page.locator("#sent li")).to_contain_text("ourrier")


def test_a_value_begun_before_its_document_is_seen_is_not_split_over_two(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    for number in range(2):
        _care_sheet(post, Line("accident_number", f"Accident {number}", "1001", read="1001"))
    page.goto("/videocoder")
    pictured(page)
    page.keyboard.press("Enter")
    page.keyboard.type(_IBAN, delay=30)  # longer than it takes to count as seen
    seen(page)
    assert page.input_value("#value") == "1001"
    expect(page.locator("#early")).to_be_visible()
    page.keyboard.type("27")
    assert page.input_value("#value") == "27"
    assert sorted(_states(engine)) == ["ready", "to_key"]


def test_a_double_tap_confirms_one_field(engine: sa.Engine, post: Post, page: Page) -> None:
    _care_sheet(
        post,
        Line("accident_number", "Accident", "1001", read="1001"),
        Line("total", "Total", "26,50", read="26.50"),
    )
    page.goto("/videocoder")
    pictured(page)
    _tap_twice(page, "Enter")
    assert page.locator("#tasks .done").count() == 1
    assert _states(engine) == ["to_key"]
    for _ in range(3):
        _care_sheet(post, Line("total", "Total", "26,50", read="26.50"))
    page.goto("/grouper?type=S3110&champ=total")
    pictured(page)
    _tap_twice(page, "Enter")
    assert page.locator("#items .done").count() == 1


def _without_pictures(page: Page) -> Callable[[], None]:
    """Let no picture through; call what is returned to let them through again."""

    def refuse(route: Route) -> None:
        route.abort()

    page.route(_PICTURES, refuse)
    return lambda: page.unroute(_PICTURES, refuse)


def test_without_its_page_no_document_is_named(engine: sa.Engine, post: Post, page: Page) -> None:
    _letters(post, 1)
    through = _without_pictures(page)
    page.goto("/nommer")
    seen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("image n'est pas arrivée")
    hold_to_accessibility(page)
    assert _named(engine) == 0
    through()
    page.wait_for_function("() => document.querySelector('#sheet img').naturalWidth > 0")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("1 document")


@pytest.mark.parametrize("key", ["Enter", "Alt+v"])
def test_without_its_zone_no_field_is_confirmed(
    engine: sa.Engine, post: Post, page: Page, key: str
) -> None:
    _care_sheet(post, Line("accident_number", "Accident", "1001", read="1001"))
    through = _without_pictures(page)
    page.goto("/videocoder")
    seen(page)
    page.keyboard.press(key)
    expect(page.locator("#problem")).to_contain_text("image n'est pas arrivée")
    assert _states(engine) == ["to_key"]
    through()
    page.wait_for_function("() => document.querySelector('#zone img').naturalWidth > 0")
    page.keyboard.press(key)
    expect(page.locator("#count")).to_contain_text("1 document")


@pytest.mark.parametrize("group", ["paire=17", "type=S3110&champ=accident_number"])
def test_without_pictures_a_group_confirms_nothing(
    engine: sa.Engine, post: Post, page: Page, group: str
) -> None:
    for number in ("1111", "1117"):
        _care_sheet(post, Line("accident_number", "Accident", number, read=number))
    through = _without_pictures(page)
    page.goto(f"/grouper?{group}")
    seen(page)
    page.keyboard.press("Enter")
    expect(page.locator("#problem")).to_contain_text("pas arrivée")
    page.locator("#send").click()
    with transaction(engine) as connection:
        by_people = sa.select(sa.func.count()).where(fields.c.source == "person")
        assert connection.scalar(by_people) == 0
    through()
    page.wait_for_function(
        "() => [...document.querySelectorAll('#items img')].every((one) => one.naturalWidth > 0)"
    )
    page.locator("#items li").first.locator("button, textarea").focus()
    page.keyboard.press("Enter")
    if group.startswith("paire"):
        expect(page.locator("#count")).to_contain_text("2 envoyés")
    else:
        expect(page.locator("#items .done")).to_have_count(1)


def test_the_last_document_comes_back_with_one_key_and_a_delivered_one_with_its_reason(
    engine: sa.Engine, post: Post, page: Page
) -> None:
    made, _ = _letters(post, 2)
    page.goto("/nommer")
    pictured(page)
    first = page.locator("#sheet img").get_attribute("src") or ""
    page.keyboard.press("Enter")
    pictured(page)
    page.keyboard.press("Alt+l")
    expect(page.locator("#sheet img")).to_have_attribute("src", first)
    assert sorted(_states(engine)) == ["to_name", "to_name"]
    expect(page.locator("#sent li")).to_have_count(0)
    pictured(page)
    page.keyboard.press("Enter")
    pictured(page)
    page.reload()
    expect(page.locator("#sent li")).to_contain_text("courrier 1 n° 1")
    with transaction(engine) as connection:
        where = connection.scalar(sa.select(deliveries.c.destination))
    claimed = store_of_deliveries.claim_next(engine, "w", [str(where)], 60)
    assert claimed is not None
    assert claimed.claim.document_id == made.id
    assert store_of_deliveries.record_delivered(engine, claimed.claim, "reçu")
    pictured(page)
    page.keyboard.press("Alt+l")
    expect(page.locator("#ask")).to_contain_text("Corriger un document remis")
    hold_to_accessibility(page)
    page.keyboard.type("Mauvais type.")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text("Mauvais type.")
    expect(page.locator("#sheet img")).to_have_attribute("src", first)
