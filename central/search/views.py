"""Search: by NIR, lot, id, type, site and day of receipt.

A NIR never stands in an address, which browsers and proxies keep: the form is posted. Searches
without one may be links.
"""

import datetime as dt
import uuid
from typing import Any

from starlette.responses import Response

from central.accounts.rules import Role
from central.errors import InputInvalid
from central.monitoring import store as monitoring_store
from central.search import rules as search_rules
from central.search import store as search_store
from central.search.store import SearchFilter
from central.web import console
from central.web.console import Console, select_options
from central.web.requests import PageRequest

_SEARCHERS = (Role.OPERATIONS, Role.SUPERVISOR)
_SHOWN, _LOTS = 50, 20
_NAMES = ("nir", "lot", "id", "type", "site", "first", "last")
_LATE_BEFORE_EARLY = "La fin précède le début."


def register(desk: Console) -> None:
    """Add the page."""
    pages = _Pages(desk)
    desk.page("/recherche", pages.look, roles=_SEARCHERS)
    desk.page("/recherche", pages.look, roles=_SEARCHERS, method="POST", max_bytes=8_192)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine

    def look(self, visit: PageRequest) -> Response:
        if "nir" in visit.request.query_params:
            raise InputInvalid("nir")
        asked_for = {name: visit.text(name, most=100) for name in _NAMES}
        wrong: dict[str, str] = {}
        wanted = _wanted(visit, asked_for, wrong)
        values: dict[str, Any] = {"found": None, "lots": (), "next": ""}
        if any(asked_for.values()) and not wrong:
            values = self._found(visit, wanted)
        plan = self._desk.plan()
        return self._desk.show(
            visit,
            "search.html",
            status=400 if wrong else 200,
            asked_for=asked_for,
            wrong=wrong,
            types=select_options({code: entry.title for code, entry in plan.types.items()}),
            sites=monitoring_store.site_names(self._engine, visit.who.scope),
            **values,
        )

    def _found(self, visit: PageRequest, wanted: SearchFilter) -> dict[str, Any]:
        who = visit.who
        rows = search_store.find_documents(self._engine, who, wanted, _SHOWN + 1)
        lots: Any = ()
        if (wanted.lot or wanted.ids) and wanted.before is None:
            lots = search_store.lots_found(self._engine, who, wanted, _LOTS)
        shown = rows[:_SHOWN]
        more = len(rows) > _SHOWN
        mark = console.cursor_text(shown[-1]["received_on"], shown[-1]["id"]) if more else ""
        return {"found": shown, "lots": lots, "next": mark}


def _wanted(visit: PageRequest, asked_for: dict[str, str], wrong: dict[str, str]) -> SearchFilter:
    """Make what was typed exact; what is wrong is told field by field, the rest stays typed."""
    nirs: tuple[str, ...] = ()
    ids = None
    try:
        nirs = search_rules.nir_values(asked_for["nir"]) if asked_for["nir"] else ()
    except ValueError as error:
        wrong["nir"] = str(error)
    try:
        ids = search_rules.id_range(asked_for["id"]) if asked_for["id"] else None
    except ValueError as error:
        wrong["id"] = str(error)
    first, last = console.day_parameter(visit, "first"), console.day_parameter(visit, "last")
    if first and last and last < first:
        wrong["last"] = _LATE_BEFORE_EARLY
    return SearchFilter(
        nirs=nirs,
        lot=asked_for["lot"],
        ids=ids,
        type=asked_for["type"],
        site=asked_for["site"],
        first=first,
        last=last,
        before=_before(visit),
    )


def _before(visit: PageRequest) -> tuple[dt.date, uuid.UUID] | None:
    place = console.cursor_parameter(visit, "before")
    if place is None:
        return None
    try:
        return dt.date.fromisoformat(place[0]), place[1]
    except ValueError as error:
        raise InputInvalid("before") from error
