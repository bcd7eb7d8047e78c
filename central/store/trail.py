"""Reading the audit trail, newest first, page by page."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.store import audit
from central.store.engine import transaction
from central.store.tables import audit as lines

_c = lines.c
_EXPORTED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines; empty or None: all. ``until`` is not included."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A line's place in the trail, to go on from."""

    at: dt.datetime
    id: int


def read(
    engine: sa.Engine, wanted: Wanted, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    """Lines older than a place, the newest first.

    Each filter has its index that ends with the moment, so that a page costs the same however
    long the trail is.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    where = [
        column == value
        for column, value in (
            (_c.actor, wanted.actor),
            (_c.action, wanted.action),
            (_c.subject, wanted.subject),
        )
        if value
    ]
    if wanted.since is not None:
        where.append(_c.at >= wanted.since)
    if wanted.until is not None:
        where.append(_c.at < wanted.until)
    if before is not None:
        where += [
            _c.at <= before.at,  # an index of the moment alone serves this
            sa.tuple_(_c.at, _c.id) < sa.tuple_(sa.literal(before.at), sa.literal(before.id)),
        ]
    statement = sa.select(lines).where(*where).order_by(_c.at.desc(), _c.id.desc()).limit(limit)
    with transaction(engine) as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def export(engine: sa.Engine, wanted: Wanted, most: int) -> Iterator[dict[str, Any]]:
    """The same lines without pages, at most so many.

    Raises:
        StoreUnavailable: the database does not answer, maybe in the middle.
    """
    place: Place | None = None
    while most > 0:
        found = read(engine, wanted, place, min(most, _EXPORTED_AT_ONCE))
        yield from found
        if len(found) < min(most, _EXPORTED_AT_ONCE):
            return
        most -= len(found)
        place = Place(found[-1]["at"], found[-1]["id"])


def exported(engine: sa.Engine, actor: str, wanted: Wanted) -> None:
    """Say in the trail itself that somebody takes lines of it away.

    Raises:
        StoreUnavailable: nothing was written; nothing should be given.
    """
    asked = {
        "of_actor": wanted.actor,
        "of_action": wanted.action,
        "since": wanted.since.isoformat() if wanted.since else "",
        "until": wanted.until.isoformat() if wanted.until else "",
    }
    with transaction(engine) as connection:
        audit.record(
            connection,
            actor,
            "audit_exported",
            wanted.subject or "-",
            **{key: value for key, value in asked.items() if value},
        )
