"""The keyers' keys in Firefox, which tells no layout and has menus on Alt and a letter."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from tests.support.console import PASSWORD, add_person
from tests.support.firefox import Firefox, firefox
from tests.support.keyboards import Key, azerty, azerty_digit
from tests.support.mail import Post

_SEEN = "document.body.dataset.seen === 'yes'"
_TURNED = "document.querySelector('#sheet img').getAttribute('src').endsWith('-90')"
_CHOSEN = (
    "[...document.querySelectorAll('#types li')]"
    ".findIndex((one) => one.getAttribute('aria-selected') === 'true') + 1"
)


@pytest.fixture
def window() -> Iterator[Firefox]:
    with firefox() as running:
        yield running


def _sign_in(window: Firefox, address: str) -> None:
    window.call("WebDriver:Navigate", url=f"{address}/connexion")
    script = """
    document.getElementById("login").value = arguments[0];
    document.querySelector("[name=password]").value = arguments[1];
    document.querySelector("form").submit();
    """
    window.run(script, "karim", PASSWORD)
    window.until("!location.pathname.startsWith('/connexion')")


def test_a_french_keyboard_chooses_turns_and_names_in_firefox(
    engine: sa.Engine, console: httpx.Client, window: Firefox, tmp_path: Path
) -> None:
    post = Post(engine, tmp_path / "images")
    for number in range(2):
        post.deliver(f"Lettre {number}", kind="name", code="courrier", reasons=("type_doubtful",))
    add_person(engine, "karim", Role.KEYER)
    address = str(console.base_url).rstrip("/")
    _sign_in(window, address)
    window.until(_SEEN)
    assert window.run("return document.querySelector('[data-act=turn] kbd').textContent") == "² T"

    window.press(azerty_digit(3))
    assert window.run(f"return {_CHOSEN}") == 3
    window.press(Key("Backquote", "²"))
    window.press(azerty("t", caps=True))
    window.until(_TURNED)
    window.until(_SEEN)

    window.run("localStorage.setItem('vaguemestre.profile', 'alt')")
    window.call("WebDriver:Navigate", url=f"{address}/nommer")
    window.until(_SEEN)
    window.press(azerty("t", alt=True))  # the menu of tools, were it not taken
    window.until("document.querySelector('#sheet img').getAttribute('src').endsWith('-180')")
    window.until(_SEEN)
    window.press(Key("Enter", "Enter"))
    window.press(Key("Enter", "Enter"))
    window.until("document.getElementById('count').textContent.startsWith('1 document')")
