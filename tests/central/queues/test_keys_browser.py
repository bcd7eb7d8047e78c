"""Keys of French and other keyboards, of the keypad and with CapsLock, on every page of keyers."""

import io
from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from central.accounts.rules import Role
from central.db.engine import transaction
from central.db.tables import controls, documents, fields, rescans
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import pictured, seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person
from tests.support.controlled import POLE, deliver, entry_of
from tests.support.keyboards import AZERTY_MAP, NO_MAP, Key, azerty, azerty_digit, press
from tests.support.mail import Line, Post

_THIRD = {
    "AZERTY": azerty_digit(3),
    "AZERTY with Shift": azerty_digit(3, shift=True),
    "AZERTY with CapsLock": Key("Digit3", "3"),
    "QWERTY": Key("Digit3", "3"),
    "keypad": Key("Numpad3", "3"),
    "no place told": Key("", "3"),
}
_TURNS = {
    "AZERTY": azerty("t", alt=True),
    "CapsLock": azerty("t", caps=True, alt=True),
    "macOS": Key("KeyT", "†", alt=True),
    "Greek": Key("KeyT", "τ", alt=True),
}


@pytest.fixture
def enter(
    console: httpx.Client, browser: Browser, engine: sa.Engine
) -> Iterator[Callable[..., Page]]:
    """Sign somebody in at a browser whose keyboard is French."""
    opened: list[Page] = []

    def act(login: str = "karim", role: Role = Role.KEYER, script: str = AZERTY_MAP) -> Page:
        add_person(engine, login, role)
        page = visitor(browser, str(console.base_url))
        opened.append(page)
        page.add_init_script(script)
        return sign_in_with(page, login, PASSWORD)

    yield act
    for page in opened:
        page.context.close()


def _letter(post: Post, pages: int = 1) -> None:
    post.deliver("Lettre", kind="name", code="courrier", reasons=("type_doubtful",), pages=pages)


def _care_sheet(post: Post, number: str) -> None:
    sure = tuple(
        Line(spec.name, spec.name, "lu", read="lu", accepted=True)
        for spec in entry_of("S3110", "45").keyed_fields
        if spec.required
    )
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


def _chosen(page: Page) -> int:
    entries = page.locator("#types li").all()
    return [entry.get_attribute("aria-selected") for entry in entries].index("true") + 1


def _is_turned(page: Page) -> bool:
    return (page.locator("#sheet img").get_attribute("src") or "").endswith("-90")


def _turned(page: Page) -> None:
    page.wait_for_function(
        "() => document.querySelector('#sheet img').getAttribute('src').endsWith('-90')"
    )


@pytest.mark.parametrize("key", _THIRD.values(), ids=_THIRD)
def test_a_digit_chooses_whatever_it_gives(
    post: Post, enter: Callable[..., Page], key: Key
) -> None:
    _letter(post)
    page = enter()
    seen(page)
    press(page, key)
    assert _chosen(page) == 3
    assert page.input_value("#search") == ""


def test_the_keypad_without_numlock_and_accents_in_a_search_choose_nothing(
    post: Post, enter: Callable[..., Page]
) -> None:
    _letter(post)
    page = enter()
    seen(page)
    press(page, Key("Numpad3", "PageDown"))
    assert _chosen(page) == 1
    press(page, azerty("d"))
    press(page, azerty_digit(2))
    assert page.input_value("#search") == "dé"


@pytest.mark.parametrize("key", _TURNS.values(), ids=_TURNS)
def test_an_act_is_pressed_by_what_its_key_means_or_where_it_lies(
    post: Post, enter: Callable[..., Page], key: Key
) -> None:
    _letter(post)
    page = enter()
    seen(page)
    press(page, key)
    _turned(page)


def test_zooming_on_a_french_mac_sends_nothing_away(
    engine: sa.Engine, post: Post, enter: Callable[..., Page]
) -> None:
    _letter(post)
    page = enter()
    seen(page)
    press(page, Key("KeyW", "Â", alt=True))
    expect(page.locator("#sheet.large")).to_be_visible()
    press(page, azerty("a", alt=True))  # beside it
    press(page, azerty("x", alt=True))
    expect(page.locator("#ask")).to_contain_text("autre organisme")
    hold_to_accessibility(page)
    press(page, Key("Escape", "Escape"))
    with transaction(engine) as connection:
        assert connection.scalar(sa.select(documents.c.state)) == "to_name"


def test_a_request_to_scan_again_says_which_page_was_looked_at(
    engine: sa.Engine, post: Post, enter: Callable[..., Page]
) -> None:
    _letter(post, pages=3)
    page = enter()
    seen(page)
    press(page, Key("PageDown", "PageDown"))
    press(page, azerty("r", alt=True))
    page.keyboard.type("Flou")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_contain_text("1 document")
    with transaction(engine) as connection:
        asked = connection.execute(sa.select(rescans)).one()
    assert (asked.page, asked.page_count, asked.type_title.lower()) == (2, 3, "courrier")
    with Image.open(io.BytesIO(asked.picture)) as picture:
        assert picture.width == 240


