"""Local accounts at a real console: passwords, locks, one-time codes, sessions, limits."""

import datetime as dt
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from prometheus_client import generate_latest

from central.accounts import session_store
from central.accounts.rules import Role
from central.config import CentralConfig
from central.people import store as people_store
from central.telemetry import Telemetry
from central.web import sessions
from tests.support.console import PASSWORD, add_person, enter, serving, settings

_NEW = "un tout autre mot de passe"


def _config(folder: Path, **more: Any) -> CentralConfig:
    config = settings(folder)
    return config.model_copy(update={"console": config.console.model_copy(update=more)})


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    """Locks after three failures, for half a minute."""
    add_person(engine, "anne", Role.KEYER)
    config = _config(tmp_path, lock_after=3)
    with serving(config, engine) as client:
        yield client


def _try(client: httpx.Client, login: str, password: str = PASSWORD) -> httpx.Response:
    """As the page's form does, which carries the token of a session that is open."""
    found = re.search(r'name="csrf" value="([^"]*)"', client.get("/connexion").text)
    assert found is not None
    told = {"login": login, "password": password, "csrf": found[1]}
    return client.post("/connexion", data=told, headers={"x-csrf": found[1]})


def _another(client: httpx.Client) -> httpx.Client:
    return httpx.Client(base_url=client.base_url, timeout=20)


def _audit(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.text("SELECT action FROM audit ORDER BY id")))


