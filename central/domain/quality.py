"""From single disputes to rates: which fields the machine misreads, which teams mistype."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from central.domain.control import is_same
from central.domain.keying import Entry
from central.domain.measures import Rate, rate

KindOf = Callable[[str, str], str]
SMALLEST_TEAM = 3
"""Fewer people are not shown as a team: a rate would be somebody's."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one field of one type: how many values were controlled."""

    type: str
    name: str
    total: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """One controlled value about which machine and person differed: what each said.

    ``confidence`` is how sure the machine was.
    """

    type: str
    name: str
    machine: Entry
    person: Entry
    truth: Entry
    team: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One field that two people keyed differently, and a third decided."""

    type: str
    name: str
    first: Entry
    first_team: str
    second: Entry
    second_team: str
    truth: Entry


@dataclass(frozen=True, slots=True)
class TeamCount:
    """How many values a team keyed that somebody else said too, by how many people."""

    team: str
    total: int
    people: int


@dataclass(frozen=True, slots=True)
class Week:
    """The controls that ended in one week, by its Monday."""

    monday: dt.date
    fields: int
    machine_wrong: int
    person_wrong: int


@dataclass(frozen=True, slots=True)
class FieldRate:
    """How often the machine was wrong about one field."""

    type: str
    name: str
    kind: str
    rate: Rate


def by_field(
    counted: Iterable[Counted], disputes: Iterable[Dispute], kind_of: KindOf
) -> list[FieldRate]:
    """The machine's error rate of each field; those that are surely worst first."""
    wrong = Counter(
        (one.type, one.name)
        for one in disputes
        if not is_same(kind_of(one.type, one.name), one.machine, one.truth)
    )
    found = [
        FieldRate(
            one.type,
            one.name,
            kind_of(one.type, one.name),
            rate(min(wrong[one.type, one.name], one.total), one.total),
        )
        for one in counted
    ]
    return sorted(found, key=lambda f: (-f.rate.low, -f.rate.wrong, -f.rate.total, f.type, f.name))


def together(rates: Iterable[FieldRate], key: Callable[[FieldRate], str]) -> dict[str, Rate]:
    """Rates of several fields as one, by type or by kind; the worst first."""
    wrong: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one in rates:
        wrong[key(one)] += one.rate.wrong
        total[key(one)] += one.rate.total
    found = {name: rate(wrong[name], total[name]) for name in total}
    return dict(sorted(found.items(), key=lambda item: (-item[1].low, -item[1].total)))


def by_team(
    counts: Iterable[TeamCount],
    disputes: Iterable[Dispute],
    pairs: Iterable[Pair],
    kind_of: KindOf,
) -> dict[str, Rate]:
    """How often people were wrong, by team; teams too small to be shown go together as ``""``."""
    total: Counter[str] = Counter()
    people: dict[str, int] = {}
    for one in counts:
        total[one.team] += one.total
        people[one.team] = max(people.get(one.team, 0), one.people)
    wrong: Counter[str] = Counter()
    for dispute in disputes:
        kind = kind_of(dispute.type, dispute.name)
        wrong[dispute.team] += not is_same(kind, dispute.person, dispute.truth)
    for pair in pairs:
        kind = kind_of(pair.type, pair.name)
        wrong[pair.first_team] += not is_same(kind, pair.first, pair.truth)
        wrong[pair.second_team] += not is_same(kind, pair.second, pair.truth)
    shown: Counter[str] = Counter()
    shown_wrong: Counter[str] = Counter()
    for team, count in total.items():
        name = team if people[team] >= SMALLEST_TEAM else ""
        shown[name] += count
        shown_wrong[name] += min(wrong[team], count)
    return {name: rate(shown_wrong[name], shown[name]) for name in sorted(shown)}


def wrong_doubts(
    disputes: Iterable[Dispute], kind_of: KindOf
) -> Mapping[tuple[str, str], list[float]]:
    """How much the machine doubted each value that was wrong, by type and field."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in disputes:
        if not is_same(kind_of(one.type, one.name), one.machine, one.truth):
            found.setdefault((one.type, one.name), []).append(max(0.0, 1.0 - one.confidence))
    return found
