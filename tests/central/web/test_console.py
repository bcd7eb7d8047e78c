"""The monitoring page, its data, metrics and the returns door, on a real database."""

import datetime as dt
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest

from central.accounts.rules import Role
from central.config import secret
from central.db.engine import open_engine
from central.delivery import store as delivery_store
from central.errors import ConfigInvalid
from central.intake import store as intake_store
from central.returns.views import sign_return
from central.telemetry import Telemetry
from tests.support.central import document, report, reroute, store
from tests.support.console import SECRET, serving, settings, sign_in
from tests.support.stored import deliver_next
from vaguemestre.model.lot import SetAside

_POLE = "FRAIS_DE_SANTE"


@pytest.fixture
def page(engine: sa.Engine, tmp_path: Path) -> Iterator[httpx.Client]:
    with serving(settings(tmp_path, _POLE), engine) as client:
        sign_in(client, engine, "ops", Role.OPERATIONS)
        yield client


def _board(page: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = page.get("/api/board").json()
    return found


def test_the_page_and_its_parts_are_served_with_a_strict_policy(page: httpx.Client) -> None:
    for path in (
        "/exploitation",
        "/connexion",
        "/static/board.js",
        "/static/words.js",
        "/static/operations.css",
    ):
        answer = page.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    html = page.get("/exploitation").text
    assert "<style" not in html
    assert "onclick" not in html
    assert "http://" not in html
    assert "https://" not in html


def test_the_board_counts_a_lot_at_each_step_and_says_where_counts_differ(
    page: httpx.Client, engine: sa.Engine
) -> None:
    made = store(engine, document())
    aside = SetAside("2.tif", None, "file_truncated", "tronqué")
    counts = {"counted_pages": 3, "documents": 2, "document_pages": 2}
    intake_store.store_report(engine, report(made, 4, set_aside=(aside,), **counts))
    (lot,) = _board(page)["lots"]
    assert (lot["announced_pages"], lot["found_pages"], lot["stored_documents"]) == (4, 3, 1)
    assert lot["set_aside"] == 1
    assert len(lot["disagreements"]) == 2


def test_the_board_shows_queues_by_person_and_by_destination(
    page: httpx.Client, engine: sa.Engine
) -> None:
    store(engine, document())
    store(engine, document(kind="name"))
    store(engine, document(kind="key"))
    board = _board(page)
    assert {one["state"] for one in board["waiting"]} == {"to_name", "to_key"}
    assert [(one["destination"], one["waiting"]) for one in board["queue"]] == [(_POLE, 1)]
    assert board["totals"]["ready"] == 1


def test_metrics_tell_ages_and_queues_without_personal_data(
    engine: sa.Engine, tmp_path: Path
) -> None:
    store(engine, document())
    events = Telemetry("test")
    with serving(settings(tmp_path), engine, events) as page:
        assert page.get("/metrics").status_code == 404, "pages are for people"
        text = generate_latest(events.registry).decode()
    assert 'vaguemestre_central_documents_undelivered{state="ready"} 1.0' in text
    assert "vaguemestre_central_oldest_undelivered_seconds" in text
    assert "255081416802538" not in text


def test_a_database_that_is_away_is_told_in_french_and_by_status(tmp_path: Path) -> None:
    away = open_engine("postgresql://nobody@127.0.0.1:9/none")
    with serving(settings(tmp_path, _POLE), away) as client:
        client.cookies.set("vaguemestre", "somebody")
        for path in ("/healthz", "/api/board", "/exploitation"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "base de données" in answer.text
    away.dispose()


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "limit=%C2%B2", "lot=" + "x" * 2_000])
def test_wrong_questions_get_an_answer(page: httpx.Client, query: str) -> None:
    assert page.get(f"/api/documents?{query}").status_code == 400


def _post(page: httpx.Client, body: bytes, secret: bytes = SECRET, age_s: float = 0) -> Any:
    at = (dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age_s)).isoformat()
    headers = {
        "X-Vaguemestre-Destination": _POLE,
        "X-Vaguemestre-Time": at,
        "X-Vaguemestre-Signature": sign_return(secret, at, _POLE, body),
    }
    return page.post("/v1/returns", content=body, headers=headers)


def _note(document_id: uuid.UUID, cause: str = "wrong_pole") -> bytes:
    return json.dumps({"document_id": str(document_id), "cause": cause}).encode()


