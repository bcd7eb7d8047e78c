"""The pages of operations on a real database, in a real browser too."""

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from central.accounts import session_store
from central.accounts import store as accounts_store
from central.accounts.rules import Role
from central.accounts.store import NewAccount
from central.db.engine import transaction
from central.db.tables import audit, flow, keyings, namings
from central.db.tables import deliveries as deliveries_table
from central.db.tables import documents as documents_table
from central.delivery import store as delivery_store
from central.delivery import views as delivery_views
from central.holds import store as holds_store
from central.plan import store as plan_store
from central.web.sessions import COOKIE
from tests.support.accessibility import hold_to_accessibility
from tests.support.browser import LARGE, SMALL, chromium, visitor
from tests.support.central import document, store
from tests.support.console import serving, settings

_FSP, _ATEMPO = "FRAIS_DE_SANTE", "ATEMPO"
_BOTH = (_FSP, _ATEMPO)
_NOTHING = {"rien": "1"}
_REASON = "Refus du pôle."


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    """The console, and people of each kind."""
    for login, role in (("ops", Role.OPERATIONS), ("chef", Role.SUPERVISOR), ("aud", Role.AUDITOR)):
        _person(engine, login, role)
    _person(engine, "gien", Role.OPERATIONS, sites=["gien"])
    _person(engine, "keyer", Role.KEYER)
    with serving(settings(tmp_path, *_BOTH), engine) as client:
        yield client


def _person(engine: sa.Engine, login: str, role: Role, **limits: Any) -> int:
    """Somebody without a password, signed in from the start with their login as the token."""
    limits = {"sites": ["*"], "poles": ["*"]} | limits
    made = NewAccount(login=login, name=login.title(), roles=[role], **limits)
    number = accounts_store.add_account(engine, "person:test", made)
    session_store.open_session(engine, number, login, f"csrf of {login}", "local", 3_600.0)
    return number


def _as(console: httpx.Client, login: str) -> httpx.Client:
    console.cookies.clear()
    console.cookies.set(COOKIE, login)
    console.headers["x-csrf"] = f"csrf of {login}"
    return console


def _dead(engine: sa.Engine, code: str = "http_422", **changes: Any) -> uuid.UUID:
    made = store(engine, document(**changes))
    found = delivery_store.claim_next(engine, "w", [str(changes.get("destination", _FSP))], 60.0)
    assert found is not None
    assert found.document.id == made.id
    delivery_store.record_dead(engine, found.claim, code, _REASON)
    return made.id


def _states(engine: sa.Engine) -> dict[uuid.UUID, str]:
    d = deliveries_table.c
    with transaction(engine) as connection:
        rows = connection.execute(sa.select(d.document_id, d.state).where(d.state != "discarded"))
        return {row.document_id: row.state for row in rows}


def _actions(engine: sa.Engine, actor: str) -> list[tuple[str, str]]:
    a = audit.c
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(a.action, a.subject).where(a.actor == actor).order_by(a.id)
        )
        return [(row.action, row.subject) for row in rows]


def _group(code: str, destination: str = _FSP, state: str = "dead") -> dict[str, str]:
    return {"groupe": "1", "destination": destination, "code": code, "etat": state}


def test_failures_are_told_by_cause_with_what_to_do(
    console: httpx.Client, engine: sa.Engine
) -> None:
    first = _dead(engine)
    _dead(engine, "http_503", type="S3704")
    page = _as(console, "aud").get("/echecs").text
    assert _REASON in page
    assert f"/documents/{first}" in page
    assert "puis relancez" in page
    assert "Relancer" not in page, "who reads only gets no button"
    only = console.get(f"/echecs?destination={_FSP}&code=http_503&etat=dead&type=S3704").text
    assert f"/documents/{first}" not in only


