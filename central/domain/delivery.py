"""A document as a pôle application receives it."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """One page of one stored source file; ``rotation`` is the clockwise turn to upright."""

    sha256: bytes
    index: int
    role: str
    rotation: int
    file: str


@dataclass(frozen=True, slots=True)
class DeliveryField:
    """One field with its value."""

    name: str
    value: str | None
    confidence: float
    check: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One (document, destination) that a dispatch process has claimed."""

    document_id: uuid.UUID
    destination: str
    idempotency_key: str
    attempts: int
    type: str
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
