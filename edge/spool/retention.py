"""What leaves the spool.

A lot leaves once the centre acknowledged its report and each of its documents and the keep time
has passed; a lot with anything set aside waits for a person. Its bytes leave in two transactions
around their removal, so that a crash between leaves neither a lost file nor an unknown one. Then
nothing of what was deleted stays in the journal's files.
"""

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path

from edge import config
from edge.errors import SpoolFull
from edge.spool import rescans, rules
from edge.spool.room import Room
from edge.spool.rules import NoRoom, SpoolState, SpoolStep
from edge.spool.store import Store, Transaction, step_lot

_SHORTEST_KEEPING = dt.timedelta(seconds=1)
_KEEP_DIGESTS = dt.timedelta(days=400)

_FINISHED = """
SELECT id FROM lots WHERE state = ? AND acknowledged_at <= ? AND asides = 0
AND NOT EXISTS (SELECT 1 FROM documents WHERE lot_id = lots.id AND state NOT IN (?, ?))
"""
_IS_AT_CENTRE = """
SELECT 1 FROM digests WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM lot_files
    JOIN lots ON lots.id = lot_files.lot_id WHERE lot_files.sha256 = ?1 AND state <> ?2)
"""
# Digests of one of the lots (a JSON list of ids) that no other lot holds.
_DIGESTS_OF_THESE_ALONE = """
SELECT DISTINCT sha256 FROM lot_files AS mine WHERE sha256 IS NOT NULL
AND lot_id IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
    SELECT 1 FROM lot_files WHERE lot_files.sha256 = mine.sha256
    AND lot_id NOT IN (SELECT value FROM json_each(?1)))
"""


class Retention:
    """How long the spool keeps what; what housekeeping needs of it.

    Args:
        store: The spool.
        limits: From the settings.
        room: Lots leave earlier when it is lacking.
    """

    def __init__(self, store: Store, limits: config.Spool, room: Room) -> None:
        self._store, self._limits, self._room = store, limits, room
        self._is_wiped, self._seen_elsewhere = False, 0  # nothing is left of what was deleted

    def purge(self, now: dt.datetime) -> int:
        """Let lots leave that the centre holds and whose keep time has passed; return how many.

        When the spool is full the oldest leave earlier: a scanner that waits is worse than a copy
        that the centre holds too.

        Args:
            now: The time, aware.

        Raises:
            SpoolFull: the journal has no room left to record it; what nobody needs has left.
        """
        with self._store.blob_lock:
            try:
                count = self._purge_until_there_is_room(now)
            except SpoolFull:
                # Not even the ballast left room to say so first: what nobody needs goes at once.
                self._remove_unrecorded(now - _SHORTEST_KEEPING)
                raise
        self._wipe(is_due=count > 0)
        self._room.take_back_ballast()
        return count

    def discard(self, lot_id: str) -> bool:
        """A person gives up what was set aside of a lot; True when there was something."""
        with self._store.journal.transaction() as t:
            return _discard(t, lot_id)

    def clear_aside(self, now: dt.datetime) -> int:
        """Remove from ``aside`` what has lain there for long and is at the centre.

        Only bytes go whose lot was claimed here and has been acknowledged or has left. What nobody
        knows of stays until a person removes it.

        Args:
            now: The time, aware.

        Returns:
            How many files stay.
        """
        keep_for = dt.timedelta(seconds=self._limits.keep_aside_for_s)
        latest_s, kept, removed = (now - keep_for).timestamp(), 0, 0
        with self._store.blob_lock:
            for path in sorted((self._store.work_dir / "aside").iterdir()):
                if path.lstat().st_ctime < latest_s and self._is_at_centre(path):
                    self._store.disk.unlink(path)
                    removed += 1
                else:
                    kept += 1
            if removed:
                self._store.disk.sync_dir(self._store.work_dir / "aside")
        return kept

    def count_aside(self) -> int:
        """Files that fit nowhere and that nobody has looked after."""
        return sum(1 for _ in (self._store.work_dir / "aside").iterdir())

    def remove_leaving_blobs(self) -> None:
        """Remove the bytes that no lot needs any more; again after a crash.

        The caller holds ``Store.blob_lock``, or is alone.
        """
        rows = self._store.journal.all("SELECT sha256 FROM blobs WHERE leaving")
        self._remove([path for row in rows if (path := self._store.blob(row["sha256"])).exists()])
        if rows:
            with self._store.journal.transaction() as t:
                t.execute("DELETE FROM blobs WHERE leaving")

    def _purge_until_there_is_room(self, now: dt.datetime) -> int:
        keep_for = dt.timedelta(seconds=self._limits.keep_for_s)
        count = self._purge_older(now, keep_for)
        incoming_bytes, copied = self._room.take_lacking()
        while keep_for > _SHORTEST_KEEPING:
            if not isinstance(self._room.check(incoming_bytes, copied=copied), NoRoom):
                break
            keep_for /= 2
            count += self._purge_older(now, keep_for)
        return count

    def _purge_older(self, now: dt.datetime, keep_for: dt.timedelta) -> int:
        with self._store.journal.transaction() as t:
            ids = [row["id"] for row in t.execute(_FINISHED, _finished_before(now - keep_for))]
            _remove_lots(t, ids)
            t.execute("DELETE FROM digests WHERE seen_at < ?", (_in_journal(now - _KEEP_DIGESTS),))
            rescans.erase_expired(t, now)
        self.remove_leaving_blobs()
        return len(ids)

    def _remove_unrecorded(self, until: dt.datetime) -> None:
        """Remove bytes that only finished lots hold, ahead of any record: the journal has no room.

        The centre holds them, and whatever crash follows, nothing asks for them again: the lots
        leave at the next ``purge``.
        """
        journal = self._store.journal
        ids = [row["id"] for row in journal.all(_FINISHED, _finished_before(until))]
        rows = journal.all(_DIGESTS_OF_THESE_ALONE, (json.dumps(ids),))
        self._remove([self._store.blob(row["sha256"]) for row in rows])

    def _remove(self, paths: Sequence[Path]) -> None:
        for path in paths:
            self._store.disk.unlink(path)
        self._store.disk.sync_dirs(path.parent for path in paths if path.parent.is_dir())

    def _wipe(self, *, is_due: bool) -> None:
        """Leave nothing of what was deleted, here or by a visitor; tried until nobody reads."""
        journal = self._store.journal
        elsewhere = journal.changes_elsewhere()
        if is_due or elsewhere != self._seen_elsewhere:
            self._is_wiped = False
        if not self._is_wiped:
            self._is_wiped = journal.wipe()
            self._seen_elsewhere = elsewhere

    def _is_at_centre(self, path: Path) -> bool:
        try:
            sha256 = self._store.disk.digest(path)[0]
        except OSError:
            return False
        row = self._store.journal.one(_IS_AT_CENTRE, (sha256, SpoolState.ACKNOWLEDGED))
        return row is not None


