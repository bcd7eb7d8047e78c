"""Lots that still lie in a scanner's folder, so that other processes see and close them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from edge.spool import results
from edge.spool.claims import free_label
from edge.spool.journal import Row
from edge.spool.states import State
from edge.spool.store import Store, Transaction
from edge.spool.values import Sighted

_COLUMNS = "key, shown, detail, found, expected, unit, set_aside"


def record(store: Store, source: str, sighted: Sequence[Sighted]) -> Mapping[str, bool]:
    """Make the journal show exactly these lots; return which of them the operator closed.

    Nothing is written when nothing changed: a folder is looked at every few seconds.
    """
    rows = store.journal.all("SELECT * FROM sightings WHERE source = ?", (source,))
    known = {row["name"]: row for row in rows}
    wanted = {lot.name: _values(lot) for lot in sighted}
    changed = {
        name: values
        for name, values in wanted.items()
        if name not in known or tuple(known[name][c] for c in _COLUMNS.split(", ")) != values
    }
    gone = known.keys() - wanted.keys()
    if changed or gone:
        with store.journal.transaction() as t:
            for name in gone:
                t.execute("DELETE FROM sightings WHERE source = ? AND name = ?", (source, name))
            for name, values in changed.items():
                _write(store, t, source, name, values)
    return {name: bool(known[name]["closed"]) if name in known else False for name in wanted}


def close(store: Store, name_or_id: str, key: str, source: str) -> int:
    """Close lots by id, name, label or key; return how many were open.

    A lot in the folder is claimed as it is, a lot under way is spooled as it will be read, and
    an incomplete one as it was read. Of several lots of a name the one that is shown under just
    this label is meant: yesterday's incomplete lot is closed without today's.
    """
    with store.journal.transaction() as t:
        asked = (name_or_id, key, source)
        return _close(store, t, "label = ?1", asked) or _close(
            store, t, "name = ?1 OR key = ?2", asked
        )


def _close(store: Store, t: Transaction, which: str, asked: tuple[str, str, str]) -> int:
    match = f"(?3 = '' OR source = ?3) AND ({which}"
    closed = t.execute(
        f"UPDATE sightings SET closed = 1 WHERE {match})",  # noqa: S608
        asked,
    ).rowcount
    rows: list[Row] = t.execute(
        f"SELECT * FROM lots WHERE {match} OR id = ?1)"  # noqa: S608
        " AND state IN ('sighted', 'claimed', 'read')",
        asked,
    ).fetchall()
    for row in rows:
        t.execute("UPDATE lots SET closed = 1 WHERE id = ?", (row["id"],))
        if row["state"] == State.READ:
            results.release(store, t, row)
    return closed + len(rows)


def _values(lot: Sighted) -> tuple[str | int | None, ...]:
    count = lot.count
    return (
        lot.key,
        lot.shown,
        lot.detail,
        count.found if count else None,
        count.expected if count else None,
        count.unit if count else None,
        json.dumps([asdict(aside) for aside in lot.set_aside]),
    )


def _write(
    store: Store, t: Transaction, source: str, name: str, values: tuple[str | int | None, ...]
) -> None:
    old = t.execute(
        "SELECT label, closed, first_seen FROM sightings WHERE source = ? AND name = ?",
        (source, name),
    ).fetchone()
    label = old["label"] if old else free_label(t, source, name)
    closed, first_seen = (old["closed"], old["first_seen"]) if old else (0, store.now())
    t.execute(
        f"INSERT OR REPLACE INTO sightings (source, name, label, closed, first_seen, {_COLUMNS})"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (source, name, label, closed, first_seen, *values),
    )
