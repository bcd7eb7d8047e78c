"""What a report shows: rows of counts, rates and means, the same for page, CSV and PDF. Pure.

Figures about people are per team, and a team in which fewer than ``LEAST_PEOPLE`` worked is told
together with others of its kind: no figure is of one person.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Self

from vaguemestre.model.calendar import working_days_between

LEAST_PEOPLE = 3
SMALL_TEAMS = "Petites équipes et sans équipe"


class ColumnKind(StrEnum):
    """How a column's values are written."""

    TEXT = "text"
    COUNT = "count"
    PERCENT = "percent"
    DAYS = "days"
    SECONDS = "seconds"


Value = str | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``title`` is French."""

    title: str
    kind: ColumnKind


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, rows and their total; None: nothing to count or to divide by."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Summed:
    """Counts that are added one by one."""

    def __add__(self, other: Self) -> Self:
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class FlowCounts(_Summed):
    """Counts of one site, pôle, type or day (central/db/tables/operations.py)."""

    received: int = 0
    pages: int = 0
    straight: int = 0
    named: int = 0
    keyed: int = 0
    delivered: int = 0
    delivered_late: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True)
class TeamCounts(_Summed):
    """What people of one team did."""

    people: int = 0
    named: int = 0
    naming_s: float = 0.0
    keyed: int = 0
    fields: int = 0
    keying_s: float = 0.0


Delay = tuple[str, dt.date, dt.date, int]
"""What it is of, received on, delivered on, how many documents."""

_FLOW_COLUMNS = (
    Column("Reçus", ColumnKind.COUNT),
    Column("Pages", ColumnKind.COUNT),
    Column("Sans intervention", ColumnKind.PERCENT),
    Column("Nommés", ColumnKind.COUNT),
    Column("Vidéocodés", ColumnKind.COUNT),
    Column("Livrés", ColumnKind.COUNT),
    Column("Hors délai", ColumnKind.COUNT),
    Column("Rendus", ColumnKind.COUNT),
    Column("Délai moyen", ColumnKind.DAYS),
)
_TEAM_COLUMNS = (
    Column("Équipe", ColumnKind.TEXT),
    Column("Personnes", ColumnKind.COUNT),
    Column("Documents nommés", ColumnKind.COUNT),
    Column("Temps moyen de nommage", ColumnKind.SECONDS),
    Column("Documents vidéocodés", ColumnKind.COUNT),
    Column("Champs saisis", ColumnKind.COUNT),
    Column("Temps moyen par champ", ColumnKind.SECONDS),
)


def flow_table(
    first: str,
    flows: Mapping[str, FlowCounts],
    delays: Iterable[Delay],
    holidays: Collection[dt.date],
) -> Table:
    """The report by site, pôle, type or day.

    Args:
        first: Title of the first column.
        flows: Counts, by what its rows are of.
        delays: Of what was delivered, likewise.
        holidays: For counting in working days.
    """
    days: dict[str, int] = defaultdict(int)
    documents: dict[str, int] = defaultdict(int)
    for key, received_on, delivered_on, count in delays:
        days[key] += count * working_days_between(received_on, delivered_on, holidays)
        documents[key] += count

    def row(key: str, flow: FlowCounts, spent: int, of: int) -> tuple[Value, ...]:
        return (
            key, flow.received, flow.pages, _percent(flow.straight, flow.received), flow.named,
            flow.keyed, flow.delivered, flow.delivered_late, flow.returned, _mean(spent, of),
        )  # fmt: skip

    keys = sorted({*flows, *documents})
    rows = tuple(row(key, flows.get(key, FlowCounts()), days[key], documents[key]) for key in keys)
    total = row(
        "Total", sum(flows.values(), FlowCounts()), sum(days.values()), sum(documents.values())
    )
    return Table((Column(first, ColumnKind.TEXT), *_FLOW_COLUMNS), rows, total)


def team_table(teams: Mapping[str, TeamCounts]) -> Table:
    """The report by team; small ones, and people without one, are told together.

    Should they be too few even together, the smallest of the other teams joins them; fewer than
    ``LEAST_PEOPLE`` in all are not told.
    """
    told: dict[str, TeamCounts] = {}
    for name, team in teams.items():
        key = name if name and team.people >= LEAST_PEOPLE else SMALL_TEAMS
        told[key] = told.get(key, TeamCounts()) + team
    others = sorted((team.people, name) for name, team in told.items() if name != SMALL_TEAMS)
    if SMALL_TEAMS in told and told[SMALL_TEAMS].people < LEAST_PEOPLE:
        if not others:
            nothing: tuple[Value, ...] = (None,) * (len(_TEAM_COLUMNS) - 1)
            return Table(_TEAM_COLUMNS, (), ("Total", *nothing))
        told[SMALL_TEAMS] += told.pop(others[0][1])
    ordered = sorted(told.items(), key=lambda item: (item[0] == SMALL_TEAMS, item[0]))
    rows = tuple(_team_row(name, team) for name, team in ordered)
    return Table(_TEAM_COLUMNS, rows, _team_row("Total", sum(told.values(), TeamCounts())))


def _team_row(name: str, team: TeamCounts) -> tuple[Value, ...]:
    return (
        name, team.people, team.named, _mean(team.naming_s, team.named), team.keyed, team.fields,
        _mean(team.keying_s, team.fields),
    )  # fmt: skip


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _mean(total: float, count: int) -> float | None:
    return round(total / count, 1) if count else None