def test_a_whole_group_is_replayed_after_its_count_was_shown(
    console: httpx.Client, engine: sa.Engine
) -> None:
    group = [_dead(engine) for _ in range(3)]
    other = _dead(engine, "http_503")
    _as(console, "ops")
    asked = console.post("/echecs/choisir", data={**_group("http_422"), "acte": "relancer"})
    assert "Relancer 3 livraisons" in asked.text
    assert set(_states(engine).values()) == {"dead"}, "nothing is done before it is confirmed"
    done = console.post("/echecs/relancer", data=_group("http_422"))
    assert done.headers["location"] == "/echecs?fait=relancer&nombre=3"
    assert "3\u00a0livraisons relancées" in console.get(done.headers["location"]).text
    assert {one for one, state in _states(engine).items() if state == "waiting"} == set(group)
    assert _states(engine)[other] == "dead"
    told = [subject for action, subject in _actions(engine, "person:ops") if "replayed" in action]
    assert sorted(told) == sorted(map(str, group))


def test_ticked_deliveries_are_discarded_with_a_reason_and_not_without(
    console: httpx.Client, engine: sa.Engine
) -> None:
    ticked, other = _dead(engine), _dead(engine)
    _as(console, "ops")
    ticks = {f"t:{ticked}:{_FSP}": "on"}
    asked = console.post("/echecs/choisir", data={**ticks, "acte": "ecarter"})
    assert "Écarter 1 livraison" in asked.text
    assert console.post("/echecs/ecarter", data=ticks).status_code == 400
    assert console.post("/echecs/ecarter", data={**ticks, "motif": "remis"}).status_code == 303
    assert set(_states(engine)) == {other}
    assert ("delivery_discarded", str(ticked)) in _actions(engine, "person:ops")


def test_a_list_goes_on_where_its_page_ended(
    console: httpx.Client, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_views, "_A_PAGE", 5)
    made = [_dead(engine) for _ in range(9)]
    _as(console, "ops")
    first = console.get("/echecs").text
    found = re.search(r'href="(/echecs\?[^"]+)" rel="next"', first)
    assert found is not None
    second = console.get(found[1].replace("&amp;", "&")).text
    seen = [re.findall(r'href="/documents/([0-9a-f-]{36})"', page) for page in (first, second)]
    assert [len(page) for page in seen] == [5, 4]
    assert {uuid.UUID(one) for page in seen for one in page} == set(made)
    assert 'rel="next"' not in second


def test_who_is_limited_to_a_site_acts_on_that_site_only(
    console: httpx.Client, engine: sa.Engine
) -> None:
    own, foreign = _dead(engine), _dead(engine, site="orleans")
    _as(console, "gien")
    assert str(foreign) not in console.get("/echecs").text
    console.post("/echecs/relancer", data=_group("http_422"))
    ticks = {f"t:{foreign}:{_FSP}": "on"}
    console.post("/echecs/ecarter", data={**ticks, "motif": "de force"})
    assert _states(engine) == {own: "waiting", foreign: "dead"}
    assert console.post("/retenues", data=_hold("destination", _FSP)).status_code == 403
    assert console.post("/retenues", data=_hold("site", "orleans")).status_code == 403
    assert console.post("/retenues", data=_hold("site", "gien")).status_code == 303
    assert console.get("/plan/changement").status_code == 403


def _hold(kind: str, value: str) -> dict[str, str]:
    return {"quoi": f"{kind}:{value}", "motif": "panne annoncée"}


def test_a_hold_is_placed_shown_and_released(console: httpx.Client, engine: sa.Engine) -> None:
    made = store(engine, document())
    _as(console, "ops")
    answer = console.post("/retenues", data=_hold("destination", _FSP))
    assert answer.status_code == 303
    assert "1\u00a0livraison en attente" in console.get(answer.headers["location"]).text
    assert _states(engine)[made.id] == "held"
    assert "panne annoncée" in console.get("/retenues").text
    assert "Retenues en cours" in console.get("/echecs").text, "the banner"
    assert console.post("/retenues", data=_hold("destination", _FSP)).status_code == 409
    (one,) = holds_store.open_holds(engine)
    assert console.post(f"/retenues/{one.id}/lever", data=_NOTHING).status_code == 303
    assert _states(engine)[made.id] == "waiting"
    assert console.post(f"/retenues/{one.id}/lever", data=_NOTHING).status_code == 404
    assert [action for action, _ in _actions(engine, "person:ops") if "hold" in action] == [
        "hold_placed",
        "hold_released",
    ]


