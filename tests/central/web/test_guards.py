"""What comes from elsewhere, is malformed or too large gets a status, a French page and no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from central.db.engine import open_engine
from central.sign_in import views as sign_in_views
from central.web.console import safe_local_path
from tests.support.console import PASSWORD, add_person, enter, serving, settings
from tests.support.database import TestServer

_HEADERS = (
    "content-security-policy",
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "cache-control",
)
_POSTS = (
    "/deconnexion",
    "/compte/mot-de-passe",
    "/compte/sessions",
    "/compte/codes",
    "/compte/codes/debut",
    "/compte/codes/fin",
    "/personnes",
    "/personnes/1",
    "/personnes/1/mot-de-passe",
    "/personnes/1/fermer",
    "/personnes/1/code",
    "/personnes/1/sessions",
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """One console for the whole file: hardly any of its tests changes anything."""

    engine: sa.Engine
    address: str
    cookie: str
    csrf: str


@pytest.fixture(scope="module")
def guarded(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with postgres.migrated() as url:
        engine = open_engine(url)
        add_person(engine, "chef", Role.ADMIN, Role.AUDITOR)
        with serving(settings(tmp_path_factory.mktemp("console")), engine) as client:
            enter(client, "chef", PASSWORD)
            cookie, csrf = client.cookies["vaguemestre"], client.headers["x-csrf"]
            yield Guarded(engine, str(client.base_url), cookie, csrf)
        engine.dispose()


@pytest.fixture
def engine(guarded: Guarded) -> sa.Engine:
    return guarded.engine


@pytest.fixture
def console(guarded: Guarded) -> Iterator[httpx.Client]:
    """An administrator's browser."""
    with httpx.Client(base_url=guarded.address, timeout=20) as client:
        client.cookies.set("vaguemestre", guarded.cookie, "127.0.0.1")
        client.headers["x-csrf"] = guarded.csrf
        yield client


