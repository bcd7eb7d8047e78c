"""Reports: a day or a month by site, pôle, type, day or team; as page, CSV and PDF."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from central.console import formats, report_csv, report_pdf, report_text
from central.console.desk import Desk
from central.console.periods import Period, period_of
from central.console.visit import Visit
from central.domain.access import Person, Role
from central.domain.reports import LEAST_PEOPLE, Flow, Table, flow_table, team_table
from central.errors import InputInvalid
from central.store import reports
from central.store.engine import Engine
from central.store.reports import Scope
from vaguemestre.model.calendar import public_holidays
from vaguemestre.model.clock import PARIS

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


def register(desk: Desk) -> None:
    """Add the pages."""
    pages = _Pages(desk)
    desk.page("/rapports", pages.index, roles=_READERS)
    desk.page("/rapports/csv", pages.csv, roles=_READERS)
    desk.page("/rapports/pdf", pages.pdf, roles=_READERS)


def make(
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
        return Report(period, by, team_table(reports.teams(engine, scope)), _TEAM_NOTES)
    column = "day" if by == "jour" else by
    flows = reports.flows(engine, scope, column)
    delays = reports.delays(engine, scope, column)
    if by == "jour":
        days = [
            period.first + dt.timedelta(n) for n in range((period.last - period.first).days + 1)
        ]
        flows = {day.isoformat(): Flow() for day in days} | flows
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
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def index(self, visit: Visit) -> Response:
        report = self._report(visit)
        today = dt.datetime.now(PARIS).date()
        table = report.table
        by_day = {}
        if not report.period.is_day and report.by != "equipe":
            by_day = reports.flows(self._desk.engine, _scope(visit.who, report.period), "day")
        return self._desk.show(
            visit,
            "reports.html",
            report=report,
            kinds=_BY,
            rows=[report_text.cells(table, row) for row in table.rows],
            total=report_text.cells(table, table.total),
            query=urlencode({"periode": report.period.code, "par": report.by}),
            before=report.period.beside(-1),
            after=report.period.beside(1) if report.period.last < today else None,
            months=_months(today, report.period),
            today=today,
            bars=_bars(report.period, by_day) if by_day else [],
        )

    def csv(self, visit: Visit) -> Response:
        report = self._report(visit)
        content = report_csv.written(report.table)
        return self._taken(visit, report, content, "csv", "text/csv; charset=utf-8")

    def pdf(self, visit: Visit) -> Response:
        report = self._report(visit)
        now = dt.datetime.now(dt.UTC)
        told = (report.title, report.period.words, report.table, report.notes, now)
        return self._taken(visit, report, report_pdf.written(*told), "pdf", "application/pdf")

    def _report(self, visit: Visit) -> Report:
        today = dt.datetime.now(PARIS).date()
        period = period_of(visit.text("periode", most=10) or f"{today:%Y-%m}")
        by = visit.text("par", most=10) or "site"
        if by not in _BY:
            raise InputInvalid("par")
        types = {code: entry.title for code, entry in self._desk.catalogue().types.items()}
        return make(self._desk.engine, visit.who, period, by, types)

    def _taken(
        self, visit: Visit, report: Report, content: bytes, ending: str, kind: str
    ) -> Response:
        """A file that leaves: the audit trail knows who took it."""
        subject = f"report:{report.period.code}:{report.by}"
        reports.exported(self._desk.engine, visit.who.actor, subject, ending)
        name = f"attachment; filename={report.name}.{ending}"
        return Response(content, media_type=kind, headers={"Content-Disposition": name})


def _scope(person: Person, period: Period) -> Scope:
    return Scope(period.since, period.until, person.sites, person.poles)


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


def _bars(period: Period, flows: dict[str, Flow]) -> list[dict[str, float | str]]:
    """Two bars a day, received and delivered, in the chart's own measure."""
    most = max(1, *(max(flow.received, flow.delivered) for flow in flows.values()))
    step = _CHART_WIDTH / period.last.day
    bars: list[dict[str, float | str]] = []
    for number in range(1, period.last.day + 1):
        flow = flows.get(period.first.replace(day=number).isoformat(), Flow())
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
