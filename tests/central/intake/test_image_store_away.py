"""The store of images fails while a station sends: its stream ends, and nothing is refused."""

import hashlib
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from obstore.store import S3Store

from central import blobs
from central.blobs import BlobStore
from central.config import Intake
from central.errors import BlobStoreUnavailable
from central.intake.server import STATUS_OF
from central.intake.stream import IntakeStores, StationStream
from central.telemetry import Telemetry
from tests.support.faults import no_file_over
from vaguemestre.v1 import intake_pb2

_SITE, _STATION = "la-rochelle", "poste-1"
_CONTENT = bytes(range(256)) * 2_000
_PIECE = 100_000


def _stream(engine: sa.Engine, images: BlobStore, folder: Path) -> StationStream:
    limits = Intake(
        listen="127.0.0.1:0",
        ca_file=folder / "ca",
        certificate_file=folder / "crt",
        key_file=folder / "key",
    )
    stream = StationStream(_SITE, IntakeStores(engine, images), limits, Telemetry("test"))
    stream.open(intake_pb2.Up(hello=intake_pb2.Hello(site=_SITE, station=_STATION)))
    return stream


def _send(stream: StationStream) -> list[intake_pb2.Down]:
    digest = hashlib.sha256(_CONTENT).digest()
    answers = []
    for start in range(0, len(_CONTENT), _PIECE):
        piece = _CONTENT[start : start + _PIECE]
        chunk = intake_pb2.BlobChunk(
            sha256=digest,
            size=len(_CONTENT),
            offset=start,
            data=piece,
            last=start + len(piece) == len(_CONTENT),
        )
        answers += list(stream.take(intake_pb2.Up(chunk=chunk)))
    return answers


def test_a_full_disk_ends_the_stream_and_the_file_arrives_once_there_is_room(
    tmp_path: Path, engine: sa.Engine
) -> None:
    images = blobs.folder_store(tmp_path / "images")
    stream = _stream(engine, images, tmp_path)
    with no_file_over(250_000), pytest.raises(BlobStoreUnavailable):
        _send(stream)
    stream.close()

    answers = _send(_stream(engine, images, tmp_path))

    assert [one.WhichOneof("kind") for one in answers] == ["blob_stored"]
    assert images.read(hashlib.sha256(_CONTENT).digest()) == _CONTENT
    assert list((tmp_path / "images" / "incoming").iterdir()) == []


def test_an_object_store_that_went_away_ends_the_stream(tmp_path: Path, engine: sa.Engine) -> None:
    away = S3Store(
        "images",
        endpoint="http://127.0.0.1:9",
        region="eu-west-3",
        access_key_id="id",
        secret_access_key="secret",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    stream = _stream(engine, blobs.object_store(away), tmp_path)

    with pytest.raises(BlobStoreUnavailable):
        _send(stream)


def test_the_station_is_told_to_come_again_and_not_that_its_file_is_bad() -> None:
    assert STATUS_OF[BlobStoreUnavailable] is grpc.StatusCode.UNAVAILABLE
