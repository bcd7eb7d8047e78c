"""What leaves the spool, and what is put right when it opens.

A lot leaves once the centre acknowledged its report and each of its documents and the keep time
has passed; a lot with anything set aside waits for a person. Bytes leave in two transactions
around the removal, so that a crash between leaves neither a lost file nor an unknown one. What
is found at opening without any record is moved to ``aside``, and deleted there only when the
centre holds the same bytes.
"""

import datetime as dt
import json
import stat
from collections.abc import Sequence
from pathlib import Path

from edge.errors import SpoolCorrupt, passes
from edge.spool import claims, rescans, states
from edge.spool.keys import composed, normal
from edge.spool.sending import document_refused
from edge.spool.states import State, Step
from edge.spool.store import Store, Transaction, step_lot

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


def reap(store: Store, now: dt.datetime, keep_for: dt.timedelta) -> int:
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
    leave at the next ``reap``.
    """
    ids = [row["id"] for row in store.journal.all(_FINISHED, _before(until))]
    rows = store.journal.all(_ONLY_THEIRS, (json.dumps(ids),))
    paths = [store.blob(row["sha256"]) for row in rows]
    for path in paths:
        store.disk.unlink(path)
    store.disk.sync_dirs(path.parent for path in paths if path.parent.is_dir())


def discard(t: Transaction, lot_id: str) -> bool:
    """A person gives up what was set aside of a lot; True when there was something."""
    changed = t.execute(
        "UPDATE set_aside SET discarded = 1 WHERE lot_id = ? AND NOT discarded", (lot_id,)
    ).rowcount
    for row in t.execute(
        "SELECT id, state FROM documents WHERE lot_id = ? AND state = ?",
        (lot_id, State.SET_ASIDE),
    ).fetchall():
        _reap_document(t, row["id"], State(row["state"]))
        changed += 1
    lot = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if lot is not None and lot["state"] == State.SET_ASIDE:
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
    row = store.journal.one(_AT_CENTRE, (sha256, State.ACKNOWLEDGED))
    return row is not None


def recover(store: Store) -> list[str]:
    """Put right what a crash left; return the names of files that no record knows."""
    remove_leaving(store)
    _fold_keys_anew(store)
    for row in store.journal.all("SELECT id FROM lots WHERE state = ?", (State.SIGHTED,)):
        for partial in store.staging(row["id"]).glob("*.part"):
            store.disk.unlink(partial)  # a copy cut short: the original is still in its folder
        if not claims.staged(store, row["id"]):
            claims.settle(store, row["id"])
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
    return (State.ACKNOWLEDGED, _written(until), State.ACKNOWLEDGED, State.REAPED)


def _let_go(t: Transaction, ids: Sequence[str]) -> None:
    """Lots leave, with the names of their files and all that was read in them."""
    if not ids:
        return
    theirs = json.dumps(list(ids))
    leaving = [row["sha256"] for row in t.execute(_ONLY_THEIRS, (theirs,))]
    t.executemany("UPDATE blobs SET leaving = 1 WHERE sha256 = ?", [(one,) for one in leaving])
    for lot_id in ids:
        step_lot(t, lot_id, Step.REAP)
        rescans.answer_leaves(t, lot_id)
        t.execute("DELETE FROM lots WHERE id = ?", (lot_id,))


def _reap_document(t: Transaction, document_id: str, state: State) -> None:
    reaped = states.after(states.DOCUMENT, state, Step.REAP)
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
            (row["sha256"], State.SPOOLED),
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
        for row in store.journal.all("SELECT id FROM lots WHERE state = ?", (State.SIGHTED,))
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
