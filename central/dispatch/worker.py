"""The dispatch process: claims due deliveries and hands them to their applications.

A worker killed between handing over and recording leaves a claim that the sweeper takes back; the
second handing over changes nothing at the application (targets/base.py).
"""

import contextlib
import os
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from central import blobs
from central.config import CentralConfig, Destination, Dispatch
from central.dispatch import listen, package, sweeper
from central.dispatch.source_files import SourceFiles
from central.dispatch.targets.base import Delivered, Outcome, Rejected, Target, Unavailable
from central.dispatch.targets.folder import FolderTarget
from central.dispatch.targets.http import HttpTarget
from central.dispatch.wake import Bell
from central.domain.circuit import CircuitPolicy
from central.domain.document import Claim, Delivery
from central.domain.retry import DeadLetter, RetryPolicy, TryAgain, decide
from central.errors import CentralError, ConfigInvalid
from central.events import Events
from central.store import circuits, deliveries
from central.store.engine import Engine

_PAUSE_AFTER_ERROR_S = 2.0
_SHORTEST_SLEEP_S = 0.05


@dataclass(frozen=True, slots=True)
class Unprepared:
    """The centre could not make the package now: that says nothing of document or application."""

    code: str
    reason: str = "Le centre n'a pas pu préparer le document."


def make_target(destination: Destination) -> Target:
    """Build the target that a destination's settings describe.

    Raises:
        ConfigInvalid: a file that they name cannot be read.
    """
    if destination.kind == "folder" and destination.folder is not None:
        return FolderTarget(destination.folder, destination.marker)
    try:
        secret = destination.secret_file.read_bytes().strip() if destination.secret_file else None
        return HttpTarget(destination.url or "", secret, destination.timeout_s, destination.ca_file)
    except OSError as error:  # ssl.SSLError too
        raise ConfigInvalid(f"{destination.name}: {error.filename}: {error.strerror}") from error


class Worker:
    """Delivers one claim after the other.

    Args:
        name: Unlike any other worker's on any machine.
        engine: The database.
        open_source: Opens a page's source file by its SHA-256.
        targets: By destination.
        settings: How patiently.
        events: The process's voice.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        open_source: Callable[[bytes], BinaryIO],
        targets: Mapping[str, Target],
        settings: Dispatch,
        events: Events,
    ) -> None:
        self._name, self._engine, self._open_source = name, engine, open_source
        self._targets, self._settings, self._events = targets, settings, events
        self._policy = RetryPolicy(
            settings.give_up_after, settings.first_delay_s, settings.longest_delay_s
        )
        self._circuit = CircuitPolicy(settings.circuit_opens_after, settings.circuit_stays_open_s)
        self._random = random.SystemRandom()

    def deliver_next(self) -> bool:
        """Deliver one due document; False when none is due.

        Raises:
            StoreUnavailable: a claim that could not be finished is taken back by the sweeper.
        """
        delivery = deliveries.claim(
            self._engine, self._name, list(self._targets), self._settings.lease_s
        )
        if delivery is None:
            return False
        started = time.monotonic()
        outcome = self._hand_over(delivery)
        told = self._record(delivery.claim, outcome)
        self._events.attempted(
            str(delivery.document.id),
            delivery.claim.destination,
            told,
            time.monotonic() - started,
            attempts=delivery.claim.attempts,
            code="" if isinstance(outcome, Delivered) else outcome.code,
        )
        return True

    def _hand_over(self, delivery: Delivery) -> Outcome | Unprepared:
        """Only what the application itself answers, or its silence, counts for its circuit."""
        try:
            made = package.build(delivery, self._open_source)
        except CentralError as error:
            return (Rejected(error.code, error.reason) if error.permanent else
                    Unprepared(error.code))  # fmt: skip
        except OSError:
            return Unprepared("dispatch_disk")
        except ValueError:
            return Rejected("package_failed", "Le document n'a pas pu être mis en PDF.")
        destination = delivery.claim.destination
        outcome = self._targets[destination].deliver(made)
        if not isinstance(outcome, Unavailable):
            if circuits.answered(self._engine, destination):
                self._events.circuit_closed(destination)
        elif circuits.unreachable(self._engine, destination, self._circuit, outcome.code):
            self._events.circuit_opened(destination, outcome.code)
        return outcome

    def _record(self, held: Claim, outcome: Outcome | Unprepared) -> str:
        if isinstance(outcome, Unprepared):
            pause_s = self._settings.circuit_stays_open_s
            is_ours = deliveries.postpone(
                self._engine, held, pause_s, outcome.code, outcome.reason, counts=False
            )
            return "later" if is_ours else "lost"
        if isinstance(outcome, Delivered):
            is_ours = deliveries.delivered(self._engine, held, outcome.receipt)
            return "delivered" if is_ours else "lost"
        match self._decide(held, outcome):
            case DeadLetter(why):
                reason = f"{outcome.reason} ({why})"
                is_ours = deliveries.dead(self._engine, held, outcome.code, reason)
                return "dead" if is_ours else "lost"
            case TryAgain(delay_s):
                is_ours = deliveries.postpone(
                    self._engine, held, delay_s, outcome.code, outcome.reason
                )
                return "later" if is_ours else "lost"

    def _decide(self, held: Claim, outcome: Rejected | Unavailable) -> TryAgain | DeadLetter:
        return decide(
            self._policy,
            attempts=max(1, held.attempts - held.is_trial),
            permanent=isinstance(outcome, Rejected),
            jitter=self._random.random(),
            asked_delay_s=0.0 if isinstance(outcome, Rejected) else outcome.retry_after_s,
        )

    def seconds_to_next(self) -> float:
        """How long to sleep when nothing is due."""
        found = deliveries.seconds_to_next(self._engine, list(self._targets))
        longest = self._settings.poll_every_s
        return longest if found is None else min(max(found, _SHORTEST_SLEEP_S), longest)


def run(config: CentralConfig, engine: Engine, events: Events, stop: threading.Event) -> None:
    """Run the dispatch process until ``stop`` is set; deliveries under way are finished.

    Raises:
        ConfigInvalid: a destination's file cannot be read.
        BlobStoreUnavailable: the store of images cannot be opened.
    """
    targets = {destination.name: make_target(destination) for destination in config.destinations}
    store = blobs.open_store(config.blobs)
    bell = Bell()
    with contextlib.ExitStack() as opened:
        for target in targets.values():
            opened.callback(target.close)
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="vaguemestre-"))
        open_source = SourceFiles(store, Path(folder)).open
        prefix = f"{socket.gethostname()}-{os.getpid()}"
        parts = [
            threading.Thread(
                target=_work,
                args=(
                    Worker(f"{prefix}-{n}", engine, open_source, targets, config.dispatch, events),
                    events,
                    bell,
                    stop,
                ),
                name=f"dispatch-{n}",
            )
            for n in range(config.dispatch.workers)
        ]
        parts += [
            threading.Thread(target=listen.run, args=(engine, bell, events, stop), name="listen"),
            threading.Thread(
                target=sweeper.run, args=(config, engine, targets, events, stop), name="sweeper"
            ),
        ]
        for part in parts:
            part.start()
        for part in parts:
            part.join()


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