_CHANGE = {"type": "S3110", "pole": "Risques professionnels", "destination": _ATEMPO}


def test_a_change_is_foretold_proposed_by_one_and_applied_by_another(
    console: httpx.Client, engine: sa.Engine
) -> None:
    made = [store(engine, document(kind=kind)).id for kind in ("straight", "name")]
    _as(console, "ops")
    page = console.get("/plan/changement", params=_CHANGE).text
    assert "<strong>2 documents</strong>" in page
    answer = console.post("/plan/changement", data={**_CHANGE, "motif": "réorganisation"})
    (change,) = plan_store.list_changes(engine, ("proposed",), 5)
    assert answer.headers["location"].startswith(f"/plan/{change.id}?")
    assert "une autre personne" in console.get(f"/plan/{change.id}").text
    assert console.post(f"/plan/{change.id}/appliquer", data=_NOTHING).status_code == 409
    _as(console, "aud")
    assert console.post(f"/plan/{change.id}/appliquer", data=_NOTHING).status_code == 403
    _as(console, "chef")
    assert "Appliquer à 2 documents" in console.get(f"/plan/{change.id}").text
    done = console.post(f"/plan/{change.id}/appliquer", data=_NOTHING)
    assert "2\u00a0documents déplacés" in console.get(done.headers["location"]).text
    with transaction(engine) as connection:
        c = documents_table.c
        assert set(connection.scalars(sa.select(c.destination).where(c.id.in_(made)))) == {_ATEMPO}
    table = console.get("/plan").text
    assert f'<span class="was">{_FSP}</span> <span class="becomes">{_ATEMPO}</span>' in table
    _as(console, "ops")
    undone = console.post(f"/plan/{change.id}/annuler", data=_NOTHING)
    assert "2\u00a0documents revenus" in console.get(undone.headers["location"]).text
    assert 'class="was"' not in console.get("/plan").text
    assert console.post(f"/plan/{change.id}/annuler", data=_NOTHING).status_code == 409


def test_changes_that_cannot_be_are_refused_in_french(
    console: httpx.Client, engine: sa.Engine
) -> None:
    _as(console, "ops")
    for changes in (
        {"type": "S9999"},
        {"destination": "NOWHERE"},
        {"pole": "Pôle Nord"},
        {"fonds": "17'"},
        {"delay_days": "-1"},
        {"delay_days": "9999"},
        {"pole": "Frais de santé", "destination": _FSP},
        {"motif": ""},
        {"motif": "x" * 501},
    ):
        answer = console.post("/plan/changement", data={**_CHANGE, "motif": "m", **changes})
        assert answer.status_code == 400, changes
        assert "La saisie est incorrecte" in answer.text
    assert plan_store.list_changes(engine, ("proposed",), 5) == []


def test_wrong_questions_get_a_french_answer(console: httpx.Client, engine: sa.Engine) -> None:
    store(engine, document())
    _as(console, "ops")
    naive = f"2026-11-01T00:00:00|{uuid.uuid4()}|A"
    for path, status in {
        "/echecs?apres=x": 400,
        f"/echecs?apres={naive}": 400,
        "/echecs?etat=lost": 400,
        "/plan/4711": 404,
        "/plan/x": 404,
        "/rapports?periode=2026-13": 400,
        "/rapports/pdf?par=personne": 400,
    }.items():
        answer = console.get(path)
        assert answer.status_code == status, path
        assert 'lang="fr"' in answer.text
    for path, content, status in (
        ("/echecs/choisir", {"acte": "relancer"}, 400),
        ("/echecs/choisir", {"acte": "supprimer", "t:x:A": "on"}, 400),
        ("/echecs/relancer", {"t:x:A": "on"}, 400),
        ("/retenues", {"quoi": "site:nowhere", "motif": "m"}, 400),
        ("/retenues", {"quoi": "lot:1", "motif": "m"}, 400),
        ("/retenues", {"quoi": "site:gien"}, 400),
        ("/retenues/4711/lever", _NOTHING, 404),
        ("/plan/4711/annuler", _NOTHING, 404),
        ("/plan/4711/appliquer", _NOTHING, 404),
    ):
        answer = console.post(path, data=content)
        assert answer.status_code == status, (path, content)
        assert 'lang="fr"' in answer.text


