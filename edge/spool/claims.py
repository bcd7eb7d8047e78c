"""From a settled lot to files of our own, named by digest; a crash anywhere loses nothing.

1. *Intent*: the lot and the list of its files are journalled, state ``sighted``.
2. The source copies each file to ``claims/<lot>/<position>``.
3. *Digests*: all copies are hashed; the digests are journalled, and with them that the
   scanner's files are copied (``edge.spool.copied``): they are no new lot while they stay the same.
4. The files move to ``blobs``; a staged file whose bytes are there already is dropped.
5. *Claimed* is journalled.

After a crash before 3 the source goes on with its list: a file is staged, or still in the
folder, or gone, which is coded. After 3 the digests say where each file is. The scanner's files
are let go later, when nobody writes to them any more.
"""

from collections.abc import Mapping
from pathlib import Path

from edge.errors import FileDenied, FileVanished, NotRegularFile, ReadingError
from edge.spool import copied, rescans
from edge.spool.journal import Row
from edge.spool.labels import distinct, label_of
from edge.spool.states import State, Step
from edge.spool.store import Store, Transaction, step_lot
from edge.spool.values import Arrival, ArrivingFile, Kind, Placement, StagedFile
from vaguemestre.model import clock

_UNDIGESTED = "lot_id = ? AND sha256 IS NULL AND code IS NULL"


def begin(store: Store, arrival: Arrival) -> str:
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


def unfinished(store: Store, source: str) -> list[tuple[str, tuple[StagedFile, ...]]]:
    """Open claims of a source whose files may still lie in its folder, oldest first."""
    ids = [
        row["id"]
        for row in store.journal.all(
            "SELECT id FROM lots WHERE source = ? AND state = ? ORDER BY id",
            (source, State.SIGHTED),
        )
    ]
    for lot_id in ids:
        store.disk.make_dir(store.staging(lot_id))
    return [(lot_id, staged(store, lot_id)) for lot_id in ids]


def staged(store: Store, lot_id: str) -> tuple[StagedFile, ...]:
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


def finish(store: Store, lot_id: str, lost: Mapping[int, type[ReadingError]]) -> State:
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
    for file in staged(store, lot_id):
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
    return settle(store, lot_id)


def settle(store: Store, lot_id: str) -> State:
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
            state = step_lot(t, lot_id, Step.CLAIM)
        else:
            state = step_lot(t, lot_id, Step.SET_ASIDE)
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
        or clock.day(received_at).isoformat(),
        "state": State.SIGHTED,
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
    step_lot(t, lot_id, Step.JOIN)
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
    copied.record(t, row, sha256)
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
