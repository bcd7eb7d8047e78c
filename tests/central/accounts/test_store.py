"""Administrators' and auditors' pages on a real database."""

import csv
import io
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from central import cli, housekeeping
from central.accounts import session_store
from central.accounts.rules import Role
from central.config import Database
from central.db.audit import AuditCursor, AuditFilter, list_lines
from central.errors import InputInvalid, LastAdmin, NotFound
from central.people import store as people_store
from central.telemetry import Telemetry
from tests.support.central import document, store
from tests.support.console import PASSWORD, add_person, enter, serving, settings
from tests.support.waiting import wait_until

_LOTS_OF_LINES = 300_000


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    add_person(engine, "chef", Role.ADMIN)
    with serving(settings(tmp_path), engine) as client:
        enter(client, "chef", PASSWORD)
        yield client


def _rows(engine: sa.Engine, action: str) -> list[dict[str, object]]:
    with engine.connect() as connection:
        found = connection.execute(
            sa.text("SELECT actor, subject, detail FROM audit WHERE action = :a ORDER BY id"),
            {"a": action},
        )
        return [dict(row) for row in found.mappings()]


def _password(page: str) -> str:
    found = re.search(r'<p class="secret"><code>([a-z2-9-]+)</code>', page)
    assert found is not None
    return found[1]


def _rights(*boxes: str, **fields: str) -> dict[str, str]:
    for all_of in ("site:", "pole:"):
        if not any(box.startswith(all_of) for box in boxes):
            boxes = (*boxes, f"{all_of}*")
    return {"name": "Paul Saisie", "team": "A", **fields, **dict.fromkeys(boxes, "on")}


def test_an_account_is_made_with_a_password_that_is_shown_once(
    console: httpx.Client, engine: sa.Engine
) -> None:
    told = _rights("role:keyer", "pole:Frais de santé", "skill:S3110", login="Paul")
    answer = console.post("/personnes", data=told)
    assert answer.status_code == 200, answer.text
    password = _password(answer.text)
    person_id = re.findall(r'action="/personnes/(\d+)"', answer.text)[0]
    assert password not in console.get(f"/personnes/{person_id}").text
    assert password not in str(_rows(engine, "account_added"))
    with httpx.Client(base_url=console.base_url, timeout=20) as paul:
        enter(paul, "paul", password)
        page = paul.get("/compte").text
        assert "provisoire" in page
        assert "Frais de santé" in page
        assert "S3110" in page
    assert console.post("/personnes", data=told).status_code == 409, "the login is taken"


@pytest.mark.parametrize(
    "wrong",
    [{"login": ""}, {"login": "deux mots"}, {"login": "été"}, {"name": ""}, {"role:root": "on"},
     {"site:nowhere": "on"}, {"pole:nowhere": "on"}, {"skill:nowhere": "on"}],
    ids=str,
)  # fmt: skip
def test_accounts_that_cannot_be(
    console: httpx.Client, engine: sa.Engine, wrong: dict[str, str]
) -> None:
    answer = console.post("/personnes", data={**_rights("role:keyer", login="paul"), **wrong})
    assert answer.status_code == 400
    assert len(_rows(engine, "account_added")) == 1


def test_an_account_without_sites_or_poles_is_refused(
    console: httpx.Client, engine: sa.Engine
) -> None:
    for missing in ("site:*", "pole:*"):
        told = _rights("role:keyer", login="paul")
        del told[missing]
        assert console.post("/personnes", data=told).status_code == 400
    assert len(_rows(engine, "account_added")) == 1


def test_rights_change_at_once_and_the_trail_has_both(
    console: httpx.Client, engine: sa.Engine
) -> None:
    store(engine, document())  # makes its site known
    person_id = add_person(engine, "paul", Role.KEYER)
    with httpx.Client(base_url=console.base_url, timeout=20) as paul:
        enter(paul, "paul", PASSWORD)
        assert paul.get("/exploitation").status_code == 403
        page = console.get(f"/personnes/{person_id}").text
        site = re.findall(r'name="(site:[^"*]+)"', page)[0]
        told = _rights("role:operations", site)
        answer = console.post(f"/personnes/{person_id}", data=told)
        assert answer.headers["location"].endswith("fait=droits")
        assert paul.get("/exploitation").status_code == 200
    (row,) = _rows(engine, "rights_changed")
    assert row["actor"] == "person:chef"
    assert row["subject"] == "paul"
    detail = row["detail"]
    assert isinstance(detail, dict)
    assert detail["before"]["roles"] == ["keyer"]
    assert detail["after"]["roles"] == ["operations"]
    console.post(f"/personnes/{person_id}", data=told)
    assert len(_rows(engine, "rights_changed")) == 1, "nothing changed the second time"


