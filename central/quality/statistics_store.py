"""What controls and double keying measured: counts, and what was said where people differed.

Only disputes are fetched one by one, and they are few; all that was the same is counted in SQL.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from central.accounts.rules import Person
from central.accounts.scope import scope_conditions
from central.db.engine import transaction
from central.db.tables import controls, documents, keyings, people
from central.documents.rules import KeyedValue, KeyPass, KeyReason
from central.quality.rules import Counted, Dispute, Pair, TeamCount, Week
from vaguemestre.model.calendar import TIME_ZONE

_c, _d, _k, _p = controls.c, documents.c, keyings.c, people.c
_WEEK = sa.func.date_trunc("week", sa.func.timezone(TIME_ZONE, _c.done_at))


@dataclass(frozen=True, slots=True)
class ControlCounts:
    """How many controls wait and how many ended; ``oldest`` is of those that wait."""

    waiting: int
    disputed: int
    done: int
    oldest: dt.datetime | None


def control_counts(engine: sa.Engine, person: Person, since: dt.datetime) -> ControlCounts:
    """Count controls: all that are open, and those that ended since.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    is_open = _c.state.in_(("waiting", "disputed"))
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_c.state, sa.func.count(), sa.func.min(_c.drawn_at))
            .where(is_open, *_seen_by(person))
            .group_by(_c.state)
        ).all()
        done = connection.execute(
            sa.select(sa.func.count()).where(_c.done_at >= since, _c.fields > 0, *_seen_by(person))
        ).scalar_one()
    counts = {row[0]: row[1] for row in rows}
    oldest = min((row[2] for row in rows), default=None)
    return ControlCounts(counts.get("waiting", 0), counts.get("disputed", 0), done, oldest)


def counted_values(engine: sa.Engine, person: Person, since: dt.datetime) -> Sequence[Counted]:
    """How many values were controlled, by type and field.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_c.type, _k.name, sa.func.count())
            .join(keyings, _k.document_id == _c.document_id)
            .where(_k["pass"] == KeyPass.CONTROL, *_ended(since), *_seen_by(person))
            .group_by(_c.type, _k.name)
        )
        return [Counted(*row) for row in rows]


def list_disputes(engine: sa.Engine, person: Person, since: dt.datetime) -> Sequence[Dispute]:
    """Every value about which machine and person differed, with what a third said.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    keyed = keyings.alias("keyed")
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(
                _c.type, _k.name, _k.machine_value, _k.machine_confidence,
                keyed.c.value.label("keyed"), keyed.c.reason.label("keyed_reason"),
                _k.value, _k.reason, _p.team,
            )
            .join(controls, _c.document_id == _k.document_id)
            .join(
                keyed,
                sa.and_(
                    keyed.c.document_id == _k.document_id,
                    keyed.c.position == _k.position,
                    keyed.c["pass"] == KeyPass.CONTROL,
                ),
            )
            .join(people, _p.id == keyed.c.person_id)
            .where(_k["pass"] == KeyPass.CONTROL_ARBITRATION, *_ended(since), *_seen_by(person))
        )  # fmt: skip
        return [
            Dispute(
                row.type,
                row.name,
                KeyedValue(row.machine_value),
                _entry(row.keyed, row.keyed_reason),
                _entry(row.value, row.reason),
                row.team,
                row.machine_confidence or 0.0,
            )
            for row in rows
        ]


def list_doubts(
    engine: sa.Engine, person: Person, since: dt.datetime, names: Collection[tuple[str, str]]
) -> Mapping[tuple[str, str], Mapping[float, int]]:
    """How many controlled values of some fields the machine doubted how much, to four digits.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found: dict[tuple[str, str], dict[float, int]] = {name: {} for name in names}
    if not found:
        return found
    doubt = sa.func.round(sa.cast(1 - _k.machine_confidence, sa.Numeric), 4).label("doubt")
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_c.type, _k.name, doubt, sa.func.count())
            .join(keyings, _k.document_id == _c.document_id)
            .where(
                _k["pass"] == KeyPass.CONTROL,
                sa.tuple_(_c.type, _k.name).in_(list(found)),
                _k.machine_confidence.is_not(None),
                *_ended(since),
                *_seen_by(person),
            )
            .group_by(_c.type, _k.name, sa.text("doubt"))
        )
        for code, name, value, count in rows:
            found[code, name][float(value)] = count
    return found


def controlling_teams(engine: sa.Engine, person: Person, since: dt.datetime) -> Sequence[TeamCount]:
    """How many values each team keyed for controls.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(_p.team, sa.func.count(), sa.func.count(sa.distinct(_k.person_id)))
            .join(keyings, _k.person_id == _p.id)
            .join(controls, _c.document_id == _k.document_id)
            .where(_k["pass"] == KeyPass.CONTROL, *_ended(since), *_seen_by(person))
            .group_by(_p.team)
        )
        return [TeamCount(*row) for row in rows]


