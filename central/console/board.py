"""The monitoring page and its content as JSON-ready values."""

import datetime as dt
import threading
import time
from typing import Any

from starlette.responses import Response

from central.console import labels
from central.console.desk import Desk, answer
from central.console.visit import Visit
from central.domain.access import Role
from central.domain.counting import LotCounts, disagreements
from central.store import board
from central.store.engine import Engine

_LOTS, _WAITING, _DEAD, _DOCUMENTS = 40, 100, 50, 500
_DAY = dt.timedelta(days=1)
_MONTH = dt.timedelta(days=30)
_SILENT_AFTER = dt.timedelta(minutes=2)
_COUNTS = tuple(LotCounts.__dataclass_fields__)
_WATCHERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)


def register(desk: Desk) -> None:
    """Add the monitoring page."""
    pages = _Pages(desk)
    desk.page("/exploitation", pages.index, roles=_WATCHERS)
    desk.page("/api/board", pages.board, roles=_WATCHERS)
    desk.page("/api/documents", pages.documents, roles=_WATCHERS)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._refresh_s = desk.config.console.refresh_every_s
        self._board: dict[str, Any] = {}
        self._board_at = -self._refresh_s
        self._one_at_a_time = threading.Lock()

    def index(self, visit: Visit) -> Response:
        return self._desk.show(visit, "board.html", every=self._refresh_s)

    def board(self, _: Visit) -> Response:
        """The board; however many look at it, the database is asked once a moment."""
        with self._one_at_a_time:
            if time.monotonic() - self._board_at > min(1.0, self._refresh_s / 2):
                self._board = content(self._desk.engine, dt.datetime.now(dt.UTC))
                self._board_at = time.monotonic()
            return answer(self._board)

    def documents(self, visit: Visit) -> Response:
        limit = visit.number("limit", 100, most=999_999)
        lot = visit.text("lot", most=1_000)
        return answer({"documents": documents(self._desk.engine, limit, lot)})


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
