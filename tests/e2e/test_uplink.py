"""The wire with both its ends: a station's spool and sender, a centre's intake and database."""

import contextlib
import hashlib
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import sqlalchemy as sa
from grpc_health.v1 import health_pb2, health_pb2_grpc

from central.intake.server import STATUS_OF
from central.quality.rules import SamplingPolicy
from edge.uplink import messages, sender
from edge.uplink.channel import certificate_site, certificate_valid_until, open_channel, stub_of
from edge.uplink.session import Identity, record_of
from tests.support import central as made
from tests.support.certificates import Pair
from tests.support.intake import Centre, sending, until
from tests.support.station import Station
from vaguemestre.model.lot import DocumentRecord, SpooledDocument
from vaguemestre.v1 import document_pb2, intake_pb2

_SITE = "la-rochelle"
_FILES = 12


@pytest.fixture
def centre(tmp_path: Path, engine: sa.Engine) -> Centre:
    return Centre(tmp_path, engine, max_chunk_bytes=4_096, max_blob_bytes=100_000, window=4)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """With lots read and waiting to be sent."""
    root = tmp_path / "site"
    root.mkdir()
    station = Station(root)
    for number in range(_FILES):
        station.drop(f"LOT{number}.tif", b"%d" % number * 9_000)
    station.settle()
    station.read()
    return station


def _is_sent(station: Station) -> bool:
    return not station.spool.outbox.backlog().documents and not station.spool.outbox.lots_to_send(1)


def _count(engine: sa.Engine, table: str) -> int:
    with engine.connect() as connection:
        found = connection.scalar(sa.text(f"SELECT count(*) FROM {table}"))  # noqa: S608
        return int(found or 0)


def test_documents_their_images_and_their_lots_arrive(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    with centre.running(), sending(station, centre.uplink(centre.authority.station(_SITE))):
        assert until(lambda: _is_sent(station))
        with engine.connect() as connection:
            query = sa.text("SELECT heartbeat_at IS NOT NULL FROM stations")
            assert until(lambda: connection.execute(query).scalar() is True)
    assert _count(engine, "documents") == _FILES
    assert _count(engine, "lots WHERE state = 'read'") == _FILES
    assert _count(engine, "deliveries") == _FILES
    for number in range(_FILES):
        data = b"%d" % number * 9_000
        assert centre.blobs.read(hashlib.sha256(data).digest()) == data


def test_the_intake_looks_at_what_goes_straight_for_the_blind_control(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    centre.drawing = SamplingPolicy(share=1.0)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(_SITE))):
        assert until(lambda: _is_sent(station))
    assert _count(engine, "straight_types") == 1
    with_values = "fields WHERE accepted AND value IS NOT NULL"
    assert _count(engine, "controls") == (_FILES if _count(engine, with_values) else 0)