def double_keying(
    engine: sa.Engine, person: Person, since: dt.datetime
) -> tuple[Sequence[TeamCount], Sequence[Pair]]:
    """Values that two people keyed blind: how many by team, and those that a third decided.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    first, second, third = (keyings.alias(n) for n in ("first", "second", "third"))
    one, other = people.alias("one"), people.alias("other")

    def last_before(a: sa.FromClause, b: sa.FromClause, look: KeyPass) -> sa.ColumnElement[bool]:
        """A document may be keyed again after it came back: each look goes with its round's."""
        is_it = (
            _k.document_id == b.c.document_id, _k.position == b.c.position,
            _k["pass"] == look, _k.id < b.c.id,
        )  # fmt: skip
        last = sa.select(sa.func.max(_k.id)).where(*is_it).correlate(b).scalar_subquery()
        return sa.and_(a.c.id == last, a.c["pass"] == look)

    pairs = (
        sa.select(
            documents.c.type, second.c.name,
            first.c.value.label("first"), first.c.reason.label("first_reason"),
            one.c.team.label("first_team"), one.c.id.label("first_id"),
            second.c.value.label("second"), second.c.reason.label("second_reason"),
            other.c.team.label("second_team"), other.c.id.label("second_id"),
            third.c.id.label("third_id"), third.c.value.label("third"),
            third.c.reason.label("third_reason"),
        )
        .select_from(second)
        .join(first, last_before(first, second, KeyPass.FIRST))
        .join(one, one.c.id == first.c.person_id)
        .join(other, other.c.id == second.c.person_id)
        .join(documents, _d.id == second.c.document_id)
        .outerjoin(
            third,
            sa.and_(
                third.c.document_id == second.c.document_id,
                third.c.position == second.c.position,
                third.c["pass"] == KeyPass.ARBITRATION,
                last_before(second, third, KeyPass.SECOND),
            ),
        )
        .where(
            second.c["pass"] == KeyPass.SECOND,
            second.c.keyed_at >= since,
            *scope_conditions(person.scope, _d.site, _d.pole),
        )
    )  # fmt: skip
    with transaction(engine) as connection:
        every = pairs.subquery("pairs").c
        sides = (
            sa.union_all(
                sa.select(every.first_team.label("team"), every.first_id.label("id")),
                sa.select(every.second_team.label("team"), every.second_id.label("id")),
            )
            .subquery("sides")
            .c
        )
        counts = connection.execute(
            sa.select(sides.team, sa.func.count(), sa.func.count(sa.distinct(sides.id))).group_by(
                sides.team
            )
        ).all()
        decided = connection.execute(pairs.where(third.c.id.is_not(None))).all()
    found = [
        Pair(
            row.type, row.name, _entry(row.first, row.first_reason), row.first_team,
            _entry(row.second, row.second_reason), row.second_team,
            _entry(row.third, row.third_reason),
        )
        for row in decided
    ]  # fmt: skip
    return [TeamCount(*row) for row in counts], found


def weekly_counts(engine: sa.Engine, person: Person, since: dt.datetime) -> Sequence[Week]:
    """What the controls of each week found, oldest first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    with transaction(engine) as connection:
        rows = connection.execute(
            sa.select(
                _WEEK.label("week"),
                sa.func.sum(_c.fields),
                sa.func.sum(_c.machine_wrong),
                sa.func.sum(_c.person_wrong),
            )
            .where(*_ended(since), *_seen_by(person))
            .group_by(sa.text("week"))
            .order_by(sa.text("week"))
        )
        return [Week(row[0].date(), row[1], row[2], row[3]) for row in rows]


def _ended(since: dt.datetime) -> list[sa.ColumnElement[bool]]:
    return [_c.state == "done", _c.done_at >= since, _c.fields > 0]


def _seen_by(person: Person) -> list[sa.ColumnElement[bool]]:
    where = scope_conditions(person.scope, _c.site)
    if person.scope.poles:
        is_seen = scope_conditions(person.scope, _d.site, _d.pole)
        where.append(sa.exists().where(_d.id == _c.document_id, *is_seen))
    return where


def _entry(value: str | None, reason: str | None) -> KeyedValue:
    return KeyedValue(value, KeyReason(reason) if reason else None)