def test_who_keys_has_no_business_there(console: httpx.Client) -> None:
    _as(console, "keyer")
    for path in ("/echecs", "/retenues", "/plan", "/rapports", "/rapports/csv"):
        assert console.get(path).status_code == 403, path


def _count(engine: sa.Engine, **changes: Any) -> None:
    row = {
        "hour": dt.datetime(2026, 11, 2, 9, tzinfo=dt.UTC), "site": "gien", "pole": "CNSE",
        "type": "S3125", "received": 10, "pages": 31, "straight": 9, "named": 1, "keyed": 0,
        "delivered": 8, "delivered_late": 2, "returned": 1,
    }  # fmt: skip
    with transaction(engine) as connection:
        connection.execute(flow.insert().values(**row | changes))


def test_a_report_is_of_its_days_and_of_what_one_may_see(
    console: httpx.Client, engine: sa.Engine
) -> None:
    _count(engine)
    _count(engine, site="orleans", received=1_000)
    _count(engine, hour=dt.datetime(2026, 10, 31, 22, tzinfo=dt.UTC), received=500)  # 23 h, French
    _count(engine, hour=dt.datetime(2026, 10, 31, 23, tzinfo=dt.UTC), received=7)  # 1st, 0 h
    _as(console, "aud")

    def csv(query: str) -> list[str]:
        return console.get(f"/rapports/csv?{query}").text.lstrip("\ufeff").splitlines()[1:]

    assert [line.split(";")[:2] for line in csv("periode=2026-11&par=site")] == [
        ["gien", "17"],
        ["orleans", "1000"],
        ["Total", "1017"],
    ]
    days = {line.split(";")[0]: line.split(";")[1] for line in csv("periode=2026-11&par=jour")}
    assert (days["01/11/2026"], days["02/11/2026"], days["03/11/2026"]) == ("7", "1010", "0")
    assert len(days) == 31
    assert csv("periode=2026-10-31&par=type")[-1].split(";")[1] == "500"
    _as(console, "gien")
    assert [line.split(";")[0] for line in csv("periode=2026-11")] == ["gien", "Total"]


def test_a_file_that_leaves_is_in_the_audit_trail(console: httpx.Client, engine: sa.Engine) -> None:
    _count(engine)
    _as(console, "chef")
    page = console.get("/rapports?periode=2026-11&par=pole").text
    pdf = console.get("/rapports/pdf?periode=2026-11&par=pole")
    assert "10" in page
    assert pdf.content.startswith(b"%PDF")
    assert "rapport-2026-11-pole.pdf" in pdf.headers["content-disposition"]
    console.get("/rapports/csv?periode=2026-11-02&par=equipe")
    assert [one for one in _actions(engine, "person:chef") if one[0] == "report_exported"] == [
        ("report_exported", "report:2026-11:pole"),
        ("report_exported", "report:2026-11-02:equipe"),
    ]


