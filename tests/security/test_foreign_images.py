"""A digest is no proof: a site names only the files that it has sent whole."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa

from central.db.engine import transaction
from central.errors import BlobMissing
from central.intake import store as intake_store
from tests.support.central import document, page
from tests.support.intake import Centre
from vaguemestre.v1 import intake_pb2, intake_pb2_grpc

_DATA = b"another site's page" * 100
_DIGEST = hashlib.sha256(_DATA).digest()


def _chunk(data: bytes, *, size: int = len(_DATA)) -> intake_pb2.Up:
    chunk = intake_pb2.BlobChunk(sha256=_DIGEST, size=size, offset=0, data=data, last=True)
    return intake_pb2.Up(chunk=chunk)


def _answers(centre: Centre, site: str, *ups: intake_pb2.Up) -> list[intake_pb2.Down]:
    pair = centre.authority.station(site)
    credentials = grpc.ssl_channel_credentials(
        centre.authority.file.read_bytes(), pair.key.read_bytes(), pair.certificate.read_bytes()
    )
    hello = intake_pb2.Up(hello=intake_pb2.Hello(site=site, station="poste-1"))
    with grpc.secure_channel(f"localhost:{centre.port}", credentials) as channel:
        stub = intake_pb2_grpc.IntakeStub(channel)  # type: ignore[no-untyped-call]
        return list(stub.Deliver(iter([hello, *ups]), timeout=60))[1:]


@pytest.fixture
def centre(tmp_path: Path, engine: sa.Engine) -> Iterator[Centre]:
    made = Centre(tmp_path, engine)
    with made.running():
        (stored,) = _answers(made, "gien", _chunk(_DATA))
        assert stored.HasField("blob_stored")
        yield made


def test_citing_the_digest_of_another_sites_file_proves_nothing(
    centre: Centre, engine: sa.Engine
) -> None:
    for empty in (_chunk(b""), _chunk(b"x" * len(_DATA))):
        (answer,) = _answers(centre, "orleans", empty)
        assert answer.WhichOneof("kind") == "refusal"
    foreign = document(page(_DATA), site="orleans")
    with transaction(engine) as connection:
        connection.execute(sa.text("INSERT INTO sites VALUES ('orleans') ON CONFLICT DO NOTHING"))
    with pytest.raises(BlobMissing):
        intake_store.store_document(engine, foreign)


def test_a_site_that_has_the_same_file_sends_it_and_may_name_it(
    centre: Centre, engine: sa.Engine
) -> None:
    (answer,) = _answers(centre, "orleans", _chunk(_DATA))
    assert answer.HasField("blob_stored")
    assert intake_store.store_document(engine, document(page(_DATA), site="orleans")) is False
    (again,) = _answers(centre, "orleans", _chunk(b""))
    assert again.HasField("blob_stored"), "its own file is passed over, as before"
