"""The dispatch process: claims due deliveries and hands them to their applications.

Workers wait for PostgreSQL's NOTIFY, so that an idle centre delivers at once, and poll beside
it. A worker killed between handing over and recording leaves a claim that the sweeper takes
back; the second handing over changes nothing at the application.
"""

import datetime as dt
import os
import random
import socket
import threading
import time
from collections.abc import Mapping

import sqlalchemy as sa

from central import blobs
from central.config import CentralConfig, Destination, Dispatch
from central.dispatch import package
from central.dispatch.returns import collect
from central.dispatch.targets.base import Delivered, Outcome, Rejected, Target, Unavailable
from central.dispatch.targets.folder import FolderTarget
from central.dispatch.targets.http import HttpTarget
from central.domain import circuit
from central.domain.delivery import Delivery
from central.domain.retry import DeadLetter, RetryPolicy, decide
from central.errors import BlobMissing, CentralError
from central.events import Events
from central.store import deliveries, returns
from central.store.listen import Listener

_PAUSE_AFTER_ERROR_S = 2.0


def make_target(destination: Destination) -> Target:
    """Build the target that a destination's settings describe."""
    if destination.kind == "folder" and destination.folder is not None:
        return FolderTarget(destination.folder)
    secret = destination.secret_file.read_bytes().strip() if destination.secret_file else None
    return HttpTarget(destination.url or "", secret, destination.timeout_s, destination.ca_file)


class Worker:
    """Delivers one claim after the other.

    Args:
        name: Unlike any other worker's on any machine.
        engine: The database.
        store: The page images.
        targets: By destination.
        settings: How patiently.
        events: The process's voice.
    """

    def __init__(
        self,
        name: str,
        engine: sa.Engine,
        store: blobs.BlobStore,
        targets: Mapping[str, Target],
        settings: Dispatch,
        events: Events,
    ) -> None:
        self._name, self._engine, self._store = name, engine, store
        self._targets, self._settings, self._events = targets, settings, events
        self._policy = RetryPolicy(
            settings.give_up_after, settings.first_delay_s, settings.longest_delay_s
        )
        self._random = random.SystemRandom()

    def deliver_next(self) -> bool:
        """Deliver one due document; False when none is due."""
        now = dt.datetime.now(dt.UTC)
        open_for = [
            name
            for name in self._targets
            if circuit.may_try(deliveries.circuit_of(self._engine, name), now)
        ]
        delivery = deliveries.claim(self._engine, self._name, open_for, self._settings.lease_s)
        if delivery is None:
            return False
        started = time.monotonic()
        outcome = self._hand_over(delivery)
        told = self._record(delivery, outcome)
        self._events.attempted(
            str(delivery.document_id),
            delivery.destination,
            told,
            time.monotonic() - started,
            attempts=delivery.attempts,
            code=getattr(outcome, "code", ""),
        )
        return True

    def _hand_over(self, delivery: Delivery) -> Outcome:
        try:
            made = package.build(delivery, self._store.read)
        except BlobMissing as error:
            return Rejected(error.code, error.reason)
        except CentralError as error:
            return Unavailable(error.code, error.reason)
        except Exception as error:  # an image that no PDF can hold must not stop the others
            self._events.crashed("package", error)
            return Rejected("package_failed", "Le document n'a pas pu être mis en PDF.")
        return self._targets[delivery.destination].deliver(made)

    def _record(self, delivery: Delivery, outcome: Outcome) -> str:
        match outcome:
            case Delivered(receipt):
                self._answered(delivery.destination)
                deliveries.delivered(self._engine, self._name, delivery, receipt)
                return "delivered"
            case Rejected(code, reason):
                self._answered(delivery.destination)
                deliveries.dead(self._engine, self._name, delivery, code, reason)
                return "dead"
            case Unavailable(code, reason, asked):
                self._stayed_away(delivery.destination, code)
                decision = decide(
                    self._policy,
                    attempts=delivery.attempts,
                    permanent=False,
                    jitter=self._random.random(),
                    asked_delay=asked,
                )
                if isinstance(decision, DeadLetter):
                    text = f"{reason} ({decision.reason})"
                    deliveries.dead(self._engine, self._name, delivery, code, text)
                    return "dead"
                deliveries.try_again(
                    self._engine, self._name, delivery, decision.delay, code, reason
                )
                return "later"

    def _answered(self, destination: str) -> None:
        if deliveries.circuit_of(self._engine, destination) != circuit.Circuit():
            deliveries.set_circuit(self._engine, destination, circuit.succeeded(), "")

    def _stayed_away(self, destination: str, code: str) -> None:
        before = deliveries.circuit_of(self._engine, destination)
        after = circuit.failed(
            before,
            dt.datetime.now(dt.UTC),
            opens_after=self._settings.circuit_opens_after,
            stays_open_s=self._settings.circuit_stays_open_s,
        )
        deliveries.set_circuit(self._engine, destination, after, code)