def test_what_people_did_is_told_by_team_and_of_three_at_least(
    console: httpx.Client, engine: sa.Engine
) -> None:
    here, there = store(engine, document()), store(engine, document(site="orleans"))
    at = dt.datetime(2026, 11, 3, 9, tzinfo=dt.UTC)
    team = [_person(engine, f"a{n}", Role.KEYER, team="Équipe A") for n in range(3)]
    alone = _person(engine, "seul", Role.KEYER, team="Équipe B")
    with transaction(engine) as connection:
        for number, person in enumerate([*team, alone]):
            connection.execute(
                namings.insert().values(
                    document_id=here.id, person_id=person, act="named", type_before="unknown",
                    type_after="S3110", seconds=4.0, named_at=at,
                )
            )  # fmt: skip
            connection.execute(
                keyings.insert().values(
                    document_id=there.id, position=number, name="nir", person_id=person,
                    seconds=2.0, keyed_at=at, **{"pass": "first"},
                )
            )  # fmt: skip
    _as(console, "ops")
    page = console.get("/rapports?periode=2026-11&par=equipe").text
    assert "Équipe B" not in page
    assert "Seul" not in page
    rows = console.get("/rapports/csv?periode=2026-11&par=equipe").text.splitlines()
    # One person alone is told with the smallest other team, here the only one.
    assert rows[1] == "Petites équipes et sans équipe;4;2;8,0;2;4;2,0"
    _as(console, "gien")
    own = console.get("/rapports/csv?periode=2026-11&par=equipe").text.splitlines()
    assert own[1] == "Petites équipes et sans équipe;4;2;8,0;0;0;"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with chromium() as started:
        yield started


def _signed_in(browser: Browser, console: httpx.Client, size: tuple[int, int] = SMALL) -> Page:
    address = str(console.base_url)
    page = visitor(browser, address, size)
    page.context.add_cookies([{"name": COOKIE, "value": "ops", "url": address}])
    return page


def _fill(engine: sa.Engine) -> int:
    """Something on every page; returns the number of a change that waits."""
    _dead(engine)
    _dead(engine, "folder_unavailable", type="S6202", destination=_ATEMPO)
    store(engine, document(kind="name"))
    _count(engine, hour=dt.datetime.now(dt.UTC).replace(minute=0, second=0, microsecond=0))
    holds_store.place_hold(engine, "chef", "type", "S6202", "modèle modifié")
    person = _person(engine, "autre", Role.OPERATIONS)
    what = ("S3110", "", {"destination": _ATEMPO, "delay_days": 2})
    return plan_store.propose_change(engine, person, "person:autre", what, "essai")


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["1366", "1920"])
def test_every_page_fits_the_screen_and_is_accessible(
    console: httpx.Client, engine: sa.Engine, browser: Browser, size: tuple[int, int]
) -> None:
    change = _fill(engine)
    page = _signed_in(browser, console, size)
    for path in (
        "/echecs",
        "/retenues",
        "/plan",
        "/plan/changement?type=S3110&destination=ATEMPO&delay_days=2",
        f"/plan/{change}",
        "/rapports",
        "/rapports?par=equipe",
    ):
        page.goto(path)
        hold_to_accessibility(page)
        root = "document.documentElement"
        assert page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"), path
    page.context.close()


def test_a_failure_is_replayed_by_keyboard_alone(
    console: httpx.Client, engine: sa.Engine, browser: Browser
) -> None:
    made, other = _dead(engine), _dead(engine, "http_503")
    page = _signed_in(browser, console)
    page.goto("/echecs")
    tick = page.get_by_label(f"Livraison {made} vers {_FSP}")
    for _ in range(60):
        page.keyboard.press("Tab")
        if tick.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Space")
    expect(page.locator("[data-ticked]")).to_have_text("1 livraison cochée")
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "Relancer les cochées":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading")).to_have_text("Relancer 1 livraison ?")
    expect(page.get_by_role("button", name="Relancer 1 livraison")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_have_text("1\u00a0livraison relancée.")
    assert _states(engine) == {made: "waiting", other: "dead"}
    page.context.close()


def test_a_whole_page_is_ticked_at_once(
    console: httpx.Client, engine: sa.Engine, browser: Browser
) -> None:
    for _ in range(3):
        _dead(engine)
    page = _signed_in(browser, console)
    page.goto("/echecs")
    expect(page.get_by_role("button", name="Relancer les cochées")).to_be_disabled()
    page.get_by_label("Cocher toute la page").check()
    expect(page.locator("[data-ticked]")).to_have_text("3 livraisons cochées")
    page.get_by_role("button", name="Écarter les cochées").click()
    expect(page.get_by_label("Motif")).to_be_focused()
    page.keyboard.type("remis en main propre")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rien n'est en échec ni retenu.")).to_be_visible()
    assert _states(engine) == {}
    page.context.close()
