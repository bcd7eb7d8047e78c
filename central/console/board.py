"""The monitoring page's content as JSON-ready values."""

import datetime as dt
import uuid
from typing import Any

from central.console import labels
from central.domain.counting import LotCounts, disagreements
from central.store import board
from central.store.engine import Engine

_LOTS, _WAITING, _DEAD, _DOCUMENTS = 40, 100, 50, 500
_DAY = dt.timedelta(days=1)
_MONTH = dt.timedelta(days=30)
_SILENT_AFTER = dt.timedelta(minutes=2)
_COUNTS = tuple(LotCounts.__dataclass_fields__)


def content(engine: Engine, now: dt.datetime) -> dict[str, Any]:
    """Everything that the page shows: what came in the last day, and all that is not done.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    day = now - _DAY
    return {
        "at": now,
        "totals": {**board.received_since(engine, day), **board.undelivered(engine)},
        "lots": [_lot(row) for row in board.lots_with_counts(engine, _LOTS)],
        "poles": board.documents_by_pole(engine, day),
        "waiting": [_waiting(row) for row in board.waiting_for_a_person(engine, _WAITING)],
        "queue": [_queue(row) for row in board.delivery_queue(engine)],
        "dead": board.dead_letters(engine, _DEAD),
        "stations": [_station(row, now) for row in board.station_states(engine)],
        "returns": [_returned(row) for row in board.returned_by_cause(engine, now - _MONTH)],
    }


def documents(engine: Engine, limit: int, lot: str) -> list[dict[str, Any]]:
    """The newest documents and where each went.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    return board.recent_documents(engine, min(limit, _DOCUMENTS), lot)


def _lot(row: dict[str, Any]) -> dict[str, Any]:
    counts = LotCounts(**{name: row[name] for name in _COUNTS})
    return {
        **row,
        "state_text": labels.lot_state(row["state"]),
        "disagreements": disagreements(counts),
    }


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    reasons = labels.reasons(row["route_reasons"])
    if row["returned_cause"]:
        reasons = [f"rendu : {labels.cause(row['returned_cause'])}"]
    return {**row, "reasons": reasons}


def _queue(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "circuit_text": labels.circuit(row["circuit"])}


def _station(row: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    seen = row["heartbeat_at"] or row["connected_at"]
    return {**row, "seen_at": seen, "is_silent": seen is None or now - seen > _SILENT_AFTER}


def _returned(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "cause_text": labels.cause(row["cause"])}


def plain(value: object) -> object:
    """What JSON cannot hold as it is: ids and times become text.

    Raises:
        TypeError: as json.dumps wants it.
    """
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    raise TypeError(type(value).__name__)
