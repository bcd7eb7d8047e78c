"""A document goes back to its station and its answer comes back to it: both real ends, mTLS."""

import datetime as dt
import io
import queue
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from central.db.engine import transaction
from central.db.tables import documents, pages, stations
from central.db.tables import rescans as rescans_table
from central.rescans import store as rescans_store
from edge import sheets
from edge.agent import LotReader
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from edge.pipeline.workers import Progress, Workers
from edge.spool.values import Rescan
from edge.telemetry import Telemetry
from edge.uplink import messages
from edge.uplink.channel import open_channel, stub_of
from edge.uplink.session import Identity, record_of
from tests.support import central as made
from tests.support import page as page_of
from tests.support.intake import SITE, STATION, Centre, sending, until
from tests.support.people import person
from tests.support.reading import running, settings
from tests.support.station import Station
from vaguemestre import pack
from vaguemestre.model.lot import AskedSheet, DocumentRecord
from vaguemestre.v1 import document_pb2, fleet_pb2, intake_pb2

_SHEET = AskedSheet(0, "Feuille de soins - médecin", 2, 3, b"\xff\xd8\xff small")
_WHY = "Page de gauche coupée."


@pytest.fixture
def centre(tmp_path: Path, engine: sa.Engine) -> Centre:
    return Centre(tmp_path, engine)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    root = tmp_path / "site"
    root.mkdir()
    return Station(root)


def _original(engine: sa.Engine) -> DocumentRecord:
    """A document that this station sent the day before, and nobody can name."""
    yesterday = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=1)
    return made.store(
        engine,
        made.document(kind="name", site=SITE, station=STATION, received_on=yesterday, fund="17"),
    )


def _ask(engine: sa.Engine, original: DocumentRecord) -> uuid.UUID:
    return rescans_store.request_rescan(
        engine, original.id, person(engine), "person:lea", _WHY, _SHEET
    )


def _state(engine: sa.Engine, document_id: uuid.UUID) -> str:
    with transaction(engine) as connection:
        query = sa.select(documents.c.state).where(documents.c.id == document_id)
        return str(connection.scalar(query))


def _roles(engine: sa.Engine, document_id: uuid.UUID) -> list[str]:
    with transaction(engine) as connection:
        query = sa.select(pages.c.role).where(pages.c.document_id == document_id)
        return list(connection.scalars(query.order_by(pages.c.number)))


def _request(engine: sa.Engine, rescan_id: uuid.UUID) -> Any:
    with transaction(engine) as connection:
        query = sa.select(rescans_table).where(rescans_table.c.id == rescan_id)
        return connection.execute(query).one()


def _is_shown(station: Station) -> bool:
    return len(station.spool.rescans.open_requests()) == 1


def _answer(station: Station) -> None:
    """Scan again without a printer: the lot's name says what it answers."""
    (asked,) = station.spool.rescans.open_requests()
    station.drop(f"rescan-{asked.code.lower()}.tif", b"again")
    station.settle()
    station.read()


def test_a_request_reaches_the_connected_station_and_its_answer_the_document(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: station.spool.status.agent_status().link is not None)
        asked = _ask(engine, original)
        assert until(lambda: _is_shown(station))
        assert until(lambda: _request(engine, asked).state == "told")
        _answer(station)
        assert until(lambda: _state(engine, original.id) == "to_name")
        assert until(lambda: not station.spool.rescans.open_requests())
        assert until(lambda: station.spool.outbox.backlog().documents == 0)
    assert _roles(engine, original.id) == ["replaced", "front"]
    assert _request(engine, asked).state == "answered"
    (lot,) = station.spool.status.lots_overview()
    assert lot.answers_rescan
    assert (lot.sent, lot.acknowledged) == (1, 1)


