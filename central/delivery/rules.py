"""What dispatch decides about a delivery, as pure functions: the next attempt, circuits, content.

- ``next_attempt``: when a failed delivery is tried again, and when it becomes a dead letter.
- ``arrival``: whether an application may hold a document although it did not confirm it. Only
  the code of the outcome is known. A connection that was never made carried nothing; a refusal
  answers this very delivery; silence, a failure inside the application or a lost worker leave it
  open.
- ``Circuit``: after some failures in a row a destination is left alone for a while.
  ``closed → open`` after ``opens_after`` failures; ``open → half_open`` once its time has passed,
  and then one delivery is tried; ``half_open → closed`` if it goes through, ``→ open`` if not. A
  trial whose worker died counts for nothing: the next one may start after a while.
- ``parts_of`` and ``digest_of``: what a package says, as digests, so that two packages
  with the same content are recognised, whichever version of the program made them. A part's digest
  is short and salted with the document's id: it shows that a part has changed, without the value.
"""

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from central.documents.rules import DeliverableDocument
from vaguemestre.model.document import DeliveryField, DeliveryPage

_BEFORE_IT_WAS_SENT = frozenset(
    {"http_unreachable", "http_tls", "folder_unmounted", "folder_rights", "folder_unavailable"}
)
_TURNED_AWAY = frozenset({401, 403, 404, 405, 407, 425, 429})
"""Said before anything is looked at: of this try nothing arrived. 408 comes from gateways, too."""
_HANDED_OVER = ("http_", "folder_", "worker_lost")
"""How codes begin that tell of a try; all others are of the centre itself, before there is one."""


class Arrival(Enum):
    """What a try that was not confirmed tells of where the document is."""

    POSSIBLE = "possible"
    NOT_THIS_TIME = "not_this_time"  # an earlier try may have arrived all the same
    REFUSED = "refused"  # the application knows the key and does not have it


def arrival(code: str) -> Arrival:
    """Tell what an outcome's code says; whatever is not known to say no may have arrived."""
    if code in _BEFORE_IT_WAS_SENT or not code.startswith(_HANDED_OVER):
        return Arrival.NOT_THIS_TIME
    status = int(found[1]) if (found := re.fullmatch(r"http_(4\d\d)", code)) else 0
    if status in _TURNED_AWAY:
        return Arrival.NOT_THIS_TIME
    return Arrival.REFUSED if status and status != 408 else Arrival.POSSIBLE


class CircuitState(StrEnum):
    """Whether deliveries go through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a circuit opens, and for how many seconds it stays so."""

    opens_after: int
    stays_open_s: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """One destination's circuit.

    ``failures`` are in a row. ``open_until`` is when the next trial may start: of an open circuit,
    or of a half-open one whose trial was never heard of again.
    """

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    open_until: dt.datetime | None = None


CLOSED = Circuit()


def may_start_trial(circuit: Circuit, now: dt.datetime) -> bool:
    """Whether one delivery may be tried on a circuit that is not closed."""
    return circuit.state is not CircuitState.CLOSED and (
        circuit.open_until is None or now >= circuit.open_until
    )


def trial_started(circuit: Circuit, now: dt.datetime, *, answer_within_s: float) -> Circuit:
    """Give the circuit while one delivery is tried; no other is until its answer is overdue."""
    return Circuit(
        CircuitState.HALF_OPEN, circuit.failures, now + dt.timedelta(seconds=answer_within_s)
    )


def after_failure(circuit: Circuit, now: dt.datetime, policy: CircuitPolicy) -> Circuit:
    """Give the circuit after the destination could not be reached."""
    failures = circuit.failures + 1
    if circuit.state is CircuitState.CLOSED and failures < policy.opens_after:
        return Circuit(CircuitState.CLOSED, failures)
    return Circuit(CircuitState.OPEN, failures, now + dt.timedelta(seconds=policy.stays_open_s))


@dataclass(frozen=True, slots=True)
class Change:
    """One part of a package that differs from the round before: ``type``, ``fields.nir``, ...

    ``by`` is who made it what it is now: ``person``, ``machine`` or ``plan``.
    """

    what: str
    by: str


@dataclass(frozen=True, slots=True)
class Superseded:
    """The round that a delivery takes the place of; ``cause`` is why the pôle gave it back.

    Without a cause it was never confirmed: the application may have it or not.
    """

    round: int
    idempotency_key: str
    cause: str | None
    changed: tuple[Change, ...]


_LETTERS = 12  # of a part's digest in hex
_FIELD = "fields."
_OF_THE_PLAN = frozenset({"pole", "destination", "due_on", "process", "retention"})


def parts_of(document: DeliverableDocument, destination: str) -> dict[str, str]:
    """Digest what a package tells, by part: ``type``, ``pages``, ``fields.nir``, ..."""
    told: dict[str, list[Any]] = {"destination": [destination]}
    told |= {name: [value] for name, value in _facts_of(document).items()}
    told["pages"] = [list(_facts_of_page(page).values()) for page in document.pages]
    for field in document.fields:
        told.setdefault(_FIELD + field.name, []).append(list(_facts_of_field(field).values()))
    return {name: _digest(str(document.id), name, told[name])[:_LETTERS] for name in sorted(told)}


