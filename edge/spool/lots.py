"""What leaves the spool, and what is put right when it opens.

A lot leaves once the centre acknowledged its report and each of its documents and the keep time
has passed; a lot with anything set aside waits for a person. Bytes leave in two transactions
around the removal, so that a crash between leaves neither a lost file nor an unknown one. What
is found at opening without any record is moved to ``aside``, and deleted there only when the
centre holds the same bytes.

When a lot came in, put right once the clock that told it is.

The centre takes no mail of days that cannot be (docs/wire.md), and what it refused is sent again by
a person who has set the clock. When it came in nobody knows by then: the day of that act counts,
and delays are counted from there.

Lots that wait to be read, and what a person sends through again.
"""

import dataclasses
import datetime as dt
import json
import stat
from collections.abc import Collection, Sequence
from pathlib import Path

from edge.errors import SpoolCorrupt, passes
from edge.spool import claims, documents, rescans
from edge.spool import rules as spool_rules
from edge.spool.documents import DOCUMENT, document_refused
from edge.spool.page_order import Written, arrange
from edge.spool.rules import SpoolState, SpoolStep, composed, normal
from edge.spool.store import Store, Transaction, lot_from, lot_row, step_lot
from edge.spool.values import ClaimedFile, ClaimedLot, Earlier, Kind
from vaguemestre.model.calendar import (
    add_working_days,
    paris_day,
    public_holidays,
    start_of_day,
    working_days_between,
)
from vaguemestre.model.limits import EARLIEST_RECEIPT, RECEIPT_AHEAD

_REMEMBER_DIGESTS = dt.timedelta(days=400)

_FINISHED = """
SELECT id FROM lots WHERE state = ? AND acknowledged_at <= ? AND asides = 0
AND NOT EXISTS (SELECT 1 FROM documents WHERE lot_id = lots.id AND state NOT IN (?, ?))
"""
# Digests of one of the lots (a JSON list of ids) that no other lot holds.
_AT_CENTRE = """
SELECT 1 FROM digests WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM lot_files
    JOIN lots ON lots.id = lot_files.lot_id WHERE lot_files.sha256 = ?1 AND state <> ?2)
"""
_ONLY_THEIRS = """
SELECT DISTINCT sha256 FROM lot_files AS mine WHERE sha256 IS NOT NULL
AND lot_id IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
    SELECT 1 FROM lot_files WHERE lot_files.sha256 = mine.sha256
    AND lot_id NOT IN (SELECT value FROM json_each(?1)))
"""


def purge_finished(store: Store, now: dt.datetime, keep_for: dt.timedelta) -> int:
    """Let finished lots go; return how many."""
    with store.journal.transaction() as t:
        ids = [row["id"] for row in t.execute(_FINISHED, _before(now - keep_for))]
        _let_go(t, ids)
        t.execute("DELETE FROM digests WHERE seen_at < ?", (_written(now - _REMEMBER_DIGESTS),))
        rescans.forget(t, now)
    remove_leaving(store)
    return len(ids)


def remove_finished(store: Store, until: dt.datetime) -> None:
    """Remove bytes that only finished lots hold, ahead of any record: the journal has no room.

    The centre holds them, and whatever crash follows, nothing asks for them again: the lots
    leave at the next ``purge_finished``.
    """
    ids = [row["id"] for row in store.journal.all(_FINISHED, _before(until))]
    rows = store.journal.all(_ONLY_THEIRS, (json.dumps(ids),))
    paths = [store.blob(row["sha256"]) for row in rows]
    for path in paths:
        store.disk.unlink(path)
    store.disk.sync_dirs(path.parent for path in paths if path.parent.is_dir())


def discard_set_aside(t: Transaction, lot_id: str) -> bool:
    """A person gives up what was set aside of a lot; True when there was something."""
    changed = t.execute(
        "UPDATE set_aside SET discarded = 1 WHERE lot_id = ? AND NOT discarded", (lot_id,)
    ).rowcount
    for row in t.execute(
        "SELECT id, state FROM documents WHERE lot_id = ? AND state = ?",
        (lot_id, SpoolState.SET_ASIDE),
    ).fetchall():
        _reap_document(t, row["id"], SpoolState(row["state"]))
        changed += 1
    lot = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if lot is not None and lot["state"] == SpoolState.SET_ASIDE:
        _let_go(t, [lot_id])
        changed += 1
    return changed > 0


