"""The blind control of what the machine delivered: sampling, comparison, error rates. Pure.

A share of the documents that went straight is drawn by a hash of their ids: no chance, no clock,
the same answer whenever it is asked. Everything is drawn of what nobody has measured yet: a form
whose documents have just begun to go straight, and a site in its first week. A form that was
measured anew keeps its type: the share of all covers it.

A person keys a drawn document without seeing what the machine read. Where the two differ an arbiter
decides, who sees both values unlabelled, in an order that the document's own hash gives.

Disputes become error rates with their confidence bounds: of the machine by field, of people by
team, and the threshold of doubt that would have kept the errors back.
"""

import datetime as dt
import hashlib
import math
import re
import unicodedata
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from central.documents.rules import KeyedValue

_WRITTEN_FREELY = frozenset({"name", "text", "address"})
_FREE_NOISE = re.compile(r"[\s\-.,;:'’/]+")


@dataclass(frozen=True, slots=True)
class ControlOutcome:
    """What came of a control: how many fields, and who was wrong in how many."""

    fields: int
    machine_wrong: int
    person_wrong: int


@dataclass(frozen=True, slots=True)
class ValuePair:
    """Of one field: what the machine delivered and what a person keyed without seeing it."""

    kind: str
    machine: KeyedValue
    person: KeyedValue


def is_same(kind: str, one: KeyedValue, other: KeyedValue) -> bool:
    """Whether two say the same of a field.

    Values of keyed kinds come normalised (ISO dates, digits without spaces). In what is written
    freely, case, accents, hyphens and spaces are spelling, not errors. No value is like another
    only with the same reason.
    """
    if one.value is None or other.value is None:
        return one.value is other.value and one.reason == other.reason
    return _comparable_value(kind, one.value) == _comparable_value(kind, other.value)


def _comparable_value(kind: str, value: str) -> str:
    """A value without what is no difference."""
    if kind not in _WRITTEN_FREELY:
        return "".join(value.split()).upper()
    decomposed = unicodedata.normalize("NFKD", value)
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _FREE_NOISE.sub(" ", plain).strip().casefold()


def disputed_positions(opinions: Mapping[int, ValuePair]) -> list[int]:
    """The fields, by position, about which machine and person differ."""
    return sorted(p for p, o in opinions.items() if not is_same(o.kind, o.machine, o.person))


def count_outcome(
    opinions: Mapping[int, ValuePair], truths: Mapping[int, KeyedValue]
) -> ControlOutcome:
    """Count, once every disputed field has its truth.

    A value that the arbiter too cannot read, or finds nowhere, was delivered without ground: the
    machine was wrong.

    Raises:
        KeyError: a disputed field has none.
    """
    differing = disputed_positions(opinions)
    machine = person = 0
    for position in differing:
        one, truth = opinions[position], truths[position]
        machine += not is_same(one.kind, one.machine, truth)
        person += not is_same(one.kind, one.person, truth)
    return ControlOutcome(len(opinions), machine, person)


def arbitration_order(
    document_id: uuid.UUID, position: int, one: ValuePair
) -> tuple[KeyedValue, KeyedValue]:
    """The two in the order in which the arbiter sees them: even odds, nothing to learn from."""
    seed = document_id.bytes + position.to_bytes(4, "big")
    is_swapped = hashlib.blake2b(seed, digest_size=1, key=b"arbiter").digest()[0] & 1
    return (one.person, one.machine) if is_swapped else (one.machine, one.person)


_Z_95 = 1.959963984540054
_MARGIN = 0.9  # of the doubt of the surest value that was wrong, as models/training keeps it
_FINEST = 10_000  # steps of a doubt in a form


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """How many of how many were wrong, and between what bounds the true share lies (95 %)."""

    wrong: int
    total: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.wrong / self.total if self.total else 0.0


def error_rate(wrong: int, total: int, z: float = _Z_95) -> ErrorRate:
    """An error rate with Wilson's bounds, which hold for few values and for few errors.

    Raises:
        ValueError: more were wrong than there were.
    """
    if not 0 <= wrong <= total:
        raise ValueError(f"{wrong} of {total}")
    if total == 0:
        return ErrorRate(0, 0, 0.0, 1.0)
    share, spread = wrong / total, z * z / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low = 0.0 if wrong == 0 else max(0.0, middle - half)
    high = 1.0 if wrong == total else min(1.0, middle + half)
    return ErrorRate(wrong, total, low, high)


