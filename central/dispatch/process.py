"""The dispatch process: workers for each destination, the renewal of claims, the sweeper.

Each destination has threads of its own, for deliveries and for its folders. One that is slow, or
whose share died under us so that a call never returns, keeps its own threads busy and no others.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from central import blobs, pack
from central.config import CentralConfig
from central.dispatch import listen, sweeper
from central.dispatch.making import make_target
from central.dispatch.renewal import Renewal
from central.dispatch.source_files import SourceFiles
from central.dispatch.targets.base import Target
from central.dispatch.wake import Bell
from central.dispatch.worker import Shared, Worker
from central.errors import CentralError
from central.events import Events
from central.rendering.binding import Binder
from central.store.engine import Engine
from vaguemestre import pack as vaguemestre_pack

_PAUSE_AFTER_ERROR_S = 2.0
_ENDED_WITHIN_S = 60.0
"""After the stop, for deliveries under way; longer than most hand-overs."""


def run(
    config: CentralConfig, engine: Engine, work: Path, events: Events, stop: threading.Event
) -> None:
    """Run the dispatch process until ``stop`` is set; deliveries under way are finished.

    One that is not finished within a minute is left to the sweeper of another process.

    Raises:
        ConfigInvalid: a destination's file cannot be read, or the pack.
        BlobStoreUnavailable: the store of images cannot be opened.
    """
    settings = config.dispatch
    targets = {destination.name: make_target(destination) for destination in config.destinations}
    store = blobs.open_store(config.blobs, work)
    binder = Binder(at_once=max(2, os.cpu_count() or 2))
    renewal = Renewal(engine, settings.lease_s, settings.longest_hand_over_s, events)
    shared = Shared(
        engine=engine,
        open_source=SourceFiles(store, work / "sources").open,
        binder=binder,
        folder=work / "packages",
        renewal=renewal,
        catalogue=pack.load(config.console.pack_dir or vaguemestre_pack.default_dir()),
        settings=settings,
        events=events,
    )
    bell = Bell()
    with contextlib.ExitStack() as opened:
        opened.callback(binder.close)
        for target in targets.values():
            opened.callback(target.close)
        acts: dict[str, Callable[[], None]] = {
            "listen": lambda: listen.run(engine, bell, events, stop),
            "sweeper": lambda: sweeper.run(config, engine, events, stop),
            "renewal": lambda: renewal.run(stop),
            **dict(_serving(config, targets, shared, bell, stop)),
        }
        parts = [threading.Thread(target=a, name=name, daemon=True) for name, a in acts.items()]
        for part in parts:
            part.start()
        stop.wait()
        until = time.monotonic() + _ENDED_WITHIN_S
        for part in parts:
            part.join(max(0.0, until - time.monotonic()))


def _serving(
    config: CentralConfig,
    targets: dict[str, Target],
    shared: Shared,
    bell: Bell,
    stop: threading.Event,
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the threads of each destination, by name."""
    prefix = f"{socket.gethostname()}-{os.getpid()}"
    for destination in config.destinations:
        target = targets[destination.name]
        for n in range(destination.workers or config.dispatch.workers):
            worker = Worker(f"{prefix}-{destination.name}-{n}", destination, target, shared)
            yield f"{destination.name}-{n}", _working(worker, shared.events, bell, stop)
        yield (
            f"{destination.name}-folders",
            _tending(config, destination.name, target, shared, stop),
        )


def _working(
    worker: Worker, events: Events, bell: Bell, stop: threading.Event
) -> Callable[[], None]:
    return lambda: _work(worker, events, bell, stop)


def _tending(
    config: CentralConfig, name: str, target: Target, shared: Shared, stop: threading.Event
) -> Callable[[], None]:
    return lambda: sweeper.tend(config, name, target, shared.engine, shared.events, stop)


def _work(worker: Worker, events: Events, bell: Bell, stop: threading.Event) -> None:
    while not stop.is_set():
        rung = bell.rung
        try:
            if not worker.deliver_next():
                sleep_s = worker.seconds_to_next()
                if not stop.is_set():
                    bell.wait(rung, sleep_s)
        except CentralError as error:
            events.failed(error.code, part="dispatch")
            stop.wait(_PAUSE_AFTER_ERROR_S)
        except Exception as error:
            events.crashed("dispatch", error)
            stop.wait(_PAUSE_AFTER_ERROR_S)
