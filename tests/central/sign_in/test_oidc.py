"""Signing in through a real OpenID Connect provider, and what must not let anybody in."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urljoin

import httpx
import pytest
import sqlalchemy as sa

from central import sealing
from central.accounts import session_store
from central.accounts import store as accounts_store
from central.accounts.rules import Role
from tests.support.console import add_person, serving
from tests.support.oidc_line import KEYER, START, Line, config
from tests.support.oidc_provider import sign_in_there


@pytest.fixture
def line(engine: sa.Engine, tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path, engine)
    with serving(config(tmp_path, line.port, line.issuer), engine), line.browser:
        yield line


def _account_page(line: Line) -> str:
    page = line.browser.get("/compte")
    assert page.status_code == 200
    return page.text


def _csrf(line: Line) -> str:
    found = re.search(r'data-csrf="([^"]+)"', _account_page(line))
    assert found is not None
    return found[1]


def test_somebody_comes_in_with_the_rights_that_their_groups_give(line: Line) -> None:
    with line.provider():
        answer = line.enter("paul")
        assert answer.status_code == 303
        assert answer.headers["location"] == "/compte"
        page = _account_page(line)
    assert "Paul Saisie" in page
    assert "vidéocodage" in page
    assert "gien" in page
    assert "FSP, IJ" in page
    assert "équipe A" in page
    assert 'name="nouveau"' not in page, "no password of ours to change"
    found = accounts_store.find_account(line.engine, "paul")
    assert found is not None
    assert found.password_hash is None


def test_claims_in_the_id_token_do_as_well(line: Line) -> None:
    with line.provider(claims_in_id_token=True):
        line.enter("anne")
        page = _account_page(line)
    assert "anne.ops" in page
    assert "exploitation" in page


def test_rights_follow_the_groups_at_the_next_sign_in_and_the_trail_says_so(line: Line) -> None:
    with line.provider():
        line.enter("paul")
    line.forget()
    with line.provider({"paul": {**KEYER, "roles": ["vm-ops"], "sites": ["*"]}}):
        line.enter("paul")
        page = _account_page(line)
    assert "exploitation" in page
    assert "vidéocodage" not in page
    with line.engine.connect() as connection:
        (detail,) = connection.scalars(
            sa.text("SELECT detail FROM audit WHERE action = 'rights_changed'")
        )
    assert detail["before"]["roles"] == ["keyer"]
    assert detail["after"]["roles"] == ["operations"]


@pytest.mark.parametrize("subject", ["nobody", "nowhere"])
def test_somebody_without_a_role_or_without_their_sites_is_refused_in_french(
    line: Line, subject: str
) -> None:
    with line.provider():
        answer = line.enter(subject)
    assert answer.status_code == 403
    assert "aucun droit" in answer.text
    assert line.browser.get("/compte").status_code == 303, "still nobody"


def test_a_login_that_is_none_of_ours_is_refused(line: Line) -> None:
    with line.provider():
        assert line.enter("odd").status_code == 401


def test_a_local_account_is_never_taken_over_by_an_equal_login(line: Line) -> None:
    add_person(line.engine, "locale", Role.ADMIN)
    with line.provider():
        answer = line.enter("taken")
    assert answer.status_code == 409
    assert "jamais rattaché" in answer.text
    assert line.browser.get("/compte").status_code == 303


def test_an_account_that_was_closed_here_stays_closed(line: Line) -> None:
    with line.provider():
        line.enter("anne")
        with line.engine.begin() as connection:
            connection.execute(sa.text("UPDATE people SET is_active = false"))
        line.forget()
        answer = line.enter("anne")
    assert answer.status_code == 403
    assert "fermé" in answer.text


def test_a_wrong_state_lets_nobody_in_and_ends_the_attempt(line: Line) -> None:
    with line.provider():
        back = line.back("anne")
        wrong = back.copy_merge_params({"state": "guessed"})
        assert line.browser.get(wrong).status_code == 401
        assert line.browser.get(back).status_code == 401, "the attempt is over"
        assert line.browser.get("/compte").status_code == 303


def test_another_browsers_answer_lets_nobody_in(line: Line) -> None:
    """Else somebody could be signed in as the attacker without knowing."""
    with line.provider():
        back = line.back("anne")
        line.forget()
        assert line.browser.get(back).status_code == 401
        line.browser.get(START)  # an attempt of their own does not help
        assert line.browser.get(back).status_code == 401


def test_a_nonce_that_is_not_ours_lets_nobody_in(line: Line) -> None:
    with line.provider():
        there = httpx.URL(line.browser.get(START).headers["location"])
        told = there.copy_merge_params({"nonce": "another"})
        back = sign_in_there(line.browser, told, "anne")
        answer = line.browser.get(back)
    assert answer.status_code == 401
    assert "pas confirmé votre connexion" in answer.text


def test_an_answer_is_good_once(line: Line) -> None:
    with line.provider():
        back = line.back("anne")
        assert line.browser.get(back).status_code == 303
        line.forget()
        assert line.browser.get(back).status_code == 401


def test_a_code_that_was_used_is_refused_by_the_provider(line: Line) -> None:
    with line.provider():
        used = line.back("anne")
        line.browser.get(used)
        line.forget()
        fresh = line.back("anne")
        mixed = fresh.copy_merge_params({"code": used.params["code"]})
        assert line.browser.get(mixed).status_code == 401
        assert line.browser.get("/compte").status_code == 303


def test_another_issuers_answer_is_refused(line: Line) -> None:
    with line.provider():
        back = line.back("anne")
        other = back.copy_merge_params({"iss": "https://autre.example"})
        assert line.browser.get(other).status_code == 401
        back = line.back("anne")
        assert line.browser.get(back.copy_remove_param("iss")).status_code == 401


def test_what_somebody_cancelled_there_is_told_in_french(line: Line) -> None:
    with line.provider():
        back = line.back("anne")
        told = {"error": "access_denied", "state": back.params["state"], "iss": line.issuer}
        answer = line.browser.get(f"{back.path}?{urlencode(told)}")
    assert answer.status_code == 401
    assert "Recommencez" in answer.text


@pytest.mark.parametrize("shift_s", [-2 * 3_600, 2 * 3_600])
def test_tokens_of_long_ago_and_of_tomorrow_let_nobody_in(line: Line, shift_s: int) -> None:
    with line.provider(shift_s=shift_s):
        assert line.enter("anne").status_code == 401


def test_a_provider_that_is_down_is_told_in_french(line: Line) -> None:
    answer = line.browser.get(START)
    assert answer.status_code == 503
    assert "service d'identité ne répond pas" in answer.text.replace("&#39;", "'")
    with line.provider():
        back = line.back("anne")
    answer = line.browser.get(back)
    assert answer.status_code == 503, "it went away before it gave its token"
    assert line.browser.get("/connexion").status_code == 200, "local accounts go on"


def test_a_provider_that_changed_its_keys_is_believed_at_once(line: Line) -> None:
    with line.provider():
        line.enter("anne")
    line.forget()
    with line.provider():  # other keys, and the console remembers the first
        answer = line.enter("anne")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/compte"


def test_signing_out_ends_the_providers_session_too(line: Line) -> None:
    with line.provider():
        line.enter("anne")
        answer = line.browser.post("/deconnexion", data={"csrf": _csrf(line)})
        assert answer.status_code == 200
        assert "form-action 'self'" in answer.headers["content-security-policy"]
        there = answer.headers["refresh"].partition("url=")[2]
        asked = parse_qs(httpx.URL(there).query.decode())
        assert asked["post_logout_redirect_uri"] == [f"{line.address}/connexion"]
        page = line.browser.get(there)
        action = re.search(r'action="([^"]+)"', page.text)
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
        assert action is not None
        assert xsrf is not None
        told = {"xsrf": xsrf[1], "logout": "yes"}
        gone = line.browser.post(urljoin(there, action[1]), data=told)
        assert gone.headers["location"].startswith(f"{line.address}/connexion")
        assert line.browser.get("/compte").status_code == 303
        answer = line.browser.get(line.browser.get(START).headers["location"])
        assert "interaction" in answer.headers["location"], "it asks who it is again"


def test_tokens_are_nowhere_but_where_they_are_needed(line: Line) -> None:
    with line.provider():
        line.enter("anne")
    with line.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM sign_in_steps")) == 0
        (held,) = connection.execute(sa.text("SELECT token_sha256, id_token FROM sessions"))
        trail = str(connection.execute(sa.text("SELECT * FROM audit")).all())
    cookie = line.browser.cookies["vaguemestre"]
    assert cookie.encode() not in bytes(held.token_sha256)
    assert held.id_token.startswith(sealing.MARK), "nobody can use it who reads the table"
    key = sealing.load(line.folder / "key")
    assert str(key.open(held.id_token, "provider")).count(".") == 2
    assert held.id_token not in trail
    assert session_store.find_session(line.engine, cookie, 3_600.0) is not None


def test_the_page_shows_the_way_and_where_it_leads_back_to(line: Line) -> None:
    page = line.browser.get("/connexion?suite=%2Faudit").text
    assert 'href="/connexion/organisme?suite=%2Faudit"' in page.replace("/audit", "%2Faudit")
    with line.provider():
        foreign = line.back("anne", "/connexion/organisme?suite=%2F%2Fautre.example")
        began = time.monotonic()
        assert line.browser.get(foreign).headers["location"] == "/"
        assert time.monotonic() - began < 5
