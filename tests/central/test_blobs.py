"""What every blob store must do; run on the local folder and on an object store in memory."""

import datetime as dt
import hashlib
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from central import blobs
from central.blobs import BlobStore
from central.config import Blobs
from central.errors import BlobCorrupt, BlobMissing, BlobStoreUnavailable
from tests.support.faults import no_file_over

CONTENT = b"une page" * 1_000
DIGEST = hashlib.sha256(CONTENT).digest()


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    make: dict[str, Callable[[], BlobStore]] = {
        "local": lambda: blobs.folder_store(tmp_path / "blobs"),
        "memory": lambda: blobs.object_store(MemoryStore()),
    }
    return make[request.param]()


def _put(store: BlobStore, content: bytes, sha256: bytes, size: int | None = None) -> None:
    with store.receive(sha256, len(content) if size is None else size) as incoming:
        for start in range(0, len(content), 999):
            incoming.write(content[start : start + 999])
        incoming.commit()


def test_what_was_stored_is_read_back(store: BlobStore) -> None:
    _put(store, CONTENT, DIGEST)
    assert store.has(DIGEST)
    assert store.read(DIGEST) == CONTENT


def test_a_large_local_blob_is_read_in_pieces(tmp_path: Path) -> None:
    store = blobs.folder_store(tmp_path)
    content = bytes(5_000_000)
    _put(store, content, hashlib.sha256(content).digest())
    pieces = list(store.stream(hashlib.sha256(content).digest()))
    assert len(pieces) > 1
    assert b"".join(pieces) == content


def test_storing_twice_changes_nothing(store: BlobStore) -> None:
    _put(store, CONTENT, DIGEST)
    _put(store, CONTENT, DIGEST)
    assert store.read(DIGEST) == CONTENT


def test_an_empty_blob_is_a_blob(store: BlobStore) -> None:
    _put(store, b"", hashlib.sha256(b"").digest())
    assert store.read(hashlib.sha256(b"").digest()) == b""


def test_bytes_that_do_not_match_their_digest_are_refused(store: BlobStore) -> None:
    with pytest.raises(BlobCorrupt):
        _put(store, CONTENT[:-1] + b"!", DIGEST)
    assert not store.has(DIGEST)


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_size_other_than_announced_is_refused(store: BlobStore, size: int) -> None:
    with pytest.raises(BlobCorrupt):
        _put(store, CONTENT, DIGEST, size)
    assert not store.has(DIGEST)


def test_what_is_not_committed_is_not_there(store: BlobStore) -> None:
    with store.receive(DIGEST, len(CONTENT)) as incoming:
        incoming.write(CONTENT)
    assert not store.has(DIGEST)


def test_a_missing_blob_is_an_error_of_ours(store: BlobStore) -> None:
    with pytest.raises(BlobMissing):
        store.read(DIGEST)


def test_a_local_blob_that_rotted_is_noticed(tmp_path: Path) -> None:
    store = blobs.folder_store(tmp_path)
    _put(store, CONTENT, DIGEST)
    path = tmp_path / blobs.key_of(DIGEST)
    path.chmod(0o600)
    path.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(BlobCorrupt):
        store.read(DIGEST)


def test_a_local_blob_lies_under_its_digest_and_nothing_temporary_stays(tmp_path: Path) -> None:
    store = blobs.open_store(Blobs(url=f"file://{tmp_path}"))
    _put(store, CONTENT, DIGEST)
    name = DIGEST.hex()
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [tmp_path / name[:2] / name[2:4] / name]


def test_temporary_files_of_a_killed_process_are_deleted_after_a_day(tmp_path: Path) -> None:
    scratch = tmp_path / "incoming"
    scratch.mkdir()
    old, fresh = scratch / "old", scratch / "fresh"
    old.touch()
    fresh.touch()
    yesterday = time.time() - 100_000
    os.utime(old, (yesterday, yesterday))
    blobs.folder_store(tmp_path)
    assert list(scratch.iterdir()) == [fresh]


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BlobStoreUnavailable):
        blobs.folder_store(tmp_path / "file")


def test_a_disk_that_refuses_bytes_is_the_stores_error_wherever_it_is_met(
    tmp_path: Path,
) -> None:
    store = blobs.folder_store(tmp_path)
    content = bytes(600_000)
    digest = hashlib.sha256(content).digest()
    with no_file_over(100_000), pytest.raises(BlobStoreUnavailable):
        _put(store, content, digest)
    small = content[:5_000]  # fails only when it is flushed
    with no_file_over(1_000), pytest.raises(BlobStoreUnavailable):
        _put(store, small, hashlib.sha256(small).digest())
    with no_file_over(1_000), pytest.raises(BlobStoreUnavailable):
        store.check()
    store.check()
    assert list((tmp_path / "incoming").iterdir()) == []


def test_an_object_store_that_is_away_or_silent_is_given_up_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "_ANSWER_WITHIN", dt.timedelta(seconds=1))
    monkeypatch.setattr(blobs, "_TRIES_WITHIN", dt.timedelta(seconds=1))
    credentials = tmp_path / "key"
    credentials.write_text("id\nsecret\n", "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = blobs.open_store(
            Blobs(
                url="s3://images/centre",
                s3_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}",
                s3_region="eu-west-3",
                s3_credentials_file=credentials,
            )
        )
        started = time.monotonic()
        with pytest.raises(BlobStoreUnavailable):
            store.check()
        with pytest.raises(BlobStoreUnavailable):
            _put(store, CONTENT, DIGEST)
        assert time.monotonic() - started < 60
    with pytest.raises(BlobStoreUnavailable):
        _put(store, CONTENT, DIGEST)


@pytest.mark.parametrize("kind", ["local", "memory"])
def test_a_folder_of_temporary_files_that_a_cleaner_removed_is_made_again(
    tmp_path: Path, kind: str
) -> None:
    scratch = tmp_path / "incoming"
    store = (
        blobs.folder_store(tmp_path)
        if kind == "local"
        else blobs.object_store(MemoryStore(), scratch)
    )
    _put(store, CONTENT, DIGEST)
    shutil.rmtree(scratch)
    other = CONTENT + b"!"
    _put(store, other, hashlib.sha256(other).digest())
    shutil.rmtree(scratch)
    with store.at_hand(DIGEST) as file:
        assert file.read() == CONTENT
    shutil.rmtree(scratch)
    store.check()


def test_a_share_that_is_not_mounted_takes_nothing(tmp_path: Path) -> None:
    config = Blobs(url=f"file://{tmp_path}/images", marker=".vaguemestre")
    with pytest.raises(BlobStoreUnavailable):
        blobs.open_store(config)
    assert not (tmp_path / "images").exists()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / ".vaguemestre").touch()
    store = blobs.open_store(config)
    with store.receive(DIGEST, len(CONTENT)) as incoming:
        incoming.write(CONTENT)
        incoming.commit()
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    for act in (
        lambda: store.has(DIGEST),
        lambda: store.read(DIGEST),
        store.check,
        lambda: store.receive(DIGEST, 1).__enter__(),
    ):
        with pytest.raises(BlobStoreUnavailable):
            act()
    assert not (tmp_path / "images").exists()
