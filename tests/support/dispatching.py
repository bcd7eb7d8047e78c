"""The dispatch process as threads of a test: real targets, a real database, real images."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa

from central import blobs, processes
from central.blobs import BlobStore
from central.config import Blobs, CentralConfig, Database, Destination, Dispatch, Intake
from central.telemetry import Telemetry

PATIENCE_S = 120.0
"""For what takes well under a second on a machine that has nothing else to do."""


def settings(folder: Path, *destinations: Destination, **dispatch: float) -> CentralConfig:
    """Settings of a dispatch process that looks often and waits little."""
    told = {"poll_every_s": 0.2, "sweep_every_s": 0.2, "returns_every_s": 0.1,
            "first_delay_s": 0.1, "longest_delay_s": 0.2, "circuit_stays_open_s": 0.2}  # fmt: skip
    unused = folder / "unused"
    return CentralConfig(
        database=Database(url="postgresql://unused@127.0.0.1/unused"),
        blobs=Blobs(url=f"file://{folder}/images"),
        dispatch=Dispatch.model_validate(told | dispatch),
        intake=Intake(
            listen="127.0.0.1:0", ca_file=unused, certificate_file=unused, key_file=unused
        ),
        destinations=destinations,
    )


def images_of(config: CentralConfig) -> BlobStore:
    """The process's store of images."""
    return blobs.open_store(config.blobs)


def put(images: BlobStore, sha256: bytes, data: bytes) -> None:
    """Store an image."""
    with images.receive(sha256, len(data)) as incoming:
        incoming.write(data)
        incoming.commit()


@contextlib.contextmanager
def running(config: CentralConfig, engine: sa.Engine, folder: Path) -> Iterator[None]:
    """Run the process inside the ``with``.

    Raises:
        AssertionError: it does not end.
    """
    stop = threading.Event()
    work = folder / "work"
    work.mkdir(exist_ok=True)
    part = threading.Thread(
        target=processes.run, args=(config, engine, work, Telemetry("test"), stop), daemon=True
    )
    part.start()
    try:
        yield
    finally:
        stop.set()
        part.join(PATIENCE_S)
    assert not part.is_alive(), "the process does not end"


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something to be so.

    Raises:
        AssertionError: it is not, after a very long time.
    """
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)
