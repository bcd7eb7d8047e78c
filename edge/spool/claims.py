"""Files in a scanner's folder of which we hold a copy: ours, and still to be let go.

A row is written with the digest of the copy and goes when the scanner's file has gone. Until then
the file is no new lot, also after a restart; once it differs from the row, it has grown or was
replaced, and what it holds now is claimed beside its earlier copy.

From a settled lot to files of our own, named by digest; a crash anywhere loses nothing.

1. *Intent*: the lot and the list of its files are journalled, state ``sighted``.
2. The source copies each file to ``claims/<lot>/<position>``.
3. *Digests*: all copies are hashed; the digests are journalled, and with them that the
   scanner's files are copied (``edge.spool.claims``): they are no new lot while they stay the same.
4. The files move to ``blobs``; a staged file whose bytes are there already is dropped.
5. *Claimed* is journalled.

After a crash before 3 the source goes on with its list: a file is staged, or still in the
folder, or gone, which is coded. After 3 the digests say where each file is. The scanner's files
are let go later, when nobody writes to them any more.

Lots that still lie in a scanner's folder, so that other processes see and close them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from edge.errors import FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.spool import documents, rescans
from edge.spool.journal import Row
from edge.spool.rules import SpoolState, SpoolStep, distinct, label_of
from edge.spool.store import Store, Transaction, step_lot
from edge.spool.values import Arrival, ArrivingFile, Copied, Kind, Placement, SeenLot, StagedFile
from vaguemestre.model.calendar import paris_day

_CHANGED = -1  # a size that no file has


def record(t: Transaction, file: Row, sha256: str) -> None:
    """Note that a file of a lot, as it was sighted, is copied under a digest."""
    t.execute(
        "INSERT OR REPLACE INTO copied (source, origin, lot_id, sha256, size, mtime_ns)"
        " SELECT source, ?, id, ?, ?, ? FROM lots WHERE id = ?",
        (file["origin"], sha256, file["size"], file["mtime_ns"], file["lot_id"]),
    )


def of_source(store: Store, source: str) -> tuple[Copied, ...]:
    """All of a folder's, by path."""
    return tuple(
        Copied(
            row["origin"],
            row["lot_id"],
            row["sha256"],
            row["size"],
            row["mtime_ns"],
            row["stays"],
        )
        for row in store.journal.all(
            "SELECT * FROM copied WHERE source = ? ORDER BY origin", (source,)
        )
    )


def forget(store: Store, source: str, origins: Iterable[bytes]) -> None:
    """These have gone from the folder."""
    with store.journal.transaction() as t:
        t.executemany(
            "DELETE FROM copied WHERE source = ? AND origin = ?",
            [(source, origin) for origin in origins],
        )


def touch(store: Store, source: str, origin: bytes, mtime_ns: int) -> None:
    """A file has another time and the same bytes."""
    with store.journal.transaction() as t:
        t.execute(
            "UPDATE copied SET mtime_ns = ? WHERE source = ? AND origin = ?",
            (mtime_ns, source, origin),
        )


def changed(store: Store, source: str, origin: bytes) -> None:
    """A file of the same size and time holds other bytes: it is to be claimed again."""
    with store.journal.transaction() as t:
        t.execute(
            "UPDATE copied SET size = ? WHERE source = ? AND origin = ?",
            (_CHANGED, source, origin),
        )


def stays(store: Store, source: str, origin: bytes, reason: str, note: str) -> None:
    """A file cannot be removed; told with its lot, unless something is told there already.

    Args:
        store: The spool.
        source: The folder.
        origin: The file.
        reason: French.
        note: French, for the lot.
    """
    with store.journal.transaction() as t:
        t.execute(
            "UPDATE copied SET stays = ? WHERE source = ? AND origin = ?",
            (reason, source, origin),
        )
        t.execute(
            "UPDATE lots SET note = ? WHERE note = '' AND id ="
            " (SELECT lot_id FROM copied WHERE source = ? AND origin = ?)",
            (note, source, origin),
        )


_UNDIGESTED = "lot_id = ? AND sha256 IS NULL AND code IS NULL"


