"""The board of operations: a page that renews itself, and its figures as JSON for programs."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

from starlette.responses import HTMLResponse, Response

from central.console import labels, live
from central.console.desk import Desk, answer
from central.console.visit import Visit
from central.domain.access import Person, Role
from central.store import board as store_board
from central.store import lot_counts
from central.store.engine import Engine

WATCHERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)
_LOTS, _WAITING, _DEAD, _DOCUMENTS = 40, 100, 50, 500
_DAY = dt.timedelta(days=1)
_MONTH = dt.timedelta(days=30)
_MOST_KEPT = 200

_Maker = Callable[[Engine, Person, dt.datetime], dict[str, Any]]


def register(desk: Desk) -> None:
    """Add the board."""
    pages = _Pages(desk)
    desk.page("/exploitation", pages.index, roles=WATCHERS)
    desk.page("/api/board/view", pages.view, roles=WATCHERS)
    desk.page("/api/board", pages.board, roles=WATCHERS)
    desk.page("/api/documents", pages.documents, roles=WATCHERS)


class _Moments:
    """What was made a moment ago for the same limits is made once, however many look at it."""

    def __init__(self, engine: Engine, make: _Maker, fresh_s: float) -> None:
        self._engine, self._make, self._fresh_s = engine, make, fresh_s
        self._lock = threading.Lock()
        self._made: dict[object, tuple[float, dict[str, Any]]] = {}

    def of(self, person: Person) -> dict[str, Any]:
        key = (person.sites, person.poles)
        with self._lock:
            at, found = self._made.get(key, (0.0, {}))
            if not found or time.monotonic() - at > self._fresh_s:
                if len(self._made) >= _MOST_KEPT:
                    self._made.clear()
                found = self._make(self._engine, person, dt.datetime.now(dt.UTC))
                self._made[key] = (time.monotonic(), found)
            return found


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._refresh_s = desk.config.console.refresh_every_s
        fresh_s = min(1.0, self._refresh_s / 2)
        self._live = _Moments(desk.engine, live.content, fresh_s)
        self._board = _Moments(desk.engine, content, fresh_s)

    def index(self, visit: Visit) -> Response:
        found = self._live.of(visit.who)
        return self._desk.show(visit, "board.html", every=self._refresh_s, **found)

    def view(self, visit: Visit) -> Response:
        """What changes of the page, for its script to put in place."""
        template = self._desk.templates.get_template("board_live.html")
        return HTMLResponse(template.render(person=visit.who, **self._live.of(visit.who)))

    def board(self, visit: Visit) -> Response:
        return answer(self._board.of(visit.who))

    def documents(self, visit: Visit) -> Response:
        limit = min(visit.number("limit", 100, most=999_999), _DOCUMENTS)
        lot = visit.text("lot", most=1_000)
        found = store_board.recent_documents(self._desk.engine, limit, lot, visit.who)
        return answer({"documents": found})


def content(engine: Engine, person: Person, now: dt.datetime) -> dict[str, Any]:
    """What came in the last day, and all that is not done.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    day = now - _DAY
    undelivered = store_board.undelivered(engine, person)
    returned = store_board.returned_by_cause(engine, now - _MONTH, person)
    return {
        "at": now,
        "totals": {**store_board.received_since(engine, day, person), **undelivered},
        "lots": [live.lot(row) for row in lot_counts.newest(engine, _LOTS, person)],
        "poles": store_board.documents_by_pole(engine, day, person),
        "waiting": [
            _waiting(row) for row in store_board.waiting_for_a_person(engine, _WAITING, person)
        ],
        "queue": [_queue(row) for row in store_board.delivery_queue(engine, person)],
        "dead": store_board.dead_letters(engine, _DEAD, person),
        "stations": [live.station(row, now) for row in store_board.station_states(engine, person)],
        "returns": [_returned(row) for row in returned],
    }


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    reasons = labels.reasons(row["route_reasons"])
    if row["returned_cause"]:
        reasons = [f"rendu : {labels.cause(row['returned_cause'])}"]
    return {**row, "reasons": reasons}


def _queue(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "circuit_text": labels.circuit(row["circuit"])}


def _returned(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "cause_text": labels.cause(row["cause"])}