def test_closing_opening_unlocking_and_signing_out(
    console: httpx.Client, engine: sa.Engine
) -> None:
    person_id = add_person(engine, "paul", Role.KEYER)
    with httpx.Client(base_url=console.base_url, timeout=20) as paul:
        for act in ("sessions", "fermer"):
            enter(paul, "paul", PASSWORD)
            assert console.post(f"/personnes/{person_id}/{act}", data={"x": ""}).status_code == 303
            assert paul.get("/compte").status_code == 303, act
            paul.cookies.clear()
        told = {"login": "paul", "password": PASSWORD}
        assert paul.post("/connexion", data=told).status_code == 401
        console.post(f"/personnes/{person_id}/rouvrir", data={"x": ""})
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "UPDATE sign_in_tries SET locked_until = now() + interval '1 hour'"
                    " WHERE login = 'paul'"
                )
            )
        assert paul.post("/connexion", data=told).status_code == 401
        assert "suspendu" in console.get("/personnes").text
        console.post(f"/personnes/{person_id}/debloquer", data={"x": ""})
        assert paul.post("/connexion", data=told).status_code == 303
    for action in ("sessions_ended", "account_closed", "account_opened", "account_unlocked"):
        assert _rows(engine, action)[0]["actor"] == "person:chef", action


def test_a_lost_password_and_a_lost_telephone(console: httpx.Client, engine: sa.Engine) -> None:
    person_id = add_person(engine, "paul", Role.KEYER)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE people SET totp_secret = 'A' WHERE login = 'paul'"))
    console.post(f"/personnes/{person_id}/code", data={"x": ""})
    page = console.post(f"/personnes/{person_id}/mot-de-passe", data={"x": ""}).text
    with httpx.Client(base_url=console.base_url, timeout=20) as paul:
        told = {"login": "paul", "password": PASSWORD}
        assert paul.post("/connexion", data=told).status_code == 401
        enter(paul, "paul", _password(page))
        assert paul.get("/nommer").status_code in (303, 404)
    assert _rows(engine, "totp_removed")
    assert _rows(engine, "password_reset")
    assert _password(page) not in str(_rows(engine, "password_reset"))


def test_nobody_changes_their_own_rights_or_closes_themselves(
    console: httpx.Client, engine: sa.Engine
) -> None:
    me = 1
    assert "autre administrateur" in console.get(f"/personnes/{me}").text
    for told in (_rights("role:admin", "role:operations"), _rights(), _rights("role:keyer")):
        assert console.post(f"/personnes/{me}", data=told).status_code == 409
    assert console.post(f"/personnes/{me}/fermer", data={"x": ""}).status_code == 409
    named = _rights("role:admin", name="Autre Nom")
    assert console.post(f"/personnes/{me}", data=named).status_code == 303
    assert console.get("/personnes").status_code == 200


def test_two_administrators_cannot_put_each_other_out_at_once(engine: sa.Engine) -> None:
    for round_ in range(3):
        ids = [add_person(engine, f"chef{round_}{number}", Role.ADMIN) for number in range(2)]
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE people SET roles = '{}' WHERE NOT id = ANY(:ids)"), {"ids": ids}
            )
        refused: list[int] = []
        gate = threading.Barrier(2)

        def close(
            person_id: int, gate: threading.Barrier = gate, refused: list[int] = refused
        ) -> None:
            gate.wait(10)
            try:
                people_store.open_or_close(engine, "person:other", person_id, active=False)
            except LastAdmin:
                refused.append(person_id)

        threads = [threading.Thread(target=close, args=(one,)) for one in ids]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(refused) == 1