def remove_leaving(store: Store) -> None:
    """Remove the bytes that no lot needs any more."""
    rows = store.journal.all("SELECT sha256 FROM blobs WHERE leaving")
    present = [path for row in rows if (path := store.blob(row["sha256"])).exists()]
    for path in present:
        store.disk.unlink(path)
    store.disk.sync_dirs(path.parent for path in present)
    if rows:
        with store.journal.transaction() as t:
            t.execute("DELETE FROM blobs WHERE leaving")


def clear_aside(store: Store, now: dt.datetime, keep_for: dt.timedelta) -> int:
    """Remove from ``aside`` what has lain there for long and is at the centre; return what stays.

    Only bytes go whose lot was claimed here and has been acknowledged or has left. What nobody
    knows of stays until a person removes it.
    """
    until, stay, gone = (now - keep_for).timestamp(), 0, 0
    for path in sorted((store.work_dir / "aside").iterdir()):
        if path.lstat().st_ctime < until and _is_at_centre(store, path):
            store.disk.unlink(path)
            gone += 1
        else:
            stay += 1
    if gone:
        store.disk.sync_dir(store.work_dir / "aside")
    return stay


def _is_at_centre(store: Store, path: Path) -> bool:
    try:
        sha256 = store.disk.digest(path)[0]
    except OSError:
        return False
    row = store.journal.one(_AT_CENTRE, (sha256, SpoolState.ACKNOWLEDGED))
    return row is not None


def recover_after_crash(store: Store) -> list[str]:
    """Put right what a crash left; return the names of files that no record knows."""
    remove_leaving(store)
    _fold_keys_anew(store)
    for row in store.journal.all("SELECT id FROM lots WHERE state = ?", (SpoolState.SIGHTED,)):
        for partial in store.staging(row["id"]).glob("*.part"):
            store.disk.unlink(partial)  # a copy cut short: the original is still in its folder
        if not claims.staged_files(store, row["id"]):
            claims.settle_claim(store, row["id"])
    _miss_blobs(store)
    return _put_strangers_aside(store)


def _fold_keys_anew(store: Store) -> None:
    """Earlier versions kept both spellings of an accent apart: such lots are one lot's now."""
    for row in store.journal.all("SELECT id, source, key, name, label FROM lots"):
        key, name, label = normal(row["key"]), composed(row["name"]), composed(row["label"])
        if (key, name, label) == (row["key"], row["name"], row["label"]):
            continue
        with store.journal.transaction() as t:
            if label != row["label"]:
                label = claims.free_label(t, row["source"], name)
            t.execute(
                "UPDATE lots SET key = ?, name = ?, label = ? WHERE id = ?",
                (key, name, label, row["id"]),
            )