def test_a_delivered_document_is_given_back_once(page: httpx.Client, engine: sa.Engine) -> None:
    made = store(engine, document())
    assert _post(page, _note(made.id)).status_code == 409, "not yet recorded as delivered"
    claimed = delivery_store.claim_next(engine, "w", [_POLE], 60.0)
    assert claimed is not None
    delivery_store.record_delivered(engine, claimed.claim, "receipt")
    assert _post(page, _note(made.id)).json() == {"returned": True, "already": False}
    assert _post(page, _note(made.id)).json() == {"returned": True, "already": True}
    (returned,) = _board(page)["returns"]
    assert (returned["destination"], returned["cause"], returned["count"]) == (
        _POLE,
        "wrong_pole",
        1,
    )


def _rounds(document_id: uuid.UUID, number: int | None = None) -> bytes:
    told = {"document_id": str(document_id), "cause": "wrong_pole"}
    return json.dumps(told | ({"round": number} if number else {})).encode()


def test_a_return_sent_again_takes_no_later_round_back(
    page: httpx.Client, engine: sa.Engine
) -> None:
    """The same signed bytes, with the round, then without as the first contract has it."""
    made = store(engine, document())
    deliver_next(engine, [_POLE])
    at = dt.datetime.now(dt.UTC).isoformat()
    bodies = [_rounds(made.id, 1), _rounds(made.id)]
    asked = [
        (
            body,
            {
                "X-Vaguemestre-Destination": _POLE,
                "X-Vaguemestre-Time": at,
                "X-Vaguemestre-Signature": sign_return(SECRET, at, _POLE, body),
            },
        )
        for body in bodies
    ]
    first, again = asked
    assert page.post("/v1/returns", content=first[0], headers=first[1]).json()["already"] is False
    reroute(engine, "person:lea", made.id, _POLE)
    deliver_next(engine, [_POLE])
    assert page.post("/v1/returns", content=first[0], headers=first[1]).json()["already"] is True
    assert page.post("/v1/returns", content=again[0], headers=again[1]).status_code == 409
    assert _post(page, _rounds(made.id, 3)).status_code == 404
    assert _post(page, _rounds(made.id, 2)).json()["already"] is False


def test_a_comment_that_is_cut_is_told(page: httpx.Client, engine: sa.Engine) -> None:
    made = store(engine, document())
    deliver_next(engine, [_POLE])
    told = {"document_id": str(made.id), "cause": "other", "comment": "é" * 600}
    assert _post(page, json.dumps(told).encode()).json()["comment_cut"] is True


def test_both_secrets_are_believed_while_they_change_over(
    engine: sa.Engine, tmp_path: Path
) -> None:
    config = settings(tmp_path, _POLE)
    (tmp_path / "former").write_bytes(b"the secret of before")
    changing = config.destinations[0].model_copy(update={"former_secret_file": tmp_path / "former"})
    config = config.model_copy(update={"destinations": (changing,)})
    body = _note(uuid.uuid4())
    with serving(config, engine) as client:
        assert _post(client, body).status_code == 404
        assert _post(client, body, secret=b"the secret of before").status_code == 404
        assert _post(client, body, secret=b"another secret that").status_code == 401


@pytest.mark.parametrize("content", [b"", b"  \n", b"short"])
def test_a_secret_that_anybody_could_guess_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigInvalid):
        secret(tmp_path / "secret")


def test_what_is_not_signed_now_by_this_pole_is_turned_away(page: httpx.Client) -> None:
    body = _note(uuid.uuid4())
    assert _post(page, body, secret=b"guessed").status_code == 401
    assert _post(page, body, age_s=3_600).status_code == 401
    assert page.post("/v1/returns", content=body).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"document_id": 1}',
        b"[" * 900,
        b'{"cause": "wrong_pole"}',
        b'{"document_id": "0197a3c4-0000-7000-8000-000000000001", "cause": "other", "round": 0}',
    ],
)
def test_messages_that_mean_nothing_are_turned_away(page: httpx.Client, body: bytes) -> None:
    assert _post(page, body).status_code == 400


def test_messages_that_are_too_long_or_about_nothing_of_ours(page: httpx.Client) -> None:
    assert _post(page, b"x" * 2_000_000).status_code == 413
    assert _post(page, _note(uuid.uuid4())).status_code == 404
    assert _post(page, _note(uuid.uuid4(), "because")).status_code == 400
