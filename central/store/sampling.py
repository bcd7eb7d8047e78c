"""Draws documents for the blind control while they are stored, in the same transaction."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from central.domain.incoming import IncomingDocument
from central.domain.sampling import Circumstances, ControlCause, DrawPolicy, draw
from central.store import audit
from central.store.tables import controls, sites, straight_types
from vaguemestre.model.clock import ZONE

_STATES = ("waiting", "disputed", "done")
_TODAY = sa.func.timezone(ZONE, sa.func.date_trunc("day", sa.func.timezone(ZONE, sa.func.now())))


def draw_stored(
    connection: sa.Connection, document: IncomingDocument, policy: DrawPolicy
) -> ControlCause | None:
    """Put a straight-through document among those to control, if it is drawn.

    Its delivery waits for nothing. One without an accepted value has nothing to control.
    """
    form_age_s, site_age_s = _ages(connection, document)
    if not any(field.accepted and field.value is not None for field in document.fields):
        return None
    is_new = form_age_s < policy.new_form_s or site_age_s < policy.first_week_s
    drawn_today = _drawn_today(connection) if is_new else 0
    cause = draw(document.id, policy, Circumstances(form_age_s, site_age_s, drawn_today))
    if cause is not None:
        connection.execute(
            controls.insert().values(
                document_id=document.id, cause=cause, type=document.type, site=document.site
            )
        )
        audit.record(connection, "quality", "control_drawn", str(document.id), cause=cause.value)
    return cause


def _ages(connection: sa.Connection, document: IncomingDocument) -> tuple[float, float]:
    """Seconds since the first straight document of the type, this one if need be, and the site."""
    of_type = sa.select(_seconds_since(straight_types.c.since)).where(
        straight_types.c.type == document.type
    )
    seconds: float | None = connection.scalar(of_type)
    if seconds is None:
        connection.execute(
            insert(straight_types).values(type=document.type).on_conflict_do_nothing()
        )
        seconds = 0.0
    site_age: float | None = connection.scalar(
        sa.select(_seconds_since(sites.c.first_seen_at)).where(sites.c.site == document.site)
    )
    return seconds, site_age or 0.0


def _seconds_since(moment: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    return sa.cast(sa.extract("epoch", sa.func.now() - moment), sa.Float)


def _drawn_today(connection: sa.Connection) -> int:
    """How many were drawn today for new forms and sites (by the index on state and time)."""
    return connection.execute(
        sa.select(sa.func.count()).where(
            controls.c.state.in_(_STATES),
            controls.c.drawn_at >= _TODAY,
            controls.c.cause != ControlCause.SAMPLE,
        )
    ).scalar_one()
