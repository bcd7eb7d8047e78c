"""The audit trail: who did what to which document, lot or delivery. Append-only.

A line is added in the transaction of the act, so that it exists exactly if the act does. It is read
newest first, page by page; taking lines away as a file is itself an act that leaves a line.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from central.db import tables
from central.db.engine import transaction
from central.db.tables import audit as lines


def record(connection: sa.Connection, actor: str, action: str, subject: str, **detail: Any) -> None:
    """Add one line, in the caller's transaction, so that it exists exactly if the act does.

    Args:
        connection: Of the transaction that does the act.
        actor: ``station:site/name``, ``dispatch``, ``person:name``, …
        action: A past participle, as ``document_stored``.
        subject: A document's, lot's or delivery's id.
        **detail: JSON values; codes and counts, never what a page says.
    """
    connection.execute(
        tables.audit.insert().values(actor=actor, action=action, subject=subject, detail=detail)
    )


def record_each(
    connection: sa.Connection, actor: str, action: str, subjects: Collection[object], **detail: Any
) -> None:
    """Add the same line about each of many subjects, as ``record`` does."""
    if subjects:
        connection.execute(
            tables.audit.insert(),
            [
                {"actor": actor, "action": action, "subject": str(subject), "detail": detail}
                for subject in subjects
            ],
        )


_c = lines.c
_EXPORTED_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines; empty or None: all. ``until`` is not included."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditCursor:
    """A line's place in the trail, to go on from."""

    at: dt.datetime
    id: int


def list_lines(
    engine: sa.Engine, wanted: AuditFilter, before: AuditCursor | None, limit: int
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


def export_lines(engine: sa.Engine, wanted: AuditFilter, most: int) -> Iterator[dict[str, Any]]:
    """The same lines without pages, at most so many.

    Raises:
        StoreUnavailable: the database does not answer, maybe in the middle.
    """
    place: AuditCursor | None = None
    while most > 0:
        found = list_lines(engine, wanted, place, min(most, _EXPORTED_AT_ONCE))
        yield from found
        if len(found) < min(most, _EXPORTED_AT_ONCE):
            return
        most -= len(found)
        place = AuditCursor(found[-1]["at"], found[-1]["id"])


def record_export(engine: sa.Engine, actor: str, wanted: AuditFilter) -> None:
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
        record(
            connection,
            actor,
            "audit_exported",
            wanted.subject or "-",
            **{key: value for key, value in asked.items() if value},
        )