def _secret(page: str) -> str:
    found = re.search(r"tapez la clé : <code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return found[1].replace(" ", "")


def _enrol(client: httpx.Client) -> str:
    """Set one-time codes up with the step before now; gives the secret."""
    answer = client.post("/compte/codes/debut", data={"ancien": PASSWORD})
    assert answer.status_code == 303, answer.text
    secret = _secret(client.get("/compte/codes").text)
    code = pyotp.TOTP(secret).at(int(time.time()) - 30)
    answer = client.post("/compte/codes", data={"code": code})
    assert answer.headers["location"] == "/compte?fait=codes", answer.text
    return secret


def test_unknown_closed_locked_and_wrong_get_the_very_same_answer(
    console: httpx.Client, engine: sa.Engine
) -> None:
    add_person(engine, "closed", Role.KEYER)
    add_person(engine, "locked", Role.KEYER)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE people SET is_active = false WHERE login = 'closed'"))
        connection.execute(
            sa.text(
                "INSERT INTO sign_in_tries VALUES"
                " ('locked', '127.0.0.1', 9, now(), now() + interval '1 hour')"
            )
        )

    answers = [
        _try(console, "anne", "wrong"),
        _try(console, "nobody", "wrong"),
        _try(console, "closed"),
        _try(console, "locked"),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert "incorrect" in answers[0].text


def test_an_unknown_login_costs_as_much_as_a_wrong_password(
    console: httpx.Client, engine: sa.Engine
) -> None:
    """The median of many; a query that was left out, or a hash, would show."""

    def seconds(login: str) -> float:
        console.cookies.clear()
        began = time.perf_counter()
        _try(console, login, "wrong")
        return time.perf_counter() - began

    add_person(engine, "paul", Role.KEYER)
    known, unknown = [], []
    for number in range(9):
        unknown.append(seconds(f"nobody{number}"))
        known.append(seconds("paul"))
    ratio = sorted(known)[4] / sorted(unknown)[4]
    assert 0.6 < ratio < 1.6


def test_failures_in_a_row_suspend_the_account_and_a_pause_frees_it(
    console: httpx.Client, engine: sa.Engine
) -> None:
    for _ in range(3):
        assert _try(console, "anne", "wrong").status_code == 401
    assert _try(console, "anne").status_code == 401, "the right one, too soon"
    with engine.begin() as connection:
        rests = connection.scalar(sa.text("SELECT locked_until - now() FROM sign_in_tries"))
        assert dt.timedelta(seconds=10) < rests <= dt.timedelta(seconds=30)
        connection.execute(sa.text("UPDATE sign_in_tries SET locked_until = now()"))
    assert _try(console, "anne").status_code == 303
    assert _audit(engine).count("sign_in_failed") == 4
    assert "account_locked" in _audit(engine)


def test_a_success_forgets_the_failures(console: httpx.Client) -> None:
    for _ in range(2):
        for _ in range(2):
            _try(console, "anne", "wrong")
        assert _try(console, "anne").status_code == 303


def test_what_was_typed_wrongly_stands_nowhere(
    console: httpx.Client, engine: sa.Engine, capfd: pytest.CaptureFixture[str]
) -> None:
    """A password in the login's field is a common slip."""
    _try(console, "mon secret tapé ici", "et là aussi")
    with engine.connect() as connection:
        rows = str(connection.execute(sa.text("SELECT * FROM audit")).all())
    told = rows + "".join(capfd.readouterr())
    assert "mon secret" not in told
    assert "et là" not in told


def test_each_sign_in_makes_a_new_token_and_ends_the_one_before(console: httpx.Client) -> None:
    console.cookies.set("vaguemestre", "chosen-by-an-attacker", "127.0.0.1")
    _try(console, "anne")
    first = console.cookies["vaguemestre"]
    assert first != "chosen-by-an-attacker"
    _try(console, "anne")
    assert console.cookies["vaguemestre"] != first
    with _another(console) as other:
        other.cookies.set("vaguemestre", first)
        assert other.get("/compte").status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(console: httpx.Client) -> None:
    told = _try(console, "anne").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "path=/" in told
    assert "domain" not in told


def test_a_hash_of_older_parameters_is_made_anew(console: httpx.Client, engine: sa.Engine) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE people SET password_hash = :h"), {"h": weak})
    assert _try(console, "anne").status_code == 303
    with engine.connect() as connection:
        assert "m=65536" in str(connection.scalar(sa.text("SELECT password_hash FROM people")))
    assert _try(console, "anne").status_code == 303


def test_a_password_is_changed_by_whoever_knows_the_old_one_and_others_are_out(
    console: httpx.Client,
) -> None:
    with _another(console) as other:
        enter(other, "anne", PASSWORD)
        enter(console, "anne", PASSWORD)
        told = {"ancien": PASSWORD, "nouveau": _NEW, "encore": _NEW}
        for wrong in (
            {"ancien": "wrong"},
            {"encore": "autre chose"},
            {"nouveau": "court", "encore": "court"},
            {"nouveau": PASSWORD, "encore": PASSWORD},
        ):
            answer = console.post("/compte/mot-de-passe", data={**told, **wrong})
            assert answer.status_code == 400, wrong
            assert 'role="alert"' in answer.text
        answer = console.post("/compte/mot-de-passe", data=told)
        assert answer.headers["location"] == "/compte?fait=mot-de-passe"
        assert console.get("/compte").status_code == 200
        assert other.get("/compte").status_code == 303
        assert _try(other, "anne").status_code == 401
        assert _try(other, "anne", _NEW).status_code == 303


def test_a_temporary_password_opens_nothing_but_its_own_change(
    console: httpx.Client, engine: sa.Engine
) -> None:
    add_person(engine, "new", Role.OPERATIONS, must_change_password=True)
    enter(console, "new", PASSWORD)
    for path in ("/", "/exploitation", "/compte/codes"):
        assert console.get(path).headers["location"] == "/compte", path
    assert console.get("/api/board").status_code == 403
    assert "provisoire" in console.get("/compte").text
    told = {"ancien": PASSWORD, "nouveau": _NEW, "encore": _NEW}
    assert console.post("/compte/mot-de-passe", data=told).status_code == 303
    assert console.get("/exploitation").status_code == 200


def test_sessions_are_listed_and_all_others_ended_at_once(console: httpx.Client) -> None:
    with _another(console) as other:
        enter(other, "anne", PASSWORD)
        enter(console, "anne", PASSWORD)
        page = console.get("/compte").text
        assert page.count("<tr><td>") == 2
        assert page.count("cette session") == 1
        assert console.post("/compte/sessions", data={"un": "seul"}).status_code == 303
        assert other.get("/compte").status_code == 303
        assert console.get("/compte").status_code == 200


def test_a_code_is_demanded_after_the_password_and_is_good_once(
    console: httpx.Client, engine: sa.Engine
) -> None:
    enter(console, "anne", PASSWORD)
    secret = _enrol(console)
    svg = console.get("/compte/codes/image.svg")
    assert svg.status_code == 403, "the key is shown while it is set up, never again"
    with _another(console) as browser:
        answer = _try(browser, "anne")
        assert answer.headers["location"] == "/connexion/code"
        assert browser.get("/compte").status_code == 303, "half a sign-in is none"
        code = pyotp.TOTP(secret).at(int(time.time()))
        assert browser.post("/connexion/code", data={"code": "000000"}).status_code in (401,)
        assert browser.post("/connexion/code", data={"code": code}).status_code == 303
        assert browser.get("/compte").status_code == 200
        with _another(console) as thief:
            _try(thief, "anne")
            answer = thief.post("/connexion/code", data={"code": code})
            assert answer.status_code == 401, "it was used"
    assert "totp_enrolled" in _audit(engine)


def test_a_code_without_its_password_is_nothing(console: httpx.Client) -> None:
    enter(console, "anne", PASSWORD)
    secret = _enrol(console)
    code = pyotp.TOTP(secret).at(int(time.time()))
    with _another(console) as browser:
        for token in ("", "guessed"):
            browser.cookies.set("vaguemestre-etape", token)
            answer = browser.post("/connexion/code", data={"code": code, "person_id": "1"})
            assert answer.headers["location"] == "/connexion"


def test_guessing_codes_suspends_the_account(console: httpx.Client) -> None:
    enter(console, "anne", PASSWORD)
    secret = _enrol(console)
    with _another(console) as browser:
        _try(browser, "anne")
        for _ in range(3):
            browser.post("/connexion/code", data={"code": "123456"})
        code = pyotp.TOTP(secret).at(int(time.time()))
        assert browser.post("/connexion/code", data={"code": code}).status_code == 401
        assert browser.get("/compte").status_code == 303


def test_setting_codes_up_needs_the_password_and_a_code(console: httpx.Client) -> None:
    enter(console, "anne", PASSWORD)
    assert console.post("/compte/codes/debut", data={"ancien": "wrong"}).status_code == 400
    assert console.post("/compte/codes", data={"code": "123456"}).status_code == 303
    console.post("/compte/codes/debut", data={"ancien": PASSWORD})
    assert console.get("/compte/codes/image.svg").headers["content-type"] == "image/svg+xml"
    assert console.post("/compte/codes", data={"code": "123456"}).status_code == 400
    with _another(console) as browser:
        assert _try(browser, "anne").headers["location"] == "/", "nothing is demanded yet"


def test_codes_are_dropped_with_the_password(console: httpx.Client) -> None:
    enter(console, "anne", PASSWORD)
    _enrol(console)
    assert console.post("/compte/codes/fin", data={"ancien": "wrong"}).status_code == 400
    assert console.post("/compte/codes/fin", data={"ancien": PASSWORD}).status_code == 303
    with _another(console) as browser:
        assert _try(browser, "anne").headers["location"] == "/"


def test_a_role_may_demand_codes(engine: sa.Engine, tmp_path: Path) -> None:
    add_person(engine, "chef", Role.ADMIN)
    with serving(_config(tmp_path, totp_roles=("admin",)), engine) as console:
        enter(console, "chef", PASSWORD)
        assert console.get("/personnes").headers["location"] == "/compte/codes"
        assert "demande un code" in console.get("/compte/codes").text
        _enrol(console)
        assert console.get("/personnes").status_code == 200
        assert console.post("/compte/codes/fin", data={"ancien": PASSWORD}).status_code == 403


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process asks the database again after a fifth of a second instead of five."""
    assert sessions._REMEMBERED_S <= 5.0
    monkeypatch.setattr(sessions, "_REMEMBERED_S", 0.2)


def test_sessions_end_when_idle_and_at_their_longest(
    engine: sa.Engine, tmp_path: Path, short_memory: None
) -> None:
    add_person(engine, "anne", Role.KEYER)
    with serving(_config(tmp_path), engine) as console:
        for column in ("seen_at", "expires_at"):
            enter(console, "anne", PASSWORD)
            with _another(console) as same:  # its own memory of five seconds is not asked
                same.cookies.set("vaguemestre", console.cookies["vaguemestre"])
                with engine.begin() as connection:
                    connection.execute(
                        sa.text(f"UPDATE sessions SET {column} = now() - interval '2 hours'")  # noqa: S608
                    )
                time.sleep(0.3)
                assert same.get("/compte").status_code == 303
    assert session_store.sweep_sessions(engine, 3_600.0) == 1
    assert session_store.sweep_sessions(engine, 3_600.0) == 0


def test_what_a_page_asks_by_itself_keeps_no_session_alive(
    engine: sa.Engine, tmp_path: Path, short_memory: None
) -> None:
    def seen_at() -> object:
        with engine.begin() as connection:
            return connection.scalar(sa.text("SELECT max(seen_at) FROM sessions"))

    add_person(engine, "anne", Role.KEYER)
    with serving(_config(tmp_path), engine) as console:
        enter(console, "anne", PASSWORD)
        for headers, is_kept in (({"x-by-itself": "1"}, True), ({}, False)):
            time.sleep(0.3)
            before = seen_at()
            kept = console.post("/api/work/keep", json={"ids": []}, headers=headers)
            assert kept.status_code == 200
            assert (seen_at() == before) is is_kept


def test_rights_that_were_taken_and_accounts_that_were_closed_end_within_seconds(
    console: httpx.Client, engine: sa.Engine, short_memory: None
) -> None:
    """By another process, which cannot tell this one."""
    person_id = add_person(engine, "ops", Role.OPERATIONS)
    add_person(engine, "chef", Role.ADMIN)
    enter(console, "ops", PASSWORD)
    assert console.get("/exploitation").status_code == 200
    people_store.update_account(engine, "person:chef", person_id, roles=["keyer"])
    time.sleep(0.3)
    assert console.get("/exploitation").status_code == 403
    people_store.open_or_close(engine, "person:chef", person_id, active=False)
    time.sleep(0.3)
    assert console.get("/compte").status_code == 303


def test_too_many_tries_get_told_when_to_come_again(engine: sa.Engine, tmp_path: Path) -> None:
    add_person(engine, "anne", Role.KEYER)
    config = _config(tmp_path, tries_per_minute=2, sign_ins_per_minute=5)
    events = Telemetry("test")
    with serving(config, engine, events) as console:
        answers = [_try(console, "anne", "wrong") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert "Trop de demandes" in answers[2].text
        assert 1 <= int(answers[2].headers["retry-after"]) <= 60
        for number in range(2):
            assert _try(console, f"other{number}").status_code == 401
        assert _try(console, "third").status_code == 429, "of one address"
        metrics = generate_latest(events.registry).decode()
        assert 'vaguemestre_central_throttled_total{limit="login"} 1.0' in metrics
        assert 'limit="address"} 1.0' in metrics


def test_a_browser_that_asks_without_end_is_slowed_and_others_are_not(
    engine: sa.Engine, tmp_path: Path
) -> None:
    add_person(engine, "anne", Role.KEYER)
    add_person(engine, "paul", Role.KEYER)
    with serving(_config(tmp_path, requests_per_minute=60), engine) as console:
        enter(console, "anne", PASSWORD)
        asked = 0
        while console.get("/compte").status_code == 200:
            asked += 1
            assert asked < 500
        assert asked >= 12
        with _another(console) as other:
            enter(other, "paul", PASSWORD)


@pytest.mark.parametrize("trusted", [(), ("127.0.0.1",), ("127.0.0.0/8",)])
def test_addresses_are_believed_of_trusted_proxies_alone(
    engine: sa.Engine, tmp_path: Path, trusted: tuple[str, ...]
) -> None:
    add_person(engine, "anne", Role.KEYER)
    config = _config(tmp_path, trusted_proxies=trusted, public_url="https://courrier.example")
    with serving(config, engine) as console:
        told = {
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "https",
            "Origin": "https://courrier.example",
        }
        wrong = {"login": "anne", "password": "wrong"}
        assert console.post("/connexion", data=wrong, headers=told).status_code == 401
        right = {"login": "anne", "password": PASSWORD}
        answer = console.post("/connexion", data=right, headers=told)
    with engine.connect() as connection:
        (address,) = connection.scalars(
            sa.text("SELECT detail->>'address' FROM audit WHERE action = 'sign_in_failed'")
        )
    assert address == ("203.0.113.9" if trusted else "127.0.0.1")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-vaguemestre=") == bool(trusted)
    assert ("Secure" in cookie) == bool(trusted)
    assert ("strict-transport-security" in answer.headers) == bool(trusted)
