"""What somebody held or is not concerned by is not shown to them."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from central.accounts import session_store
from central.accounts.rules import Person, Reach, Role
from central.cli import account_of
from central.documents import lease_store
from central.errors import InputInvalid
from central.holds import store as holds_store
from central.web.sessions import COOKIE
from tests.support.console import add_person, serving, settings
from tests.support.mail import Post


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(settings(tmp_path), engine) as client:
        yield client


def _as(console: httpx.Client, engine: sa.Engine, number: int, login: str) -> httpx.Client:
    session_store.open_session(engine, number, login, "csrf", "local", 3_600.0)
    console.cookies.clear()
    console.cookies.set(COOKIE, login)
    console.headers["x-csrf"] = "csrf"
    return console


def test_holds_of_other_sites_are_not_shown_with_their_reason(
    console: httpx.Client, engine: sa.Engine
) -> None:
    holds_store.place_hold(engine, "ops", "site", "orleans", "Inondation à Orléans.")
    holds_store.place_hold(engine, "ops", "site", "gien", "Panne à Gien.")
    here = add_person(engine, "gien", Role.OPERATIONS, sites=("gien",))
    everywhere = add_person(engine, "partout", Role.OPERATIONS)
    for path in ("/retenues", "/exploitation", "/echecs"):
        text = _as(console, engine, here, f"a{path}").get(path).text
        assert "orleans" not in text, path
        assert "Inondation" not in text, path
    assert "Panne à Gien." in _as(console, engine, here, "b").get("/retenues").text
    assert "Inondation" in _as(console, engine, everywhere, "c").get("/retenues").text


def test_a_page_is_not_shown_once_its_document_was_given_up(
    console: httpx.Client, engine: sa.Engine, tmp_path: Path
) -> None:
    mail = Post(engine, tmp_path / "images").deliver("A", kind="name")
    number = add_person(engine, "keyer", Role.KEYER)
    who = Person(number, "keyer", "K", frozenset({Role.KEYER}), Reach("*"), Reach("*"))
    assert lease_store.take_document(engine, who, mail.id, "name", 60)
    image = f"/api/documents/{mail.id}/pages/0/image?width=240"
    _as(console, engine, number, "token")
    assert console.get(image).status_code == 200
    lease_store.release(engine, number, [mail.id])
    assert console.get(image).status_code == 403


@pytest.mark.parametrize("reach", [Reach(), Reach({"gien"}), frozenset()])
def test_nothing_said_is_nothing_seen(reach: frozenset[str]) -> None:
    somebody = Person(1, "x", "X", frozenset(), reach, Reach("*"))
    assert somebody.scope.is_limited
    assert somebody.scope.may_see("gien", "P") == ("gien" in reach)
    assert not somebody.scope.may_see("orleans", "P")
    assert not Person(1, "x", "X", frozenset()).scope.may_see("gien", "P")


def test_an_account_of_nobody_knows_where_sees_no_mail(
    console: httpx.Client, engine: sa.Engine, tmp_path: Path
) -> None:
    mail = Post(engine, tmp_path / "images").deliver("A", kind="name")
    number = add_person(engine, "nowhere", Role.OPERATIONS, sites=(), poles=())
    _as(console, engine, number, "token")
    assert console.get(f"/documents/{mail.id}").status_code == 403
    assert str(mail.id) not in console.get("/api/documents?limit=50").text
    assert mail.lot.id not in console.get("/lots").text


@pytest.mark.parametrize("missing", ["site", "pole"])
def test_the_command_line_wants_to_know_what_an_account_sees(missing: str) -> None:
    told = {
        "login": "anne", "name": "Anne", "role": ["keyer"], "temporary": False, "skill": [],
        "team": "", "site": ["*"], "pole": ["*"],
    }  # fmt: skip
    assert account_of(told, "un mot de passe de test").sites == ["*"]
    with pytest.raises(InputInvalid, match=f"--{missing}"):
        account_of({**told, missing: []}, "un mot de passe de test")