def _discard(t: Transaction, lot_id: str) -> bool:
    changed = t.execute(
        "UPDATE set_aside SET discarded = 1 WHERE lot_id = ? AND NOT discarded", (lot_id,)
    ).rowcount
    for row in t.execute(
        "SELECT id, state FROM documents WHERE lot_id = ? AND state = ?",
        (lot_id, SpoolState.SET_ASIDE),
    ).fetchall():
        _erase_document(t, row["id"], SpoolState(row["state"]))
        changed += 1
    lot = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if lot is not None and lot["state"] == SpoolState.SET_ASIDE:
        _remove_lots(t, [lot_id])
        changed += 1
    return changed > 0


def _remove_lots(t: Transaction, ids: Sequence[str]) -> None:
    """Lots leave, with the names of their files and all that was read in them."""
    if not ids:
        return
    leaving = t.execute(_DIGESTS_OF_THESE_ALONE, (json.dumps(list(ids)),)).fetchall()
    t.executemany(
        "UPDATE blobs SET leaving = 1 WHERE sha256 = ?", [(row["sha256"],) for row in leaving]
    )
    for lot_id in ids:
        step_lot(t, lot_id, SpoolStep.REAP)
        rescans.count_leaving_answers(t, lot_id)
        t.execute("DELETE FROM lots WHERE id = ?", (lot_id,))


def _erase_document(t: Transaction, document_id: str, state: SpoolState) -> None:
    reaped = rules.next_state(rules.DOCUMENT, state, SpoolStep.REAP)
    t.execute("UPDATE documents SET state = ?, json = '' WHERE id = ?", (reaped, document_id))
    t.execute("DELETE FROM document_blobs WHERE document_id = ?", (document_id,))


def _finished_before(until: dt.datetime) -> tuple[str, ...]:
    """Parameters of ``_FINISHED``: lots that the centre has had whole since a time."""
    return (SpoolState.ACKNOWLEDGED, _in_journal(until), SpoolState.ACKNOWLEDGED, SpoolState.REAPED)


def _in_journal(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).isoformat()
