"""Files in a scanner's folder of which we hold a copy, and which are still to be removed there.

A row is written with the digest of the copy and goes when the scanner's file has gone. Until then
the file is no new lot, also after a restart; once it differs from the row, it has grown or was
replaced, and what it holds now is claimed beside its earlier copy.

Files are known by ``origin``: their path below the source's folder, byte for byte.
"""

from collections.abc import Iterable

from edge.spool.journal import Row
from edge.spool.store import Store, Transaction
from edge.spool.values import CopiedFile

_NO_SIZE = -1  # a size that no file has


class Copies:
    """The copied files of all watched folders.

    Args:
        store: The spool.
    """

    def __init__(self, store: Store) -> None:
        self._journal = store.journal

    def of_source(self, source: str) -> tuple[CopiedFile, ...]:
        """All of a folder's, by path."""
        return tuple(
            CopiedFile(
                row["origin"],
                row["lot_id"],
                row["sha256"],
                row["size"],
                row["mtime_ns"],
                row["stays"],
            )
            for row in self._journal.all(
                "SELECT * FROM copied WHERE source = ? ORDER BY origin", (source,)
            )
        )

    def record_removed(self, source: str, origins: Iterable[bytes]) -> None:
        """These files have gone from the folder."""
        with self._journal.transaction() as t:
            t.executemany(
                "DELETE FROM copied WHERE source = ? AND origin = ?",
                [(source, origin) for origin in origins],
            )

    def record_new_time(self, source: str, origin: bytes, mtime_ns: int) -> None:
        """A file has another time, in nanoseconds since 1970, and the same bytes."""
        with self._journal.transaction() as t:
            t.execute(
                "UPDATE copied SET mtime_ns = ? WHERE source = ? AND origin = ?",
                (mtime_ns, source, origin),
            )

    def record_changed(self, source: str, origin: bytes) -> None:
        """A file of the same size and time holds other bytes: it is to be claimed again."""
        with self._journal.transaction() as t:
            t.execute(
                "UPDATE copied SET size = ? WHERE source = ? AND origin = ?",
                (_NO_SIZE, source, origin),
            )

    def record_not_removable(self, source: str, origin: bytes, reason: str, note: str) -> None:
        """A file cannot be removed; shown with its lot, unless a note is shown there already.

        Args:
            source: The folder.
            origin: The file.
            reason: French.
            note: French, for the lot.
        """
        with self._journal.transaction() as t:
            t.execute(
                "UPDATE copied SET stays = ? WHERE source = ? AND origin = ?",
                (reason, source, origin),
            )
            t.execute(
                "UPDATE lots SET note = ? WHERE note = '' AND id ="
                " (SELECT lot_id FROM copied WHERE source = ? AND origin = ?)",
                (note, source, origin),
            )


def record_copy(t: Transaction, file: Row, sha256: str) -> None:
    """Note that a file of a lot, a row of ``lot_files``, is copied under a digest."""
    t.execute(
        "INSERT OR REPLACE INTO copied (source, origin, lot_id, sha256, size, mtime_ns)"
        " SELECT source, ?, id, ?, ?, ? FROM lots WHERE id = ?",
        (file["origin"], sha256, file["size"], file["mtime_ns"], file["lot_id"]),
    )
