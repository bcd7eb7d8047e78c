"""Hands one claim after the other to its application, and records what came of it.

A worker killed between handing over and recording leaves a claim that the sweeper takes back; the
second handing over changes nothing at the application (targets/base.py).
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from central.config import Destination, Dispatch
from central.dispatch import content, package
from central.dispatch.renewal import Renewal
from central.dispatch.targets.base import (
    Delivered,
    OtherContent,
    Outcome,
    Rejected,
    Target,
    Unavailable,
)
from central.domain.circuit import CircuitPolicy
from central.domain.document import Claim, DeliverableDocument, Delivery
from central.domain.retry import DeadLetter, RetryPolicy, TryAgain, decide
from central.errors import CentralError
from central.events import Events
from central.rendering.binding import Binder
from central.store import circuits, deliveries
from central.store.engine import Engine
from vaguemestre.model.catalogue import Catalogue

_SHORTEST_SLEEP_S = 0.05
_LOGICAL = frozenset({"tick", "signature"})
"""Kinds of fields that hold true or false."""


@dataclass(frozen=True, slots=True)
class Unprepared:
    """The centre could not make the package now: that says nothing of document or application."""

    code: str
    reason: str = "Le centre n'a pas pu préparer le document."


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers of a process share.

    ``open_source`` opens a page's source file by its SHA-256; ``binder`` makes PDFs; ``folder`` is
    for packages while they are handed over; ``renewal`` keeps claims alive meanwhile;
    ``catalogue`` knows which fields hold true or false.
    """

    engine: Engine
    open_source: Callable[[bytes], BinaryIO]
    binder: Binder
    folder: Path
    renewal: Renewal
    catalogue: Catalogue
    settings: Dispatch
    events: Events


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
        delivery = deliveries.claim(
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

    def _hand_over(self, delivery: Delivery) -> Outcome | Unprepared:
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
                    Unprepared(error.code))  # fmt: skip
        except OSError:
            return Unprepared("dispatch_disk")
        except ValueError:
            return Rejected("package_failed", "Le document n'a pas pu être mis en PDF.")
        destination = delivery.claim.destination
        if not isinstance(outcome, Unavailable):
            if circuits.answered(self._engine, destination):
                self._events.circuit_closed(destination)
        elif circuits.unreachable(self._engine, destination, self._circuit, outcome.code):
            self._events.circuit_opened(destination, outcome.code)
        return outcome

    def _logical(self, document: DeliverableDocument) -> frozenset[str]:
        fields = self._shared.catalogue.of(document.type, document.fund).fields
        return frozenset(one.name for one in fields if one.kind in _LOGICAL)

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
        is_away = isinstance(outcome, Unavailable) and not outcome.may_be_document
        counts = not (held.is_trial and is_away)
        match self._decide(held, outcome, counts):
            case DeadLetter(why):
                reason = f"{outcome.reason} ({why})"
                is_ours = deliveries.dead(self._engine, held, outcome.code, reason)
                return "dead" if is_ours else "lost"
            case TryAgain(delay_s):
                is_ours = deliveries.postpone(
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
        return decide(
            self._policy,
            attempts=max(1, held.attempts - (not counts)),
            permanent=isinstance(outcome, Rejected),
            jitter=self._random.random(),
            asked_delay_s=outcome.retry_after_s if isinstance(outcome, Unavailable) else 0.0,
        )

    def seconds_to_next(self) -> float:
        """How long to sleep when nothing is due."""
        found = deliveries.seconds_to_next(self._engine, [self._destination.name])
        longest = self._settings.poll_every_s
        return longest if found is None else min(max(found, _SHORTEST_SLEEP_S), longest)
