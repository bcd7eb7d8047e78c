"""Control, groups and quality in Chromium, by keyboard only; and what axe says of their pages."""

from collections.abc import Callable, Iterator

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from central.accounts.rules import Role
from central.db.engine import transaction
from central.db.tables import controls, deliveries, documents, fields
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import seen, sign_in_with, visitor
from tests.support.console import PASSWORD, add_person
from tests.support.controlled import POLE, deliver, entry_of
from tests.support.mail import Line, Post
from tests.support.measured import controls_of_months
from vaguemestre.model.lot import DocumentRecord

_NIR, _WRONG_TOTAL = "255081416802538", "265.00"
_WAY = ("Frais de santé", POLE)


@pytest.fixture
def enter(
    console: httpx.Client, browser: Browser, engine: sa.Engine
) -> Iterator[Callable[[str, Role], Page]]:
    """Sign somebody in at a browser of their own."""
    opened: list[Page] = []

    def act(login: str, role: Role) -> Page:
        add_person(engine, login, role)
        page = sign_in_with(visitor(browser, str(console.base_url)), login, PASSWORD)
        opened.append(page)
        return page

    yield act
    for page in opened:
        page.context.close()


def _controlled(engine: sa.Engine, post: Post) -> DocumentRecord:
    made = post.deliver(
        "Feuille de soins",
        Line("nir", "NIR", _NIR, read=_NIR, accepted=True),
        Line("total", "Total", "26,50", read=_WRONG_TOTAL, accepted=True),
        code="S3110",
        kind="straight",
        layout="verified",
        way=_WAY,
    )
    with transaction(engine) as connection:
        drawn = {
            "document_id": made.id,
            "cause": "sample",
            "type": made.document.type,
            "site": made.site,
        }
        connection.execute(controls.insert().values(drawn))
    return made


def _doubtful(post: Post, number: str) -> DocumentRecord:
    line = Line("accident_number", "Accident", number, read=number)
    sure = tuple(
        Line(spec.name, spec.name, "lu", read="lu", accepted=True)
        for spec in entry_of("S3110", "45").keyed_fields
        if spec.required
    )
    return post.deliver(
        "Feuille de soins",
        line,
        *sure,
        code="S3110",
        kind="key",
        layout="verified",
        way=_WAY,
        reasons=("field:accident_number",),
    )


def _values(engine: sa.Engine, name: str) -> list[tuple[str, str | None, str | None]]:
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(documents.c.state, fields.c.value, fields.c.reason)
            .join(fields, fields.c.document_id == documents.c.id)
            .where(fields.c.name == name)
            .order_by(documents.c.position)
        )
        return [(row.state, row.value, row.reason) for row in rows]


def test_a_delivered_value_that_was_wrong_is_found_blind_and_delivered_again(
    engine: sa.Engine, post: Post, enter: Callable[[str, Role], Page]
) -> None:
    made = _controlled(engine, post)
    assert deliver(engine)[made.id]["total"] == _WRONG_TOTAL

    keyer = enter("karim", Role.KEYER)
    keyer.goto("/controle")
    seen(keyer)
    hold_to_accessibility(keyer)
    shown = keyer.content()
    assert "à l'aveugle" in shown
    assert "265" not in shown, "what the machine read is not shown"
    keyer.keyboard.type(_NIR)
    keyer.keyboard.press("Enter")
    keyer.keyboard.type("26,5")
    keyer.reload()  # in the middle; what was typed comes back
    expect(keyer.locator("#value")).to_have_value("26,5")
    seen(keyer)
    keyer.keyboard.press("End")
    keyer.keyboard.type("0")
    keyer.keyboard.press("Enter")
    expect(keyer.locator("#count")).to_contain_text("1 document")

    chief = enter("sophie", Role.SUPERVISOR)
    chief.goto("/controle")
    chief.wait_for_selector("#others:not([hidden])")
    seen(chief)
    hold_to_accessibility(chief)
    both = chief.locator("#others").inner_text()
    side = 1 if both.index("26,50") < both.index("265,00") else 2
    chief.keyboard.press(f"Alt+{side}")
    expect(chief.locator("#count")).to_contain_text("1 document")
    expect(chief.locator("#status")).to_contain_text("le pôle reçoit le document une 2e fois")

    with transaction(engine) as connection:
        control = connection.execute(sa.select(controls)).one()
        delivery = connection.execute(sa.select(deliveries)).one()
    assert (control.state, control.machine_wrong, control.person_wrong) == ("done", 1, 0)
    assert (delivery.state, delivery.round) == ("waiting", 2)
    assert deliver(engine)[made.id]["total"] == "26.50"


def _pictured(page: Page) -> None:
    """Wait for the zones of a group: what has no picture is not confirmed."""
    for picture in page.locator("#items img").all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_a_group_is_confirmed_and_corrected_by_keyboard_and_outlives_a_reload(
    engine: sa.Engine, post: Post, enter: Callable[[str, Role], Page]
) -> None:
    for number in ("1001", "1002", "1003", "1004"):
        _doubtful(post, number)
    page = enter("karim", Role.KEYER)
    page.goto("/grouper")
    hold_to_accessibility(page)
    page.locator(".choose a").first.focus()
    page.keyboard.press("Enter")
    seen(page)
    _pictured(page)
    hold_to_accessibility(page)
    page.keyboard.press("Enter")  # as it was read
    page.keyboard.type("2222")
    page.reload()
    seen(page)
    _pictured(page)
    assert page.locator("#items textarea").nth(1).input_value() == "2222"
    assert page.locator("#items li.done").count() == 1
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+v")
    page.keyboard.press("Enter")
    page.wait_for_selector("#empty:not([hidden])")
    assert _values(engine, "accident_number") == [
        ("ready", "1001", None),
        ("ready", "2222", None),
        ("ready", None, "absent"),
        ("ready", "1004", None),
    ]


def test_the_odd_one_out_is_marked_by_keyboard(
    engine: sa.Engine, post: Post, enter: Callable[[str, Role], Page]
) -> None:
    for number in ("1111", "1117", "1711"):
        _doubtful(post, number)
    page = enter("karim", Role.KEYER)
    page.goto("/grouper?paire=17")
    seen(page)
    _pictured(page)
    hold_to_accessibility(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert page.locator('[aria-checked="true"]').count() == 1
    hold_to_accessibility(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("#empty:not([hidden])")
    states = [state for state, _, _ in _values(engine, "accident_number")]
    assert states == ["ready", "to_key", "ready"]


def test_without_a_control_no_rate_is_claimed(enter: Callable[[str, Role], Page]) -> None:
    page = enter("sophie", Role.SUPERVISOR)
    page.goto("/qualite")
    figures = page.inner_text(".figures")
    assert "faux, machine" in figures
    assert "%" not in figures
    assert page.get_by_text("Rien dans cette période.").count() == 3


def test_the_quality_page_is_accessible_and_fits_its_screen(
    engine: sa.Engine, enter: Callable[[str, Role], Page]
) -> None:
    keyers = [add_person(engine, f"k{n}", Role.KEYER, team="Équipe A") for n in range(3)]
    controls_of_months(engine, keyers, keyers[0], weeks=3, a_week=6)
    page = enter("sophie", Role.SUPERVISOR)
    page.goto("/qualite?jours=90")
    hold_to_accessibility(page)
    assert page.locator("svg.plot circle").count() == 3
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
