"""Pages of operations: the board, the lots, a site.

The board renews itself, and gives its figures as JSON to programs. A lot's page says where its four
counts agree and where not; a site's page shows its stations, its flow and what it still has to do.
"""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

from central.accounts.rules import WATCHERS, Role, Scope
from central.db.engine import Engine
from central.errors import Forbidden, InputInvalid, NotFound
from central.lots import store as lots_store
from central.lots.rules import LotCounts, count_steps
from central.lots.store import LotFilter
from central.monitoring import board as monitoring_board
from central.monitoring import store as store_board
from central.web import console, labels
from central.web.cache import TimedCache
from central.web.console import Console, json_response
from central.web.requests import PageRequest

_BOARD_LOTS, _WAITING, _DEAD, _BOARD_DOCUMENTS = 40, 100, 50, 500
_DAY = dt.timedelta(days=1)
_MONTH = dt.timedelta(days=30)


def register_board(desk: Console) -> None:
    """Add the board."""
    pages = _BoardPages(desk)
    desk.page("/exploitation", pages.index, roles=WATCHERS)
    desk.page("/api/board/view", pages.view, roles=WATCHERS)
    desk.page("/api/board", pages.board, roles=WATCHERS)
    desk.page("/api/documents", pages.documents, roles=WATCHERS)


class _BoardPages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._refresh_s = desk.config.console.refresh_every_s
        fresh_s = min(1.0, self._refresh_s / 2)
        self._live = TimedCache[Scope, dict[str, Any]](fresh_s)
        self._board = TimedCache[Scope, dict[str, Any]](fresh_s)

    def index(self, visit: PageRequest) -> Response:
        found = self._content(visit.who.scope)
        return self._desk.show(visit, "board.html", every=self._refresh_s, **found)

    def view(self, visit: PageRequest) -> Response:
        """What changes of the page, for its script to put in place."""
        template = self._desk.templates.get_template("board_live.html")
        return HTMLResponse(template.render(person=visit.who, **self._content(visit.who.scope)))

    def board(self, visit: PageRequest) -> Response:
        engine, scope = self._desk.engine, visit.who.scope
        now = dt.datetime.now(dt.UTC)
        return json_response(self._board.get(scope, lambda: _board_json(engine, scope, now)))

    def _content(self, scope: Scope) -> dict[str, Any]:
        engine, now = self._desk.engine, dt.datetime.now(dt.UTC)
        return self._live.get(scope, lambda: monitoring_board.board_content(engine, scope, now))

    def documents(self, visit: PageRequest) -> Response:
        limit = min(visit.number("limit", 100, most=999_999), _BOARD_DOCUMENTS)
        lot = visit.text("lot", most=1_000)
        found = store_board.recent_documents(self._desk.engine, visit.who.scope, limit, lot)
        return json_response({"documents": found})


