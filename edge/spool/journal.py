"""The spool's journal: one SQLite file, one transaction for each transition.

WAL with ``synchronous=FULL``: a transaction that returned is on disk. One connection behind one
lock serves all threads; other processes (the command line) open their own.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.errors import SpoolBusy, SpoolCorrupt, SpoolFull
from edge.spool.files import Disk

_SCHEMA_VERSION = 2
_APPLICATION_ID = 0x76676D31  # "vgm1"
_BUSY_TIMEOUT_MS = 10_000

_SCHEMA = """
CREATE TABLE lots (
    id TEXT PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
    label TEXT NOT NULL, channel TEXT NOT NULL, fund TEXT NOT NULL, process TEXT NOT NULL,
    received_at TEXT NOT NULL, received_on TEXT NOT NULL, priority INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL, rejoined INTEGER NOT NULL DEFAULT 0, closed INTEGER NOT NULL DEFAULT 0,
    expected_pages INTEGER, verify INTEGER NOT NULL DEFAULT 0,
    found INTEGER, expected INTEGER, unit TEXT,
    counted_pages INTEGER NOT NULL DEFAULT 0, loose_pages INTEGER NOT NULL DEFAULT 0,
    twins INTEGER NOT NULL DEFAULT 0,
    result TEXT, versions TEXT,
    code TEXT, reason TEXT, acknowledged_at TEXT
) STRICT;
CREATE INDEX lots_by_state ON lots (state, id);
CREATE INDEX lots_by_key ON lots (source, key);
CREATE TABLE lot_files (
    lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE, position INTEGER NOT NULL,
    origin BLOB NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, inode TEXT NOT NULL, twin_of TEXT, twin_certain INTEGER NOT NULL,
    sha256 TEXT, duplicate_of TEXT, code TEXT, PRIMARY KEY (lot_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_digest ON lot_files (sha256);
CREATE TABLE set_aside (
    lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE, file TEXT NOT NULL, page INTEGER,
    code TEXT NOT NULL, reason TEXT NOT NULL, by_reading INTEGER NOT NULL,
    discarded INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX set_aside_by_lot ON set_aside (lot_id);
CREATE TABLE blobs (
    sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, acknowledged INTEGER NOT NULL DEFAULT 0,
    leaving INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE documents (
    id TEXT PRIMARY KEY, lot_id TEXT NOT NULL REFERENCES lots ON DELETE CASCADE,
    position INTEGER NOT NULL, state TEXT NOT NULL, pages INTEGER NOT NULL,
    json TEXT NOT NULL, code TEXT, reason TEXT, UNIQUE (lot_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX documents_by_state ON documents (state, id);
CREATE TABLE document_blobs (
    document_id TEXT NOT NULL REFERENCES documents ON DELETE CASCADE, sha256 TEXT NOT NULL,
    PRIMARY KEY (document_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE digests (sha256 TEXT PRIMARY KEY, lot_id TEXT NOT NULL, seen_at TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE sightings (
    source TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, label TEXT NOT NULL,
    shown TEXT NOT NULL, detail TEXT NOT NULL, found INTEGER, expected INTEGER, unit TEXT,
    set_aside TEXT NOT NULL, closed INTEGER NOT NULL DEFAULT 0, first_seen TEXT NOT NULL,
    PRIMARY KEY (source, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE sources (name TEXT PRIMARY KEY, reason TEXT NOT NULL, since TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE rescans (
    document_id TEXT PRIMARY KEY, lot_name TEXT NOT NULL, reason TEXT NOT NULL,
    asked_at TEXT NOT NULL, done INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE last_id (only INTEGER PRIMARY KEY CHECK (only = 1), id TEXT NOT NULL) STRICT;
INSERT INTO last_id VALUES (1, '');
"""

# From each version to the next; a new journal goes through all of them.
_MIGRATIONS = {
    1: """
ALTER TABLE lots ADD COLUMN rescan_id TEXT NOT NULL DEFAULT '';
ALTER TABLE documents ADD COLUMN rescan_id TEXT NOT NULL DEFAULT '';
CREATE INDEX documents_by_lot ON documents (lot_id, state);
CREATE INDEX documents_by_rescan ON documents (rescan_id) WHERE rescan_id <> '';
ALTER TABLE rescans RENAME TO rescans_1;
CREATE TABLE rescans (
    key TEXT PRIMARY KEY, rescan_id TEXT NOT NULL, document_id TEXT NOT NULL,
    lot_name TEXT NOT NULL, reason TEXT NOT NULL, received_on TEXT NOT NULL, fund TEXT NOT NULL,
    asked_at TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'open',
    impossible TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
INSERT INTO rescans (key, rescan_id, document_id, lot_name, reason, received_on, fund, asked_at,
    state)
    SELECT document_id, '', document_id, lot_name, reason, '', '', asked_at,
    CASE done WHEN 0 THEN 'open' ELSE 'closed' END FROM rescans_1;
DROP TABLE rescans_1;
CREATE INDEX rescans_by_document ON rescans (document_id);
CREATE TABLE standing (name TEXT PRIMARY KEY, value TEXT NOT NULL, since TEXT NOT NULL)
    STRICT, WITHOUT ROWID;
"""
}

Row = sqlite3.Row
Parameters = Sequence[str | int | bytes | None]


class Journal:
    """An open journal.

    Args:
        path: The SQLite file; made when it is missing.
        disk: The door through which commits go.
        migrate: Bring one of an earlier version up to date; only its owner may.

    Raises:
        SpoolCorrupt: the file is damaged, or of another program or a later version.
        SpoolBusy: it is of an earlier version and not ours to change.
    """

    def __init__(self, path: Path, disk: Disk, *, migrate: bool = True) -> None:
        self._disk, self._may_migrate = disk, migrate
        self._lock = threading.RLock()
        with _told_as_ours():
            path.touch(mode=0o640)  # it quotes pages; SQLite's other files take its mode over
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        with _told_as_ours():
            self._connection.row_factory = sqlite3.Row
            for pragma in (
                f"busy_timeout={_BUSY_TIMEOUT_MS}",
                "auto_vacuum=INCREMENTAL",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
            if [tuple(row) for row in self._connection.execute("PRAGMA quick_check")] != [("ok",)]:
                raise SpoolCorrupt("the journal fails SQLite's quick_check")
        with self.transaction() as t:
            found = t.execute("PRAGMA user_version").fetchone()[0]
            owner = t.execute("PRAGMA application_id").fetchone()[0]
            if found == 0 and not t.execute("SELECT 1 FROM sqlite_master").fetchone():
                _run(t, _SCHEMA)
                owner = _APPLICATION_ID
                t.execute(f"PRAGMA application_id={owner}")
                version = 1
            else:
                version = found
            if owner != _APPLICATION_ID or not 1 <= version <= _SCHEMA_VERSION:
                raise SpoolCorrupt(f"the journal has schema {version}, not {_SCHEMA_VERSION}")
            self._bring_up_to_date(t, found, version)

    def _bring_up_to_date(self, t: sqlite3.Connection, found: int, version: int) -> None:
        if found not in (0, _SCHEMA_VERSION) and not self._may_migrate:
            raise SpoolBusy(
                f"the journal has schema {found}, not {_SCHEMA_VERSION}",
                hint="Redémarrez la station : elle met son journal à jour.",
            )
        for step in range(version, _SCHEMA_VERSION):
            _run(t, _MIGRATIONS[step])
        if found != _SCHEMA_VERSION:
            t.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside lasts, or nothing does.

        Raises:
            SpoolFull: the disk is full; nothing was changed.
            SpoolCorrupt: the file is damaged.
        """
        with self._lock, _told_as_ours():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._disk.commit(self._connection)
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def all(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run a query outside any transaction."""
        with self._lock, _told_as_ours():
            return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """Run a query for at most one row."""
        rows = self.all(sql, parameters)
        return rows[0] if rows else None

    def changes_elsewhere(self) -> int:
        """A number that changes when another process has committed."""
        row = self.one("PRAGMA data_version")
        return int(row[0]) if row else 0

    def mark(self) -> tuple[int, int]:
        """A value that stays the same as long as nothing was written, here or elsewhere."""
        with self._lock:
            return self._connection.total_changes, self.changes_elsewhere()

    def shrink(self) -> None:
        """Give free pages back to the file system."""
        with self._lock, _told_as_ours():
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()

    def close(self) -> None:
        """Close the file; every transaction has ended."""
        with self._lock:
            self._connection.close()


def _run(t: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script inside the transaction (``executescript`` would end it)."""
    for statement in script.split(";\n"):
        t.execute(statement)


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """Tell SQLite's damage and a full disk as errors of the edge."""
    try:
        yield
    except sqlite3.Error as error:
        kind = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if kind == sqlite3.SQLITE_FULL:
            raise SpoolFull(f"the journal cannot grow: {error}") from error
        if kind in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise SpoolCorrupt(f"the journal is damaged: {error}") from error
        raise
