"""The blind control: its queue, and what controls found.

The queue; error rates of machine and people, with the thresholds that follow; and the rates of
weeks as coordinates of a picture that the page draws itself.
"""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from central.accounts.rules import Person, Role, Scope
from central.documents.store import Work
from central.keying.rules import find_field_spec
from central.keying.views import present_keying, submitted_fields
from central.quality import statistics_store
from central.quality import store as quality_store
from central.quality.rules import (
    Dispute,
    ErrorRate,
    FieldRate,
    Week,
    accept_doubt,
    by_field,
    by_team,
    error_rate,
    together,
    wrong_doubts,
)
from central.quality.statistics_store import ControlCounts
from central.web.cache import TimedCache
from central.web.console import Console, Handler, id_in_path, json_response
from central.web.requests import PageRequest
from vaguemestre.model.calendar import paris_day
from vaguemestre.model.plan import DocumentType

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 8, 8, 24
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_LINES = 4
_MOST_LABELS = 8
_ROOM = 1.25  # above the highest rate; wide bounds of weeks with few values are cut off


@dataclass(frozen=True, slots=True)
class RateAxisLabel:
    """A line of the grid: where it is, and the share or the Monday that it stands for."""

    at: float
    share: float = 0.0
    monday: dt.date | None = None


@dataclass(frozen=True, slots=True)
class RateChart:
    """What the page draws; points as SVG writes them."""

    machine: str
    people: str
    band: str
    dots: tuple[tuple[float, float], ...]
    rows: tuple[RateAxisLabel, ...]
    columns: tuple[RateAxisLabel, ...]
    wanted_y: float
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    bottom: int = HEIGHT - _BOTTOM


def rate_chart(weeks: Sequence[Week], wanted: float) -> RateChart | None:
    """Lay out the rates of machine and people, and the machine's bounds; None of nothing.

    A week without controls has no point: its neighbours are joined.
    """
    if not weeks:
        return None
    machine = [error_rate(week.machine_wrong, week.fields) for week in weeks]
    people = [error_rate(week.person_wrong, week.fields) for week in weeks]
    step = _step(max([wanted, *(one.value for one in machine + people)]) * _ROOM)
    most = step * _LINES
    first, span = weeks[0].monday, max(1, (weeks[-1].monday - weeks[0].monday).days)

    def x(monday: dt.date) -> float:
        room = WIDTH - _LEFT - _RIGHT
        if len(weeks) == 1:
            return _LEFT + room / 2
        return round(_LEFT + room * (monday - first).days / span, 1)

    def y(share: float) -> float:
        room = HEIGHT - _TOP - _BOTTOM
        return round(_TOP + room * (1 - min(share, most) / most), 1)

    def line(rates: Iterable[ErrorRate]) -> list[tuple[float, float]]:
        return [(x(week.monday), y(one.value)) for week, one in zip(weeks, rates, strict=True)]

    high = [(x(week.monday), y(one.high)) for week, one in zip(weeks, machine, strict=True)]
    low = [(x(week.monday), y(one.low)) for week, one in zip(weeks, machine, strict=True)]
    every = 1 + (len(weeks) - 1) // _MOST_LABELS
    return RateChart(
        machine=_points(line(machine)),
        people=_points(line(people)),
        band=_points([*high, *reversed(low)]),
        dots=tuple(line(machine)),
        rows=tuple(RateAxisLabel(y(step * n), share=step * n) for n in range(_LINES + 1)),
        columns=tuple(RateAxisLabel(x(week.monday), monday=week.monday) for week in weeks[::every]),
        wanted_y=y(wanted),
    )


def _step(most: float) -> float:
    return next((step for step in _STEPS if step * _LINES >= most), _STEPS[-1])


