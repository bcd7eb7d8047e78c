"""Files in a scanner's folder of which we hold a copy: ours, and still to be let go.

A row is written with the digest of the copy and goes when the scanner's file has gone. Until then
the file is no new lot, also after a restart; once it differs from the row, it has grown or was
replaced, and what it holds now is claimed beside its earlier copy.
"""

from collections.abc import Iterable

from edge.spool.journal import Row
from edge.spool.store import Store, Transaction
from edge.spool.values import Copied

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
