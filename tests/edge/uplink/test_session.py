"""A stream by hand: what is sent in which order, and what each answer changes."""

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.errors import UplinkRefused
from edge.uplink import sender
from edge.uplink.session import Identity, RetryTimes, UplinkSession
from tests.support.station import Station
from vaguemestre.model.lot import AskedSheet, Backlog, Heartbeat, StationCondition
from vaguemestre.v1 import fleet_pb2, intake_pb2

_PIECE = 4_096


_BEAT = Heartbeat(
    dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC), Backlog(0, 0, 0, 0), StationCondition(0, 0.0), {}
)


class Wire:
    """The centre's end: takes messages one by one and answers."""

    def __init__(self, station: Station, window: int = 4, **pauses: float) -> None:
        self.told: list[dict[str, Any]] = []
        wanted = {"heartbeat_every_s": 3_600.0, "refused_for_now_s": 0.0, "refused_lot_s": 3_600.0}
        self.session = UplinkSession(
            station.spool.outbox,
            station.spool.rescans,
            Identity("la-rochelle", "poste-1", {"program": "0"}),
            RetryTimes(**{**wanted, **pauses}),
            lambda: _BEAT,
            lambda event, **fields: self.told.append({"event": event, **fields}),
        )
        self._ups: Iterator[intake_pb2.Up] = self.session.messages()
        assert next(self._ups).hello.site == "la-rochelle"
        welcome = intake_pb2.Welcome(
            window=window, max_chunk_bytes=_PIECE, max_blob_bytes=1_000_000
        )
        self.session.take(intake_pb2.Down(welcome=welcome))
        assert self.next().HasField("heartbeat")

    def next(self) -> intake_pb2.Up:
        return next(self._ups)

    def take(self, count: int) -> list[intake_pb2.Up]:
        return [self.next() for _ in range(count)]

    def nothing_more(self) -> bool:
        """Whether the station waits for us now."""
        timer = threading.Timer(0.3, self.session.end)
        timer.start()
        left = list(self._ups)
        timer.join()
        return not left

    def stored(self, up: intake_pb2.Up) -> None:
        match up.WhichOneof("kind"):
            case "chunk":
                down = intake_pb2.Down(blob_stored=intake_pb2.BlobStored(sha256=up.chunk.sha256))
            case "document":
                stored = intake_pb2.DocumentStored(id=up.document.id)
                down = intake_pb2.Down(document_stored=stored)
            case _:
                down = intake_pb2.Down(lot_stored=intake_pb2.LotStored(id=up.lot.id))
        self.session.take(down)

    def refuse(self, subject: str, code: str, *, permanent: bool) -> None:
        refusal = intake_pb2.Refusal(subject=subject, code=code, permanent=permanent, reason="non")
        self.session.take(intake_pb2.Down(refusal=refusal))


def _station(root: Path, *contents: bytes) -> Station:
    station = Station(root)
    for number, content in enumerate(contents):
        station.drop(f"LOT{number}.tif", content)
    station.settle()
    station.read()
    return station


def _kinds(ups: list[intake_pb2.Up]) -> list[str | None]:
    return [up.WhichOneof("kind") for up in ups]


def test_a_document_goes_after_its_image_and_a_lot_after_its_document(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    for wanted in ("chunk", "document", "lot"):
        up = wire.next()
        assert up.WhichOneof("kind") == wanted
        wire.stored(up)
    assert wire.nothing_more()
    assert wire.session.answers == 3


def test_never_more_is_unanswered_than_the_window(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, *(b"%d" % n for n in range(9))), window=3)
    assert _kinds(wire.take(3)) == ["chunk"] * 3
    assert wire.nothing_more()


def test_an_image_travels_in_pieces_of_the_centres_size(tmp_path: Path) -> None:
    content = bytes(range(256)) * 40
    wire = Wire(_station(tmp_path, content))
    pieces = wire.take(3)
    assert b"".join(up.chunk.data for up in pieces) == content
    assert [up.chunk.offset for up in pieces] == [0, _PIECE, 2 * _PIECE]
    assert [up.chunk.last for up in pieces] == [False, False, True]


def test_an_image_of_two_documents_travels_once(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"same", b"same"))
    first = wire.next()
    assert first.WhichOneof("kind") == "chunk"
    wire.stored(first)
    assert _kinds(wire.take(2)) == ["document", "document"]


