"""Both ends of the wire in this process: real gRPC over mTLS, PostgreSQL, a folder of images."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from central import blobs
from central.config import Blobs, CentralConfig, Database, Intake
from central.db.engine import Engine
from central.intake import server
from central.intake.stream import IntakeStores
from central.quality.rules import SamplingPolicy
from central.telemetry import Telemetry
from edge import config
from edge.uplink import sender
from tests.support.certificates import Authority, Pair
from tests.support.station import Station

_READY_WITHIN_S = 20.0
_DEADLINE_S = 20.0
SITE, STATION = "la-rochelle", "poste-1"


class Centre:
    """Starts and stops the intake, always on the same port."""

    def __init__(self, folder: Path, engine: Engine, **limits: int) -> None:
        self.authority = Authority(folder / "certificats")
        self._pair = self.authority.server()
        self._engine, self._limits = engine, limits
        self.drawing: SamplingPolicy | None = None
        self.blobs = blobs.folder_store(folder / "images")
        self._folder, self.port = folder, 0

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve for as long as the context lasts."""
        settings = CentralConfig(
            database=Database(url="postgresql:///unused"),
            blobs=Blobs(url=f"file://{self._folder / 'images'}"),
            intake=Intake(
                listen=f"127.0.0.1:{self.port}",
                ca_file=self.authority.file,
                certificate_file=self._pair.certificate,
                key_file=self._pair.key,
                drain_s=2.0,
                **self._limits,
            ),
        )
        stop = threading.Event()
        ready: queue.SimpleQueue[int] = queue.SimpleQueue()
        stores = IntakeStores(self._engine, self.blobs, self.drawing)
        thread = threading.Thread(
            target=server.run, args=(settings, stores, Telemetry("test"), stop, ready.put)
        )
        thread.start()
        try:
            self.port = ready.get(timeout=_READY_WITHIN_S)
            yield
        finally:
            stop.set()
            thread.join()

    def uplink(self, pair: Pair, **changes: object) -> config.Uplink:
        """A station's settings to reach this centre with a certificate."""
        settings = config.Uplink(
            centres=(f"127.0.0.1:{self.port}",),
            ca_file=self.authority.file,
            certificate_file=pair.certificate,
            key_file=pair.key,
            heartbeat_every_s=0.2,
            first_delay_s=0.05,
            longest_delay_s=0.3,
        )
        return settings.model_copy(update=changes)


def until(condition: Callable[[], bool], within_s: float = _DEADLINE_S) -> bool:
    """Wait for something to come true; False when it took too long."""
    deadline = time.monotonic() + within_s
    while not (is_true := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_true


@contextlib.contextmanager
def sending(
    station: Station, uplink: config.Uplink, site: str = SITE, **of_station: object
) -> Iterator[list[dict[str, Any]]]:
    """A station's uplink for as long as the context lasts; gives what it tells."""
    told: list[dict[str, Any]] = []
    about = config.Station(site=site, name=STATION, fund="17", work_dir=station.work)
    settings = config.EdgeConfig(
        station=about.model_copy(update=of_station),
        sources=(config.Source(name="scan", folder=station.folder),),
        uplink=uplink,
    )
    stop = threading.Event()
    running = sender.UplinkClient(
        station.spool.outbox,
        station.spool.rescans,
        station.spool.status,
        settings,
        {"program": "0"},
        lambda event, **fields: told.append({"event": event, **fields}),
    )
    thread = threading.Thread(target=running.run, args=(stop,))
    thread.start()
    try:
        yield told
    finally:
        stop.set()
        thread.join(_DEADLINE_S)
    assert not thread.is_alive()