def _written(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat()


def _before(until: dt.datetime) -> tuple[str, ...]:
    """What ``_FINISHED`` asks: lots that the centre has had whole since a time."""
    return (SpoolState.ACKNOWLEDGED, _written(until), SpoolState.ACKNOWLEDGED, SpoolState.REAPED)


def _let_go(t: Transaction, ids: Sequence[str]) -> None:
    """Lots leave, with the names of their files and all that was read in them."""
    if not ids:
        return
    theirs = json.dumps(list(ids))
    leaving = [row["sha256"] for row in t.execute(_ONLY_THEIRS, (theirs,))]
    t.executemany("UPDATE blobs SET leaving = 1 WHERE sha256 = ?", [(one,) for one in leaving])
    for lot_id in ids:
        step_lot(t, lot_id, SpoolStep.REAP)
        rescans.answer_leaves(t, lot_id)
        t.execute("DELETE FROM lots WHERE id = ?", (lot_id,))


def _reap_document(t: Transaction, document_id: str, state: SpoolState) -> None:
    reaped = spool_rules.next_state(spool_rules.DOCUMENT, state, SpoolStep.REAP)
    t.execute("UPDATE documents SET state = ?, json = '' WHERE id = ?", (reaped, document_id))
    t.execute("DELETE FROM document_blobs WHERE document_id = ?", (document_id,))


def _miss_blobs(store: Store) -> None:
    """Set aside each document whose bytes are gone or have another size.

    Reading a lot whose bytes are gone codes them file by file.
    """
    for row in store.journal.all("SELECT sha256, size FROM blobs"):
        if _holds(store.blob(row["sha256"]), row["size"]):
            continue
        for document in store.journal.all(
            "SELECT id FROM documents JOIN document_blobs ON document_id = id"
            " WHERE sha256 = ? AND state = ?",
            (row["sha256"], SpoolState.SPOOLED),
        ):
            document_refused(store, document["id"], SpoolCorrupt.code, SpoolCorrupt.reason)


def _holds(path: Path, size: int) -> bool:
    """Whether a file is there in full; one that the disk does not give now is not yet lost."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        return passes(error)
    return stat.S_ISREG(found.st_mode) and found.st_size == size


def _put_strangers_aside(store: Store) -> list[str]:
    known = {row["sha256"] for row in store.journal.all("SELECT sha256 FROM blobs")}
    open_claims = {
        row["id"]
        for row in store.journal.all("SELECT id FROM lots WHERE state = ?", (SpoolState.SIGHTED,))
    }
    strangers = [p for p in (store.work_dir / "blobs").glob("??/*") if p.name not in known]
    for folder in (store.work_dir / "claims").iterdir():
        if folder.name not in open_claims:
            strangers += folder.iterdir()
    for path in strangers:
        store.disk.rename(path, _free(store.aside(f"{path.parent.name}-{path.name}")))
    store.disk.sync_dirs([*(path.parent for path in strangers), store.aside("-").parent])
    for folder in (store.work_dir / "claims").iterdir():
        if folder.name not in open_claims:
            store.disk.remove_dir(folder)
    return [path.name for path in strangers]


def _free(path: Path) -> Path:
    number = 1
    candidate = path
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.name}-{number}")
    return candidate


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
    is_moment = at.date() >= EARLIEST_RECEIPT and at <= now + RECEIPT_AHEAD
    is_day = EARLIEST_RECEIPT <= on <= paris_day(now + RECEIPT_AHEAD)
    if is_moment and is_day:
        return False
    was_told_by_sheet = on != paris_day(at)
    right_at = at if is_moment else now
    right_on = on if is_day and was_told_by_sheet else paris_day(right_at)
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
        (lot_id, SpoolState.SPOOLED, SpoolState.SET_ASIDE),
    ).fetchall()
    then, now = public_holidays([before]), public_holidays([after])
    for row in rows:
        document = DOCUMENT.validate_json(row["json"])
        if document.route.due_on is None:
            continue
        days = working_days_between(before, document.route.due_on, then)
        route = dataclasses.replace(document.route, due_on=add_working_days(after, days, now))
        moved = DOCUMENT.dump_json(dataclasses.replace(document, route=route)).decode()
        t.execute("UPDATE documents SET json = ? WHERE id = ?", (moved, row["id"]))


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
        (SpoolState.CLAIMED, json.dumps(sorted(besides)), most_bytes, most_bytes, limit),
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


def replay_set_aside(store: Store, some_id: str) -> None:
    """Take a lot or a document out of ``set_aside``, or send a document again.

    If it came in on a day that cannot be, it came in today (edge/spool/lots.py).

    Raises:
        LookupError: nothing of this id can be replayed.
    """
    with store.journal.transaction() as t:
        lot = t.execute("SELECT * FROM lots WHERE id = ?", (some_id,)).fetchone()
        if lot is None:
            documents.replay_document(t, some_id)
            put_right(store, t, documents.lot_of(t, some_id))
            return
        was_wrong = put_right(store, t, some_id)
        if lot["state"] == SpoolState.SET_ASIDE:
            usable = t.execute(
                "SELECT 1 FROM lot_files WHERE lot_id = ? AND kind = ? AND code IS NULL",
                (some_id, Kind.PAGES),
            ).fetchone()
            if usable is None:
                raise LookupError(f"lot {some_id} holds no file to read")
            step_lot(t, some_id, SpoolStep.REPLAY)
            t.execute("UPDATE lots SET code = NULL, reason = NULL WHERE id = ?", (some_id,))
            return
        refused = t.execute(
            "SELECT id FROM documents WHERE lot_id = ? AND state = ?",
            (some_id, SpoolState.SET_ASIDE),
        ).fetchall()
        if not refused and not was_wrong:
            raise LookupError(f"lot {some_id} holds nothing that was set aside")
        for row in refused:
            documents.replay_document(t, row["id"])


def replay_since(store: Store, day: dt.date) -> int:
    """Send every acknowledged document of the lots received since a day again.

    In many short transactions: the station goes on between them, and what one of them did not
    reach is reached by asking again.
    """
    found = store.journal.all(
        "SELECT documents.id FROM documents JOIN lots ON lots.id = lot_id"
        " WHERE documents.state = ? AND lots.received_at >= ? ORDER BY documents.id",
        (SpoolState.ACKNOWLEDGED, start_of_day(day).isoformat()),
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
    if row is None or row["state"] != SpoolState.ACKNOWLEDGED:
        return False
    documents.replay_document(t, document_id)
    return True