def test_an_account_of_the_provider_keeps_its_rights_and_has_no_password(
    console: httpx.Client, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        person_id = connection.scalar(
            sa.text(
                "INSERT INTO people (login, name, roles, oidc_issuer, oidc_subject) "
                "VALUES ('ida', 'Ida', '{keyer}', 'https://id.example', '7') RETURNING id"
            )
        )
    page = console.get(f"/personnes/{person_id}").text
    assert "identité" in page
    assert "provisoire" not in page
    told = _rights("role:operations", "skill:S3110")
    assert console.post(f"/personnes/{person_id}", data=told).status_code == 303
    assert console.post(f"/personnes/{person_id}/mot-de-passe", data={"x": ""}).status_code == 404
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT * FROM people WHERE login = 'ida'")).one()
    assert row.roles == ["keyer"]
    assert row.name == "Ida"
    assert row.skills == ["S3110"]
    assert row.password_hash is None


def test_people_are_found_by_name_and_listed_page_by_page(
    console: httpx.Client, engine: sa.Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO people (login, name, roles, team) SELECT 'p' || lpad(n::text, 4, '0'),"
                " 'Personne ' || n, '{keyer}', 'équipe ' || n % 7 FROM generate_series(1, 120) n"
            )
        )
    seen: list[str] = []
    path = "/personnes?role=keyer"
    while path:
        page = console.get(path).text
        seen += re.findall(r'<a href="/personnes/\d+">(p\d+)</a>', page)
        more = re.search(r'href="(/personnes\?[^"]+apres=[^"]+)"', page)
        path = more[1].replace("&amp;", "&") if more else ""
    assert seen == [f"p{n:04}" for n in range(1, 121)]
    assert "Personne 77" in console.get("/personnes?q=ONNE+77").text
    assert "Aucun compte" in console.get("/personnes?q=%25").text, "no wildcard"
    assert "Aucun compte" in console.get("/personnes?role=x&etat=actifs").text


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_accounts_are_for_administrators_alone(
    console: httpx.Client, engine: sa.Engine, role: Role
) -> None:
    add_person(engine, "other", role)
    with httpx.Client(base_url=console.base_url, timeout=20) as other:
        enter(other, "other", PASSWORD)
        for path in ("/personnes", "/personnes/nouveau", "/personnes/1"):
            assert other.get(path).status_code == 403
        for path in ("/personnes", "/personnes/1", "/personnes/1/fermer", "/personnes/1/sessions"):
            assert other.post(path, data=_rights("role:admin", login="x")).status_code == 403
        is_auditor = role is Role.AUDITOR
        assert other.get("/audit").status_code == (200 if is_auditor else 403)
        assert other.get("/audit.csv").status_code == (200 if is_auditor else 403)


def test_an_administrator_sees_no_mail_and_no_trail_of_it(console: httpx.Client) -> None:
    for path in ("/audit", "/audit.csv", "/exploitation", "/api/board", "/api/documents"):
        assert console.get(path).status_code == 403, path


@pytest.fixture
def auditor(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    add_person(engine, "claire", Role.AUDITOR)
    with serving(settings(tmp_path), engine) as client:
        enter(client, "claire", PASSWORD)
        yield client


def _fill(engine: sa.Engine, count: int) -> None:
    """Lines of three years, as documents make them."""
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO audit (at, actor, action, subject) SELECT now() - interval '3 years'"
                " * (1 - n::float / :count), CASE WHEN n % 1000 = 0 THEN 'person:paul' ELSE"
                " 'station:gien/s' || n % 9 END, CASE WHEN n % 20000 = 0 THEN 'delivery_discarded'"
                " ELSE 'document_stored' END, md5(n::text) FROM generate_series(1, :count) n"
            ),
            {"count": count},
        )
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(sa.text("ANALYZE audit"))


def test_every_line_is_read_once_whatever_is_added_meanwhile(engine: sa.Engine) -> None:
    _fill(engine, 1_000)
    with engine.begin() as connection:  # of one moment, as those of one transaction are
        for number in range(30):
            connection.execute(
                sa.text("INSERT INTO audit (actor, action, subject) VALUES ('a', 'b', :n)"),
                {"n": str(number)},
            )
    seen: list[int] = []
    place: AuditCursor | None = None
    while found := list_lines(engine, AuditFilter(), place, 7):
        seen += [row["id"] for row in found]
        place = AuditCursor(found[-1]["at"], found[-1]["id"])
        with engine.begin() as connection:
            connection.execute(
                sa.text("INSERT INTO audit (actor, action, subject) VALUES ('z', 'z', 'z')")
            )
    assert len(seen) == len(set(seen)) == 1_030


