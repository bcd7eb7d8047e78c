"""What controls found: error rates of machine and people, and the thresholds that follow."""

import datetime as dt
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from central.console import quality_plot
from central.console.desk import Desk
from central.console.visit import Visit
from central.domain.access import Person, Role
from central.domain.keying import spec_of
from central.domain.measures import Rate, accept_doubt, rate
from central.domain.quality import (
    Dispute,
    FieldRate,
    Week,
    by_field,
    by_team,
    together,
    wrong_doubts,
)
from central.store import quality
from central.store.quality import State
from vaguemestre.model import clock

READERS = (Role.SUPERVISOR, Role.OPERATIONS, Role.AUDITOR)
WINDOWS = (7, 30, 90, 365)
_WINDOW = 30
_PLOTTED = dt.timedelta(weeks=26)
_KEPT_S = 30.0
_MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Report:
    """All that the page shows of one window."""

    days: int
    state: State
    fields: list[FieldRate]
    kinds: Mapping[str, Rate]
    types: Mapping[str, Rate]
    teams: Mapping[str, Rate]
    proposals: Mapping[tuple[str, str], float]
    weeks: list[Week]

    @property
    def machine(self) -> Rate:
        """Of all fields."""
        return rate(sum(f.rate.wrong for f in self.fields), sum(f.rate.total for f in self.fields))

    @property
    def people(self) -> Rate:
        """Of all teams."""
        return rate(
            sum(r.wrong for r in self.teams.values()), sum(r.total for r in self.teams.values())
        )


def register(desk: Desk) -> None:
    """Add the page and the thresholds to take away."""
    pages = _Pages(desk)
    desk.page("/qualite", pages.index, roles=READERS)
    desk.page("/qualite/seuils.toml", pages.thresholds, roles=READERS)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lock = threading.Lock()
        self._known: dict[tuple[object, ...], tuple[float, Report]] = {}

    def index(self, visit: Visit) -> Response:
        report = self._report(visit)
        wanted = self._desk.config.quality.wanted_error_rate
        return self._desk.show(
            visit,
            "quality.html",
            report=report,
            wanted=wanted,
            plot=quality_plot.plot(report.weeks, wanted),
            windows=WINDOWS,
            title_of=lambda code: self._desk.catalogue().of(code).title,
        )

    def thresholds(self, visit: Visit) -> Response:
        """The proposed thresholds as lines for the forms of the pack."""
        text = toml_of(self._report(visit), clock.day(dt.datetime.now(dt.UTC)))
        name = 'attachment; filename="seuils.toml"'
        headers = {"Content-Disposition": name}
        return Response(text, media_type="application/toml", headers=headers)

    def _report(self, visit: Visit) -> Report:
        days = visit.number("jours", _WINDOW)
        days = days if days in WINDOWS else _WINDOW
        person = visit.who
        key = (days, person.sites, person.poles)
        with self._lock:
            at, known = self._known.get(key, (-_KEPT_S, None))
        if known is not None and time.monotonic() - at < _KEPT_S:
            return known
        made = self._made(person, days)
        with self._lock:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            self._known[key] = (time.monotonic(), made)
        return made

    def _made(self, person: Person, days: int) -> Report:
        engine, now = self._desk.engine, dt.datetime.now(dt.UTC)
        since = now - dt.timedelta(days=days)
        disputes = quality.disputes(engine, person, since)
        fields = by_field(quality.counted(engine, person, since), disputes, self._kind)
        twice, pairs = quality.double_keying(engine, person, since)
        teams = [*quality.controlling_teams(engine, person, since), *twice]
        return Report(
            days=days,
            state=quality.state(engine, person, since),
            fields=fields,
            kinds=together(fields, lambda one: one.kind),
            types=together(fields, lambda one: one.type),
            teams=by_team(teams, disputes, pairs, self._kind),
            proposals=self._proposals(person, since, fields, list(disputes)),
            weeks=list(quality.weeks(engine, person, now - _PLOTTED)),
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
        for name, accepted in quality.doubts(self._desk.engine, person, since, names).items():
            doubt = accept_doubt(accepted, wrong.get(name, ()), wanted)
            if doubt is not None:
                found[name] = doubt
        return found

    def _kind(self, code: str, name: str) -> str:
        return spec_of(self._desk.catalogue().of(code), name).kind


def toml_of(report: Report, day: dt.date) -> str:
    """Proposed thresholds, each under the form and field that it belongs to."""
    lines = [
        f"# Seuils proposés le {day.isoformat()} d'après {report.days} jours de contrôle.",
        "# [type.champ] : recopiez accept_doubt sous ce champ dans models/forms/<type>.toml.",
    ]
    rates: dict[tuple[str, str], Any] = {(f.type, f.name): f.rate for f in report.fields}
    for (code, name), doubt in sorted(report.proposals.items()):
        found: Rate = rates[code, name]
        lines += [
            "",
            f"[{json.dumps(code)}.{json.dumps(name)}]",
            f"# {found.wrong} faux sur {found.total} contrôlés",
            f"accept_doubt = {doubt}",
        ]
    return "\n".join(lines) + "\n"