def _disputed(engine: sa.Engine, post: Post, enter: Callable[..., Page]) -> Page:
    """A control on which two differ, before the person who decides."""
    nir = "255081416802538"
    made = post.deliver(
        "Feuille de soins",
        Line("nir", "NIR", nir, read=nir, accepted=True),
        Line("total", "Total", "26,50", read="265.00", accepted=True),
        code="S3110",
        kind="straight",
        layout="verified",
        way=("Frais de santé", POLE),
    )
    with transaction(engine) as connection:
        drawn = {
            "document_id": made.id,
            "cause": "sample",
            "type": made.document.type,
            "site": made.site,
        }
        connection.execute(controls.insert().values(drawn))
    deliver(engine)
    keyer = enter()
    keyer.goto("/controle")
    for value in (nir, "26,50"):
        pictured(keyer)
        keyer.keyboard.type(value)
        keyer.keyboard.press("Enter")
    expect(keyer.locator("#count")).to_contain_text("1 document")
    chief = enter("sophie", Role.SUPERVISOR)
    chief.goto("/controle")
    pictured(chief)
    return chief


@pytest.mark.parametrize(
    "keys",
    [
        [Key("Numpad1", "1", alt=True), azerty_digit(1, alt=True)],
        [Key("Digit1", "", alt=True)],  # macOS
        [Key("Backquote", "²"), azerty_digit(1)],
        [Key("F2", "F2"), Key("Numpad1", "1")],
    ],
    ids=["AZERTY", "macOS", "key left of 1", "F2 and keypad"],
)
def test_one_of_two_entries_is_retained(
    engine: sa.Engine, post: Post, enter: Callable[..., Page], keys: list[Key]
) -> None:
    chief = _disputed(engine, post, enter)
    hold_to_accessibility(chief)
    first = chief.locator("#others button span").first.inner_text()
    for key in keys[:-1]:
        press(chief, key)
    expect(chief.locator("#count")).to_be_empty()
    press(chief, keys[-1])
    expect(chief.locator("#count")).to_contain_text("1 document")
    with transaction(engine) as connection:
        kept = connection.scalar(sa.select(fields.c.value).where(fields.c.name == "total"))
    assert kept == first.replace(",", ".")


@pytest.mark.parametrize("caps", [False, True])
def test_capslock_stops_no_act_of_a_group(
    engine: sa.Engine, post: Post, enter: Callable[..., Page], caps: bool
) -> None:
    for number in ("1001", "1002", "1003"):
        _care_sheet(post, number)
    page = enter()
    page.goto("/grouper?type=S3110&champ=accident_number")
    seen(page)
    page.wait_for_function(
        "() => [...document.querySelectorAll('#items img')].every((one) => one.naturalWidth > 0)"
    )
    press(page, azerty("i", caps=caps, alt=True))
    press(page, azerty("v", caps=caps, alt=True))
    assert page.locator("#items .done").count() == 2
    press(page, azerty("e", caps=caps, alt=True))
    expect(page.locator("#count")).to_contain_text("2 envoyés")
    with transaction(engine) as connection:
        query = sa.select(fields.c.reason).where(fields.c.name == "accident_number")
        assert sorted(map(str, connection.scalars(query))) == ["None", "absent", "illegible"]


@pytest.mark.parametrize("script", [AZERTY_MAP, NO_MAP], ids=["told", "not told"])
def test_keys_are_shown_as_they_are_marked_and_a_desk_chooses_its_own(
    post: Post, enter: Callable[..., Page], script: str
) -> None:
    _letter(post)
    page = enter(script=script)
    turn = page.locator('[data-act="turn"] kbd')
    assert turn.inner_text() == "Alt T"
    page.goto("/compte#keyboard")
    hold_to_accessibility(page)
    page.select_option("#key-profile", "sequence")
    expect(page.locator("#key-shown")).to_have_text("² T")  # the browser is a French one
    page.goto("/nommer")
    seen(page)
    assert turn.inner_text() == "² T"
    press(page, azerty("t", alt=True))  # the system's now
    press(page, Key("Backquote", "²"))
    press(page, Key("Escape", "Escape"))  # another thought
    assert not _is_turned(page)
    press(page, Key("Backquote", "²"))
    press(page, azerty("t", caps=True))
    _turned(page)
    assert page.input_value("#search") == ""
    page.goto("/compte#keyboard")
    page.select_option("#key-layout", "qwerty")
    expect(page.locator("#key-shown")).to_have_text("` T")
