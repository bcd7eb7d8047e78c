"""Text of strangers: it fills no metric, writes over nothing, and no odd value fails a page."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client import generate_latest

from central import blobs
from central.accounts import session_store
from central.accounts.rules import Role
from central.config import CentralConfig
from central.documents.text import is_written, without_controls
from central.intake import messages
from central.telemetry import Telemetry
from central.web.sessions import COOKIE
from tests.support import every_state
from tests.support.console import add_person, serving, settings, sign_in
from tests.support.every_state import EveryState
from tests.support.mail import Line, Post
from tests.support.pages import routes
from vaguemestre.v1 import document_pb2 as wire

_NOW = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
_ENDS_THE_SESSION = {"/deconnexion", "/connexion"}
_ODD_BODIES = 4
_ODD = (
    "NaN", "\ud800", "\u202e", "99999999999999999999", "9999-12-31", "0001-01-01", "1e999", "-1",
    "x" * 500, "9999-12-31T23:59:59.999999+00:00_0197a000-0000-7000-8000-00003fa9c21b",
    "0001-01-01T00:00:00+14:00_0197a000-0000-7000-8000-00003fa9c21b",
    "999999999_0197a000-0000-7000-8000-00003fa9c21b", "' OR 1=1 --",
)  # fmt: skip
"""As parameters; the first few also in bodies."""
_NAMES = (
    "after", "before", "site", "state", "name", "first", "last", "lot", "id", "type", "queue",
    "left", "top", "width", "height", "margin", "v", "periode", "par", "jour", "auteur", "action",
    "objet", "du", "au", "nombre", "fait", "delay_days", "pole", "destination", "code", "etat",
    "suite", "fonds", "role", "actif", "apres",
)  # fmt: skip


def test_what_a_station_calls_a_state_makes_no_metric_of_its_own() -> None:
    events = Telemetry("test")
    for n in range(3_000):
        events.lot_stored("gien", "id", f"{n} " + "x" * 90)
    assert len(generate_latest(events.registry)) < 100_000


@pytest.mark.parametrize("letter", "\x1b\x85\u202e\u2066\u200b\u2028\ue000")
def test_letters_that_turn_text_round_are_shown_as_unknown(letter: str) -> None:
    assert without_controls(f"lot{letter}fdp.tif") == "lot\ufffdfdp.tif"


def test_letters_of_ours_and_of_others_stay_as_they_are() -> None:
    text = "Élodie Œuvrard, n° 4 – 12 €\n\tŽivković 李 Ω « oui »\u00a0;\u202f100 %"
    assert without_controls(text) == text


def test_a_lots_name_is_one_line_that_somebody_can_read() -> None:
    lot = wire.Lot(
        id="0197a000-0000-7000-8000-00003fa9c21b",
        name="a\u202eb\n" + "x" * 900,
        site="gien",
        station="p",
        channel=wire.CHANNEL_SCANNER,
        state="read",
    )
    lot.received_at.FromDatetime(_NOW)
    name = messages.lot(lot, _NOW).lot.name
    assert name.startswith("a\ufffdb x")
    assert len(name) == 200


@pytest.fixture
def config(tmp_path: Path) -> CentralConfig:
    made = settings(tmp_path, *every_state.POLES)
    console = made.console.model_copy(update={"requests_per_minute": 1_000_000})
    return made.model_copy(update={"console": console})


@pytest.fixture
def console(
    config: CentralConfig, engine: sa.Engine, tmp_path: Path
) -> Iterator[tuple[httpx.Client, EveryState]]:
    filled = EveryState(engine, tmp_path / "images", dt.datetime.now(dt.UTC))
    filled.fill()
    with serving(config, engine) as client:
        yield client, filled


def test_odd_values_are_refused_and_fail_no_page(
    console: tuple[httpx.Client, EveryState], config: CentralConfig, engine: sa.Engine
) -> None:
    """Somebody of every role, so that every page is tried once."""
    client, filled = console
    number = add_person(engine, "all", *Role)
    session_store.open_session(engine, number, "token", "csrf", "local", 3_600.0)
    client.cookies.set(COOKIE, "token")
    client.headers["x-csrf"] = "csrf"
    failed = []
    for route in routes(config, engine, blobs.open_store(config.blobs), Telemetry("test")):
        if route.path in _ENDS_THE_SESSION:
            continue
        path = route.path.replace("{id:int}", "1").replace("{number}", "0")
        path = path.replace("{site}", "gien")
        for n, value in enumerate(_ODD):
            one = str(filled.people[-1] if "personnes" in path else filled.documents[n % 9])
            address = path.replace("{id}", one)
            answers = []
            if "GET" in (route.methods or ()):
                answers = [client.get(address, params=_params(value))]
            elif n < _ODD_BODIES:
                answers = [client.post(address, **body) for body in _bodies(value)]
            failed += [(route.path, value[:60]) for answer in answers if answer.status_code >= 500]
        assert client.get("/compte").status_code == 200, f"{route.path} has signed us out"
    assert failed == []


@pytest.mark.parametrize(
    "odd",
    ["NaN", "1e400", r'"\ud800"', r'"a\u0000"', r'"a\u0001"', r'"a\u202eb"', r'{"\ud800": 1}'],
)
def test_what_is_typed_into_a_document_is_text_that_can_be_kept_and_shown(
    config: CentralConfig, engine: sa.Engine, tmp_path: Path, odd: str
) -> None:
    """Drafts, and values of fields whatever is said of them, from somebody who holds it."""
    post = Post(engine, tmp_path / "images")
    post.deliver("Avis", Line("total", "Total", "1", read="1"), code="S1104", kind="key")
    with serving(config, engine) as client:
        sign_in(client, engine, "lea", Role.KEYER)
        client.headers["content-type"] = "application/json"
        work = client.post("/api/work/take", content='{"queue": "key"}').json()["work"]
        here = f"/api/documents/{work['id']}"
        draft = client.post(
            f"{here}/draft", content=f'{{"queue": "key", "content": {{"0": {odd}}}}}'
        )
        assert draft.status_code in (200, 400)
        for reason in ("null", '"wrong_on_paper"'):
            fields = ", ".join(
                f'{{"position": {task["position"]}, "value": {odd}, "reason": {reason}}}'
                for task in work["tasks"]
            )
            sent = client.post(f"{here}/key", content=f'{{"fields": [{fields}]}}')
            assert sent.status_code == 400


def test_spaces_that_do_not_break_are_no_control_characters() -> None:
    assert is_written("Illisible\u00a0: l'encre a coulé\u202f!\r\nÀ refaire.")
    assert not any(map(is_written, ("a\x00", "a\x7f", "a\u202eb", "a\ud800", "a\u200bb")))


def _params(value: str) -> dict[str, bytes]:
    return {name: value.encode("utf-8", "surrogatepass") for name in _NAMES}


def _bodies(value: str) -> list[dict[str, Any]]:
    """A JSON object whose every value is odd, also as a number and in a list; and a form."""
    made: list[dict[str, Any]] = []
    number: Any = {"NaN": float("nan"), "inf": float("inf"), "-1": -1}.get(value, value)
    for one in (number, [value]):
        content = dict.fromkeys((*_NAMES, "act", "reason", "fields", "ids", "seconds"), one)
        headers = {"content-type": "application/json"}
        made.append({"content": json.dumps(content), "headers": headers})
    form = {name: value.encode("utf-8", "surrogatepass") for name in (*_NAMES, "motif", "quoi")}
    made.append({"data": form})
    return made
