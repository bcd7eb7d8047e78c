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

from central.console.returns import signature
from central.domain.access import Role
from central.domain.incoming import IncomingLot, IncomingSetAside
from central.store import deliveries, lots
from central.store.engine import open_engine
from tests.support.central import RECEIVED, document, store
from tests.support.console import SECRET, serving, settings, sign_in

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
    told = IncomingLot(
        id=made.lot_id, name=made.lot_name, site=made.site, station=made.station,
        channel="scanner", received_at=RECEIVED, fund="45", process="FSP", priority=0,
        expected_pages=4, counted_pages=3, documents=2, document_pages=2, loose_pages=0,
        set_aside=(IncomingSetAside("2.tif", None, "file_truncated", "tronqué"),), state="read",
    )  # fmt: skip
    lots.report(engine, told)
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
    page: httpx.Client, engine: sa.Engine
) -> None:
    store(engine, document())
    text = page.get("/metrics").text
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
        "X-Vaguemestre-Signature": signature(secret, at, _POLE, body),
    }
    return page.post("/v1/returns", content=body, headers=headers)


def _note(document_id: uuid.UUID, cause: str = "wrong_pole") -> bytes:
    return json.dumps({"document_id": str(document_id), "cause": cause}).encode()


def test_a_delivered_document_is_given_back_once(page: httpx.Client, engine: sa.Engine) -> None:
    made = store(engine, document())
    assert _post(page, _note(made.id)).status_code == 409, "not yet recorded as delivered"
    claimed = deliveries.claim(engine, "w", [_POLE], 60.0)
    assert claimed is not None
    deliveries.delivered(engine, claimed.claim, "receipt")
    assert _post(page, _note(made.id)).json() == {"returned": True, "already": False}
    assert _post(page, _note(made.id)).json() == {"returned": True, "already": True}
    (returned,) = _board(page)["returns"]
    assert (returned["destination"], returned["cause"], returned["count"]) == (
        _POLE,
        "wrong_pole",
        1,
    )


def test_what_is_not_signed_now_by_this_pole_is_turned_away(page: httpx.Client) -> None:
    body = _note(uuid.uuid4())
    assert _post(page, body, secret=b"guessed").status_code == 401
    assert _post(page, body, age_s=3_600).status_code == 401
    assert page.post("/v1/returns", content=body).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"document_id": 1}', b"[" * 900, b'{"cause": "wrong_pole"}']
)
def test_messages_that_mean_nothing_are_turned_away(page: httpx.Client, body: bytes) -> None:
    assert _post(page, body).status_code == 400


def test_messages_that_are_too_long_or_about_nothing_of_ours(page: httpx.Client) -> None:
    assert _post(page, b"x" * 2_000_000).status_code == 413
    assert _post(page, _note(uuid.uuid4())).status_code == 404
    assert _post(page, _note(uuid.uuid4(), "because")).status_code == 400
