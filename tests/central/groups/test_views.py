"""Group mode on a real database: one field of many documents, and look-alike characters."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from central.accounts.rules import Role
from central.db.engine import transaction
from central.db.tables import fields, keyings, leases
from tests.support.console import PASSWORD, add_person, enter, serving, settings, sign_in
from tests.support.controlled import POLE, deliver, entry_of
from tests.support.keyers import state_of
from tests.support.mail import Line, Post
from vaguemestre.model.lot import DocumentRecord

_NIR = "255081416802538"


@pytest.fixture
def page(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(settings(tmp_path, POLE), engine) as client:
        sign_in(client, engine, "karim", Role.KEYER)
        yield client


def _doubtful(
    post: Post, read: str, *more: Line, code: str = "S3110", reasons: tuple[str, ...] = ()
) -> DocumentRecord:
    """A care sheet whose total is in doubt; whatever else it must have was read for sure."""
    lines = (Line("total", "Total", read, read=read), *more)
    told = {line.name for line in lines}
    sure = tuple(
        Line(spec.name, spec.name, "lu", read="lu", accepted=True)
        for spec in entry_of(code, "45").keyed_fields
        if spec.required and spec.name not in told
    )
    return post.deliver(
        "Feuille de soins",
        *lines,
        *sure,
        code=code,
        kind="key",
        layout="verified",
        way=("Frais de santé", POLE),
        reasons=reasons or tuple(f"field:{line.name}" for line in lines),
    )


def _take(page: httpx.Client, **wanted: str) -> list[dict[str, Any]]:
    answer = page.post("/api/group/take", json=wanted)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def _send(page: httpx.Client, *answers: dict[str, Any]) -> list[str]:
    answer = page.post("/api/group/send", json={"answers": answers})
    assert answer.status_code == 200, answer.text
    return [one["state"] for one in answer.json()["results"]]


def _said(item: dict[str, Any], value: str | None, reason: str | None = None) -> dict[str, Any]:
    field = {"position": item["task"]["position"], "value": value, "reason": reason, "seconds": 1}
    return {"id": item["id"], "fields": [field]}


def test_a_field_of_many_documents_comes_with_its_zones_and_readings(
    page: httpx.Client, post: Post
) -> None:
    made = [_doubtful(post, f"{n}6.50") for n in range(3)]
    choices = page.get("/grouper").text
    assert "/grouper?type=S3110&amp;champ=total" in choices
    items = _take(page, type="S3110", field="total")
    assert [one["id"] for one in items] == [str(one.id) for one in made]
    assert [one["task"]["value"] for one in items] == ["06.50", "16.50", "26.50"]
    assert page.get(items[0]["task"]["zone"]).headers["content-type"] == "image/jpeg"


def test_a_document_with_nothing_left_to_key_goes_on_to_its_pole(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    made = [_doubtful(post, "26.50"), _doubtful(post, "31.00")]
    first, second = _take(page, type="S3110", field="total")
    assert _send(page, _said(first, "26,50"), _said(second, None, "illegible")) == ["done", "done"]
    assert {state_of(engine, one.id) for one in made} == {"ready"}
    values = deliver(engine)
    assert values[made[0].id]["total"] == "26.50"
    assert values[made[1].id]["total"] is None
    with transaction(engine) as connection:
        kept = connection.execute(sa.select(keyings).order_by(keyings.c.id)).all()
    assert [(k.value, k.reason, k.machine_value) for k in kept] == [
        ("26.50", None, "26.50"),
        (None, "illegible", "31.00"),
    ]


def test_only_that_field_of_a_document_is_settled(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    code = Line("act_code", "Acte", "G", read="C")
    made = [_doubtful(post, "26.50", code), _doubtful(post, "27.50", code)]
    item = _take(page, type="S3110", field="total")[0]
    assert _send(page, _said(item, "26.50")) == ["left"]
    assert state_of(engine, made[0].id) == "to_key"
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(fields.c.name, fields.c.source, fields.c.accepted).where(
                fields.c.document_id == made[0].id
            )
        )
        found = {row.name: (row.source, row.accepted) for row in rows}
        held = connection.scalars(sa.select(leases.c.document_id)).all()
    assert found["total"] == ("person", True)
    assert found["act_code"] == ("machine", False)
    assert made[0].id not in held
    again = page.post("/api/work/take", json={"queue": "key", "id": str(made[0].id)}).json()
    assert [task["name"] for task in again["work"]["tasks"]] == ["act_code"]


def test_fields_that_are_keyed_twice_are_never_offered(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    iban = Line("iban", "IBAN", "FR76", read="FR7630006000011234567890189")
    for _ in range(3):
        _doubtful(post, "26.50", iban, code="rib", reasons=("field:iban",))
    assert "champ=iban" not in page.get("/grouper").text
    assert _take(page, type="rib", field="iban") == []


def test_two_people_never_get_the_same_document(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    for n in range(30):
        _doubtful(post, f"{n}.00")
    first = {one["id"] for one in _take(page, type="S3110", field="total")}
    add_person(engine, "lea", Role.KEYER)
    page.cookies.clear()
    enter(page, "lea", PASSWORD)
    second = _take(page, type="S3110", field="total")
    assert (len(first), len(second)) == (24, 6)
    assert first.isdisjoint(one["id"] for one in second)
    stolen = {"id": next(iter(first)), "task": second[0]["task"]}
    assert _send(page, _said(stolen, "1.00"), _said(second[0], "1.00")) == ["lost", "done"]


def test_a_wrong_value_is_refused_and_holds_up_no_other(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    _doubtful(post, "26.50"), _doubtful(post, "27.50")
    first, second = _take(page, type="S3110", field="total")
    answer = page.post(
        "/api/group/send",
        json={"answers": [_said(first, "vingt"), _said(second, "27.50")]},
    ).json()
    refused, done = answer["results"]
    assert (refused["state"], done["state"]) == ("refused", "done")
    assert "montant" in refused["detail"]


def test_readings_with_look_alike_characters_come_side_by_side(
    page: httpx.Client, post: Post
) -> None:
    for read in ("71.00", "26.50", "17.00", "11.00", "39.00"):
        _doubtful(post, read)
    assert "1 ou 7" in page.get("/grouper").text
    items = _take(page, pair="17")
    assert [one["task"]["value"] for one in items] == ["11.00", "17.00", "71.00"]


def test_what_is_marked_wrong_is_keyed_by_itself_and_comes_in_no_group_again(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    right, wrong = _doubtful(post, "11.00"), _doubtful(post, "17.00")
    first, second = _take(page, pair="17")
    assert _send(page, _said(first, "11.00"), {"id": second["id"], "wrong": True}) == [
        "done",
        "left",
    ]
    assert (state_of(engine, right.id), state_of(engine, wrong.id)) == ("ready", "to_key")
    assert _take(page, pair="17") == []
    assert _take(page, type="S3110", field="total") == []
    alone = page.post("/api/work/take", json={"queue": "key"}).json()["work"]
    assert alone["id"] == str(wrong.id)
    assert "lecture jugée fausse dans un groupe" in alone["reasons"]


def test_limits_of_the_person_hold_in_groups_too(
    page: httpx.Client, post: Post, engine: sa.Engine
) -> None:
    _doubtful(post, "26.50"), _doubtful(post, "27.50")
    add_person(engine, "ines", Role.KEYER, sites=["orleans"])
    page.cookies.clear()
    enter(page, "ines", PASSWORD)
    assert "champ=total" not in page.get("/grouper").text
    assert _take(page, type="S3110", field="total") == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("take", {"pair": "xy"}),
        ("take", {"type": 3}),
        ("send", {}),
        ("send", {"answers": []}),
        ("send", {"answers": [3]}),
        ("send", {"answers": [{"id": "x"}]}),
        ("send", {"answers": [{"id": str(uuid.uuid4())}] * 25}),
    ],
)
def test_what_means_nothing_is_turned_away(
    page: httpx.Client, path: str, content: dict[str, Any]
) -> None:
    answer = page.post(f"/api/group/{path}", json=content)
    assert answer.status_code == 400
    assert answer.json()["reason"] == "La saisie est incorrecte."


def test_a_pair_that_is_none_has_no_page(page: httpx.Client) -> None:
    assert page.get("/grouper?paire=xy").status_code == 400
    assert page.get("/grouper?paire=17").status_code == 200
