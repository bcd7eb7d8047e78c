"""When a lot came in, put right once the clock that told it is.

The centre takes no mail of days that cannot be (docs/wire.md), and what it refused is sent again by
a person who has set the clock. When it came in nobody knows by then: the day of that act counts,
and delays are counted from there.
"""

import dataclasses
import datetime as dt

from edge.routing import delay_between, due_on, public_holidays
from edge.spool.results import DOCUMENT
from edge.spool.states import State
from edge.spool.store import Store, Transaction, lot_row
from vaguemestre.model import clock

_FIRST_YEAR = 2000
_AHEAD = dt.timedelta(days=2)


def put_right(store: Store, t: Transaction, lot_id: str) -> bool:
    """Give a lot that came in on a day that cannot be today's; False when nothing was wrong.

    Raises:
        LookupError: no lot has this id.
    """
    row, now = lot_row(t, lot_id), store.clock()
    at, on = (
        dt.datetime.fromisoformat(row["received_at"]),
        dt.date.fromisoformat(row["received_on"]),
    )
    is_moment = at.year >= _FIRST_YEAR and at <= now + _AHEAD
    is_day = on.year >= _FIRST_YEAR and on <= clock.day(now + _AHEAD)
    if is_moment and is_day:
        return False
    was_told_by_sheet = on != clock.day(at)
    right_at = at if is_moment else now
    right_on = on if is_day and was_told_by_sheet else clock.day(right_at)
    t.execute(
        "UPDATE lots SET received_at = ?, received_on = ? WHERE id = ?",
        (right_at.isoformat(), right_on.isoformat(), lot_id),
    )
    _move_delays(t, lot_id, on, right_on)
    return True


def _move_delays(t: Transaction, lot_id: str, before: dt.date, after: dt.date) -> None:
    """As many working days as before, for what the centre does not have."""
    rows = t.execute(
        "SELECT id, json FROM documents WHERE lot_id = ? AND state IN (?, ?)",
        (lot_id, State.SPOOLED, State.SET_ASIDE),
    ).fetchall()
    then, now = public_holidays(before), public_holidays(after)
    for row in rows:
        document = DOCUMENT.validate_json(row["json"])
        if document.route.due_on is None:
            continue
        days = delay_between(before, document.route.due_on, then)
        route = dataclasses.replace(document.route, due_on=due_on(after, days, now))
        moved = DOCUMENT.dump_json(dataclasses.replace(document, route=route)).decode()
        t.execute("UPDATE documents SET json = ? WHERE id = ?", (moved, row["id"]))
