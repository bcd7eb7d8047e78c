"""Lots: a list, and a page of each that says where its four counts agree or not."""

import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from central.console import asked, live
from central.console.board import WATCHERS
from central.console.desk import Desk
from central.console.visit import Visit
from central.domain.access import Role
from central.domain.counting import LotCounts, steps
from central.errors import Forbidden, InputInvalid
from central.store import board, lot_counts
from central.store.lot_counts import LotFilter

_READERS = (*WATCHERS, Role.SCANNER)
_LOTS, _DOCUMENTS, _RESCANS = 50, 200, 50
_STATES = ("arriving", "read", "closed_short", "closed_over")


def register(desk: Desk) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/lots", pages.index, roles=_READERS)
    desk.page("/lots/{id}", pages.one, roles=_READERS)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._engine = desk, desk.engine

    def index(self, visit: Visit) -> Response:
        who = visit.who
        kept = {name: visit.text(name, most=100) for name in ("site", "state", "name")}
        if kept["state"] not in ("", *_STATES):
            raise InputInvalid("state")
        wanted = LotFilter(**kept, before=_before(visit))
        rows = lot_counts.newest(self._engine, _LOTS + 1, who, wanted)
        shown, more = rows[:_LOTS], ""
        if len(rows) > _LOTS:
            last = asked.mark(shown[-1]["received_at"], shown[-1]["id"])
            more = "?" + urlencode({**{k: v for k, v in kept.items() if v}, "before": last})
        return self._desk.show(
            visit,
            "lots.html",
            lots=[live.lot(row) for row in shown],
            more=more,
            kept=kept,
            sites=board.site_names(self._engine, who),
            states=_STATES,
            rescans=board.rescans_asked(self._engine, _RESCANS, who, kept["site"]),
        )

    def one(self, visit: Visit) -> Response:
        who = visit.who
        lot_id = asked.id_in_path(visit)
        row = lot_counts.one(self._engine, lot_id)
        if who.sites and row["site"] not in who.sites:
            raise Forbidden(f"lot {lot_id}")
        documents, more = self._documents(visit, lot_id)
        counts = LotCounts(**{name: row[name] for name in live.COUNTS})
        return self._desk.show(
            visit,
            "lot.html",
            lot=live.lot(row),
            steps=steps(counts, row["delivered_pages"], row["discarded_pages"]),
            aside=row["set_aside_files"],
            documents=documents,
            more=more,
            may_open=who.has_any(WATCHERS),
        )

    def _documents(self, visit: Visit, lot_id: uuid.UUID) -> tuple[list[dict[str, Any]], str]:
        after, place = None, asked.place(visit, "after")
        if place is not None:
            if not (place[0].isascii() and place[0].isdigit() and len(place[0]) < 10):
                raise InputInvalid("after")
            after = (int(place[0]), place[1])
        rows = lot_counts.documents_of(self._engine, lot_id, visit.who, _DOCUMENTS + 1, after)
        shown = rows[:_DOCUMENTS]
        if len(rows) <= _DOCUMENTS:
            return shown, ""
        return shown, "?" + urlencode({"after": asked.mark(shown[-1]["position"], shown[-1]["id"])})


def _before(visit: Visit) -> tuple[dt.datetime, uuid.UUID] | None:
    place = asked.place(visit, "before")
    if place is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(place[0])
    except ValueError as error:
        raise InputInvalid("before") from error
    if moment.tzinfo is None:
        raise InputInvalid("before")
    return moment, place[1]