def begin_claim(store: Store, arrival: Arrival) -> str:
    """Journal the intent to claim; return the lot's id.

    Raises:
        IllegalStep: the files join a lot that waits for none.
    """
    with store.journal.transaction() as t:
        joins = arrival.placement.joins
        lot_id = _rejoin(t, arrival) if joins else _insert_lot(store, t, arrival)
        _relate(t, lot_id, arrival.placement)
        _insert_files(t, lot_id, arrival.files)
        for aside in arrival.refused:
            _set_aside(t, lot_id, aside.file, aside.code, aside.reason)
        t.execute(
            "DELETE FROM sightings WHERE source = ? AND name = ?", (arrival.source, arrival.name)
        )
    store.disk.make_dir(store.staging(lot_id))
    return lot_id


def open_claims(store: Store, source: str) -> list[tuple[str, tuple[StagedFile, ...]]]:
    """Open claims of a source whose files may still lie in its folder, oldest first."""
    ids = [
        row["id"]
        for row in store.journal.all(
            "SELECT id FROM lots WHERE source = ? AND state = ? ORDER BY id",
            (source, SpoolState.SIGHTED),
        )
    ]
    for lot_id in ids:
        store.disk.make_dir(store.staging(lot_id))
    return [(lot_id, staged_files(store, lot_id)) for lot_id in ids]


def staged_files(store: Store, lot_id: str) -> tuple[StagedFile, ...]:
    """The files of an open claim that have no digest yet, and where each goes."""
    rows = store.journal.all(
        f"SELECT * FROM lot_files WHERE {_UNDIGESTED} ORDER BY position",  # noqa: S608
        (lot_id,),
    )
    return tuple(
        StagedFile(
            position=row["position"],
            file=ArrivingFile(
                origin=row["origin"],
                name=row["name"],
                size=row["size"],
                mtime_ns=row["mtime_ns"],
                inode=int(row["inode"]),
                kind=Kind(row["kind"]),
                twin_of=row["twin_of"],
                twin_certain=bool(row["twin_certain"]),
                continues=row["continues"],
            ),
            staging=store.staging(lot_id) / str(row["position"]),
        )
        for row in rows
    )


def finish_claim(store: Store, lot_id: str, lost: Mapping[int, type[ReadingError]]) -> SpoolState:
    """Hash what was staged, move it to ``blobs`` and end the claim.

    Args:
        store: The spool.
        lot_id: A lot whose claim is open.
        lost: Why files, by position, could not be staged.

    Raises:
        OSError: a staged file cannot be read now; call again later.
    """
    digests: dict[int, tuple[str, int]] = {}
    lost = dict(lost)
    for file in staged_files(store, lot_id):
        if file.position in lost:
            continue
        try:
            # A copy has its name only once its bytes last.
            digests[file.position] = store.disk.digest(file.staging, is_synced=True)
        except FileNotFoundError:
            lost[file.position] = FileVanished
        except (IsADirectoryError, PermissionError) as error:
            lost[file.position] = (
                FileDenied if isinstance(error, PermissionError) else NotRegularFile
            )
            _put_aside(store, file.staging, f"{lot_id}-{file.position}")
    with store.journal.transaction() as t:
        _record(store, t, lot_id, digests, lost)
    return settle_claim(store, lot_id)


def settle_claim(store: Store, lot_id: str) -> SpoolState:
    """Move the digested files of an open claim to ``blobs`` and end it; may be repeated."""
    rows = store.journal.all(
        "SELECT position, sha256, size FROM lot_files WHERE lot_id = ? AND sha256 IS NOT NULL",
        (lot_id,),
    )
    staging = store.staging(lot_id)
    touched = {
        store.blob(row["sha256"]).parent
        for row in rows
        if _shelve(store, staging / str(row["position"]), row["sha256"], row["size"])
    }
    store.disk.sync_dirs(touched | ({staging} if touched else set()))
    with store.journal.transaction() as t:
        usable = t.execute(
            "SELECT 1 FROM lot_files WHERE lot_id = ? AND kind = ? AND code IS NULL",
            (lot_id, Kind.PAGES),
        ).fetchone()
        if usable:
            state = step_lot(t, lot_id, SpoolStep.CLAIM)
        else:
            state = step_lot(t, lot_id, SpoolStep.SET_ASIDE)
            t.execute(
                "UPDATE lots SET (code, reason) = (SELECT code, reason FROM set_aside"
                " WHERE lot_id = ?1 LIMIT 1) WHERE id = ?1",
                (lot_id,),
            )
    store.disk.remove_dir(store.staging(lot_id))
    return state