def test_the_trail_is_filtered_and_read_fast_however_long_it_is(
    auditor: httpx.Client, engine: sa.Engine
) -> None:
    _fill(engine, _LOTS_OF_LINES)
    slow = {}
    for query in (
        "", "auteur=paul", "auteur=personne", "action=delivery_discarded",
        "auteur=paul&action=delivery_discarded", "objet=c4ca4238a0b923820dcc509a6f75849b",
        "objet=none", "du=2020-01-01&au=2024-01-15", "au=2024-01-15&action=document_stored",
        "auteur=paul&avant=2025-01-01T00:00:00%2B00:00+5",
    ):  # fmt: skip
        auditor.get(f"/audit?{query}")
        began = time.perf_counter()
        answer = auditor.get(f"/audit?{query}")
        assert answer.status_code == 200
        if (seconds := time.perf_counter() - began) > 0.3:
            slow[query] = seconds
    assert slow == {}
    page = auditor.get("/audit?auteur=paul&action=delivery_discarded").text
    assert page.count("livraison abandonnée</span>") == _LOTS_OF_LINES // 20_000


def test_older_pages_are_had_by_their_link(auditor: httpx.Client, engine: sa.Engine) -> None:
    _fill(engine, 250)
    page = auditor.get("/audit?action=document_stored").text
    links = 0
    while found := re.search(r'href="(/audit\?[^"]*avant=[^"]+)"', page):
        page = auditor.get(found[1].replace("&amp;", "&")).text
        links += 1
    assert links == 2
    assert "Les plus récentes" in page


def test_an_export_holds_the_lines_and_stands_in_the_trail(
    auditor: httpx.Client, engine: sa.Engine
) -> None:
    _fill(engine, 12_000)
    answer = auditor.get("/audit.csv?action=document_stored")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert len(rows) == 12_001
    assert rows[0][:3] == ["moment", "auteur", "action"]
    assert rows[1][2] == "document reçu"
    (line,) = _rows(engine, "audit_exported")
    assert line["actor"] == "person:claire"
    assert line["detail"] == {"of_action": "document_stored"}


def test_the_command_line_lets_somebody_in_again(
    database_url: str, engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(engine, "chef", Role.ADMIN)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO sign_in_tries VALUES"
                " ('chef', '127.0.0.1', 9, now(), now() + interval '1 day')"
            )
        )
        connection.execute(sa.text("UPDATE people SET totp_secret = 'A'"))
    config = settings(tmp_path)
    with serving(config, engine) as client:
        told = Database(url=database_url)
        at_centre = config.model_copy(update={"database": told})
        monkeypatch.setattr(cli, "load", lambda _: at_centre)

        def reset(login: str, password: str) -> int:
            monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
            return cli.main(["person-reset", "--config", "unread.toml", login])

        assert reset("Chef", "provisoire et long") == 0
        enter(client, "chef", "provisoire et long")
        assert "provisoire" in client.get("/compte").text
        assert reset("nobody", "provisoire et long") == NotFound.exit_code
        assert reset("chef", "court") == InputInvalid.exit_code
    assert len(_rows(engine, "password_reset")) == 1


def test_sessions_that_have_ended_are_swept_by_dispatch(engine: sa.Engine, tmp_path: Path) -> None:
    person_id = add_person(engine, "paul", Role.KEYER)
    for token, longest in (("ended", -1.0), ("open", 3_600.0)):
        session_store.open_session(engine, person_id, token, "csrf", "local", longest)

    def sessions() -> object:
        with engine.connect() as connection:
            return connection.scalar(sa.text("SELECT count(*) FROM sessions"))

    stop = threading.Event()
    events = Telemetry("test")
    run = threading.Thread(
        target=housekeeping.run_chores, args=(settings(tmp_path), engine, events, stop)
    )
    run.start()
    try:
        wait_until(lambda: sessions() == 1)
    finally:
        stop.set()
        run.join()
    assert session_store.find_session(engine, "open", 3_600.0) is not None
