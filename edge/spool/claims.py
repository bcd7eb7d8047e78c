"""From lots that lie in a scanner's folder to files of our own, named by digest.

A crash anywhere loses nothing:

1. *Intent*: the lot and the list of its files are journalled, state ``sighted``.
2. The source copies each file to ``claims/<lot>/<position>``.
3. *Digests*: all copies are hashed; the digests are journalled, and with them that the scanner's
   files are copied (``edge.spool.copies``): they are no new lot while they stay the same.
4. The files move to ``blobs``; a staged file whose bytes are there already is dropped.
5. *Claimed* is journalled.

After a crash before 3 the source goes on with its list: a file is staged, or still in the folder,
or gone, which is coded. After 3 the digests say where each file is. The scanner's files are removed
later, when nobody writes to them any more.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from edge.errors import FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.spool import joining, rescans
from edge.spool.copies import Copies, record_copy
from edge.spool.joining import EarlierLot, JoinTimes
from edge.spool.journal import Row
from edge.spool.room import Room
from edge.spool.rules import SpoolState, SpoolStep, distinct, label_of, lot_key
from edge.spool.store import Store, Transaction, new_id, step_lot
from edge.spool.values import Arrival, ArrivingFile, FileKind, Placement, SeenLot, StagedFile
from vaguemestre.model.calendar import paris_day

_UNDIGESTED = "lot_id = ? AND sha256 IS NULL AND code IS NULL"
_SEEN_COLUMNS = ("key", "shown", "detail", "found", "expected", "unit", "set_aside")
_INCOMPLETE = """
SELECT * FROM lots WHERE source = ? AND key = ? AND (state = 'read' OR
    (rejoined AND state IN ('sighted', 'claimed'))) ORDER BY id DESC LIMIT 1