def _points(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


class ControlQueue:
    """Documents that went straight, drawn to be keyed blind, and what an arbiter settles."""

    name, path, template = quality_store.QUEUE, "/controle", "control.html"

    def __init__(self, console: Console) -> None:
        self._console, self._engine = console, console.engine

    def take_next(
        self, person: Person, lease_s: float, besides: Collection[uuid.UUID], *, is_ahead: bool
    ) -> uuid.UUID | None:
        """As ``quality.store.take_next_control``; one that is loaded ahead is held as any other."""
        del is_ahead
        return quality_store.take_next_control(self._engine, person, lease_s, besides=besides)

    def take_document(self, person: Person, document_id: uuid.UUID, lease_s: float) -> bool:
        """As ``quality.store.take_control``."""
        return quality_store.take_control(self._engine, person, document_id, lease_s)

    def present(self, _: Person, loaded: Work, document_type: DocumentType) -> dict[str, Any]:
        """What is to key; no value that the machine is sure of."""
        tasks = quality_store.control_tasks(self._engine, loaded.document["id"], document_type)
        return present_keying(loaded, tasks) | {"fields": []}

    def submit(self, request: PageRequest) -> Response:
        """Send what was keyed blind, or what an arbiter decided."""
        document_id = id_in_path(request)
        state, sent_again = quality_store.submit_control(
            self._engine,
            request.who,
            document_id,
            self._console.plan().of,
            submitted_fields(self._console, request, document_id, self.name),
        )
        return json_response({"state": state, "round": sent_again})

    def acts(self) -> Mapping[str, Handler]:
        """None: a control is keyed, or given back."""
        return {}


READERS = (Role.SUPERVISOR, Role.OPERATIONS, Role.AUDITOR)
WINDOWS = (7, 30, 90, 365)
_WINDOW = 30
_PLOTTED = dt.timedelta(weeks=26)
_KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows of one window."""

    days: int
    state: ControlCounts
    fields: list[FieldRate]
    kinds: Mapping[str, ErrorRate]
    types: Mapping[str, ErrorRate]
    teams: Mapping[str, ErrorRate]
    proposals: Mapping[tuple[str, str], float]
    weeks: list[Week]

    @property
    def machine(self) -> ErrorRate:
        """Of all fields."""
        return error_rate(
            sum(f.rate.wrong for f in self.fields), sum(f.rate.total for f in self.fields)
        )

    @property
    def people(self) -> ErrorRate:
        """Of all teams."""
        return error_rate(
            sum(r.wrong for r in self.teams.values()), sum(r.total for r in self.teams.values())
        )


def register(desk: Console) -> None:
    """Add the page and the thresholds to take away."""
    pages = _Pages(desk)
    desk.page("/qualite", pages.index, roles=READERS)
    desk.page("/qualite/seuils.toml", pages.thresholds, roles=READERS)


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk = desk
        self._reports = TimedCache[tuple[int, Scope], Report](_KEPT_S)

    def index(self, visit: PageRequest) -> Response:
        report = self._report(visit)
        wanted = self._desk.config.quality.wanted_error_rate
        return self._desk.show(
            visit,
            "quality.html",
            report=report,
            wanted=wanted,
            plot=rate_chart(report.weeks, wanted),
            windows=WINDOWS,
            title_of=lambda code: self._desk.plan().of(code).title,
        )

    def thresholds(self, visit: PageRequest) -> Response:
        """The proposed thresholds as lines for the forms of the pack."""
        text = _toml_of(self._report(visit), paris_day(dt.datetime.now(dt.UTC)))
        name = 'attachment; filename="seuils.toml"'
        headers = {"Content-Disposition": name}
        return Response(text, media_type="application/toml", headers=headers)

    def _report(self, visit: PageRequest) -> Report:
        days = visit.number("jours", _WINDOW)
        days = days if days in WINDOWS else _WINDOW
        person = visit.who
        return self._reports.get((days, person.scope), lambda: self._made(person, days))

    def _made(self, person: Person, days: int) -> Report:
        engine, now = self._desk.engine, dt.datetime.now(dt.UTC)
        since = now - dt.timedelta(days=days)
        disputes = statistics_store.list_disputes(engine, person, since)
        fields = by_field(
            statistics_store.counted_values(engine, person, since), disputes, self._kind
        )
        twice, pairs = statistics_store.double_keying(engine, person, since)
        teams = [*statistics_store.controlling_teams(engine, person, since), *twice]
        return Report(
            days=days,
            state=statistics_store.control_counts(engine, person, since),
            fields=fields,
            kinds=together(fields, lambda one: one.kind),
            types=together(fields, lambda one: one.type),
            teams=by_team(teams, disputes, pairs, self._kind),
            proposals=self._proposals(person, since, fields, list(disputes)),
            weeks=list(statistics_store.weekly_counts(engine, person, now - _PLOTTED)),
        )

    def _proposals(
        self,
        person: Person,
        since: dt.datetime,
        fields: list[FieldRate],
        disputes: list[Dispute],
    ) -> dict[tuple[str, str], float]:
        """Thresholds of the fields that are too often wrong; only they are looked at closely."""
        wanted = self._desk.config.quality.wanted_error_rate
        names = [(one.type, one.name) for one in fields if one.rate.value > wanted]
        wrong = wrong_doubts(disputes, self._kind)
        found = {}
        for name, accepted in statistics_store.list_doubts(
            self._desk.engine, person, since, names
        ).items():
            doubt = accept_doubt(accepted, wrong.get(name, ()), wanted)
            if doubt is not None:
                found[name] = doubt
        return found

    def _kind(self, code: str, name: str) -> str:
        return find_field_spec(self._desk.plan().of(code), name).kind


def _toml_of(report: Report, day: dt.date) -> str:
    """Proposed thresholds, each under the form and field that it belongs to."""
    lines = [
        f"# Seuils proposés le {day.isoformat()} d'après {report.days} jours de contrôle.",
        "# [type.champ] : recopiez accept_doubt sous ce champ dans models/forms/<type>.toml.",
    ]
    rates: dict[tuple[str, str], Any] = {(f.type, f.name): f.rate for f in report.fields}
    for (code, name), doubt in sorted(report.proposals.items()):
        found: ErrorRate = rates[code, name]
        lines += [
            "",
            f"[{json.dumps(code)}.{json.dumps(name)}]",
            f"# {found.wrong} faux sur {found.total} contrôlés",
            f"accept_doubt = {doubt}",
        ]
    return "\n".join(lines) + "\n"