def accept_doubt(
    accepted: Mapping[float, int], wrong: Sequence[float], wanted: float
) -> float | None:
    """The doubt up to which values might go without a person and keep the wanted error rate.

    Args:
        accepted: How many values of one field had each doubt, the wrong ones among them.
        wrong: The doubts of those that were wrong.
        wanted: The error rate, as 0.001.

    Returns:
        None where the rate is kept already; else a doubt for ``accept_doubt`` of the form, 0
        where even the surest values were too often wrong.
    """
    doubts = sorted(wrong)
    if len(doubts) <= wanted * sum(accepted.values()):
        return None
    # Let as many of the surest wrong values pass as the rest allows, and stop short of the next.
    for passed in range(len(doubts) - 1, -1, -1):
        limit = math.floor(_MARGIN * max(0.0, doubts[passed]) * _FINEST) / _FINEST
        within = sum(count for doubt, count in accepted.items() if doubt <= limit)
        errors = sum(doubt <= limit for doubt in doubts)
        if within and errors <= wanted * within:
            return limit
    return 0.0


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
    machine: KeyedValue
    person: KeyedValue
    truth: KeyedValue
    team: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One field that two people keyed differently, and a third decided."""

    type: str
    name: str
    first: KeyedValue
    first_team: str
    second: KeyedValue
    second_team: str
    truth: KeyedValue


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
    rate: ErrorRate


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
            error_rate(min(wrong[one.type, one.name], one.total), one.total),
        )
        for one in counted
    ]
    return sorted(found, key=lambda f: (-f.rate.low, -f.rate.wrong, -f.rate.total, f.type, f.name))


def together(rates: Iterable[FieldRate], key: Callable[[FieldRate], str]) -> dict[str, ErrorRate]:
    """Rates of several fields as one, by type or by kind; the worst first."""
    wrong: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one in rates:
        wrong[key(one)] += one.rate.wrong
        total[key(one)] += one.rate.total
    found = {name: error_rate(wrong[name], total[name]) for name in total}
    return dict(sorted(found.items(), key=lambda item: (-item[1].low, -item[1].total)))


def by_team(
    counts: Iterable[TeamCount],
    disputes: Iterable[Dispute],
    pairs: Iterable[Pair],
    kind_of: KindOf,
) -> dict[str, ErrorRate]:
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
    return {name: error_rate(shown_wrong[name], shown[name]) for name in sorted(shown)}


def wrong_doubts(
    disputes: Iterable[Dispute], kind_of: KindOf
) -> Mapping[tuple[str, str], list[float]]:
    """How much the machine doubted each value that was wrong, by type and field."""
    found: dict[tuple[str, str], list[float]] = {}
    for one in disputes:
        if not is_same(kind_of(one.type, one.name), one.machine, one.truth):
            found.setdefault((one.type, one.name), []).append(max(0.0, 1.0 - one.confidence))
    return found


_DAY_S = 86_400.0
_SALT = b"vaguemestre control"


class ControlCause(StrEnum):
    """Why a document is controlled."""

    SAMPLE = "sample"
    NEW_FORM = "new_form"
    FIRST_WEEKS = "first_weeks"  # of its site


@dataclass(frozen=True, slots=True)
class SamplingPolicy:
    """How many are drawn.

    ``most_a_day`` bounds what new forms and new sites bring together. The share of all has no
    bound of its own: one that was full by noon would measure mornings only.
    """

    share: float = 0.01
    new_form_s: float = 14 * _DAY_S
    first_week_s: float = 7 * _DAY_S
    most_a_day: int = 300


@dataclass(frozen=True, slots=True)
class SamplingContext:
    """What is known of a document's form and site, and of the day.

    ``form_age_s`` counts from the first document of its type that went straight through here,
    ``site_age_s`` from the first word of its site; ``drawn_today`` is without the share of all.
    """

    form_age_s: float
    site_age_s: float
    drawn_today: int


def document_fraction(document_id: uuid.UUID) -> float:
    """A number in [0, 1) that is a document's own; spread evenly over all documents."""
    digest = hashlib.blake2b(document_id.bytes, digest_size=8, key=_SALT).digest()
    return (int.from_bytes(digest, "big") >> 11) / (1 << 53)


def draw_for_control(
    document_id: uuid.UUID, policy: SamplingPolicy, around: SamplingContext
) -> ControlCause | None:
    """Decide whether a straight-through document is controlled, and why.

    The share of all comes first: it is the same documents whatever else happens, so its error
    rate is that of the whole flow.
    """
    if document_fraction(document_id) < policy.share:
        return ControlCause.SAMPLE
    if around.drawn_today >= policy.most_a_day:
        return None
    if around.form_age_s < policy.new_form_s:
        return ControlCause.NEW_FORM
    if around.site_age_s < policy.first_week_s:
        return ControlCause.FIRST_WEEKS
    return None