"""
_LATEST = "SELECT * FROM lots WHERE source = ? AND key = ? ORDER BY id DESC LIMIT 1"


class Claims:
    """Lots that sources see and claim; what a source needs of the spool.

    Attributes:
        disk: The disk door, through which a source copies and removes files.
        room: Whether one more lot may be claimed.
        copies: Files of which we hold a copy, still in the scanner's folder.

    Args:
        store: The spool.
        room: See above.
    """

    def __init__(self, store: Store, room: Room) -> None:
        self._store, self.room = store, room
        self.disk, self.copies = store.disk, Copies(store)

    # --- lots that still lie in a folder ---

    def record_seen_lots(self, source: str, lots: Sequence[SeenLot]) -> Mapping[str, bool]:
        """Make the journal show exactly these lots, so that other processes see and close them.

        Nothing is written when nothing changed: a folder is looked at every few seconds.

        Returns:
            Which of them the operator closed, by name.
        """
        journal = self._store.journal
        rows = journal.all("SELECT * FROM sightings WHERE source = ?", (source,))
        known = {row["name"]: row for row in rows}
        seen = {lot.name: _seen_values(lot) for lot in lots}
        changed = {
            name: values
            for name, values in seen.items()
            if name not in known or tuple(known[name][c] for c in _SEEN_COLUMNS) != values
        }
        gone = known.keys() - seen.keys()
        if changed or gone:
            with journal.transaction() as t:
                for name in gone:
                    t.execute("DELETE FROM sightings WHERE source = ? AND name = ?", (source, name))
                for name, values in changed.items():
                    _write_seen_lot(t, source, name, values, self._store.now())
        return {name: bool(known[name]["closed"]) if name in known else False for name in seen}

    # --- claims ---

    def has_lot(self, source: str, name: str) -> bool:
        """Whether a lot of this name was claimed and has not left yet."""
        sql = "SELECT 1 FROM lots WHERE source = ? AND name = ?"
        return self._store.journal.one(sql, (source, name)) is not None

    def find_placement(
        self, source: str, name: str, files: Sequence[ArrivingFile], times: JoinTimes
    ) -> Placement:
        """Decide which lot files about to be claimed belong to; see ``edge.spool.joining``.

        Args:
            source: The folder.
            name: Of the lot as it lies there.
            files: All that is about to be claimed.
            times: From the settings.
        """
        if any(file.continues for file in files):
            return joining.place_continuation(self._lot_of_earlier_copies(source, files))
        key = lot_key(name)
        incomplete = self._store.journal.one(_INCOMPLETE, (source, key))
        if incomplete is not None:
            return joining.place_beside_incomplete(self._earlier_lot(incomplete), files, times)
        latest = self._store.journal.one(_LATEST, (source, key))
        if latest is None or rescans.is_answer(name):
            return Placement()
        return joining.place_after(self._earlier_lot(latest), times)

    def begin_claim(self, arrival: Arrival) -> str:
        """Journal the intent to claim a lot, or files that join one; return the lot's id.

        Raises:
            IllegalStep: the files join a lot that waits for none.
        """
        joins = arrival.placement.joins
        with self._store.journal.transaction() as t:
            lot_id = _rejoin(t, arrival) if joins else _insert_lot(t, arrival, self._store.clock())
            _relate(t, lot_id, arrival.placement)
            _insert_files(t, lot_id, arrival.files)
            for aside in arrival.refused:
                _set_file_aside(t, lot_id, aside.file, aside.code, aside.reason)
            t.execute(
                "DELETE FROM sightings WHERE source = ? AND name = ?",
                (arrival.source, arrival.name),
            )
        self._store.disk.make_dir(self._store.staging(lot_id))
        if not joins:
            self._store.ages.start(lot_id)
        return lot_id

    def open_claims(self, source: str) -> list[tuple[str, tuple[StagedFile, ...]]]:
        """Open claims whose files may still lie in a folder, oldest first, with those files."""
        ids = [
            row["id"]
            for row in self._store.journal.all(
                "SELECT id FROM lots WHERE source = ? AND state = ? ORDER BY id",
                (source, SpoolState.SIGHTED),
            )
        ]
        for lot_id in ids:
            self._store.disk.make_dir(self._store.staging(lot_id))
        return [(lot_id, self.staged_files(lot_id)) for lot_id in ids]

    def staged_files(self, lot_id: str) -> tuple[StagedFile, ...]:
        """The files of an open claim that have no digest yet, and where each goes."""
        rows = self._store.journal.all(
            f"SELECT * FROM lot_files WHERE {_UNDIGESTED} ORDER BY position",  # noqa: S608
            (lot_id,),
        )
        folder = self._store.staging(lot_id)
        return tuple(
            StagedFile(
                position=row["position"],
                file=ArrivingFile(
                    origin=row["origin"],
                    name=row["name"],
                    size=row["size"],
                    mtime_ns=row["mtime_ns"],
                    inode=int(row["inode"]),
                    kind=FileKind(row["kind"]),
                    twin_of=row["twin_of"],
                    twin_certain=bool(row["twin_certain"]),
                    continues=row["continues"],
                ),
                staging=folder / str(row["position"]),
            )
            for row in rows
        )

    def finish_claim(self, lot_id: str, lost: Mapping[int, type[ReadingError]]) -> SpoolState:
        """Hash what was staged, move it to ``blobs`` and end the claim.

        Args:
            lot_id: A lot whose claim is open.
            lost: Why files, by position, could not be staged.

        Raises:
            OSError: a staged file cannot be read now; call again later.
        """
        with self._store.blob_lock:
            digests, lost = self._digest_staged_files(lot_id, lost)
            with self._store.journal.transaction() as t:
                _record_digests(t, lot_id, digests, lost, self._store.now())
            state = self.settle_claim(lot_id)
        self._store.to_read.set()
        return state

    def settle_claim(self, lot_id: str) -> SpoolState:
        """Move the digested files of an open claim to ``blobs`` and end it; may be repeated.

        The caller holds ``Store.blob_lock``, or is alone.
        """
        disk, staging = self._store.disk, self._store.staging(lot_id)
        rows = self._store.journal.all(
            "SELECT position, sha256, size FROM lot_files WHERE lot_id = ? AND sha256 IS NOT NULL",
            (lot_id,),
        )
        changed = {
            self._store.blob(row["sha256"]).parent
            for row in rows
            if self._move_to_blobs(staging / str(row["position"]), row["sha256"], row["size"])
        }
        disk.sync_dirs(changed | ({staging} if changed else set()))
        with self._store.journal.transaction() as t:
            state = _end_claim(t, lot_id)
        disk.remove_dir(staging)
        return state

    # --- on the disk, and read from the journal ---

    def _digest_staged_files(
        self, lot_id: str, lost: Mapping[int, type[ReadingError]]
    ) -> tuple[dict[int, tuple[str, int]], dict[int, type[ReadingError]]]:
        """SHA-256 and bytes of each staged file by position, and why others are missing."""
        digests: dict[int, tuple[str, int]] = {}
        missing = dict(lost)
        for file in self.staged_files(lot_id):
            if file.position in missing:
                continue
            try:
                # A copy has its name only once its bytes last.
                digests[file.position] = self._store.disk.digest(file.staging, is_synced=True)
            except FileNotFoundError:
                missing[file.position] = FileVanished
            except (IsADirectoryError, PermissionError) as error:
                is_denied = isinstance(error, PermissionError)
                missing[file.position] = FileDenied if is_denied else NotRegularFile
                aside = self._store.aside(f"{lot_id}-{file.position}")
                self._store.disk.rename(file.staging, aside)
                self._store.disk.sync_dirs([file.staging.parent, aside.parent])
        return digests, missing

    def _move_to_blobs(self, staging: Path, sha256: str, size: int) -> bool:
        """Give staged bytes their place; False when they have left the staging directory before."""
        if not staging.exists():
            return False
        disk, target = self._store.disk, self._store.blob(sha256)
        if target.exists() and disk.digest(target) == (sha256, size):
            disk.unlink(staging)
            return True
        disk.make_dir(target.parent)
        disk.rename(staging, target)
        return True

    def _lot_of_earlier_copies(
        self, source: str, files: Sequence[ArrivingFile]
    ) -> EarlierLot | None:
        """The lot that holds the earlier copy of a file that grew; the latest of several."""
        rows = [
            self._store.journal.one(
                "SELECT lots.* FROM copied JOIN lots ON lots.id = lot_id"
                " WHERE copied.source = ? AND origin = ?",
                (source, file.origin),
            )
            for file in files
            if file.continues
        ]
        latest = max((row for row in rows if row), key=lambda row: row["id"], default=None)
        return self._earlier_lot(latest) if latest else None

    def _earlier_lot(self, row: Row) -> EarlierLot:
        pages = self._store.journal.all(
            "SELECT name FROM lot_files WHERE lot_id = ? AND kind = ?", (row["id"], FileKind.PAGES)
        )
        received_at = dt.datetime.fromisoformat(row["received_at"])
        return EarlierLot(
            id=row["id"],
            label=row["label"],
            state=SpoolState(row["state"]),
            doubt=row["doubt"],
            age_s=self._store.ages.age_s(row["id"], received_at),
            is_complete=_is_complete(row),
            page_names=frozenset(page["name"] for page in pages),
        )


def free_label(t: Transaction, source: str, name: str) -> str:
    """A label for a new lot, unlike those of all lots of the source that are still shown."""
    taken = {
        row["label"]
        for row in t.execute(
            "SELECT label FROM lots WHERE source = ?1"
            " UNION SELECT label FROM sightings WHERE source = ?1",
            (source,),
        )
    }
    return distinct(label_of(name), taken)


def _is_complete(lot: Row) -> bool:
    """Its announced count is met, or nothing came of it: no part of it is missing."""
    if lot["state"] == SpoolState.SET_ASIDE:
        return True
    if lot["expected"] is not None:
        return bool(lot["found"] == lot["expected"])
    return lot["expected_pages"] is not None and not lot["verify"]


def _seen_values(lot: SeenLot) -> tuple[str | int | None, ...]:
    """What ``_SEEN_COLUMNS`` hold of a lot."""
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


def _write_seen_lot(
    t: Transaction, source: str, name: str, values: tuple[str | int | None, ...], now: str
) -> None:
    earlier = t.execute(
        "SELECT label, closed, first_seen FROM sightings WHERE source = ? AND name = ?",
        (source, name),
    ).fetchone()
    label = earlier["label"] if earlier else free_label(t, source, name)
    closed, first_seen = (earlier["closed"], earlier["first_seen"]) if earlier else (0, now)
    columns = ", ".join(("source", "name", "label", "closed", "first_seen", *_SEEN_COLUMNS))
    t.execute(
        f"INSERT OR REPLACE INTO sightings ({columns})"  # noqa: S608
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (source, name, label, closed, first_seen, *values),
    )


def _insert_lot(t: Transaction, arrival: Arrival, now: dt.datetime) -> str:
    lot_id = new_id(t)
    seen = t.execute(
        "SELECT label FROM sightings WHERE source = ? AND name = ?", (arrival.source, arrival.name)
    ).fetchone()
    request = rescans.request_named_by(t, arrival.name)
    values: dict[str, str | int | None] = {
        "id": lot_id,
        "source": arrival.source,
        "name": arrival.name,
        "key": arrival.key,
        "label": seen["label"] if seen else free_label(t, arrival.source, arrival.name),
        "channel": arrival.channel,
        "fund": (request["fund"] if request else "") or arrival.fund,
        "process": arrival.process,
        "received_at": now.astimezone(dt.UTC).isoformat(),
        "received_on": (request["received_on"] if request else "") or paris_day(now).isoformat(),
        "state": SpoolState.SIGHTED,
        "closed": int(arrival.closed),
        "expected_pages": arrival.expected_pages,
        "verify": int(arrival.verify_after_reading),
        "found": arrival.count.found if arrival.count else None,
        "expected": arrival.count.expected if arrival.count else None,
        "unit": arrival.count.unit if arrival.count else None,
        "rescan_id": request["rescan_id"] if request else "",
    }
    marks = ", ".join(f":{column}" for column in values)
    t.execute(f"INSERT INTO lots ({', '.join(values)}) VALUES ({marks})", values)  # noqa: S608
    return lot_id


def _rejoin(t: Transaction, arrival: Arrival) -> str:
    lot_id = arrival.placement.joins
    step_lot(t, lot_id, SpoolStep.JOIN)
    t.execute(
        "UPDATE lots SET rejoined = 1, closed = max(closed, ?), result = NULL,"
        " edition = edition + 1 WHERE id = ?",
        (int(arrival.closed), lot_id),
    )
    # What reading said of the part is said again when the whole is read.
    t.execute("DELETE FROM set_aside WHERE lot_id = ? AND by_reading = 1", (lot_id,))
    return lot_id


def _relate(t: Transaction, lot_id: str, placement: Placement) -> None:
    """Tell with each of two lots how it hangs together with the other."""
    for related, note in ((lot_id, placement.note), (placement.related, placement.related_note)):
        if note:
            t.execute(
                "UPDATE lots SET note = ?, doubt = ? WHERE id = ?", (note, placement.doubt, related)
            )


def _insert_files(t: Transaction, lot_id: str, files: tuple[ArrivingFile, ...]) -> None:
    rows = t.execute("SELECT name FROM lot_files WHERE lot_id = ?", (lot_id,)).fetchall()
    taken = {row["name"] for row in rows}
    for position, file in enumerate(files, start=len(rows)):
        stem, dot, suffix = file.name.rpartition(".")
        name = file.name
        if name in taken:
            name = distinct(stem if dot else suffix, {n.rpartition(".")[0] or n for n in taken})
            name += dot + suffix if dot else ""
        taken.add(name)
        t.execute(
            "INSERT INTO lot_files (lot_id, position, origin, name, kind, size, mtime_ns, inode,"
            " twin_of, twin_certain, code, continues, place)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
            # Among the pages it stands where its earlier copy does.
            " (SELECT max(ifnull(place, position)) FROM lot_files"
            "  WHERE lot_id = ?1 AND origin = ?3 AND sha256 = ?12))",
            (
                *(lot_id, position, file.origin, name, file.kind, file.size, file.mtime_ns),
                *(str(file.inode), file.twin_of, int(file.twin_certain), file.code),
                file.continues,
            ),
        )


def _record_digests(
    t: Transaction,
    lot_id: str,
    digests: Mapping[int, tuple[str, int]],
    lost: Mapping[int, type[ReadingError]],
    now: str,
) -> None:
    for row in t.execute(
        f"SELECT * FROM lot_files WHERE {_UNDIGESTED} ORDER BY position",  # noqa: S608
        (lot_id,),
    ).fetchall():
        position = row["position"]
        if position in lost:
            t.execute(
                "UPDATE lot_files SET code = ? WHERE lot_id = ? AND position = ?",
                (lost[position].code, lot_id, position),
            )
            _set_file_aside(t, lot_id, row["name"], lost[position].code, lost[position].reason)
        elif position in digests:
            _record_digest(t, row, *digests[position], now)


def _record_digest(t: Transaction, file: Row, sha256: str, size: int, now: str) -> None:
    first_lot_id = None
    if file["kind"] == FileKind.PAGES:
        known = t.execute("SELECT lot_id FROM digests WHERE sha256 = ?", (sha256,)).fetchone()
        first_lot_id = known["lot_id"] if known else None
        t.execute(
            "INSERT INTO digests VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (sha256, file["lot_id"], now),
        )
    t.execute(
        "INSERT INTO blobs (sha256, size) VALUES (?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET leaving = 0",
        (sha256, size),
    )
    record_copy(t, file, sha256)
    t.execute(
        "UPDATE lot_files SET sha256 = ?, size = ?, duplicate_of = ?"
        " WHERE lot_id = ? AND position = ?",
        (sha256, size, first_lot_id, file["lot_id"], file["position"]),
    )


def _end_claim(t: Transaction, lot_id: str) -> SpoolState:
    """A lot is claimed when at least one file of pages is there; else it is set aside."""
    usable = t.execute(
        "SELECT 1 FROM lot_files WHERE lot_id = ? AND kind = ? AND code IS NULL",
        (lot_id, FileKind.PAGES),
    ).fetchone()
    if usable:
        return step_lot(t, lot_id, SpoolStep.CLAIM)
    t.execute(
        "UPDATE lots SET (code, reason) = (SELECT code, reason FROM set_aside"
        " WHERE lot_id = ?1 LIMIT 1) WHERE id = ?1",
        (lot_id,),
    )
    return step_lot(t, lot_id, SpoolStep.SET_ASIDE)


def _set_file_aside(t: Transaction, lot_id: str, file: str, code: str, reason: str) -> None:
    t.execute(
        "INSERT INTO set_aside (lot_id, file, page, code, reason, by_reading)"
        " VALUES (?, ?, NULL, ?, ?, 0)",
        (lot_id, file, code, reason),
    )
