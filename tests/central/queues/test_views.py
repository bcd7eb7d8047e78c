"""What the queues answer over HTTP, to those who ask rightly and to those who do not."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from central.config import CentralConfig, Console
from central.db.engine import transaction
from tests.support.console import PASSWORD, add_person, enter, serving, settings, sign_in
from tests.support.mail import Line, Post

_NIR = "255081416802538"
_NOBODY = "01a215ea-97b4-7fbf-93ed-c57a1e7e1a99"


@pytest.fixture
def config(tmp_path: Path) -> CentralConfig:
    return settings(tmp_path)


@pytest.fixture
def keyer(config: CentralConfig, engine: sa.Engine) -> Iterator[httpx.Client]:
    with serving(config, engine) as client:
        sign_in(client, engine, "keyer", Role.KEYER)
        yield client


def _take(client: httpx.Client, queue: str = "name", **more: Any) -> dict[str, Any]:
    answer = client.post("/api/work/take", json={"queue": queue, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["work"]
    return found


def _situation(post: Post) -> uuid.UUID:
    read = Line("nir", "NIR", _NIR, read="255081416802533")
    return post.deliver("Changement", read, kind="key", code="S1104").id


def test_a_document_comes_with_its_pages_and_guesses(keyer: httpx.Client, post: Post) -> None:
    made = post.deliver("Avis d'arrêt de travail", kind="name", pages=2, runner_up="S3116")
    work = _take(keyer)
    assert work["id"] == str(made.id)
    assert work["guesses"][0]["code"] == "S3116"
    assert [page["number"] for page in work["pages"]] == [0, 1]
    for page in work["pages"]:
        image = keyer.get(page["image"], params={"width": 900, "v": page["version"]})
        assert image.headers["content-type"] == "image/jpeg"
        assert "private" in image.headers["cache-control"]


def test_a_field_comes_with_its_zone_and_what_was_read(keyer: httpx.Client, post: Post) -> None:
    _situation(post)
    (task,) = _take(keyer, "key")["tasks"]
    assert (task["label"], task["value"]) == ("NIR", "255081416802533")
    assert keyer.get(task["zone"]).status_code == 200


def test_what_is_wrong_is_refused_with_the_field_and_nothing_changes(
    keyer: httpx.Client, post: Post
) -> None:
    wanted = _situation(post)
    (task,) = _take(keyer, "key")["tasks"]
    sent = {"fields": [{"position": task["position"], "value": "255081416802539"}]}
    answer = keyer.post(f"/api/documents/{wanted}/key", json=sent)
    assert answer.status_code == 400
    assert "la clé du NIR ne correspond pas" in answer.json()["detail"]
    assert _take(keyer, "key")["id"] == str(wanted)


def test_a_number_that_is_wrong_on_paper_is_told_and_not_delivered(
    keyer: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    wanted = _situation(post)
    (task,) = _take(keyer, "key")["tasks"]
    told = {"position": task["position"], "value": "255081416802539", "reason": "wrong_on_paper"}
    answer = keyer.post(f"/api/documents/{wanted}/key", json={"fields": [told]})
    assert answer.json() == {"state": "ready"}
    with transaction(engine) as connection:
        field = connection.execute(sa.text("SELECT value, reason FROM fields")).one()
        kept = connection.scalar(sa.text("SELECT value FROM keyings"))
    assert tuple(field) == (None, "wrong_on_paper")
    assert kept == "255081416802539"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/work/take", {"queue": "nothing"}, 400),
        ("/api/work/take", {"queue": "name", "besides": "x"}, 400),
        ("/api/work/take", {"queue": "name", "besides": ["x"]}, 400),
        ("/api/work/take", {"queue": "name", "id": _NOBODY}, 409),
        ("/api/work/keep", {"ids": [_NOBODY] * 50}, 400),
        ("/api/documents/not-an-id/name", {"type": "pnd"}, 404),
        (f"/api/documents/{_NOBODY}/name", {"type": "pnd"}, 404),
        (f"/api/documents/{_NOBODY}/name", {"type": "nonsense"}, 400),
        (f"/api/documents/{_NOBODY}/name", {"type": 7}, 400),
        (f"/api/documents/{_NOBODY}/name", {}, 400),
        (f"/api/documents/{_NOBODY}/act", {"act": "burn"}, 400),
        (f"/api/documents/{_NOBODY}/act", {"act": "turn", "page": -1}, 400),
        (f"/api/documents/{_NOBODY}/act", {"act": "turn", "page": 0}, 409),
        (f"/api/documents/{_NOBODY}/draft", {"queue": "key", "content": "x"}, 400),
        (f"/api/documents/{_NOBODY}/draft", {"queue": "key", "content": {"a": "\0"}}, 400),
        (f"/api/documents/{_NOBODY}/draft", {"queue": "key", "content": {}}, 409),
        (f"/api/documents/{_NOBODY}/key", {"fields": []}, 404),
    ],
)
def test_wrong_input_gets_its_status_and_a_french_reason(
    keyer: httpx.Client, path: str, body: dict[str, Any], status: int
) -> None:
    answer = keyer.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["reason"].endswith(".")
    assert "Traceback" not in answer.text


def test_huge_and_malformed_uploads_are_refused(keyer: httpx.Client) -> None:
    path = "/api/work/take"
    headers = {"content-type": "application/json"}
    assert keyer.post(path, content=b"x" * 70_000, headers=headers).status_code == 413
    for content in (b"{", b"[1]", b"\xff\xfe", b'{"queue":' + b"[" * 5_000):
        answer = keyer.post(path, content=content, headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (400, "json")
    assert (
        keyer.post(path, content=b"<a/>", headers={"content-type": "text/xml"}).status_code == 415
    )
    assert keyer.post(path, content=iter([b"{}"]), headers=headers).status_code == 411


@pytest.mark.parametrize(
    ("number", "query", "status"),
    [
        ("0", "width=900", 200),
        ("0", "width=901", 400),
        ("0", "width=99999999999", 400),
        ("9", "width=900", 404),
        ("x", "width=900", 404),
        ("²", "width=900", 404),
        ("0/zone", "left=1&top=1&width=9", 400),
        ("0/zone", "left=nan&top=1&width=9&height=9", 400),
        ("0/zone", "left=1e9&top=1&width=9&height=9", 400),
        ("0/zone", "left=500&top=1&width=9&height=9", 200),
    ],
)
def test_images_are_given_for_pages_and_boxes_that_are_there(
    keyer: httpx.Client, post: Post, number: str, query: str, status: int
) -> None:
    made = post.deliver("A", kind="name")
    _take(keyer)
    path = number if "/" in number else f"{number}/image"
    answer = keyer.get(f"/api/documents/{made.id}/pages/{path}?{query}")
    assert answer.status_code == status, answer.text


def test_an_image_that_the_store_lost_is_told(
    keyer: httpx.Client, post: Post, tmp_path: Path
) -> None:
    made = post.deliver("A", kind="name")
    _take(keyer)
    for file in (tmp_path / "images").rglob("*"):
        if file.is_file():
            file.unlink()
    answer = keyer.get(f"/api/documents/{made.id}/pages/0/image?width=900")
    assert answer.status_code == 404


def test_somebody_elses_document_and_an_expired_lease_are_told(
    config: CentralConfig, engine: sa.Engine, post: Post
) -> None:
    post.deliver("A", kind="name")
    with serving(config, engine) as first:
        sign_in(first, engine, "first", Role.KEYER)
        work = _take(first)
        first.cookies.clear()
        sign_in(first, engine, "second", Role.KEYER)
        path = f"/api/documents/{work['id']}/name"
        assert first.post(path, json={"type": "pnd"}).status_code == 409
        assert (
            first.post("/api/work/take", json={"queue": "name", "id": work["id"]}).status_code
            == 409
        )
        with transaction(engine) as connection:
            connection.execute(sa.text("UPDATE leases SET lease_until = now() - interval '1 s'"))
        assert _take(first)["id"] == work["id"]
        first.cookies.clear()
        enter(first, "first", PASSWORD)
        answer = first.post(path, json={"type": "pnd"})
        assert answer.status_code == 409
        assert "n'est plus à vous" in answer.json()["reason"]


def test_an_expired_lease_does_not_stop_whoever_comes_back_in_time(
    engine: sa.Engine, post: Post, tmp_path: Path
) -> None:
    post.deliver("A", kind="name")
    short = settings(tmp_path).model_copy(
        update={"console": Console(listen="127.0.0.1:0", lease_s=5)}
    )
    with serving(short, engine) as client:
        sign_in(client, engine, "keyer", Role.KEYER)
        work = _take(client)
        assert client.post(f"/api/documents/{work['id']}/name", json={"type": "pnd"}).json() == {
            "state": "ready"
        }


@pytest.mark.parametrize("role", [Role.SCANNER, Role.AUDITOR, Role.ADMIN])
def test_only_keyers_get_work_and_images(
    config: CentralConfig, engine: sa.Engine, post: Post, role: Role
) -> None:
    made = post.deliver("A", kind="name")
    with serving(config, engine) as client:
        sign_in(client, engine, "somebody", role)
        assert client.post("/api/work/take", json={"queue": "name"}).status_code == 403
        assert client.get(f"/api/documents/{made.id}/pages/0/image?width=900").status_code == 403
        assert client.get("/nommer").status_code == 403


def test_every_look_at_a_document_is_audited_once_in_a_while(
    config: CentralConfig, engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", kind="name", pages=3)
    with serving(config, engine) as client:
        sign_in(client, engine, "looker", Role.OPERATIONS)
        for number in (0, 1, 2, 0):
            client.get(f"/api/documents/{made.id}/pages/{number}/image?width=900")
    with transaction(engine) as connection:
        looks = connection.execute(
            sa.text("SELECT actor, subject FROM audit WHERE action = 'document_viewed'")
        ).all()
    assert [tuple(look) for look in looks] == [("person:looker", str(made.id))]


def test_a_person_of_another_site_sees_no_image(
    config: CentralConfig, engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", kind="name")
    with serving(config, engine) as client:
        add_person(engine, "elsewhere", Role.KEYER, sites=("orleans",))
        enter(client, "elsewhere", PASSWORD)
        assert client.get(f"/api/documents/{made.id}/pages/0/image?width=900").status_code == 403
        assert _take(client) is None