def _state(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        tables = [connection.execute(sa.text(f"SELECT * FROM {name}")).all()  # noqa: S608
                  for name in ("people", "audit")]  # fmt: skip
        sessions = connection.scalar(sa.text("SELECT count(*) FROM sessions"))
    return f"{tables} {sessions}"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-csrf": ""},
        {"x-csrf": "guessed"},
        {"x-csrf": "é".encode()},
        {"origin": "https://autre.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
def test_a_post_of_another_site_changes_nothing(
    console: httpx.Client, engine: sa.Engine, headers: Any
) -> None:
    before = _state(engine)
    for path in _POSTS:
        answer = console.post(path, headers=headers, data={"ancien": PASSWORD})
        assert answer.status_code == 403, path
    assert _state(engine) == before


def test_signing_somebody_in_from_another_site_is_refused(console: httpx.Client) -> None:
    told = {"login": "chef", "password": PASSWORD}
    elsewhere = {"origin": "https://autre.example"}
    assert console.post("/connexion", data=told, headers=elsewhere).status_code == 403


@pytest.mark.parametrize("path", _POSTS)
def test_what_changes_something_is_not_had_by_a_link(
    console: httpx.Client, engine: sa.Engine, path: str
) -> None:
    before = _state(engine)
    assert console.get(path).status_code in (200, 405)
    assert console.head(path).status_code in (200, 405)
    assert _state(engine) == before


def test_every_answer_carries_the_policy(
    console: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [
        console.get("/compte"),
        console.get("/nowhere"),
        console.get("/static/console.css"),
        console.get("/static/nowhere.css"),
        console.put("/compte"),
        console.post("/compte/sessions", headers={"x-csrf": "no"}, data={"x": ""}),
        console.get("/livez"),
        console.get("/audit.csv"),
        console.post("/v1/returns", content=b"x"),
    ]
    assert [answer.status_code for answer in answers] == [
        200, 404, 200, 404, 405, 403, 200, 200, 401,
    ]  # fmt: skip
    for answer in answers:
        for name in _HEADERS:
            assert name in answer.headers, (answer.url, name)
        assert "unsafe" not in answer.headers["content-security-policy"]


def test_an_unforeseen_error_is_told_without_its_text_and_with_the_policy(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("DUPONT Pauline")

    monkeypatch.setattr(sign_in_views._SignInPages, "form", breaks)
    with serving(settings(tmp_path), engine) as client:
        answer = client.get("/connexion")
    assert answer.status_code == 500
    assert "inattendue" in answer.text
    assert "content-security-policy" in answer.headers
    told = answer.text + "".join(capfd.readouterr())
    assert "DUPONT" not in told
    assert "Traceback" not in told
    assert "crashed" in told


@pytest.mark.parametrize(
    "path",
    [
        "//autre.example", "/\\autre.example", "\\\\autre.example", "https://autre.example",
        "/\t/autre.example", "/\n/autre.example", "javascript:alert(1)", "autre", "",
        "/\u2028/autre.example", "/\\/autre.example", "///autre.example",
    ],
)  # fmt: skip
def test_a_page_of_ours_comes_after_signing_in(path: str) -> None:
    assert safe_local_path(path) == "/"


def test_the_way_on_is_followed_when_it_is_ours(console: httpx.Client) -> None:
    console.cookies.clear()
    told = {"login": "chef", "password": PASSWORD, "suite": "/audit?auteur=paul"}
    assert console.post("/connexion", data=told).headers["location"] == "/audit?auteur=paul"
    console.cookies.clear()
    told["suite"] = "//autre.example/"
    assert console.post("/connexion", data=told).headers["location"] == "/"


def test_bodies_that_are_too_long_or_without_a_length(console: httpx.Client) -> None:
    big = b"login=" + b"x" * 200_000
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert console.post("/connexion", content=big, headers=form).status_code == 413
    assert console.post("/connexion", content=iter([b"login=x"]), headers=form).status_code == 411
    for length in ("-1", "9" * 30, "x", "²"):
        try:
            answer = console.post(
                "/connexion", content=b"", headers={**form, "content-length": length}
            )
        except (httpx.HTTPError, UnicodeEncodeError):
            continue  # it does not even leave
        assert answer.status_code in (400, 411, 413)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'"x"', b"[" * 15_000, b'{"login": 7}', b'{"login": "\\ud800"}',
     b'{"login": "a", "password": "\\ud800"}', b'{"login": "a", "password": ["x"]}',
     b'{"login": "a\\u0000b"}', b'{"login": "' + b"x" * 300 + b'"}', b"\xff\xfe"],
)  # fmt: skip
def test_json_that_means_nothing(console: httpx.Client, content: bytes) -> None:
    told = {"content-type": "application/json"}
    answer = console.post("/connexion", content=content, headers=told)
    assert answer.status_code == 400, answer.text


def test_nul_and_odd_characters_in_fields(console: httpx.Client) -> None:
    for login in ("a\x00b", "a\x1b[2J", "\u202eanne", "a\ud7ff\ue000"):
        answer = console.post("/connexion", data={"login": login, "password": PASSWORD})
        assert answer.status_code in (400, 401), login
    odd = "🙈 é \x00 \u202e"
    assert console.post("/connexion", data={"login": "chef", "password": odd}).status_code == 401
    for path in ("/audit", "/personnes"):
        for query in (
            "q=%00&auteur=%00",
            "q=%ED%A0%80&objet=%FF",
            "q=%25&auteur=%25",
            "q=_'%22;--",
        ):
            assert console.get(f"{path}?{query}").status_code in (200, 400)


def test_files_of_other_kinds_are_turned_away(console: httpx.Client) -> None:
    answer = console.post("/connexion", files={"login": ("x", b"x")})
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static/..%5capp.py",
     "/static//etc/passwd", "/static/%2fetc%2fpasswd", "/static/console.css%00.js", "/static/",
     "/static/..%252fapp.py"],
)  # fmt: skip
def test_only_what_is_static_is_had_from_there(console: httpx.Client, path: str) -> None:
    answer = console.request(
        "GET", httpx.URL(str(console.base_url)).copy_with(raw_path=path.encode())
    )
    assert answer.status_code in (400, 404), path
    assert "def " not in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/personnes/0", "/personnes/999999", "/personnes/-1", "/personnes/" + "9" * 400,
     "/personnes/x", "/personnes/%C2%B2"],
)  # fmt: skip
def test_ids_of_nobody(console: httpx.Client, path: str) -> None:
    assert console.get(path).status_code == 404
    assert console.post(f"{path}/fermer", data={"x": ""}).status_code == 404


@pytest.mark.parametrize(
    "query",
    ["du=hier", "au=9999-12-31", "du=0000-00-00", "avant=x", "avant=2026-01-01 1",
     "avant=2026-01-01T00:00:00%2B00:00 99999999999999999999", "du=2026-W01-1x"],
)  # fmt: skip
def test_questions_to_the_trail_that_mean_nothing(console: httpx.Client, query: str) -> None:
    assert console.get(f"/audit?{query}").status_code == 400
