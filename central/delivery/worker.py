"""The dispatch worker: claims one delivery after the other, hands it over and records the outcome.

A worker killed between handing over and recording leaves a claim that the sweeper takes back; the
second hand-over changes nothing at the application (targets/base.py). What all workers of a process
share stands beside it:

- ``Renewal`` extends the leases of claims while they are handed over. Without it, a hand-over that
  takes longer than its lease would be made again by another worker, or to another application when
  the plan changed meanwhile. A process that dies renews nothing.
- ``SourceFiles`` fetches a lot's file once, not once for each of its documents.
- ``WakeSignal`` and ``listen_for_work`` wake workers at the database's notifications. These are
  a hint: workers look by themselves every now and then, so that a lost one only delays a delivery.
"""

import contextlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from central.blobs import BlobStore
from central.config import Destination, Dispatch
from central.db.engine import Engine, NotificationListener
from central.delivery import content, package
from central.delivery import store as delivery_store
from central.delivery.rules import (
    CircuitPolicy,
    Claim,
    DeadLetter,
    Delivery,
    RetryPolicy,
    TryAgain,
    next_attempt,
)
from central.delivery.targets.base import (
    Delivered,
    OtherContent,
    Outcome,
    Rejected,
    Target,
    Unavailable,
)
from central.documents.rules import DeliverableDocument
from central.errors import CentralError
from central.rendering.binding import Binder
from central.telemetry import Telemetry
from vaguemestre.model.forms import FieldKind
from vaguemestre.model.plan import Plan

_TIMES_A_LEASE = 4


class Renewal:
    """See the module; safe to use from many threads.

    Args:
        engine: The database.
        lease_s: Of each claim, from each renewal on.
        longest_s: A hand-over that takes longer is believed to hang and renewed no more.
        events: The process's voice.
    """

    def __init__(self, engine: Engine, lease_s: float, longest_s: float, events: Telemetry) -> None:
        self._engine, self._lease_s, self._longest_s = engine, lease_s, longest_s
        self._events = events
        self._since: dict[Claim, float] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, claim: Claim) -> Iterator[None]:
        """Keep a claim alive inside the ``with``."""
        with self._lock:
            self._since[claim] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._since[claim]

    def run(self, stop: threading.Event) -> None:
        """Renew what is held until ``stop`` is set and nothing is held any more."""
        while not (stop.wait(self._lease_s / _TIMES_A_LEASE) and not self._held()):
            try:
                self.renew()
            except CentralError as error:
                self._events.failed(error.code, part="renewal")
            except Exception as error:
                self._events.crashed("renewal", error)
            if stop.is_set():  # a hand-over under way at the stop is finished
                time.sleep(min(1.0, self._lease_s / _TIMES_A_LEASE))

    def renew(self) -> None:
        """Renew what is held, once.

        Raises:
            StoreUnavailable: nothing was renewed; it is tried again before the leases pass.
        """
        if held := self._held():
            delivery_store.renew(self._engine, held, self._lease_s)

    def _held(self) -> list[Claim]:
        oldest = time.monotonic() - self._longest_s
        with self._lock:
            return [claim for claim, since in self._since.items() if since > oldest]


_MAX_BYTES = 2_000_000_000


class SourceFiles:
    """See the module; safe to use from many threads.

    Args:
        store: Where blobs come from.
        folder: For this process alone.
        max_bytes: Kept at most; one file may be larger and is then kept alone.
    """

    def __init__(self, store: BlobStore, folder: Path, max_bytes: int = _MAX_BYTES) -> None:
        self._store, self._folder, self._max_bytes = store, folder, max_bytes
        self._kept: dict[bytes, int] = {}  # digest → size, least recently used first
        self._lock = threading.Lock()

    def open(self, sha256: bytes) -> BinaryIO:
        """Open a source file by its digest; the caller closes it.

        Raises:
            BlobMissing: the store has none of that digest.
            BlobCorrupt: the stored bytes are no longer what was received.
            BlobStoreUnavailable: the store does not answer.
            OSError: no room for it here.
        """
        path = self._folder / sha256.hex()
        with self._lock:
            if sha256 in self._kept:
                self._kept[sha256] = self._kept.pop(sha256)
                with contextlib.suppress(FileNotFoundError):  # a cleaner of the system was here
                    return path.open("rb")
        fresh = self._fetch(sha256)  # twice when two threads want it at once: harmless
        with self._lock:
            fresh.rename(path)
            self._kept.pop(sha256, None)
            self._kept[sha256] = path.stat().st_size
            opened = path.open("rb")
            self._make_room(sha256)
        return opened

    def _fetch(self, sha256: bytes) -> Path:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for piece in self._store.stream(sha256):
                    file.write(piece)
        except BaseException:
            Path(name).unlink()
            raise
        return Path(name)

    def _make_room(self, newest: bytes) -> None:
        """Forget the least recently used; who has one open keeps reading it."""
        while sum(self._kept.values()) > self._max_bytes:
            oldest = next(iter(self._kept))
            if oldest == newest:
                return
            del self._kept[oldest]
            (self._folder / oldest.hex()).unlink(missing_ok=True)


class WakeSignal:
    """Rung when something may be due."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often it has been rung; read it before looking for work."""
        return self._rung

    def ring(self) -> None:
        """Wake all who wait, and let those who are about to wait look again."""
        with self._changed:
            self._rung += 1
            self._changed.notify_all()

    def wait(self, since: int, timeout_s: float) -> None:
        """Sleep until it is rung after ``since``, or the time has passed."""
        with self._changed:
            self._changed.wait_for(lambda: self._rung != since, timeout_s)


_LOOK_UP_EVERY_S = 0.5
_PAUSE_AFTER_ERROR_S = 2.0


