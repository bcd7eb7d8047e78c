"""What people said of a document when they passed it on."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from central.store.tables import people, remarks

_r, _p = remarks.c, people.c


def of(
    connection: sa.Connection, document_id: uuid.UUID, since: dt.datetime | None = None
) -> list[dict[str, Any]]:
    """What people said of a document, oldest first, with their names.

    Args:
        connection: Of the caller's transaction.
        document_id: Which.
        since: Only what was said from then on.
    """
    to = people.alias("receivers")
    query = (
        sa.select(
            *(_r.way, _r.remark, _r.written_at, _r.to_skill),
            *(_p.name, to.c.name.label("to_name")),
        )
        .join(people, _p.id == _r.person_id)
        .outerjoin(to, to.c.id == _r.to_person_id)
        .where(_r.document_id == document_id)
        .order_by(_r.id)
    )
    if since is not None:
        query = query.where(_r.written_at >= since)
    return [dict(row) for row in connection.execute(query).mappings()]
