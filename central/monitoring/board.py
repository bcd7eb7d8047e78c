"""What the board shows: the state of everything in one screen, made for one person's limits."""

import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from central.accounts.rules import Scope
from central.db.engine import Engine
from central.lots import store as lots_store
from central.lots.rules import LotCounts, disagreements
from central.monitoring import flow_store
from central.monitoring import store as monitoring_store
from central.web import formats, labels
from central.web.charts import BarChart, ChartNote, Series, stacked_chart
from vaguemestre.model.calendar import TIME_ZONE, paris_day, paris_time, start_of_day

SILENT_AFTER = dt.timedelta(minutes=2)
COUNTS = tuple(LotCounts.__dataclass_fields__)
AGES = ("moins de 1 h", "1 à 4 h", "4 à 24 h", "1 à 3 j", "plus de 3 j")
_LOTS, _DEAD = 12, 6
_HOURS, _DAYS, _WEEK = 24, 30, 7
_HOUR, _DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
_CERTIFICATE_SOON = dt.timedelta(days=30)
_QUEUES = ("to_name", "to_key", "to_rescan", "ready", "dead")
_BY_ROUTE = (
    ("straight", "sans intervention", "good"),
    ("to_key", "à vidéocoder", "key"),
    ("to_name", "à nommer", "warn"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure that matters; ``tone`` is good, warn or bad, or nothing."""

    value: str
    label: str
    note: str = ""
    tone: str = ""
    link: str = ""


def board_content(engine: Engine, scope: Scope, now: dt.datetime) -> dict[str, Any]:
    """Everything on the page, as its template wants it.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    plots = flow_plots(engine, scope, now)
    queues = {row["state"]: row for row in monitoring_store.queue_ages(engine, scope, now)}
    stations = [station_row(row, now) for row in monitoring_store.station_states(engine, scope)]
    deliveries = monitoring_store.delivery_queue(engine, scope)
    counted = flow_store.by_pole(engine, scope, _a_day_before(now))
    found = {name: sum(one[name] for one in counted.values()) for name in flow_store.COUNTS}
    late = flow_store.late_and_today(engine, scope, paris_day(now))
    return {
        "at": now,
        "tiles": _tiles(found, queues, late, stations, now),
        "plots": plots,
        "queues": [_queue(queues.get(state), state) for state in _QUEUES],
        "controls": monitoring_store.controls_waiting(engine, scope),
        "ages": AGES,
        "stations": stations,
        "poles": by_pole(counted, monitoring_store.undelivered_by_pole(engine, scope)),
        "deliveries": deliveries,
        "dead": monitoring_store.dead_letters(engine, scope, _DEAD),
        "dead_count": sum(row["dead"] + row["held"] for row in deliveries),
        "lots": [lot_row(row) for row in lots_store.list_lots(engine, scope, _LOTS)],
        "returns": monitoring_store.returned_by_cause(engine, scope, now - _DAYS * _DAY),
    }


def flow_plots(
    engine: Engine, scope: Scope, now: dt.datetime, site: str = ""
) -> tuple[BarChart, BarChart]:
    """What came in and went out: the last 24 hours, the last 30 days.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    first = _a_day_before(now)
    hours = [first + n * _HOUR for n in range(_HOURS)]
    of_hours = flow_store.by_hour(engine, scope, hours[0], site)
    today = paris_day(now)
    days = [today - n * _DAY for n in reversed(range(_DAYS))]
    since = start_of_day(days[0])
    of_days = flow_store.by_day(engine, scope, since, TIME_ZONE, site)
    return (
        _plot("Flux par heure, 24 h", [f"{paris_time(h).hour}\u00a0h" for h in hours],
              [of_hours.get(hour) for hour in hours], 3),
        _plot("Flux par jour, 30 j", [f"{one:%d/%m}" for one in days],
              [of_days.get(one) for one in days], 4),
    )  # fmt: skip


def pole_rows(engine: Engine, scope: Scope, now: dt.datetime, site: str) -> list[dict[str, Any]]:
    """The pôles of a site: what came and went in a day, and what waits.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    counted = flow_store.by_pole(engine, scope, _a_day_before(now), site)
    return by_pole(counted, monitoring_store.undelivered_by_pole(engine, scope, site))


def station_row(row: Mapping[str, Any], now: dt.datetime) -> dict[str, Any]:
    """A station with what it means: silent or not, how fast for its scanner, how long certified."""
    seen = row["heartbeat_at"] or row["connected_at"]
    until = row["certificate_until"]
    return {
        **row,
        "seen_at": seen,
        "is_silent": seen is None or now - seen > SILENT_AFTER,
        "certificate_days": (until - now).days if until else None,
        "certificate_ends": until is not None and until - now < _CERTIFICATE_SOON,
        "version": row["versions"].get("program", ""),
    }


def lot_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A lot with where its counts disagree, and what became of it in a few words."""
    counts = LotCounts(**{name: row[name] for name in COUNTS})
    return {
        **row,
        "state_text": labels.lot_state(row["state"]),
        "disagreements": disagreements(counts),
        "centre_pages": row["stored_pages"] + (row["loose_pages"] or 0),
        "news": tuple(_news(row)),
    }


def by_pole(
    counted: Mapping[str, Mapping[str, int]], waiting: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each pôle once, with what came and went in a day and what waits; the busiest first."""
    waits = {row["pole"]: row for row in waiting}
    none: dict[str, Any] = {**dict.fromkeys(_QUEUES, 0), "oldest": None}
    found = []
    for pole in {*counted, *waits}:
        of_day = counted.get(pole, {"received": 0, "delivered": 0})
        received, delivered = of_day["received"], of_day["delivered"]
        row = {**none, **waits.get(pole, {})}
        found.append({**row, "pole": pole, "received": received, "delivered": delivered})
    return sorted(found, key=lambda one: (-one["received"], one["pole"]))


def _a_day_before(now: dt.datetime) -> dt.datetime:
    """The first of the last 24 hours of the clock, this one among them."""
    return now.replace(minute=0, second=0, microsecond=0) - (_HOURS - 1) * _HOUR


def _news(row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """(text, tone) of each thing to know about a lot."""
    if row["state"] != "read":
        yield labels.lot_state(row["state"]), "" if row["state"] == "arriving" else "warn"
    if row["set_aside"]:
        yield f"{row['set_aside']} mis à part", "warn"
    if row["dead"]:
        yield f"{row['dead']} en échec", "bad"
    if row["waiting"]:
        yield f"{row['waiting']} à traiter", "warn"
    if row["to_rescan"]:
        yield f"{row['to_rescan']} à renumériser", "warn"
    rest = row["outstanding"] - row["waiting"] - row["to_rescan"] - row["dead"]
    if rest > 0:
        yield f"{rest} à livrer", ""
    if row["stored_documents"] and not row["outstanding"]:
        yield "tout est livré", "good"


def _plot(
    title: str, names: Sequence[str], counts: Sequence[Mapping[str, int] | None], every: int
) -> BarChart:
    def values(name: str) -> list[int]:
        return [0 if one is None else one[name] for one in counts]

    stacks = [Series(text, css, values(name)) for name, text, css in _BY_ROUTE]
    straight, received = values("straight"), values("received")
    rate = ChartNote(
        "part sans intervention",
        [formats.share(part, all_) for part, all_ in zip(straight, received, strict=True)],
        formats.share(sum(straight), sum(received)),
    )
    line = Series("livrés", "delivered", values("delivered"))
    return stacked_chart(title, names, stacks, line, told=rate, mark_every=every)


def _queue(row: Mapping[str, Any] | None, state: str) -> dict[str, Any]:
    """A queue with its documents by age; an empty one too, so that the table keeps its lines."""
    if row is None:
        empty: dict[str, Any] = {"count": 0, "oldest": None, "urgent": 0, "in_hand": 0}
        return {"state": state, **empty, "ages": [0] * len(AGES)}
    younger = [0, *row["younger"], row["count"]]
    ages = [more - less for less, more in itertools.pairwise(younger)]
    return {**row, "ages": ages}


def _tiles(
    found: Mapping[str, Any],
    queues: Mapping[str, Mapping[str, Any]],
    late: tuple[int, int],
    stations: Sequence[Mapping[str, Any]],
    now: dt.datetime,
) -> tuple[Tile, ...]:
    silent = sum(one["is_silent"] for one in stations)
    backlog = sum(one["backlog_documents"] for one in stations)
    dead = queues["dead"]["count"] if "dead" in queues else 0
    return (
        Tile(formats.count(found["received"]), "reçus en 24 h",
             f"{formats.count(found['pages'])} pages"),
        Tile(formats.share(found["straight"], found["received"]), "sans intervention",
             f"{formats.count(found['delivered'])} livrés", "good"),
        _queue_tile(queues.get("to_name"), "à nommer", now),
        _queue_tile(queues.get("to_key"), "à vidéocoder", now),
        _queue_tile(queues.get("ready"), "à livrer", now, ""),
        Tile(formats.count(dead), "en échec", "à reprendre" if dead else "",
             "bad" if dead else "good", "/echecs" if dead else ""),
        Tile(formats.count(late[0]), "en retard", f"{formats.count(late[1])} pour aujourd'hui",
             "bad" if late[0] else "good", "/delais"),
        Tile(f"{len(stations) - silent}\u202f/\u202f{len(stations)}", "stations en ligne",
             f"{formats.count(backlog)} docs en attente", "bad" if silent else "good"),
    )  # fmt: skip


def _queue_tile(
    row: Mapping[str, Any] | None, label: str, now: dt.datetime, tone: str = "warn"
) -> Tile:
    if row is None:
        return Tile("0", label, "", "good")
    note = f"depuis {formats.age(row['oldest'], now)}"
    return Tile(formats.count(row["count"]), label, note, tone)
