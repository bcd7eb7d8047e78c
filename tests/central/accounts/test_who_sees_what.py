"""Nobody sees or moves mail that is none of their business, and blind keying is blind."""

import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from central.db.engine import transaction
from central.documents import lease_store
from central.documents import store as documents_store
from central.documents.rules import KeyedValue
from central.errors import InputInvalid, LastAdmin, NotFound
from central.groups import store as groups_store
from central.keying import store as keying_store
from central.keying.store import SubmittedField
from central.monitoring import metrics
from central.monitoring import metrics_store as store_gauges
from central.monitoring.store import rescans_asked
from central.naming import page_store
from central.naming import store as naming_store
from central.people import store as people_store
from central.rendering import runner
from central.rendering.decode import View
from central.rescans import store as rescans_store
from central.telemetry import Telemetry
from tests.support import controlled
from tests.support.browser import chromium, seen, visitor
from tests.support.console import PASSWORD, add_person, enter, serving, settings
from tests.support.keyers import PLAN, keyer, state_of
from tests.support.mail import Line, Post

_IBAN = "FR1420041010050500013M02606"
_HERE, _ELSEWHERE = ("Prestations", "FLUX_ENTRANTS"), ("Comptabilité", "COMPTABILITE")


@pytest.fixture
def console(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(settings(tmp_path), engine) as client:
        yield client


def _as(console: httpx.Client, login: str) -> httpx.Client:
    console.cookies.clear()
    enter(console, login, PASSWORD)
    return console


def _rib(post: Post, **changes: Any) -> uuid.UUID:
    line = Line("iban", "IBAN", _IBAN, read=_IBAN, accepted=True)
    return post.deliver("RIB", line, kind="key", code="rib", way=_ELSEWHERE, **changes).id


def _key(engine: sa.Engine, person: Any, wanted: uuid.UUID, value: str) -> None:
    document = documents_store.load_document(engine, person, wanted, "key").document
    sent = {
        task.field.position: SubmittedField(KeyedValue(value), "ok")
        for task in keying_store.pending_tasks(engine, document, PLAN.of("rib"))
    }
    keying_store.submit_keying(engine, person, wanted, PLAN.of, sent)


def _looks(engine: sa.Engine) -> int:
    with transaction(engine) as connection:
        query = sa.text("SELECT count(*) FROM audit WHERE action = 'document_viewed'")
        return int(connection.scalar(query) or 0)


# --- blind keying ---


def test_who_names_a_document_gets_no_second_look_at_their_own_keying(
    engine: sa.Engine, post: Post
) -> None:
    wanted, first, second = _rib(post), keyer(engine, "p1"), keyer(engine, "p2")
    other = "FR7630006000011234567890189"
    assert lease_store.take_document(engine, first, wanted, "key", 60)
    _key(engine, first, wanted, _IBAN)
    assert not lease_store.take_document(engine, first, wanted, "key", 60), (
        "both looks are one person's"
    )
    assert lease_store.take_document(engine, second, wanted, "key", 60)
    _key(engine, second, wanted, other)
    assert not lease_store.take_document(engine, keyer(engine, "p3"), wanted, "key", 60), (
        "no supervisor"
    )
    assert lease_store.take_document(engine, keyer(engine, "s", Role.SUPERVISOR), wanted, "key", 60)


def test_the_readings_machine_is_nowhere_in_what_a_blind_keyer_gets(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    _rib(post)
    add_person(engine, "keyer", Role.KEYER)
    answer = _as(console, "keyer").post("/api/work/take", json={"queue": "key"})
    assert [task["is_blind"] for task in answer.json()["work"]["tasks"]][:1] == [True]
    assert _IBAN not in answer.text


def test_who_may_key_does_not_read_on_a_page_what_is_to_key_blind(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    wanted = _rib(post)
    add_person(engine, "chef", Role.SUPERVISOR)
    add_person(engine, "ops", Role.OPERATIONS)
    assert _IBAN in _as(console, "ops").get(f"/documents/{wanted}").text
    page = _as(console, "chef").get(f"/documents/{wanted}")
    assert page.status_code == 200
    assert _IBAN not in page.text
    assert "saisi à l'aveugle" in page.text


def test_who_may_control_does_not_read_on_a_page_what_is_to_control(
    console: httpx.Client, engine: sa.Engine
) -> None:
    made = controlled.put(engine, controlled.controlled())
    add_person(engine, "chef", Role.SUPERVISOR)
    page = _as(console, "chef").get(f"/documents/{made.id}").text
    assert controlled.NIR not in page
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE controls SET state = 'done', done_at = now()"))
    assert controlled.NIR in console.get(f"/documents/{made.id}").text


# --- limits by site and pôle ---


@pytest.mark.parametrize("into_previous", [True, False])
def test_a_document_of_another_pole_is_not_joined(
    engine: sa.Engine, post: Post, into_previous: bool
) -> None:
    ways = (_ELSEWHERE, _HERE) if into_previous else (_HERE, _ELSEWHERE)
    one, other = (post.deliver("A", kind="name", way=way).id for way in ways)
    mine, theirs = (other, one) if into_previous else (one, other)
    person = keyer(engine, "p", poles=frozenset({_HERE[0]}))
    assert lease_store.take_document(engine, person, mine, "name", 60)
    with pytest.raises(NotFound):
        page_store.join_documents(engine, person, mine, into_previous=into_previous)
    assert state_of(engine, theirs) == "to_name"


def test_twins_are_those_that_somebody_may_see(engine: sa.Engine, post: Post) -> None:
    mine = post.deliver("A", kind="name", way=_HERE).id
    theirs = post.deliver("A", kind="name", way=_ELSEWHERE, again=True).id
    person = keyer(engine, "p", poles=frozenset({_HERE[0]}))
    assert naming_store.same_image_documents(engine, mine, person) == []
    assert [
        t["id"] for t in naming_store.same_image_documents(engine, mine, keyer(engine, "q"))
    ] == [theirs]
    assert lease_store.take_document(engine, person, mine, "name", 60)
    with pytest.raises(InputInvalid):
        naming_store.discard_duplicate(engine, person, mine, theirs)


def test_requests_of_other_poles_are_not_shown(engine: sa.Engine, post: Post) -> None:
    made = post.deliver("A", kind="name", way=_ELSEWHERE)
    person = keyer(engine, "p", poles=frozenset({_HERE[0]}))
    rescans_store.request_rescan(engine, made.id, person.id, person.actor, "Illisible.")
    assert rescans_asked(engine, person.scope, 5) == []
    assert len(rescans_asked(engine, keyer(engine, "q").scope, 5)) == 1


def test_a_group_holds_what_was_taken_and_nothing_else(engine: sa.Engine, post: Post) -> None:
    wanted, person = _rib(post), keyer(engine, "p")
    assert groups_store.load_group(engine, person, [wanted]) == {}
    assert _looks(engine) == 0, "a look that never was is told in the trail"
    assert lease_store.take_document(engine, person, wanted, "key", 60)
    assert set(groups_store.load_group(engine, person, [wanted])) == {wanted}


def test_a_keyer_sees_the_pages_of_what_they_hold(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    mine, other = (post.deliver(title, kind="name").id for title in "AB")
    add_person(engine, "keyer", Role.KEYER)
    add_person(engine, "chef", Role.SUPERVISOR)
    _as(console, "keyer")
    got = console.post("/api/work/take", json={"queue": "name"}).json()["work"]
    assert got["id"] == str(mine)
    image = "/api/documents/{}/pages/0/image?width=240"
    assert console.get(image.format(mine)).status_code == 200
    assert console.get(image.format(other)).status_code == 403
    check = {"name": "nir", "value": "1"}
    assert console.post(f"/api/documents/{other}/check", json=check).status_code == 409
    assert _as(console, "chef").get(image.format(other)).status_code == 200


def test_new_limits_hold_for_a_page_that_was_seen_before(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", kind="name")
    add_person(engine, "chef", Role.SUPERVISOR)
    add_person(engine, "admin", Role.ADMIN)
    image = f"/api/documents/{made.id}/pages/0/image?width=240"
    chef = dict(_as(console, "chef").cookies)
    work_of = console.post("/api/work/take", json={"queue": "name"}).json()["work"]
    image += f"&v={work_of['pages'][0]['version']}"
    assert console.get(image).status_code == 200
    with transaction(engine) as connection:
        connection.execute(sa.text("UPDATE people SET sites = '{ailleurs}' WHERE login = 'chef'"))
        number = connection.scalar(sa.text("SELECT id FROM people WHERE login = 'admin'"))
    _as(console, "admin")
    console.post(
        f"/personnes/{number}/debloquer", data={"rien": "1"}
    )  # sessions are asked for anew
    console.cookies.clear()
    console.cookies.update(chef)
    assert console.get(image).status_code == 403


def test_images_of_mail_stay_in_no_cache(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    made = post.deliver("A", kind="name")
    add_person(engine, "chef", Role.SUPERVISOR)
    image = _as(console, "chef").get(f"/api/documents/{made.id}/pages/0/image?width=240")
    assert "no-store" in image.headers["cache-control"]


def test_the_whole_trail_is_for_auditors_without_limits(
    console: httpx.Client, engine: sa.Engine
) -> None:
    add_person(engine, "ici", Role.AUDITOR, sites=("gien",))
    add_person(engine, "partout", Role.AUDITOR)
    for path in ("/audit", "/audit.csv"):
        assert _as(console, "ici").get(path).status_code == 403
        assert _as(console, "partout").get(path).status_code == 200


def test_what_somebody_typed_is_not_found_by_who_uses_the_tab_next(
    console: httpx.Client, engine: sa.Engine, post: Post
) -> None:
    wanted = post.deliver("A", Line("nir", "NIR", "1"), kind="key", code="S1104").id
    with chromium() as browser:
        page = visitor(browser, str(console.base_url))
        for login in ("une", "autre"):
            add_person(engine, login, Role.KEYER)
            page.goto("/connexion")
            page.fill("#login", login)
            page.fill("#password", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/nommer")
            page.goto(f"/videocoder?id={wanted}")
            field = page.locator("#main :is(input, textarea):visible").first
            field.wait_for()
            seen(page)
            assert field.input_value() == "", login
            # The link is lost before the centre has it, and the session ends.
            page.route("**/draft", lambda route: route.abort())
            field.press_sequentially("255")
            page.wait_for_function("sessionStorage.length === 1")
            with transaction(engine) as connection:
                connection.execute(sa.text("DELETE FROM leases"))
            page.context.clear_cookies()
        assert page.evaluate("sessionStorage.length") == 1
        page.unroute("**/draft")
        page.goto("/connexion")
        page.fill("#login", "autre")
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/nommer")
        page.get_by_role("button", name="Se déconnecter").click()
        page.wait_for_url("**/connexion")
        assert page.evaluate("sessionStorage.length") == 0


# --- what many requests may cost ---


class _Crowd:
    """Counts how many are inside at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0

    def pass_through(self) -> None:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
        time.sleep(0.1)
        with self._lock:
            self._inside -= 1


def test_a_return_whose_length_is_a_lie_is_not_read(console: httpx.Client) -> None:
    host, port = console.base_url.host, console.base_url.port
    head = "POST /v1/returns HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    body = b"%x\r\n%b\r\n0\r\n\r\n" % (100_000, b"x" * 100_000)
    with socket.create_connection((host, port or 80), timeout=10) as link:
        link.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
        assert b" 413 " in link.recv(4_096).split(b"\r\n")[0]


def test_few_pages_are_decoded_at_a_time_and_no_file_is_read_whole(
    console: httpx.Client, engine: sa.Engine, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [post.deliver(f"A {n}", kind="name").id for n in range(10)]
    add_person(engine, "chef", Role.SUPERVISOR)
    _as(console, "chef")
    crowd = _Crowd()

    def slow(process: object, view: View, fd: int) -> tuple[str, tuple[int, int], bytes]:
        assert os.lseek(fd, 0, os.SEEK_END) > 0, view
        crowd.pass_through()
        return "L", (10, 10), bytes(100)

    monkeypatch.setattr(runner._Process, "ask", slow)
    addresses = [f"/api/documents/{one}/pages/0/image?width=240" for one in made]
    with ThreadPoolExecutor(10) as several:
        answers = list(several.map(console.get, addresses))
    assert {answer.status_code for answer in answers} == {200}
    assert 1 < crowd.most <= 2


def test_metrics_are_counted_by_one_request_at_a_time(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd, look = _Crowd(), store_gauges.read_snapshot

    def slow(*told: Any) -> Any:
        crowd.pass_through()
        return look(*told)

    monkeypatch.setattr(store_gauges, "read_snapshot", slow)
    events = Telemetry("test")
    metrics.register(events.registry, engine)
    port = events.serve_metrics("127.0.0.1:0", lambda: (True, ""))
    address = f"http://127.0.0.1:{port}/metrics"
    with ThreadPoolExecutor(6) as several:
        answers = list(several.map(lambda _: httpx.get(address, timeout=60), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert crowd.most == 1


def test_an_administrator_with_limits_is_none_that_could_be_the_last(engine: sa.Engine) -> None:
    one = add_person(engine, "chef", Role.ADMIN)
    add_person(engine, "ici", Role.ADMIN, sites=("gien",))
    with pytest.raises(LastAdmin):
        people_store.open_or_close(engine, "person:test", one, active=False)
    with pytest.raises(LastAdmin):
        people_store.update_account(engine, "person:test", one, sites=["gien"])
    add_person(engine, "autre", Role.ADMIN)
    people_store.open_or_close(engine, "person:test", one, active=False)