def test_a_missing_image_is_sent_again_and_then_its_document(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    wire.stored(wire.next())
    document = wire.next().document
    wire.refuse(document.id, "blob_missing", permanent=False)
    again = wire.next()
    assert again.WhichOneof("kind") == "chunk"
    wire.stored(again)
    assert wire.next().document.id == document.id


def test_a_corrupt_image_is_sent_again(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    sha256 = wire.next().chunk.sha256
    wire.refuse(sha256.hex(), "blob_corrupt", permanent=False)
    assert wire.next().chunk.sha256 == sha256


def test_a_file_whose_own_copy_was_harmed_is_told_and_not_sent_for_ever(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a")
    (blob,) = station.spool.outbox.blobs_to_send(station.spool.outbox.documents_to_send(1)[0].id)
    wire = Wire(station)
    sha256 = wire.next().chunk.sha256
    blob.path.chmod(0o600)
    blob.path.write_bytes(b"b")
    wire.refuse(sha256.hex(), "blob_corrupt", permanent=False)
    assert wire.next().WhichOneof("kind") == "lot"
    (lot,) = station.spool.status.lots_overview()
    assert [aside.code for aside in lot.set_aside] == ["spool_corrupt"]


def test_what_is_refused_for_now_lets_others_pass(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a", b"b"), window=1, refused_for_now_s=3_600.0)
    first = wire.next()
    wire.refuse(first.chunk.sha256.hex(), "central", permanent=False)
    second = wire.next()
    assert second.WhichOneof("kind") == "chunk"
    assert second.chunk.sha256 != first.chunk.sha256


def test_a_document_refused_for_good_is_told_to_its_operator(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a")
    wire = Wire(station)
    wire.stored(wire.next())
    wire.refuse(wire.next().document.id, "document_invalid", permanent=True)
    assert wire.next().WhichOneof("kind") == "lot"
    assert station.spool.outbox.backlog().documents == 0
    assert wire.told[-1]["code"] == "document_invalid"


def test_every_document_of_an_image_refused_for_good_is_refused(tmp_path: Path) -> None:
    station = _station(tmp_path, b"same", b"same")
    wire = Wire(station, window=1)
    wire.refuse(wire.next().chunk.sha256.hex(), "blob_too_large", permanent=True)
    refused = 0
    while station.spool.outbox.backlog().documents:
        wire.refuse(wire.next().chunk.sha256.hex(), "blob_too_large", permanent=True)
        refused += 1
    assert refused <= 1


def test_a_refused_lot_is_not_sent_again_at_once(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    wire.stored(wire.next())
    wire.stored(wire.next())
    wire.refuse(wire.next().lot.id, "document_invalid", permanent=True)
    assert wire.nothing_more()


def test_a_refused_station_ends_its_stream(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    with pytest.raises(UplinkRefused):
        wire.refuse("stream", "site_forbidden", permanent=True)


def test_answers_that_come_twice_or_about_strangers_change_nothing(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a")
    wire = Wire(station)
    chunk = wire.next()
    for _ in range(2):
        wire.stored(chunk)
    wire.refuse("nobody", "document_invalid", permanent=True)
    wire.session.take(intake_pb2.Down())
    assert wire.next().WhichOneof("kind") == "document"


def test_a_centre_that_owes_an_answer_is_silent_one_that_owes_none_is_not(tmp_path: Path) -> None:
    wire = Wire(_station(tmp_path, b"a"))
    chunk = wire.next()
    assert wire.session.silent_s() > 0
    wire.stored(chunk)
    assert wire.session.silent_s() == 0


def test_a_long_file_on_a_slow_line_is_no_silence_and_beats_go_out_in_between(
    tmp_path: Path,
) -> None:
    wire = Wire(_station(tmp_path, b"a" * 9 * _PIECE), heartbeat_every_s=0.05)
    kinds: list[str | None] = []
    while kinds.count("chunk") < 9:
        kinds.append(wire.next().WhichOneof("kind"))
        assert wire.session.silent_s() < 0.1
        time.sleep(0.02)
    assert "heartbeat" in kinds


def test_a_file_the_centre_would_not_take_is_not_sent_at_all(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a" * 1_000_001)
    wire = Wire(station)
    assert wire.next().WhichOneof("kind") == "lot"
    (lot,) = station.spool.status.lots_overview()
    assert [aside.code for aside in lot.set_aside] == ["file_too_large"]


def test_a_rescan_that_the_centre_asks_for_is_kept_for_the_operator(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a")
    asked = fleet_pb2.RescanRequest(document_id="d", lot_name="LOT0.tif", reason="flou")
    Wire(station).session.take(intake_pb2.Down(rescan=asked))
    assert [rescan.reason for rescan in station.spool.rescans.open_requests()] == ["flou"]


@pytest.mark.parametrize("attempts", [1, 2, 7, 10_000])
def test_a_pause_grows_and_never_passes_the_longest(attempts: int) -> None:
    shortest = sender.delay_s(attempts, 0.5, 60.0, 0.0)
    longest = sender.delay_s(attempts, 0.5, 60.0, 0.999)
    assert shortest <= longest <= 60.0
    assert shortest >= min(0.25 * 2 ** min(attempts - 1, 32), 30.0)


_RESCAN = "0197a000-0000-7000-8000-00003fa9c21b"


def _asked_with_an_id(wire: Wire) -> None:
    asked = fleet_pb2.RescanRequest(
        document_id="d", lot_name="LOT0.tif", reason="flou", rescan_id=_RESCAN, received_on="?"
    )
    wire.session.take(intake_pb2.Down(rescan=asked))


@pytest.mark.parametrize("picture", [b"\xff\xd8\xff" + b"x" * 70_000, b"<svg/>", b""])
def test_which_sheet_is_meant_is_kept_and_what_is_no_small_picture_is_not(
    tmp_path: Path, picture: bytes
) -> None:
    station = Station(tmp_path)
    wire = Wire(station)
    _asked_with_an_id(wire)  # by a centre of the previous version
    asked = fleet_pb2.RescanRequest(
        document_id="d", lot_name="LOT0.tif", reason="flou", rescan_id=_RESCAN,
        document_number=12, type_title="Feuille\x07 de soins", page=2, pages=3, picture=picture,
    )  # fmt: skip
    wire.session.take(intake_pb2.Down(rescan=asked))
    (kept,) = station.spool.rescans.open_requests()
    assert kept.sheet == AskedSheet(12, "Feuille  de soins", 2, 3, b"")
    asked.picture = b"\xff\xd8\xff small"
    wire.session.take(intake_pb2.Down(rescan=asked))  # once told it stays as it was
    assert [one.sheet.picture for one in station.spool.rescans.open_requests()] == [b""]


def test_what_the_station_holds_is_told_at_the_hello_until_it_is_closed(tmp_path: Path) -> None:
    station = Station(tmp_path)
    wire = Wire(station)
    _asked_with_an_id(wire)
    again = UplinkSession(station.spool.outbox, station.spool.rescans, *_said_by(wire))
    assert list(next(again.messages()).hello.rescans) == [_RESCAN]
    closed = fleet_pb2.RescanClosed(rescan_id=_RESCAN)
    wire.session.take(intake_pb2.Down(rescan_closed=closed))
    assert station.spool.rescans.open_requests() == []
    fresh = UplinkSession(station.spool.outbox, station.spool.rescans, *_said_by(wire))
    assert list(next(fresh.messages()).hello.rescans) == []


def _said_by(wire: Wire) -> tuple[Identity, RetryTimes, Any, Any]:
    one = wire.session
    return one._identity, one._pauses, one._beat, one._report


def test_what_is_impossible_is_said_once_in_a_stream_and_only_to_who_asked(tmp_path: Path) -> None:
    station = Station(tmp_path)
    wire = Wire(station)
    _asked_with_an_id(wire)
    assert station.spool.rescans.record_impossible(_RESCAN, "détruit")
    said = wire.next().rescan_impossible
    assert (said.rescan_id, said.reason) == (_RESCAN, "détruit")
    assert wire.nothing_more()
    # A centre of the previous version asks nothing, and would end the stream at this message.
    assert Wire(station).nothing_more()


def test_a_request_of_the_previous_version_is_shown_and_answered_by_hand(tmp_path: Path) -> None:
    station = _station(tmp_path, b"a")
    asked = fleet_pb2.RescanRequest(document_id="d", lot_name="LOT0.tif", reason="flou")
    Wire(station).session.take(intake_pb2.Down(rescan=asked))
    assert not station.spool.rescans.record_impossible("d", "détruit")
    assert station.spool.rescans.open_ids(9) == ()
    station.spool.rescans.close("d")
    Wire(station).session.take(intake_pb2.Down(rescan=asked))  # it says so at every connection
    assert station.spool.rescans.open_requests() == []
