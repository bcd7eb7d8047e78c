"""Changes of the plan on top of the pack's: what they say of one document. Pure."""

import datetime as dt
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vaguemestre.model.calendar import add_working_days
from vaguemestre.model.plan import DocumentType

KEYS = ("pole", "destination", "delay_days")


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """Where a document goes and until when."""

    pole: str
    destination: str
    due_on: dt.date | None


def plan_difference(entry: DocumentType, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of a wish differs from the plan as it is; empty: nothing would change."""
    return {
        key: wanted[key] for key in KEYS if key in wanted and wanted[key] != getattr(entry, key)
    }


def changed_route(
    way: PlannedRoute, received_on: dt.date, what: Mapping[str, Any], holidays: Container[dt.date]
) -> PlannedRoute:
    """A document's way once a change holds."""
    due_on = way.due_on
    if "delay_days" in what:
        due_on = add_working_days(received_on, what["delay_days"], holidays)
    return replace(
        way,
        pole=what.get("pole", way.pole),
        destination=what.get("destination", way.destination),
        due_on=due_on,
    )


def as_json(way: PlannedRoute) -> dict[str, str | None]:
    """To be kept in the database, so that a change can be undone."""
    due_on = way.due_on.isoformat() if way.due_on else None
    return {"pole": way.pole, "destination": way.destination, "due_on": due_on}


def from_json(value: Mapping[str, str | None]) -> PlannedRoute:
    """The opposite of ``as_json``."""
    due_on = value["due_on"]
    return PlannedRoute(
        value["pole"] or "",
        value["destination"] or "",
        dt.date.fromisoformat(due_on) if due_on else None,
    )
