"""Pages of reports: a day or a month by site, pôle, type, day or team; as page, CSV and PDF.

A period is a day or a month of French time, as people ask for reports. Each file that leaves is
written to the audit trail.
"""

import calendar
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from central.accounts.rules import Person, Role
from central.db.engine import Engine
from central.errors import InputInvalid
from central.reports import files
from central.reports import store as reports_store
from central.reports.rules import LEAST_PEOPLE, FlowCounts, Table, flow_table, team_table
from central.reports.store import ReportScope
from central.web import formats
from central.web.console import Console
from central.web.requests import PageRequest
from vaguemestre.model.calendar import paris_day, public_holidays, start_of_day

_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a month of French time; ``last`` is the last day."""

    code: str
    first: dt.date
    last: dt.date

    @property
    def is_day(self) -> bool:
        """Whether it is a single day."""
        return self.first == self.last

    @property
    def words(self) -> str:
        """As people say it."""
        return formats.day(self.first) if self.is_day else formats.month(self.first)

    @property
    def since(self) -> dt.datetime:
        """Its first moment."""
        return start_of_day(self.first)

    @property
    def until(self) -> dt.datetime:
        """The first moment after it."""
        return start_of_day(self.last + dt.timedelta(days=1))

    def beside(self, direction: int) -> "Period":
        """The one before (-1) or after (1) it."""
        if self.is_day:
            return period_of((self.first + dt.timedelta(days=direction)).isoformat())
        day = self.first - dt.timedelta(days=1) if direction < 0 else self.last
        return period_of(f"{day + dt.timedelta(days=max(0, direction)):%Y-%m}")


def period_of(text: str) -> Period:
    """Read ``2026-11`` or ``2026-11-25``.

    Raises:
        InputInvalid: it is neither.
    """
    found = _PERIOD.fullmatch(text)
    try:
        if found is None or not _FIRST_YEAR < int(found[1]) < _LAST_YEAR:
            raise ValueError
        year, month = int(found[1]), int(found[2])
        if found[3]:
            day = dt.date(year, month, int(found[3]))
            return Period(text, day, day)
        last = calendar.monthrange(year, month)[1]
        return Period(text, dt.date(year, month, 1), dt.date(year, month, last))
    except ValueError:
        raise InputInvalid("periode") from None


_READERS = (Role.OPERATIONS, Role.SUPERVISOR, Role.AUDITOR)
_BY = {"site": "Site", "pole": "Pôle", "type": "Type", "jour": "Jour", "equipe": "Équipe"}
_MONTHS_OFFERED = 24
_FLOW_NOTES = (
    "Sans intervention : part des documents reçus que personne n'a eu à nommer ni à vidéocoder.",
    "Délai moyen : en jours ouvrés, de la réception à la livraison, de ce qui a été livré.",
)
_TEAM_NOTES = (
    f"Les équipes où moins de {LEAST_PEOPLE} personnes ont travaillé sont comptées ensemble :",
    "aucun chiffre n'est celui d'une seule personne.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """One report, ready to be shown in any form."""

    period: Period
    by: str
    table: Table
    notes: Sequence[str]

    @property
    def title(self) -> str:
        """What stands above it."""
        return f"Rapport par {_BY[self.by].lower()}"

    @property
    def name(self) -> str:
        """Of its file, without an ending."""
        return f"rapport-{self.period.code}-{self.by}"


def register(desk: Console) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/rapports", pages.index, roles=_READERS)
    desk.page("/rapports/csv", pages.csv, roles=_READERS)
    desk.page("/rapports/pdf", pages.pdf, roles=_READERS)


def make_report(
    engine: Engine, person: Person, period: Period, by: str, types: Mapping[str, str]
) -> Report:
    """Count, within what a person may see.

    Args:
        engine: The database.
        person: Who asks.
        period: When.
        by: A key of ``_BY``.
        types: Titles of types of documents.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    scope = _scope(person, period)
    if by == "equipe":
        return Report(period, by, team_table(reports_store.teams(engine, scope)), _TEAM_NOTES)
    column = "day" if by == "jour" else by
    flows = reports_store.flows(engine, scope, column)
    delays = reports_store.delays(engine, scope, column)
    if by == "jour":
        days = [
            period.first + dt.timedelta(n) for n in range((period.last - period.first).days + 1)
        ]
        flows = {day.isoformat(): FlowCounts() for day in days} | flows
    holidays = public_holidays(
        day for _, received, delivered, _ in delays for day in (received, delivered)
    )
    table = flow_table(_BY[by], flows, delays, holidays)
    rows = tuple((_named(by, str(row[0]), types), *row[1:]) for row in table.rows)
    return Report(period, by, replace(table, rows=rows), _FLOW_NOTES)


