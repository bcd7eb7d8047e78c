"""A document as the centre hands it to a pôle application."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

NEGATIVE = "negative"
"""Mark of a page whose image has dark paper and light ink."""


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of one stored source file.

    ``rotation`` is the clockwise turn to upright, after the image's own orientation tag;
    ``width_mm`` and ``height_mm`` are the upright page's. A negative is shown turned over.
    """

    sha256: bytes
    index: int
    role: str
    rotation: int
    file: str
    width_mm: float
    height_mm: float
    is_negative: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryField:
    """One field with its value; ``page`` counts from 0 in the document.

    ``source`` is ``machine`` or ``person``; ``reason`` says why a person left it without a value.
    """

    name: str
    value: str | None
    confidence: float
    check: str
    accepted: bool
    page: int
    source: str = "machine"
    reason: str | None = None


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


@dataclass(frozen=True, slots=True)
class DeliverableDocument:
    """All that a package tells of a document."""

    id: uuid.UUID
    type: str
    type_confidence: float
    runner_up: str | None
    layout: str | None
    route: str
    route_reasons: tuple[str, ...]
    pole: str
    process: str
    site: str
    station: str
    channel: str
    lot_id: uuid.UUID
    lot_name: str
    position: int
    fund: str
    received_at: dt.datetime
    received_on: dt.date
    due_on: dt.date | None
    retention: str
    priority: int
    marks: tuple[str, ...]
    versions: Mapping[str, str]
    pages: tuple[DeliveryPage, ...]
    fields: tuple[DeliveryField, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed delivery with the document that it is about.

    ``content`` is the SHA-256 of all that its package tells (central/domain/contents.py): one
    idempotency key stands for one content.
    """

    claim: Claim
    document: DeliverableDocument
    content: bytes = b""
    supersedes: Superseded | None = None
