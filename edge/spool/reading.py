"""Lots that wait to be read, and what a person sends through again."""

import datetime as dt
import json
from collections.abc import Collection

from edge.spool import receipt, sending
from edge.spool.order import Written, arrange
from edge.spool.states import State, Step
from edge.spool.store import Store, Transaction, lot_from, step_lot
from edge.spool.values import ClaimedFile, ClaimedLot, Earlier, Kind
from vaguemestre.model import clock

_AT_ONCE = 100  # documents of one transaction, while which the station cannot write


def lots_to_read(
    store: Store, limit: int, besides: Collection[str] = (), most_bytes: int | None = None
) -> list[ClaimedLot]:
    """Claimed lots, urgent first, then oldest first.

    Args:
        store: The journal and the blobs.
        limit: How many at most.
        besides: Ids of lots that are left out.
        most_bytes: Of all files of one lot; larger lots are left out.
    """
    rows = store.journal.all(
        "SELECT * FROM lots WHERE state = ? AND id NOT IN (SELECT value FROM json_each(?))"
        " AND (? IS NULL OR ? >= (SELECT COALESCE(SUM(size), 0) FROM lot_files"
        " WHERE lot_id = lots.id)) ORDER BY priority DESC, id LIMIT ?",
        (State.CLAIMED, json.dumps(sorted(besides)), most_bytes, most_bytes, limit),
    )
    return [
        ClaimedLot(
            lot_from(row),
            _files(store, row["id"]),
            row["expected_pages"],
            bool(row["closed"]),
            row["edition"],
        )
        for row in rows
    ]


def _files(store: Store, lot_id: str) -> tuple[ClaimedFile, ...]:
    rows = store.journal.all(
        "SELECT * FROM lot_files WHERE lot_id = ? AND kind = ?"
        " ORDER BY ifnull(place, position), position",
        (lot_id, Kind.PAGES),
    )
    written = [Written(tuple(row["name"].split("/")), row["mtime_ns"]) for row in rows]
    unsure = arrange(written).unsure
    return tuple(
        ClaimedFile(
            name=row["name"],
            sha256=row["sha256"] or "",
            path=store.blob(row["sha256"] or ""),
            size=row["size"],
            duplicate_of=row["duplicate_of"],
            twin_of=row["twin_of"],
            order=order,
            twin_certain=bool(row["twin_certain"]),
            code=row["code"],
            order_certain=order not in unsure,
            continues=Earlier(row["continues"], store.blob(row["continues"]))
            if row["continues"]
            else None,
        )
        for order, row in enumerate(rows)
    )


def replay(store: Store, some_id: str) -> None:
    """Take a lot or a document out of ``set_aside``, or send a document again.

    If it came in on a day that cannot be, it came in today (edge/spool/receipt.py).

    Raises:
        LookupError: nothing of this id can be replayed.
    """
    with store.journal.transaction() as t:
        lot = t.execute("SELECT * FROM lots WHERE id = ?", (some_id,)).fetchone()
        if lot is None:
            sending.replay_document(t, some_id)
            receipt.put_right(store, t, sending.lot_of(t, some_id))
            return
        was_wrong = receipt.put_right(store, t, some_id)
        if lot["state"] == State.SET_ASIDE:
            usable = t.execute(
                "SELECT 1 FROM lot_files WHERE lot_id = ? AND kind = ? AND code IS NULL",
                (some_id, Kind.PAGES),
            ).fetchone()
            if usable is None:
                raise LookupError(f"lot {some_id} holds no file to read")
            step_lot(t, some_id, Step.REPLAY)
            t.execute("UPDATE lots SET code = NULL, reason = NULL WHERE id = ?", (some_id,))
            return
        refused = t.execute(
            "SELECT id FROM documents WHERE lot_id = ? AND state = ?", (some_id, State.SET_ASIDE)
        ).fetchall()
        if not refused and not was_wrong:
            raise LookupError(f"lot {some_id} holds nothing that was set aside")
        for row in refused:
            sending.replay_document(t, row["id"])


def replay_since(store: Store, day: dt.date) -> int:
    """Send every acknowledged document of the lots received since a day again.

    In many short transactions: the station goes on between them, and what one of them did not
    reach is reached by asking again.
    """
    found = store.journal.all(
        "SELECT documents.id FROM documents JOIN lots ON lots.id = lot_id"
        " WHERE documents.state = ? AND lots.received_at >= ? ORDER BY documents.id",
        (State.ACKNOWLEDGED, clock.beginning(day).isoformat()),
    )
    count = 0
    for start in range(0, len(found), _AT_ONCE):
        with store.journal.transaction() as t:
            for row in found[start : start + _AT_ONCE]:
                count += _replay_acknowledged(t, row["id"])
    return count


def _replay_acknowledged(t: Transaction, document_id: str) -> bool:
    """Send a document again unless it has left, or waits already."""
    row = t.execute("SELECT state FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or row["state"] != State.ACKNOWLEDGED:
        return False
    sending.replay_document(t, document_id)
    return True
