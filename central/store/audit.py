"""The audit trail: who did what to which document, lot or delivery; append-only."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from central.store import tables


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
