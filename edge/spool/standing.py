"""What the agent tells of itself in the journal, so that other processes can show it.

Written only when it changes: an idle station writes nothing.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

from edge.spool.store import Store
from edge.spool.values import Link, Stalled

_LINK, _PACE, _READING, _STALLED = "link", "pages_per_minute", "reading", "stalled"


def link_is(store: Store, centre: str, code: str) -> None:
    """How the link to a centre is; an empty code means well.

    A link that stays down, for whatever reason and to whichever centre, is down since it broke.
    """
    before = link(store)
    value = json.dumps([centre, code])
    if before is not None and before.code and code:
        _tell(store, _LINK, value, before.since.isoformat())
    else:
        _tell(store, _LINK, value)


def link(store: Store) -> Link | None:
    """How it was when that last changed; None before the first attempt."""
    row = store.journal.one("SELECT * FROM standing WHERE name = ?", (_LINK,))
    if row is None:
        return None
    centre, code = json.loads(row["value"])
    return Link(centre, code, dt.datetime.fromisoformat(row["since"]))


def pace_is(store: Store, pages_per_minute: int, pages_read: Mapping[str, int]) -> None:
    """How fast the station reads, and how far it is with each lot under way, by the lot's id."""
    _tell(store, _PACE, str(pages_per_minute))
    _tell(store, _READING, json.dumps(dict(pages_read)))


def pages_per_minute(store: Store) -> float:
    """How fast the station reads."""
    return float(_told(store, _PACE) or 0.0)


def pages_read(store: Store) -> dict[str, int]:
    """Pages read so far of each lot under way."""
    read: dict[str, int] = json.loads(_told(store, _READING) or "{}")
    return read


def stalled_are(store: Store, parts: Sequence[Stalled]) -> None:
    """Which parts of the agent stand still now."""
    told = [[one.part, one.doing, one.since.isoformat()] for one in parts]
    _tell(store, _STALLED, json.dumps(told))


def stalled(store: Store) -> tuple[Stalled, ...]:
    """Which parts of the agent stood still when it last looked."""
    told = json.loads(_told(store, _STALLED) or "[]")
    return tuple(Stalled(part, doing, dt.datetime.fromisoformat(at)) for part, doing, at in told)


def _told(store: Store, name: str) -> str:
    row = store.journal.one("SELECT value FROM standing WHERE name = ?", (name,))
    return row["value"] if row else ""


def _tell(store: Store, name: str, value: str, since: str = "") -> None:
    if _told(store, name) != value:
        with store.journal.transaction() as t:
            t.execute(
                "INSERT OR REPLACE INTO standing VALUES (?, ?, ?)",
                (name, value, since or store.now()),
            )
