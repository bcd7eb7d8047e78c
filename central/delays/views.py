"""Delays: what is due and late by type, and when each queue will be empty at its pace."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from central.accounts.rules import WATCHERS
from central.delays import rules as delays_rules
from central.delays.rules import (
    DueCount,
    Forecast,
    Throughput,
    Urgency,
    forecast_queue,
    last_working_days,
    learn_throughput,
)
from central.errors import InputInvalid
from central.monitoring import flow_store
from central.monitoring import store as monitoring_store
from central.monitoring.flow_store import HourlyCounts, OutstandingCount
from central.web import labels
from central.web.charts import BarChart, Series, stacked_chart
from central.web.console import Console
from central.web.requests import PageRequest
from vaguemestre.model.calendar import is_working_day, paris_time, public_holidays, start_of_day

_PACE_DAYS = 5
_PRESSING = 20
_PLOT_PAST, _PLOT_AHEAD = 5, 9
_DAY = dt.timedelta(days=1)
_DONE = ("received", "named", "keyed", "delivered")
_QUEUES = (("to_name", "named"), ("to_key", "keyed"), ("ready", "delivered"))
_SHOWN = (Urgency.LATE, Urgency.TODAY, Urgency.NEXT, Urgency.SOON, Urgency.LATER)
_STATES = (
    ("to_name", "à nommer", "warn"), ("to_key", "à vidéocoder", "key"),
    ("to_rescan", "à renumériser", "rescan"), ("ready", "à livrer", "good"),
    ("dead", "en échec", "bad"),
)  # fmt: skip


def register(desk: Console) -> None:
    """Add the page."""
    pages = _Pages(desk)
    desk.page("/delais", pages.index, roles=WATCHERS)


@dataclass(frozen=True, slots=True)
class Line:
    """One queue of the forecast: of everything, or of one pôle."""

    name: str
    pole: str
    pace: Throughput
    forecast: Forecast


class _Pages:
    def __init__(self, desk: Console) -> None:
        self._desk, self._engine = desk, desk.engine

    def index(self, visit: PageRequest) -> Response:
        scope, now = visit.who.scope, paris_time(dt.datetime.now(dt.UTC))
        site = visit.text("site", most=100)
        names = monitoring_store.site_names(self._engine, scope)
        if site and site not in names:
            raise InputInvalid("site")
        holidays = public_holidays([now.date()])
        at = delays_rules.horizon(now.date(), holidays)
        rows = flow_store.outstanding_by_day(self._engine, scope, site)
        types = delays_rules.by_type(
            (DueCount(one.type, one.due_on, one.count) for one in rows), at, holidays
        )
        days = last_working_days(now.date(), _PACE_DAYS, holidays)
        since = start_of_day(days[-1])
        done = () if site else flow_store.done_by_hour(self._engine, scope, since)
        plan = self._desk.plan()
        return self._desk.show(
            visit,
            "delays.html",
            today=now.date(),
            site=site,
            sites=names,
            at=at,
            types=types,
            titles={one.type: plan.of(one.type).title for one in types},
            totals={s: sum(one.counts[s] for one in types) for s in Urgency},
            shown=_SHOWN,
            plot=_plot(rows, now.date()),
            pressing=flow_store.most_pressing(self._engine, scope, _PRESSING, site),
            days_left=lambda day: delays_rules.working_days(now.date(), day, holidays),
            lines=[] if site else lines(rows, done, days, now, holidays),
            pace_days=_PACE_DAYS,
        )


def lines(
    rows: Iterable[OutstandingCount],
    done: Iterable[HourlyCounts],
    days: Sequence[dt.date],
    now: dt.datetime,
    holidays: frozenset[dt.date],
) -> list[Line]:
    """The forecast of every queue, and of every pôle's share of it that is not empty.

    Args:
        rows: Outstanding documents.
        done: What was named, keyed and delivered, hour by hour.
        days: Working days that the paces are learned from.
        now: In local time.
        holidays: On which nobody works.
    """
    backlog: dict[tuple[str, str], Counter[dt.date | None]] = defaultdict(Counter)
    for row in rows:
        for pole in ("", row.pole):
            backlog[row.state, pole][row.due_on] += row.count
    worked: dict[tuple[str, str], Counter[dt.datetime]] = defaultdict(Counter)
    for one in done:
        hour = paris_time(one.hour)
        for pole in ("", one.pole):
            for what in _DONE:
                worked[what, pole][hour] += getattr(one, what)
    first = min((hour.date() for hour in worked["received", ""]), default=now.date())
    counted = [day for day in days if day >= first] or days  # not days before the system began
    found = []
    for state, what in _QUEUES:
        poles = sorted({pole for queue, pole in backlog if queue == state and pole})
        for pole in ("", *poles):
            at = learn_throughput(worked[what, pole], counted)
            waits = forecast_queue(backlog[state, pole], at, now, holidays)
            found.append(Line(labels.document_state(state), pole, at, waits))
    return found


def _plot(rows: Iterable[OutstandingCount], today: dt.date) -> BarChart:
    """What is outstanding by due day: everything older together, then the days around today."""
    holidays = public_holidays([today])
    past = list(reversed(last_working_days(today, _PLOT_PAST, holidays)))
    days, day = [*past, today], today
    while len(days) < len(past) + 1 + _PLOT_AHEAD:
        day += _DAY
        if is_working_day(day, holidays):
            days.append(day)
    counts: dict[tuple[str, int], int] = Counter()
    for row in rows:
        if row.due_on is not None:
            counts[row.state, _place(row.due_on, days)] += row.count
    names = [f"avant le {days[0]:%d/%m}"]
    names += ["aujourd'hui" if one == today else f"{one:%d/%m}" for one in days]
    names.append(f"après le {days[-1]:%d/%m}")
    stacks = [
        Series(text, css, [counts[state, i] for i in range(len(names))])
        for state, text, css in _STATES
    ]
    return stacked_chart("En attente, par échéance", names, stacks, size=(1_300.0, 170.0))


def _place(due_on: dt.date, days: Sequence[dt.date]) -> int:
    """The bar of a day: 0 for all before the first, one more than the days for all after."""
    if due_on < days[0]:
        return 0
    return next((i for i, day in enumerate(days, 1) if due_on <= day), len(days) + 1)