def test_a_centre_that_comes_and_goes_receives_each_document_once(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    with centre.running():
        pass  # only to have a port
    with sending(station, centre.uplink(centre.authority.station(_SITE))) as told:
        assert until(lambda: any(one["event"] == "uplink_failed" for one in told))
        for wanted in (2, 5, 9):
            with centre.running():
                assert until(lambda: _count(engine, "documents") >= wanted)  # noqa: B023
        with centre.running():
            assert until(lambda: _is_sent(station))
    assert _count(engine, "documents") == _FILES
    assert _count(engine, "deliveries") == _FILES


def test_a_document_that_is_replayed_is_acknowledged_again_and_stored_once(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    uplink = centre.uplink
    waiting = [one.id for one in station.spool.outbox.documents_to_send(100)]
    with centre.running(), sending(station, uplink(centre.authority.station(_SITE))):
        assert until(lambda: _is_sent(station))
        station.spool.outbox.replay(waiting[0])
        assert until(lambda: _is_sent(station))
    assert _count(engine, "documents") == _FILES
    assert _count(engine, "deliveries") == _FILES


def test_images_that_the_centre_lost_are_sent_again(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    for document in station.spool.outbox.documents_to_send(100):
        for blob in station.spool.outbox.blobs_to_send(document.id):
            station.spool.outbox.acknowledge_blob(blob.sha256)
    with centre.running(), sending(station, centre.uplink(centre.authority.station(_SITE))):
        assert until(lambda: _is_sent(station))
    assert _count(engine, "documents") == _FILES
    assert _count(engine, "blobs") == _FILES


def test_an_image_the_centre_will_not_take_stops_only_its_document(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    station.drop("LONG.tif", b"x" * 200_000)
    station.settle()
    station.read()
    with (
        centre.running(),
        sending(station, centre.uplink(centre.authority.station(_SITE))) as told,
    ):
        assert until(lambda: _is_sent(station))
    assert _count(engine, "documents") == _FILES
    refused = [one for one in told if one["event"] == "too_large_for_centre"]
    assert [one["code"] for one in refused] == ["file_too_large"]
    (lot,) = [lot for lot in station.spool.status.lots_overview() if lot.name == "LONG.tif"]
    assert "Découpez le lot" in lot.set_aside[0].reason


def test_a_station_whose_own_copy_is_gone_says_so_and_goes_on(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    lost = station.spool.outbox.documents_to_send(1)[0]
    (blob,) = station.spool.outbox.blobs_to_send(lost.id)
    blob.path.chmod(0o600)
    blob.path.unlink()
    with (
        centre.running(),
        sending(station, centre.uplink(centre.authority.station(_SITE))) as told,
    ):
        assert until(lambda: _is_sent(station))
    assert _count(engine, "documents") == _FILES - 1
    assert [one["code"] for one in told if one["event"] == "blob_lost"] == ["spool_corrupt"]


@pytest.mark.parametrize("named", ["orleans", ""])
def test_a_station_speaks_for_the_site_of_its_certificate_only(
    centre: Centre, station: Station, engine: sa.Engine, named: str
) -> None:
    with (
        centre.running(),
        sending(station, centre.uplink(centre.authority.station(named))) as told,
    ):
        assert until(lambda: any(one.get("code") == "uplink_refused" for one in told))
    assert _count(engine, "documents") == 0
    assert station.spool.outbox.backlog().documents == _FILES


def test_a_certificate_of_another_authority_is_turned_away(
    centre: Centre, station: Station, engine: sa.Engine, tmp_path: Path
) -> None:
    stranger = Centre(tmp_path / "elsewhere", engine).authority.station(_SITE)
    with centre.running(), sending(station, centre.uplink(stranger)) as told:
        assert until(lambda: any(one.get("code") == "certificate_refused" for one in told))
    assert _count(engine, "documents") == 0


def test_the_certificate_tells_its_site_and_how_long_it_holds(centre: Centre) -> None:
    pem = centre.authority.station("gien").certificate.read_bytes()
    assert certificate_site(pem) == "gien"
    assert certificate_valid_until(pem).year >= 2027
    assert certificate_site(centre.authority.server().certificate.read_bytes()) == ""


# --- what a faulty or hostile station may say ---


class _Raw:
    """A stream by hand: each message is answered before the next is sent."""

    def __init__(self, call_of: Callable[[Any], Any]) -> None:
        self._up: queue.SimpleQueue[intake_pb2.Up | None] = queue.SimpleQueue()
        self._down = call_of(iter(self._up.get, None))

    def ask(self, *ups: intake_pb2.Up) -> intake_pb2.Down:
        for up in ups:
            self._up.put(up)
        answer: intake_pb2.Down = next(self._down)
        return answer

    def close(self) -> None:
        self._up.put(None)


@contextlib.contextmanager
def _raw(centre: Centre, pair: Pair, site: str = _SITE) -> Iterator[_Raw]:
    with open_channel(f"127.0.0.1:{centre.port}", centre.uplink(pair)) as channel:
        raw = _Raw(stub_of(channel).Deliver)
        hello = intake_pb2.Hello(site=site, station="poste-1")
        assert raw.ask(intake_pb2.Up(hello=hello)).HasField("welcome")
        yield raw
        raw.close()


def _blob(data: bytes, sha256: bytes | None = None) -> Iterator[intake_pb2.Up]:
    digest = (sha256 or hashlib.sha256(data).digest()).hex()
    for offset in range(0, len(data), 4_096):
        yield messages.chunk(digest, offset, len(data), data[offset : offset + 4_096])


def test_bytes_that_do_not_match_their_digest_are_refused_for_now(
    centre: Centre, engine: sa.Engine
) -> None:
    with centre.running(), _raw(centre, centre.authority.station(_SITE)) as raw:
        answer = raw.ask(*_blob(b"a" * 9_000, hashlib.sha256(b"b").digest()))
        assert (answer.refusal.code, answer.refusal.permanent) == ("blob_corrupt", False)
        good = raw.ask(*_blob(b"a" * 9_000))
        assert good.blob_stored.sha256 == hashlib.sha256(b"a" * 9_000).digest()
    assert _count(engine, "blobs") == 1


def test_a_blob_begun_again_is_taken_from_its_start(centre: Centre, engine: sa.Engine) -> None:
    with centre.running(), _raw(centre, centre.authority.station(_SITE)) as raw:
        begun = next(iter(_blob(b"c" * 9_000)))
        answer = raw.ask(begun, *_blob(b"d" * 9_000))
        assert answer.blob_stored.sha256 == hashlib.sha256(b"d" * 9_000).digest()
    assert _count(engine, "blobs") == 1


def test_a_blob_too_large_is_refused_for_good(centre: Centre, engine: sa.Engine) -> None:
    with centre.running(), _raw(centre, centre.authority.station(_SITE)) as raw:
        answer = raw.ask(next(iter(_blob(b"g" * 100_001))))
        assert (answer.refusal.code, answer.refusal.permanent) == ("blob_too_large", True)
    assert _count(engine, "blobs") == 0


def test_a_document_that_breaks_the_contract_is_refused_and_the_stream_goes_on(
    centre: Centre, engine: sa.Engine
) -> None:
    with centre.running(), _raw(centre, centre.authority.station(_SITE)) as raw:
        wrong = document_pb2.Document(id="no id", site=_SITE, station="poste-1")
        answer = raw.ask(intake_pb2.Up(document=wrong))
        assert (answer.refusal.code, answer.refusal.permanent) == ("document_invalid", True)
        other = document_pb2.Document(id="no id", site="gien", station="poste-1")
        answer = raw.ask(intake_pb2.Up(document=other))
        assert (answer.refusal.code, answer.refusal.permanent) == ("site_forbidden", True)
        assert raw.ask(*_blob(b"e" * 100)).HasField("blob_stored")
    assert _count(engine, "documents") == 0


def _record(spooled: SpooledDocument) -> DocumentRecord:
    return record_of(spooled, Identity(_SITE, "poste-1", {}))


def test_a_document_of_another_site_cannot_be_claimed(
    centre: Centre, station: Station, engine: sa.Engine
) -> None:
    theirs: DocumentRecord = made.store(engine, made.document())  # of gien
    with centre.running(), _raw(centre, centre.authority.station(_SITE)) as raw:
        spooled: SpooledDocument = station.spool.outbox.documents_to_send(1)[0]
        stolen = messages.document(_record(spooled))
        stolen.id = str(theirs.id)
        answer = raw.ask(intake_pb2.Up(document=stolen))
        assert (answer.refusal.code, answer.refusal.permanent) == ("site_forbidden", True)


def test_a_stream_that_does_not_begin_with_hello_is_ended(centre: Centre) -> None:
    pair = centre.authority.station(_SITE)
    with centre.running(), open_channel(f"127.0.0.1:{centre.port}", centre.uplink(pair)) as channel:
        raw = _Raw(stub_of(channel).Deliver)
        with pytest.raises(grpc.RpcError) as caught:
            raw.ask(*_blob(b"f"))
        raw.close()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_health_says_whether_what_comes_in_can_be_stored(centre: Centre) -> None:
    asked = health_pb2.HealthCheckRequest(service="vaguemestre.v1.Intake")
    uplink = centre.uplink
    with (
        centre.running(),
        open_channel(
            f"127.0.0.1:{centre.port}", uplink(centre.authority.station(_SITE))
        ) as channel,
    ):
        answer = health_pb2_grpc.HealthStub(channel).Check(asked, timeout=10, wait_for_ready=True)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


def test_both_ends_read_the_end_of_a_stream_alike() -> None:
    for error, status in STATUS_OF.items():
        assert error.permanent == (status in sender._REFUSALS), error.code


def test_a_document_too_long_for_the_wire_goes_without_its_text(station: Station) -> None:
    spooled = station.spool.outbox.documents_to_send(1)[0]
    whole = messages.document(_record(spooled))
    short = messages.document(_record(spooled), max_bytes=whole.ByteSize() - 1)
    assert [list(page.marks) for page in short.pages] == [[messages.TEXT_LEFT_OUT]]
    assert not whole.pages[0].marks