def run(config: CentralConfig, engine: sa.Engine, events: Events, stop: threading.Event) -> None:
    """Run the dispatch process until ``stop`` is set; deliveries under way are finished."""
    targets = {destination.name: make_target(destination) for destination in config.destinations}
    store = blobs.open_store(config.blobs)
    wake = threading.Condition()
    prefix = f"{socket.gethostname()}-{os.getpid()}"
    parts = [
        threading.Thread(
            target=_work,
            args=(
                Worker(f"{prefix}-{n}", engine, store, targets, config.dispatch, events),
                config.dispatch,
                events,
                wake,
                stop,
            ),
            name=f"dispatch-{n}",
        )
        for n in range(config.dispatch.workers)
    ]
    parts.append(threading.Thread(target=_listen, args=(engine, events, wake, stop), name="listen"))
    parts.append(threading.Thread(target=_keep, args=(config, engine, events, stop), name="keep"))
    for part in parts:
        part.start()
    for part in parts:
        part.join()


def _work(
    worker: Worker,
    settings: Dispatch,
    events: Events,
    wake: threading.Condition,
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            if worker.deliver_next():
                continue
        except CentralError as error:
            events.failed(error.code, part="dispatch")
            stop.wait(_PAUSE_AFTER_ERROR_S)
        except Exception as error:
            events.crashed("dispatch", error)
            stop.wait(_PAUSE_AFTER_ERROR_S)
        with wake:
            if not stop.is_set():
                wake.wait(min(settings.poll_every_s, 1.0))


def _listen(
    engine: sa.Engine, events: Events, wake: threading.Condition, stop: threading.Event
) -> None:
    """Wake the workers when the database tells of a delivery, and once more at the end."""
    while not stop.is_set():
        try:
            with Listener(engine) as listener:
                while not stop.is_set():
                    if listener.wait(0.5):
                        with wake:
                            wake.notify_all()
        except CentralError as error:
            events.failed(error.code, part="listen")
            stop.wait(_PAUSE_AFTER_ERROR_S)
    with wake:
        wake.notify_all()


def _keep(config: CentralConfig, engine: sa.Engine, events: Events, stop: threading.Event) -> None:
    """Sweep expired claims and look into the returns folders."""
    folders = [(d.name, d.returns_folder) for d in config.destinations if d.returns_folder]
    every = min(config.dispatch.sweep_every_s, config.dispatch.returns_every_s)
    while not stop.wait(every):
        try:
            if swept := deliveries.sweep(engine):
                events.swept(swept)
            for name, folder in folders:
                if not folder.is_dir():
                    continue
                found = collect(
                    folder, name, lambda i, d, c: returns.give_back(engine, i, d, c, "folder")
                )
                for document_id, cause in found:
                    events.returned(document_id, name, cause)
        except (CentralError, OSError) as error:
            events.failed(getattr(error, "code", "returns_folder"), part="keep")
