"""The audit trail for auditors: who did what, newest first, and a copy to take away."""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from central.accounts.rules import Role
from central.db import audit
from central.db.audit import AuditCursor, AuditFilter
from central.db.engine import Engine
from central.errors import InputInvalid
from central.web import labels
from central.web.console import Console, select_options
from central.web.requests import PageRequest
from vaguemestre.model.calendar import paris_time, start_of_day

_AUDITORS = (Role.AUDITOR,)
_PAGE = 100
_MOST_EXPORTED = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FILTERS = ("auteur", "action", "objet", "du", "au")


def register(desk: Console) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/audit", pages.listed, roles=_AUDITORS, of_all=True)
    desk.page("/audit.csv", pages.export, roles=_AUDITORS, of_all=True)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk

    def listed(self, visit: PageRequest) -> Response:
        wanted = _wanted(visit)
        rows = audit.list_lines(self._desk.engine, wanted, _place(visit.text("avant")), _PAGE + 1)
        asked = {name: visit.text(name) for name in _FILTERS if visit.text(name)}
        older = ""
        if len(rows) > _PAGE:
            last = rows[_PAGE - 1]
            older = urlencode({**asked, "avant": f"{last['at'].isoformat()} {last['id']}"})
        return self._desk.show(
            visit,
            "audit.html",
            rows=rows[:_PAGE],
            actions=select_options(labels.ACTIONS),
            asked={name: visit.text(name) for name in _FILTERS},
            older=older,
            query=urlencode(asked),
            is_first=not visit.text("avant"),
            most=_MOST_EXPORTED,
        )

    def export(self, visit: PageRequest) -> Response:
        """The same lines as a file; that it was taken stands in the trail first."""
        wanted = _wanted(visit)
        audit.record_export(self._desk.engine, visit.who.actor, wanted)
        return StreamingResponse(
            _csv(self._desk.engine, wanted),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="journal-audit.csv"'},
        )


def _wanted(visit: PageRequest) -> AuditFilter:
    actor = visit.text("auteur")
    if actor and ":" not in actor and actor not in ("console", "dispatch", "provider"):
        actor = f"person:{actor.lower()}"
    return AuditFilter(
        actor=actor,
        action=visit.text("action"),
        subject=visit.text("objet"),
        since=_day(visit, "du"),
        until=_day(visit, "au", after=1),
    )


def _day(visit: PageRequest, name: str, after: int = 0) -> dt.datetime | None:
    """The beginning of a day in France, or of one so many days later.

    Raises:
        InputInvalid: it is no day.
    """
    text = visit.text(name, most=10)
    if not text:
        return None
    try:
        day = dt.date.fromisoformat(text) + dt.timedelta(days=after)
        return start_of_day(day)
    except (ValueError, OverflowError):
        raise InputInvalid(name) from None


def _place(text: str) -> AuditCursor | None:
    at, _, number = text.rpartition(" ")
    if not text:
        return None
    try:
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None or not (number.isascii() and number.isdigit()) or len(number) > 18:
            raise ValueError
        return AuditCursor(moment, int(number))
    except ValueError:
        raise InputInvalid("avant") from None


def _csv(engine: Engine, wanted: AuditFilter) -> Iterator[str]:
    """Semicolons and a byte order mark: what a French spreadsheet opens by itself."""
    yield "\ufeff" + _line(["moment", "auteur", "action", "objet", "détail"])
    for row in audit.export_lines(engine, wanted, _MOST_EXPORTED):
        yield _line(
            [
                f"{paris_time(row['at']):%Y-%m-%d %H:%M:%S}",
                row["actor"],
                labels.action_label(row["action"]),
                row["subject"],
                _told(row["detail"]),
            ]
        )


def _told(detail: Mapping[str, Any]) -> str:
    return " ; ".join(f"{key} : {value}" for key, value in labels.detail_lines(detail))


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    # A cell that begins like a formula would be run by the spreadsheet.
    safe = [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(safe)
    return out.getvalue()
