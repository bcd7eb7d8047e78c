"""The operators' page over HTTP: what it shows, what it does, what it refuses; no centre."""

import contextlib
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.errors import ConfigInvalid
from edge.web.server import Server
from tests.support import page as page_of
from tests.support.page import RESCANS, WHY, busy_station, serving, site_of
from tests.support.station import Station
from vaguemestre.model.lot import RescanRequest


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return busy_station(tmp_path)


@pytest.fixture
def browser(station: Station) -> Iterator[httpx.Client]:
    """A client as a browser on the station; what crashes there fails the test."""
    crashes: list[BaseException] = []
    with serving(station, crashes) as address, httpx.Client(base_url=address) as client:
        client.headers["Origin"] = address
        yield client
    assert crashes == []


def _token(client: httpx.Client, path: str) -> str:
    found = re.search(r'name="jeton" value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found[1]


def _incomplete(station: Station) -> str:
    return next(lot.id for lot in station.spool.status.lots_overview() if lot.name == "DMT-0037")


def test_one_look_shows_all_that_an_operator_wants_to_know(browser: httpx.Client) -> None:
    text = browser.get("/").text
    for shown in (
        "Centre injoignable",
        "Depuis 2 h",
        "93 pages/min",
        "Scanner : 120 pages/min",
        "37 sur 50",
        "INCOMPLET",
        "EN COURS",
        "TERMINÉ",
        "ERREUR",
        "Clôturer",
        "Le fichier est tronqué ou endommagé",
        "2.tif, page 1",
        WHY,
        "RESCAN-3FA9C21B",
        "Reçu par le centre.",
    ):
        assert shown in text, shown
    assert "Étranger &lt;n° 4&gt; &amp; suite" in text
    assert "<n° 4>" not in text


def test_every_answer_carries_a_strict_policy(browser: httpx.Client) -> None:
    for path in ("/", "/page.css", "/page.js", "/icon.svg", "/feuilles", "/nowhere"):
        answer = browser.get(path)
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert " style=" not in answer.text
        assert "<script>" not in answer.text


def test_an_incomplete_lot_is_closed_after_a_question(
    browser: httpx.Client, station: Station
) -> None:
    lot = _incomplete(station)
    path = f"/cloturer?source=scan&lot={lot}"
    assert "37 sur 50 documents" in browser.get(path).text
    form = {"source": "scan", "lot": lot, "jeton": _token(browser, path)}
    done = browser.post("/cloturer", data=form)
    assert (done.status_code, done.headers["Location"]) == (303, "/?fait=cloture")
    assert "Le lot est clôturé" in browser.get("/?fait=cloture").text
    assert station.spool.outbox.backlog().documents == 5 + 37
    assert browser.post("/cloturer", data=form).status_code == 404


def test_a_lot_still_in_the_folder_is_closed_by_its_name(tmp_path: Path) -> None:
    station = Station(tmp_path, layout="kodak")
    station.drop("B0001/1.tif", b"one")
    station.settle()
    with serving(station) as address, httpx.Client(base_url=address) as client:
        client.headers["Origin"] = address
        path = "/cloturer?source=scan&lot=B0001"
        form = {"source": "scan", "lot": "B0001", "jeton": _token(client, path)}
        assert client.post("/cloturer", data=form).status_code == 303
    station.settle()
    assert station.spool.lots.lots_to_read()[0].lot.name == "B0001"


def test_the_sheet_of_a_request_is_a_pdf(browser: httpx.Client) -> None:
    answer = browser.get(f"/numerisation/feuille.pdf?demande={RESCANS[0]}")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert "RESCAN-3FA9C21B.pdf" in answer.headers["Content-Disposition"]


def test_a_request_is_impossible_for_a_reason(browser: httpx.Client, station: Station) -> None:
    path = f"/numerisation/impossible?demande={RESCANS[0]}"
    form = {"demande": RESCANS[0], "jeton": _token(browser, path)}
    for wrong in ("", "  ", "x" * 301, "a\nb"):
        refused = browser.post("/numerisation/impossible", data={**form, "raison": wrong})
        assert refused.status_code == 422
        assert "Écrivez une raison" in refused.text
        assert "<h2>Demande 3FA9C21B" in refused.text  # the form again, with what was typed
    told = browser.post("/numerisation/impossible", data={**form, "raison": "Détruit."})
    assert told.status_code == 303
    assert station.spool.rescans.impossible_requests() == [(RESCANS[0], "Détruit.")]
    assert "le centre va en prendre note" in browser.get("/").text
    again = browser.post("/numerisation/impossible", data={**form, "raison": "Détruit."})
    assert again.status_code == 404


def test_a_request_without_an_id_is_ticked_off_by_hand(
    browser: httpx.Client, station: Station
) -> None:
    station.spool.rescans.record_request(RescanRequest("d9", "VIEUX.tif", "Flou."))
    path = "/numerisation/faite?demande=d9"
    form = {"demande": "d9", "jeton": _token(browser, path)}
    assert browser.get("/numerisation/impossible?demande=d9").status_code == 404
    assert browser.get("/numerisation/feuille.pdf?demande=d9").status_code == 404
    assert browser.post("/numerisation/faite", data=form).status_code == 303
    assert "VIEUX.tif" not in browser.get("/").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nulle-part", 404),
        ("/../station.toml", 404),
        ("/cloturer?source=scan&lot=INCONNU", 404),
        ("/cloturer", 404),
        ("/cloturer?lot=%FF", 400),
        ("/numerisation/impossible?demande=x", 404),
        ("/numerisation/feuille.pdf", 404),
        ("/feuilles/separateurs.pdf?nombre=1000000", 422),
        ("/feuilles/entete.pdf?type=S9999", 422),
    ],
)
def test_wrong_addresses_get_a_french_page_and_the_right_status(
    browser: httpx.Client, path: str, status: int
) -> None:
    answer = browser.get(path)
    assert answer.status_code == status
    assert "Impossible" in answer.text
    assert "Traceback" not in answer.text