def _named(by: str, key: str, types: Mapping[str, str]) -> str:
    """What a row is of, for people."""
    if by == "jour":
        return formats.day(dt.date.fromisoformat(key))
    title = types.get(key, key) if by == "type" else key
    return key if title == key else f"{key} – {title}"


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk

    def index(self, visit: PageRequest) -> Response:
        report = self._report(visit)
        today = paris_day(dt.datetime.now(dt.UTC))
        table = report.table
        by_day = {}
        if not report.period.is_day and report.by != "equipe":
            by_day = reports_store.flows(self._desk.engine, _scope(visit.who, report.period), "day")
        return self._desk.show(
            visit,
            "reports.html",
            report=report,
            kinds=_BY,
            rows=[files.row_texts(table, row) for row in table.rows],
            total=files.row_texts(table, table.total),
            query=urlencode({"periode": report.period.code, "par": report.by}),
            before=report.period.beside(-1),
            after=report.period.beside(1) if report.period.last < today else None,
            months=_months(today, report.period),
            today=today,
            bars=_bars(report.period, by_day) if by_day else [],
        )

    def csv(self, visit: PageRequest) -> Response:
        report = self._report(visit)
        content = files.to_csv(report.table)
        return self._taken(visit, report, content, "csv", "text/csv; charset=utf-8")

    def pdf(self, visit: PageRequest) -> Response:
        report = self._report(visit)
        now = dt.datetime.now(dt.UTC)
        told = (report.title, report.period.words, report.table, report.notes, now)
        return self._taken(visit, report, files.to_pdf(*told), "pdf", "application/pdf")

    def _report(self, visit: PageRequest) -> Report:
        today = paris_day(dt.datetime.now(dt.UTC))
        period = period_of(visit.text("periode", most=10) or f"{today:%Y-%m}")
        by = visit.text("par", most=10) or "site"
        if by not in _BY:
            raise InputInvalid("par")
        types = {code: entry.title for code, entry in self._desk.plan().types.items()}
        return make_report(self._desk.engine, visit.who, period, by, types)

    def _taken(
        self, visit: PageRequest, report: Report, content: bytes, ending: str, kind: str
    ) -> Response:
        """A file that leaves: the audit trail knows who took it."""
        subject = f"report:{report.period.code}:{report.by}"
        reports_store.record_export(self._desk.engine, visit.who.actor, subject, ending)
        name = f"attachment; filename={report.name}.{ending}"
        return Response(content, media_type=kind, headers={"Content-Disposition": name})


def _scope(person: Person, period: Period) -> ReportScope:
    return ReportScope(period.since, period.until, person.scope)


def _months(today: dt.date, shown: Period) -> list[tuple[str, str]]:
    """The months that the page offers, the newest first; the shown one too, however old."""
    found = [shown.first.replace(day=1)] if not shown.is_day else []
    day = today.replace(day=1)
    for _ in range(_MONTHS_OFFERED):
        found.append(day)
        day = (day - dt.timedelta(days=1)).replace(day=1)
    ordered = sorted(set(found), reverse=True)
    return [(f"{one:%Y-%m}", formats.month(one)) for one in ordered]


_CHART_WIDTH, _CHART_HEIGHT = 1_240, 130


def _bars(period: Period, flows: dict[str, FlowCounts]) -> list[dict[str, float | str]]:
    """Two bars a day, received and delivered, in the chart's own measure."""
    most = max(1, *(max(flow.received, flow.delivered) for flow in flows.values()))
    step = _CHART_WIDTH / period.last.day
    bars: list[dict[str, float | str]] = []
    for number in range(1, period.last.day + 1):
        flow = flows.get(period.first.replace(day=number).isoformat(), FlowCounts())
        bars.append(
            {
                "x": round((number - 1) * step + step * 0.12, 1),
                "width": round(step * 0.36, 1),
                "day": str(number),
                "received": round(_CHART_HEIGHT * flow.received / most, 1),
                "delivered": round(_CHART_HEIGHT * flow.delivered / most, 1),
            }
        )
    return bars
