"""The audit trail: who did what to which document, lot or delivery; append-only."""

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