def test_an_act_from_elsewhere_changes_nothing(browser: httpx.Client, station: Station) -> None:
    lot = _incomplete(station)
    form = {
        "source": "scan",
        "lot": lot,
        "jeton": _token(browser, f"/cloturer?source=scan&lot={lot}"),
    }
    elsewhere = browser.post("/cloturer", data=form, headers={"Origin": "http://evil.example"})
    without = browser.post("/cloturer", data={**form, "jeton": "deviné"})
    renamed = browser.post("/cloturer", data=form, headers={"Host": "evil.example"})
    long = browser.post("/cloturer", data={**form, "raison": "x" * 9_000})
    assert [a.status_code for a in (elsewhere, without, renamed, long)] == [403, 403, 421, 413]
    assert browser.post("/", data=form).status_code == 405
    assert browser.post("/nulle-part", data=form).status_code == 404
    assert browser.put("/cloturer", data=form).status_code == 501
    assert station.spool.outbox.backlog().documents == 5


@pytest.mark.parametrize(
    "said",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_in_french(station: Station, said: bytes) -> None:
    crashes: list[BaseException] = []
    with serving(station, crashes) as address:
        port = int(address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
            line.sendall(said)
            answer = b""
            while piece := line.recv(65_536):
                answer += piece
    assert b"Impossible" in answer
    assert b"Traceback" not in answer
    assert crashes == []


@pytest.mark.parametrize("error", [RuntimeError, OSError])
def test_an_error_nobody_foresaw_is_told_and_not_shown(
    station: Station, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    crashes: list[BaseException] = []

    def broken() -> None:
        raise error("a name that nobody may read")

    with serving(station, crashes) as address:
        monkeypatch.setattr(station.spool.outbox, "backlog", broken)
        answer = httpx.get(address)
    assert answer.status_code == 500
    assert "Prévenez l'exploitation" in answer.text
    assert "nobody may read" not in answer.text
    assert [type(error) for error in crashes] == [error]


def test_a_port_that_is_taken_is_told_before_the_station_starts(station: Station) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        settings = page_of.settings(station, listen=listen).page
        with pytest.raises(ConfigInvalid, match=r"page\.listen"):
            Server(settings, site_of(station), lambda *_: None)


def test_a_crowd_is_turned_away_and_the_page_stays(station: Station) -> None:
    with serving(station) as address, contextlib.ExitStack() as silent:
        port = int(address.rpartition(":")[2])
        for _ in range(40):
            silent.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        silent.close()
        assert httpx.get(address, timeout=20).status_code == 200