def _board_json(engine: Engine, scope: Scope, now: dt.datetime) -> dict[str, Any]:
    """What came in the last day, and all that is not done.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    day = now - _DAY
    undelivered = store_board.undelivered_total(engine, scope)
    returned = store_board.returned_by_cause(engine, scope, now - _MONTH)
    return {
        "at": now,
        "totals": {**store_board.received_since(engine, scope, day), **undelivered},
        "lots": [
            monitoring_board.lot_row(row)
            for row in lots_store.list_lots(engine, scope, _BOARD_LOTS)
        ],
        "poles": store_board.documents_by_pole(engine, scope, day),
        "waiting": [
            _waiting(row) for row in store_board.waiting_for_a_person(engine, scope, _WAITING)
        ],
        "queue": [_queue(row) for row in store_board.delivery_queue(engine, scope)],
        "dead": store_board.dead_letters(engine, scope, _DEAD),
        "stations": [
            monitoring_board.station_row(row, now)
            for row in store_board.station_states(engine, scope)
        ],
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


_READERS = (*WATCHERS, Role.SCANNER)
_LOTS_LOTS, _LOTS_DOCUMENTS, _LOTS_RESCANS = 50, 200, 50
_STATES = ("arriving", "read", "closed_short", "closed_over")


def register_lots(desk: Console) -> None:
    """Add the pages."""
    pages = _LotsPages(desk)
    desk.page("/lots", pages.index, roles=_READERS)
    desk.page("/lots/{id}", pages.one, roles=_READERS)


class _LotsPages:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine

    def index(self, visit: PageRequest) -> Response:
        scope = visit.who.scope
        kept = {name: visit.text(name, most=100) for name in ("site", "state", "name")}
        if kept["state"] not in ("", *_STATES):
            raise InputInvalid("state")
        wanted = LotFilter(**kept, before=_before(visit))
        rows = lots_store.list_lots(self._engine, scope, _LOTS_LOTS + 1, wanted)
        shown, more = rows[:_LOTS_LOTS], ""
        if len(rows) > _LOTS_LOTS:
            last = console.cursor_text(shown[-1]["received_at"], shown[-1]["id"])
            more = "?" + urlencode({**{k: v for k, v in kept.items() if v}, "before": last})
        return self._desk.show(
            visit,
            "lots.html",
            lots=[monitoring_board.lot_row(row) for row in shown],
            more=more,
            kept=kept,
            sites=store_board.site_names(self._engine, scope),
            states=_STATES,
            rescans=store_board.rescans_asked(self._engine, scope, _LOTS_RESCANS, kept["site"]),
        )

    def one(self, visit: PageRequest) -> Response:
        who, scope = visit.who, visit.who.scope
        lot_id = console.id_in_path(visit)
        row = lots_store.get_lot(self._engine, lot_id)
        if not scope.may_see_site(row["site"]):
            raise Forbidden(f"lot {lot_id}")
        documents, more = self._documents(visit, lot_id)
        counts = LotCounts(**{name: row[name] for name in monitoring_board.COUNTS})
        return self._desk.show(
            visit,
            "lot.html",
            lot=monitoring_board.lot_row(row),
            steps=count_steps(counts, row["delivered_pages"], row["discarded_pages"]),
            aside=row["set_aside_files"],
            documents=documents,
            more=more,
            may_open=who.has_any(WATCHERS),
        )

    def _documents(self, visit: PageRequest, lot_id: uuid.UUID) -> tuple[list[dict[str, Any]], str]:
        after, place = None, console.cursor_parameter(visit, "after")
        if place is not None:
            if not (place[0].isascii() and place[0].isdigit() and len(place[0]) < 10):
                raise InputInvalid("after")
            after = (int(place[0]), place[1])
        rows = lots_store.documents_of(
            self._engine, visit.who.scope, lot_id, _LOTS_DOCUMENTS + 1, after
        )
        shown = rows[:_LOTS_DOCUMENTS]
        if len(rows) <= _LOTS_DOCUMENTS:
            return shown, ""
        return shown, "?" + urlencode(
            {"after": console.cursor_text(shown[-1]["position"], shown[-1]["id"])}
        )


def _before(visit: PageRequest) -> tuple[dt.datetime, uuid.UUID] | None:
    place = console.cursor_parameter(visit, "before")
    if place is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(place[0])
    except ValueError as error:
        raise InputInvalid("before") from error
    if moment.tzinfo is None:
        raise InputInvalid("before")
    return moment, place[1]


_SITE_LOTS, _SITE_RESCANS = 20, 50


def register_site(desk: Console) -> None:
    """Add the page."""
    pages = _SitePages(desk)
    desk.page("/sites/{site}", pages.one, roles=WATCHERS)


class _SitePages:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine

    def one(self, visit: PageRequest) -> Response:
        scope, now = visit.who.scope, dt.datetime.now(dt.UTC)
        site = str(visit.request.path_params["site"])
        if not scope.may_see_site(site):
            raise Forbidden("site")
        if "\0" in site or not store_board.is_site(self._engine, site):
            raise NotFound("site")
        engine = self._engine
        newest = lots_store.list_lots(engine, scope, _SITE_LOTS, LotFilter(site=site))
        arriving = lots_store.list_lots(
            engine, scope, _SITE_LOTS, LotFilter(site=site, state="arriving")
        )
        return self._desk.show(
            visit,
            "site.html",
            at=now,
            site=site,
            stations=[
                monitoring_board.station_row(row, now)
                for row in store_board.station_states(engine, scope, site)
            ],
            plots=monitoring_board.flow_plots(engine, scope, now, site),
            poles=monitoring_board.pole_rows(engine, scope, now, site),
            lots=[monitoring_board.lot_row(row) for row in newest],
            arriving=[monitoring_board.lot_row(row) for row in arriving],
            rescans=store_board.rescans_asked(engine, scope, _SITE_RESCANS, site),
        )