def test_the_station_restarts_between_request_answer_and_sending(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    asked = _ask(engine, original)
    uplink = centre.uplink
    with centre.running():
        with sending(station, uplink(centre.authority.station(SITE))):
            assert until(lambda: _is_shown(station))
        station.reopen()
        (shown,) = station.spool.rescans.open_requests()
        assert (shown.rescan_id, shown.reason) == (str(asked), _WHY)
        assert (shown.received_on, shown.fund) == (original.lot.received_on, "17")
        assert shown.sheet == AskedSheet(
            original.position + 1, _SHEET.type_title, _SHEET.page, _SHEET.pages, _SHEET.picture
        )
        _answer(station)
        station.reopen()
        assert station.spool.rescans.open_requests()[0].scanned == 1
        with sending(station, uplink(centre.authority.station(SITE))):
            assert until(lambda: not station.spool.rescans.open_requests())
    assert _roles(engine, original.id) == ["replaced", "front"]


def test_the_centre_restarts_between_request_and_answer(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    _ask(engine, original)
    with centre.running():
        pass  # only to have a port
    with sending(station, centre.uplink(centre.authority.station(SITE))):
        with centre.running():
            assert until(lambda: _is_shown(station))
        _answer(station)
        assert station.spool.outbox.backlog().documents == 1
        with centre.running():
            assert until(lambda: not station.spool.rescans.open_requests())
    assert _roles(engine, original.id) == ["replaced", "front"]


def test_what_is_impossible_is_told_once_the_centre_is_back(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    asked = _ask(engine, original)
    with centre.running():
        pass
    with sending(station, centre.uplink(centre.authority.station(SITE))):
        with centre.running():
            assert until(lambda: _is_shown(station))
        assert station.spool.rescans.record_impossible(str(asked), "Le papier a été détruit.")
        assert station.spool.rescans.open_requests()[0].impossible
        assert _state(engine, original.id) == "to_rescan"
        with centre.running():
            assert until(lambda: not station.spool.rescans.open_requests())
    assert _state(engine, original.id) == "to_name"
    request = _request(engine, asked)
    assert (request.state, request.answer) == ("impossible", "Le papier a été détruit.")
    assert _roles(engine, original.id) == ["front"]


def test_a_request_withdrawn_while_the_station_was_away_disappears_there(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    asked = _ask(engine, original)
    with centre.running():
        with sending(station, centre.uplink(centre.authority.station(SITE))):
            assert until(lambda: _is_shown(station))
        code = station.spool.rescans.open_requests()[0].code
        rescans_store.withdraw_request(engine, asked, "person:lea")
        with sending(station, centre.uplink(centre.authority.station(SITE))):
            assert until(lambda: not station.spool.rescans.open_requests())
            # The operator had scanned it all the same: nothing is lost, a person sees it.
            station.drop(f"RESCAN-{code}.tif", b"too late")
            station.settle()
            station.read()
            assert until(lambda: station.spool.outbox.backlog().documents == 0)
    with transaction(engine) as connection:
        late = connection.execute(
            sa.select(documents.c.state, documents.c.route_reasons).where(
                documents.c.id != original.id
            )
        ).one()
    assert (late.state, late.route_reasons) == ("to_name", ["rescan_unknown"])
    assert _roles(engine, original.id) == ["front"]


def test_heartbeats_tell_the_certificate_and_what_the_scanner_can_do(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    pair = centre.authority.station(SITE)

    def told() -> Any:
        with transaction(engine) as connection:
            return connection.execute(sa.select(stations)).one_or_none()

    with centre.running(), sending(station, centre.uplink(pair), rated_pages_per_minute=120.0):
        assert until(lambda: bool(told() and told().heartbeat_at))
    row = told()
    assert row.rated_pages_per_minute == 120.0
    assert row.certificate_until.year >= 2027


# --- with real reading: the sheet that the station prints is the one that it understands ---


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with running(settings(), 1) as started:
        yield started


@contextmanager
def _reading(station: Station, workers: Workers) -> Iterator[None]:
    """The agent's own reader."""
    reader = LotReader(
        page_of.settings(station),
        station.spool.lots,
        workers,
        pack.load(pack.default_dir()),
        {"program": "0"},
        Telemetry(),
        Progress(),
    )
    for lot in station.spool.lots.lots_to_read():
        reader._read_counting(lot, threading.Event())
    yield


def _scanned(rescan: Rescan) -> list[bytes]:
    """The sheet as a scanner sees it, and a page behind it."""
    with open_source(sheets.rescan_sheet_pdf(rescan), Limits()) as source:
        sheet = Image.fromarray(source.page(0).gray)
    return [_png(sheet), _png(made.picture("L", 3, (827, 1170)))]


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(100, 100) if image.width < 1_000 else (200, 200))
    return out.getvalue()


def test_a_lot_behind_the_printed_sheet_answers_the_request(
    centre: Centre, station: Station, engine: sa.Engine, workers: Workers
) -> None:
    original = _original(engine)
    asked = _ask(engine, original)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: _is_shown(station))
        (shown,) = station.spool.rescans.open_requests()
        for number, image in enumerate(_scanned(shown)):
            station.drop(f"nouveau lot/{number}.png", image)
        station.settle()
        with _reading(station, workers):
            assert until(lambda: not station.spool.rescans.open_requests())
    assert _request(engine, asked).state == "answered"
    assert _roles(engine, original.id)[0] == "replaced"
    assert len(_roles(engine, original.id)) == 2  # the sheet itself is part of no document
    with transaction(engine) as connection:
        row = connection.execute(
            sa.select(documents).where(documents.c.joined_into == original.id)
        ).one()
    assert (row.state, row.received_on) == ("discarded", original.lot.received_on)


def test_a_lot_named_after_the_request_answers_it_through_the_agents_reader(
    centre: Centre, station: Station, engine: sa.Engine, workers: Workers
) -> None:
    original = _original(engine)
    _ask(engine, original)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(SITE))):
        assert until(lambda: _is_shown(station))
        (shown,) = station.spool.rescans.open_requests()
        station.drop(f"RESCAN-{shown.code} suite/1.png", _scanned(shown)[1])
        station.settle()
        assert station.spool.lots.lots_to_read()[0].lot.received_on == original.lot.received_on
        with _reading(station, workers):
            assert until(lambda: not station.spool.rescans.open_requests())
    assert _roles(engine, original.id)[0] == "replaced"


# --- one version apart ---


@contextmanager
def _old_station(centre: Centre) -> Iterator[tuple[queue.SimpleQueue[Any], Iterator[Any]]]:
    """A station of the previous version: no ids of requests, at hello or elsewhere."""
    up: queue.SimpleQueue[intake_pb2.Up | None] = queue.SimpleQueue()
    pair = centre.authority.station(SITE)
    with ExitStack() as stack:
        channel = stack.enter_context(open_channel(f"127.0.0.1:{centre.port}", centre.uplink(pair)))
        down = stub_of(channel).Deliver(iter(up.get, None))
        up.put(intake_pb2.Up(hello=intake_pb2.Hello(site=SITE, station=STATION)))
        assert next(down).HasField("welcome")
        yield up, down
        up.put(None)


def test_a_station_of_the_previous_version_is_asked_and_goes_on_working(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    original = _original(engine)
    asked = _ask(engine, original)
    station.drop("LOT1.tif", b"ordinary")
    station.settle()
    station.read()
    with centre.running(), _old_station(centre) as (up, down):
        told = next(down).rescan
        assert (told.document_id, told.reason) == (str(original.id), _WHY)
        beat = fleet_pb2.Heartbeat()
        beat.at.GetCurrentTime()
        up.put(intake_pb2.Up(heartbeat=beat))
        spooled = station.spool.outbox.documents_to_send(1)[0]
        (blob,) = station.spool.outbox.blobs_to_send(spooled.id)
        up.put(messages.chunk(blob.sha256, 0, blob.size, blob.path.read_bytes()))
        assert next(down).HasField("blob_stored")
        document: document_pb2.Document = messages.document(
            record_of(spooled, Identity(SITE, STATION, {}))
        )
        document.ClearField("rescan_id")
        up.put(intake_pb2.Up(document=document))
        assert next(down).document_stored.id == spooled.id
    assert _state(engine, uuid.UUID(spooled.id)) == "ready"
    assert _state(engine, original.id) == "to_rescan"
    assert _request(engine, asked).state == "told"
    with transaction(engine) as connection:
        row = connection.execute(sa.select(stations)).one()
    assert (row.certificate_until, row.rated_pages_per_minute) == (None, 0.0)


def test_an_answer_of_nonsense_is_refused_and_the_stream_goes_on(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    with centre.running(), _old_station(centre) as (up, down):
        for wrong in (
            fleet_pb2.RescanImpossible(rescan_id="no id", reason="non"),
            fleet_pb2.RescanImpossible(rescan_id=str(made.document().id), reason=""),
        ):
            up.put(intake_pb2.Up(rescan_impossible=wrong))
            assert next(down).refusal.code == "document_invalid"
        unknown = str(made.document().id)
        said = fleet_pb2.RescanImpossible(rescan_id=unknown, reason="non")
        up.put(intake_pb2.Up(rescan_impossible=said))
        assert next(down).rescan_closed.rescan_id == unknown