def digest_of(document: DeliverableDocument, destination: str) -> bytes:
    """Digest all that a package tells but its urgency: 32 bytes."""
    whole = _facts_of(document) | {
        "id": document.id,
        "pages": [_facts_of_page(page) for page in document.pages],
        "fields": [_facts_of_field(field) for field in document.fields],
    }
    return bytes.fromhex(_digest(str(document.id), "", [destination, whole]))


# Digests are kept with what was handed over. Another name below, or another order in a page or a
# field, would give every document another digest: a try after that would begin a new round.


def _facts_of(document: DeliverableDocument) -> dict[str, Any]:
    """Name what is told of the whole document.

    Not its priority: how soon it is handed over changes nothing of what is.
    """
    return {
        "type": document.type,
        "type_confidence": document.type_confidence,
        "runner_up": document.runner_up,
        "layout": document.layout,
        "route": document.route,
        "route_reasons": document.route_reasons,
        "pole": document.pole,
        "process": document.process,
        "site": document.site,
        "station": document.station,
        "channel": document.channel,
        "lot_id": document.lot_id,
        "lot_name": document.lot_name,
        "position": document.position,
        "fund": document.fund,
        "received_at": document.received_at,
        "received_on": document.received_on,
        "due_on": document.due_on,
        "retention": document.retention,
        "marks": document.marks,
        "versions": dict(document.versions),
    }


def _facts_of_page(page: DeliveryPage) -> dict[str, Any]:
    return {
        "sha256": page.sha256.hex(),
        "index": page.index,
        "role": page.role,
        "rotation": page.rotation,
        "file": page.file,
        "width_mm": page.width_mm,
        "height_mm": page.height_mm,
        "is_negative": page.is_negative,
    }


def _facts_of_field(field: DeliveryField) -> dict[str, Any]:
    return {
        "name": field.name,
        "value": field.value,
        "confidence": field.confidence,
        "check": field.check,
        "accepted": field.accepted,
        "page": field.page,
        "source": field.source,
        "reason": field.reason,
    }


def changes(
    before: Mapping[str, str], after: Mapping[str, str], document: DeliverableDocument
) -> tuple[Change, ...]:
    """Tell which parts differ, and who made each what it is: ``person``, ``machine``, ``plan``."""
    names = sorted({n for n in {*before, *after} if before.get(n) != after.get(n)})
    sources = {_FIELD + field.name: field.source for field in document.fields}
    return tuple(Change(name, sources.get(name) or _by(name, names)) for name in names)


def _by(name: str, changed: Sequence[str]) -> str:
    """A change of the plan alters the way and leaves the type; else a person was at it."""
    return "plan" if name in _OF_THE_PLAN and "type" not in changed else "person"


def _digest(salt: str, name: str, value: object) -> str:
    # Ids and dates are written as Python shows them.
    text = json.dumps([salt, name, value], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to try one delivery, until its lease passes or another claim follows.

    ``attempts`` counts this one. ``is_trial``: it is tried although the destination's circuit is
    not closed, to learn whether the application is back.
    """

    document_id: uuid.UUID
    destination: str
    idempotency_key: str
    worker: str
    attempts: int
    is_trial: bool
    round: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed delivery with the document that it is about.

    ``content`` is the SHA-256 of all that its package tells (central/delivery/rules.py): one
    idempotency key stands for one content.
    """

    claim: Claim
    document: DeliverableDocument
    content: bytes = b""
    supersedes: Superseded | None = None


_MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patiently a destination is treated; delays in seconds."""

    give_up_after: int
    first_delay_s: float
    longest_delay_s: float


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Try again after ``delay_s`` seconds."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Stop trying; a person decides. ``reason`` is French."""

    reason: str


def next_attempt(
    policy: RetryPolicy,
    *,
    attempts: int,
    permanent: bool,
    jitter: float,
    asked_delay_s: float = 0.0,
) -> TryAgain | DeadLetter:
    """Choose between trying again and giving up.

    Args:
        policy: How patiently this application is treated.
        attempts: Tries made so far, including the one that just failed.
        permanent: The target said that trying again cannot help.
        jitter: A number in [0, 1); the caller draws it, so tests can fix it.
        asked_delay_s: What the target asked to wait (Retry-After), capped by the policy.
    """
    if permanent:
        return DeadLetter("refus définitif")
    if attempts >= policy.give_up_after:
        return DeadLetter(f"abandon après {attempts} essais")
    doublings = min(max(attempts - 1, 0), _MOST_DOUBLINGS)
    ceiling = min(policy.first_delay_s * 2**doublings, policy.longest_delay_s)
    return TryAgain(max(ceiling * (0.5 + jitter / 2), min(asked_delay_s, policy.longest_delay_s)))