def _insert_lot(store: Store, t: Transaction, arrival: Arrival) -> str:
    lot_id = store.new_id(t)
    row = t.execute(
        "SELECT label FROM sightings WHERE source = ? AND name = ?", (arrival.source, arrival.name)
    ).fetchone()
    received_at = store.clock()
    answers = rescans.named(t, arrival.name)
    values: dict[str, str | int | None] = {
        "id": lot_id,
        "source": arrival.source,
        "name": arrival.name,
        "key": arrival.key,
        "label": row["label"] if row else free_label(t, arrival.source, arrival.name),
        "channel": arrival.channel,
        "fund": (answers["fund"] if answers else "") or arrival.fund,
        "process": arrival.process,
        "received_at": store.now(),
        "received_on": (answers["received_on"] if answers else "")
        or paris_day(received_at).isoformat(),
        "state": SpoolState.SIGHTED,
        "closed": int(arrival.closed),
        "expected_pages": arrival.expected_pages,
        "verify": int(arrival.verify_after_reading),
        "found": arrival.count.found if arrival.count else None,
        "expected": arrival.count.expected if arrival.count else None,
        "unit": arrival.count.unit if arrival.count else None,
        "rescan_id": answers["rescan_id"] if answers else "",
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
    for related, note in ((lot_id, placement.note), (placement.relates, placement.its_note)):
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


def _record(
    store: Store,
    t: Transaction,
    lot_id: str,
    digests: Mapping[int, tuple[str, int]],
    lost: Mapping[int, type[ReadingError]],
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
            _set_aside(t, lot_id, row["name"], lost[position].code, lost[position].reason)
        elif position in digests:
            _record_digest(store, t, row, *digests[position])


def _record_digest(store: Store, t: Transaction, row: Row, sha256: str, size: int) -> None:
    earlier = None
    if row["kind"] == Kind.PAGES:
        found = t.execute("SELECT lot_id FROM digests WHERE sha256 = ?", (sha256,)).fetchone()
        earlier = found["lot_id"] if found else None
        t.execute(
            "INSERT INTO digests VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (sha256, row["lot_id"], store.now()),
        )
    t.execute(
        "INSERT INTO blobs (sha256, size) VALUES (?, ?)"
        " ON CONFLICT (sha256) DO UPDATE SET leaving = 0",
        (sha256, size),
    )
    record(t, row, sha256)
    t.execute(
        "UPDATE lot_files SET sha256 = ?, size = ?, duplicate_of = ?"
        " WHERE lot_id = ? AND position = ?",
        (sha256, size, earlier, row["lot_id"], row["position"]),
    )


def _shelve(store: Store, staging: Path, sha256: str, size: int) -> bool:
    if not staging.exists():
        return False
    target = store.blob(sha256)
    if target.exists() and store.disk.digest(target) == (sha256, size):
        store.disk.unlink(staging)
        return True
    store.disk.make_dir(target.parent)
    store.disk.rename(staging, target)
    return True


def _put_aside(store: Store, path: Path, name: str) -> None:
    store.disk.rename(path, store.aside(name))
    store.disk.sync_dirs([path.parent, store.aside(name).parent])


def _set_aside(t: Transaction, lot_id: str, file: str, code: str, reason: str) -> None:
    t.execute(
        "INSERT INTO set_aside (lot_id, file, page, code, reason, by_reading)"
        " VALUES (?, ?, NULL, ?, ?, 0)",
        (lot_id, file, code, reason),
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


_COLUMNS = "key, shown, detail, found, expected, unit, set_aside"


def record_seen_lots(store: Store, source: str, sighted: Sequence[SeenLot]) -> Mapping[str, bool]:
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


def close_lots(store: Store, name_or_id: str, key: str, source: str) -> int:
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
        if row["state"] == SpoolState.READ:
            documents.release(store, t, row)
    return closed + len(rows)


def _values(lot: SeenLot) -> tuple[str | int | None, ...]:
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