def listen_for_work(
    engine: Engine, bell: WakeSignal, events: Telemetry, stop: threading.Event
) -> None:
    """Listen until ``stop`` is set; then ring once more, for those who sleep."""
    while not stop.is_set():
        try:
            with NotificationListener(engine) as listener:
                bell.ring()  # what was told before is found by looking
                while not stop.is_set():
                    if listener.wait(_LOOK_UP_EVERY_S):
                        bell.ring()
        except CentralError as error:
            events.failed(error.code, part="listen")
            stop.wait(_PAUSE_AFTER_ERROR_S)
        except Exception as error:
            events.crashed("listen", error)
            stop.wait(_PAUSE_AFTER_ERROR_S)
    bell.ring()


_SHORTEST_SLEEP_S = 0.05
_LOGICAL = frozenset({FieldKind.TICK, FieldKind.SIGNATURE})
"""Kinds of fields that hold true or false."""


@dataclass(frozen=True, slots=True)
class PackageUnavailable:
    """The centre could not make the package now: that says nothing of document or application."""

    code: str
    reason: str = "Le centre n'a pas pu préparer le document."


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers of a process share.

    ``open_source`` opens a page's source file by its SHA-256; ``binder`` makes PDFs; ``folder`` is
    for packages while they are handed over; ``renewal`` keeps claims alive meanwhile;
    ``plan`` knows which fields hold true or false.
    """

    engine: Engine
    open_source: Callable[[bytes], BinaryIO]
    binder: Binder
    folder: Path
    renewal: Renewal
    plan: Plan
    settings: Dispatch
    events: Telemetry


class Worker:
    """Delivers to one destination, one claim after the other.

    Args:
        name: Unlike any other worker's on any machine.
        destination: Whom it serves.
        target: The same, to hand over to.
        shared: What it shares with the others.
    """

    def __init__(self, name: str, destination: Destination, target: Target, shared: Shared) -> None:
        self._name, self._destination, self._target = name, destination, target
        self._shared, self._engine = shared, shared.engine
        self._settings, self._events = shared.settings, shared.events
        settings = shared.settings
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
        delivery = delivery_store.claim_next(
            self._engine, self._name, [self._destination.name], self._settings.lease_s
        )
        if delivery is None:
            return False
        started = time.monotonic()
        with self._shared.renewal.of(delivery.claim):
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

    def _hand_over(self, delivery: Delivery) -> Outcome | PackageUnavailable:
        """Only what the application itself answers, or its silence, counts for its circuit."""
        try:
            with package.built(
                delivery,
                self._shared.open_source,
                self._shared.binder,
                self._shared.folder,
                logical=self._logical(delivery.document),
                form=content.FORMER if self._destination.package == 1 else content.FORMAT,
            ) as made:
                outcome = self._target.deliver(made)
        except CentralError as error:
            return (Rejected(error.code, error.reason) if error.permanent else
                    PackageUnavailable(error.code))  # fmt: skip
        except OSError:
            return PackageUnavailable("dispatch_disk")
        except ValueError:
            return Rejected("package_failed", "Le document n'a pas pu être mis en PDF.")
        destination = delivery.claim.destination
        if not isinstance(outcome, Unavailable):
            if delivery_store.record_answer(self._engine, destination):
                self._events.circuit_closed(destination)
        elif delivery_store.record_unreachable(
            self._engine, destination, self._circuit, outcome.code
        ):
            self._events.circuit_opened(destination, outcome.code)
        return outcome

    def _logical(self, document: DeliverableDocument) -> frozenset[str]:
        fields = self._shared.plan.of(document.type, document.fund).fields
        return frozenset(one.name for one in fields if one.kind in _LOGICAL)

    def _record(self, held: Claim, outcome: Outcome | PackageUnavailable) -> str:
        if isinstance(outcome, PackageUnavailable):
            pause_s = self._settings.circuit_stays_open_s
            is_ours = delivery_store.postpone(
                self._engine, held, pause_s, outcome.code, outcome.reason, counts=False
            )
            return "later" if is_ours else "lost"
        if isinstance(outcome, Delivered):
            is_ours = delivery_store.record_delivered(self._engine, held, outcome.receipt)
            return "delivered" if is_ours else "lost"
        is_away = isinstance(outcome, Unavailable) and not outcome.may_be_document
        counts = not (held.is_trial and is_away)
        match self._decide(held, outcome, counts):
            case DeadLetter(why):
                reason = f"{outcome.reason} ({why})"
                is_ours = delivery_store.record_dead(self._engine, held, outcome.code, reason)
                return "dead" if is_ours else "lost"
            case TryAgain(delay_s):
                is_ours = delivery_store.postpone(
                    self._engine,
                    held,
                    delay_s,
                    outcome.code,
                    outcome.reason,
                    counts=counts,
                    begins_round=isinstance(outcome, OtherContent),
                )
                return "later" if is_ours else "lost"

    def _decide(
        self, held: Claim, outcome: Rejected | Unavailable | OtherContent, counts: bool
    ) -> TryAgain | DeadLetter:
        return next_attempt(
            self._policy,
            attempts=max(1, held.attempts - (not counts)),
            permanent=isinstance(outcome, Rejected),
            jitter=self._random.random(),
            asked_delay_s=outcome.retry_after_s if isinstance(outcome, Unavailable) else 0.0,
        )

    def seconds_to_next(self) -> float:
        """How long to sleep when nothing is due."""
        found = delivery_store.seconds_to_next(self._engine, [self._destination.name])
        longest = self._settings.poll_every_s
        return longest if found is None else min(max(found, _SHORTEST_SLEEP_S), longest)
