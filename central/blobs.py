"""Source files of documents by their SHA-256, in a local folder or an S3-compatible store.

A blob is readable under its digest only once it is whole, verified and durable: bytes are
collected in a temporary file, so memory stays bounded however large a scan is, and are
published in one step. On a local folder the syncs are ours: file, rename, folder. Storing what
is already there changes nothing.
"""

import contextlib
import datetime as dt
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from central.config import Blobs
from central.errors import BlobCorrupt, BlobMissing, BlobStoreUnavailable, ConfigInvalid

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_PIECE_BYTES = 1_048_576
_MOST_IN_MEMORY = 16_000_000
_ABANDONED_AFTER_S = 86_400
_PROBE_BYTES = 65_536
_CONNECT_WITHIN = dt.timedelta(seconds=5)
_ANSWER_WITHIN = dt.timedelta(seconds=30)
"""Of one request to an object store; a transfer is given that long for each of its requests."""
_TRIES_WITHIN = dt.timedelta(seconds=20)
_NOBODYS = bytes(32)
"""A digest that no file has: asking for it tells whether the store answers."""


class BlobUpload(Protocol):
    """One blob while it is received."""

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            BlobCorrupt: there are more than announced.
            BlobStoreUnavailable: the disk is full or fails.
        """
        ...

    def commit(self) -> None:
        """Verify and publish durably.

        Raises:
            BlobCorrupt: size or digest differ.
            BlobStoreUnavailable: the disk is full or fails, or the store does not answer.
        """
        ...


class BlobStore:
    """Blobs by digest; safe to use from many threads and processes."""

    def __init__(
        self,
        objects: ObjectStore,
        *,
        scratch: Path | None,
        publish: Callable[[Path, str], None],
        demand: Callable[[], None] = lambda: None,
    ) -> None:
        """Use ``folder_store``, ``object_store`` or ``open_store`` instead.

        Args:
            objects: Reads what was published.
            scratch: Folder of temporary files; None: the system's.
            publish: Moves a whole, verified file to its key, durably.
            demand: Raises BlobStoreUnavailable when this is not the store, before each use.
        """
        self._objects = objects
        self._scratch = scratch
        self._publish, self._demand = publish, demand

    @contextlib.contextmanager
    def receive(self, sha256: bytes, size: int) -> Iterator[BlobUpload]:
        """Take a blob in, piece by piece; what was not committed at the end is thrown away.

        Raises:
            BlobStoreUnavailable: the disk is full, or the store does not answer.
        """
        self._demand()
        with (
            _unavailable(),
            tempfile.NamedTemporaryFile(dir=self._scratch_folder(), delete=False) as file,
        ):
            path = Path(file.name)
            try:
                yield _Incoming(file, sha256, size, lambda: self._publish(path, key_of(sha256)))
            finally:
                path.unlink(missing_ok=True)

    def _scratch_folder(self) -> str | None:
        """Where temporary files go; made again when a cleaner of the system removed it."""
        if self._scratch is None:
            return None
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return str(self._scratch)

    def has(self, sha256: bytes) -> bool:
        """Whether the blob is here, whole.

        Raises:
            BlobStoreUnavailable: the store does not answer.
        """
        self._demand()
        with _unavailable():
            try:
                obstore.head(self._objects, key_of(sha256))
            except FileNotFoundError:
                return False
            return True

    def stream(self, sha256: bytes) -> Iterator[bytes]:
        """Read a blob in pieces of about a megabyte, verifying it on the way.

        Raises:
            BlobMissing: it is not here.
            BlobCorrupt: after the last piece: the stored bytes are no longer what was received.
            BlobStoreUnavailable: the store does not answer.
        """
        self._demand()
        digest = hashlib.sha256()
        with _unavailable():
            try:
                found = obstore.get(self._objects, key_of(sha256))
            except FileNotFoundError:
                raise BlobMissing(sha256.hex()) from None
            for piece in found.stream(min_chunk_size=_PIECE_BYTES):
                digest.update(piece)
                yield bytes(piece)
        if digest.digest() != sha256:
            raise BlobCorrupt(sha256.hex())

    @contextlib.contextmanager
    def at_hand(self, sha256: bytes) -> Iterator[IO[bytes]]:
        """A whole, verified blob to read here and there; a large one lies on the disk meanwhile.

        The same errors as ``stream``.
        """
        with _unavailable():
            scratch = self._scratch_folder()
        with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY, dir=scratch) as file:
            for piece in self.stream(sha256):
                file.write(piece)
            file.seek(0)
            yield file

    def check(self) -> None:
        """Try whether the store takes and answers; what is written for it is deleted.

        Raises:
            BlobStoreUnavailable: the disk is full or fails, or the store does not answer.
        """
        self._demand()
        with _unavailable():
            if (folder := self._scratch_folder()) is not None:
                _write_probe(folder)
        self.has(_NOBODYS)

    def read(self, sha256: bytes) -> bytes:
        """Read a whole blob; the same errors as ``stream``."""
        return b"".join(self.stream(sha256))


class _Incoming:
    def __init__(
        self, file: IO[bytes], sha256: bytes, size: int, publish: Callable[[], None]
    ) -> None:
        self._file, self._sha256, self._left, self._publish = file, sha256, size, publish
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise BlobCorrupt(f"{self._sha256.hex()}: longer than announced")
        self._digest.update(data)
        with _unavailable():  # its caller is outside ``receive``
            self._file.write(data)

    def commit(self) -> None:
        if self._left or self._digest.digest() != self._sha256:
            raise BlobCorrupt(self._sha256.hex())
        with _unavailable():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._publish()


def key_of(sha256: bytes) -> str:
    """Return ``ab/cd/<digest in hex>``: at most 65,536 folders, evenly filled."""
    digest = sha256.hex()
    return f"{digest[:2]}/{digest[2:4]}/{digest}"


def folder_store(folder: Path, marker: str = "") -> BlobStore:
    """Keep blobs in a folder; temporary files lie beside them, for the rename.

    Args:
        folder: Of this machine, or a share.
        marker: A file in it that proves that the share is mounted; empty: it is none.

    Raises:
        BlobStoreUnavailable: it cannot be made, or is not mounted.
    """
    scratch = folder / "incoming"

    def demand() -> None:
        if marker and not (folder / marker).is_file():
            raise BlobStoreUnavailable("the share is not mounted: no marker")

    demand()
    with _unavailable():
        scratch.mkdir(parents=True, exist_ok=True)
        _forget_abandoned(scratch)

    def publish(source: Path, key: str) -> None:
        target = folder / key
        for parent in (target.parent.parent, target.parent):
            if not parent.is_dir():
                parent.mkdir(exist_ok=True)
                _sync_folder(parent.parent)
        source.chmod(0o440)
        source.rename(target)
        _sync_folder(target.parent)

    return BlobStore(LocalStore(folder), scratch=scratch, publish=publish, demand=demand)


def object_store(objects: ObjectStore, scratch: Path | None = None) -> BlobStore:
    """Keep blobs in any store that obstore knows; a put is atomic and durable there."""

    def publish(source: Path, key: str) -> None:
        with source.open("rb") as file:
            obstore.put(objects, key, file)

    return BlobStore(objects, scratch=scratch, publish=publish)


def open_store(config: Blobs, work: Path | None = None) -> BlobStore:
    """Open the store that the settings name.

    Args:
        config: The settings.
        work: For temporary files when it is no local folder; None: the system's.

    Raises:
        BlobStoreUnavailable: the folder cannot be made.
        ConfigInvalid: the credentials cannot be read.
    """
    if config.url.startswith("file://"):
        return folder_store(Path(config.url.removeprefix("file://")), config.marker)
    bucket, _, prefix = config.url.removeprefix("s3://").partition("/")
    options: S3Config = {}
    if config.s3_credentials_file is not None:
        options["access_key_id"], options["secret_access_key"] = _credentials(
            config.s3_credentials_file
        )
    if config.s3_region is not None:
        options["region"] = config.s3_region
    if config.s3_endpoint is not None:
        options["endpoint"] = config.s3_endpoint
    client: ClientConfig = {
        "allow_http": (config.s3_endpoint or "").startswith("http://"),
        "connect_timeout": _CONNECT_WITHIN,
        "timeout": _ANSWER_WITHIN,
    }
    tries: RetryConfig = {"max_retries": 3, "retry_timeout": _TRIES_WITHIN}
    return object_store(
        S3Store(
            bucket,
            prefix=prefix or None,
            config=options,
            client_options=client,
            retry_config=tries,
        ),
        work,
    )


def _credentials(file: Path) -> tuple[str, str]:
    try:
        key_id, secret = file.read_text(encoding="utf-8").split()
    except OSError as error:
        raise ConfigInvalid(f"{error.filename}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigInvalid(
            f"{file} : deux lignes sont attendues, l'identifiant de la clé puis la clé secrète"
        ) from error
    return key_id, secret


@contextlib.contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise BlobStoreUnavailable(f"{type(error).__name__}: {error}") from error


def _forget_abandoned(scratch: Path) -> None:
    """Delete what a killed process was receiving; a station sends it again."""
    for path in scratch.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _ABANDONED_AFTER_S:
                path.unlink()


def _write_probe(folder: str) -> None:
    """Write as a blob is written: a full disk still makes empty files."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(bytes(_PROBE_BYTES))
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
