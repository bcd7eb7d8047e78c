"""The spool's journal: one SQLite file, one transaction for each transition.

WAL with ``synchronous=FULL``: a transaction that returned is on disk. One connection behind one
lock serves all threads; other processes (the command line) open their own.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from edge.errors import (
    EdgeError,
    SpoolAbsent,
    SpoolBusy,
    SpoolCorrupt,
    SpoolFailed,
    SpoolFull,
    SpoolLocked,
)
from edge.spool import founding
from edge.spool.ballast import Ballast
from edge.spool.files import Disk
from edge.spool.tally import Tally

_SCHEMA_VERSION = 3
_FIRST_COUNTED = 3  # journals before counted no transactions
_APPLICATION_ID = 0x76676D31  # "vgm1"
_BUSY_TIMEOUT_MS = 100  # of one try, while which no other thread gets at the journal
_WAIT_S, _PAUSE_S = 10.0, 0.02  # for another process to end its transaction

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)
_COUNT = "UPDATE tally SET committed = committed + 1 RETURNING committed"

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_OURS: tuple[tuple[frozenset[int], type[EdgeError], str], ...] = (
    (frozenset({sqlite3.SQLITE_FULL}), SpoolFull, "the journal cannot grow"),
    (
        frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}),
        SpoolCorrupt,
        "the journal is damaged",
    ),
    (_BUSY, SpoolLocked, "another process writes"),
    (
        frozenset(
            {
                *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM),
                *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOLFS),
            }
        ),
        SpoolFailed,
        "the disk refuses the journal",
    ),
)

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
""",
    2: """
CREATE TABLE tally (only INTEGER PRIMARY KEY CHECK (only = 1), committed INTEGER NOT NULL) STRICT;
INSERT INTO tally VALUES (1, 1);
""",
}

Row = sqlite3.Row
Parameters = Sequence[str | int | bytes | None]


class Journal:
    """An open journal.

    Args:
        work_dir: Where its file, and the tally of its transactions, lie.
        disk: The door through which commits go.
        ballast: Makes room on the disk before something is written.
        visitor: Beside its owner: makes nothing and brings nothing up to date.

    Raises:
        SpoolCorrupt: the file is damaged, of another program or of a later version; or it is
            empty, missing or lacks transactions, where there has been a spool.
        SpoolBusy: it is of an earlier version and not ours to change.
        SpoolAbsent: a visitor came before there was a spool.
        SpoolLocked, SpoolFull, SpoolFailed: it cannot be opened now.
    """

    def __init__(
        self, work_dir: Path, disk: Disk, ballast: Ballast, *, visitor: bool = False
    ) -> None:
        self._disk, self._ballast, self._visitor = disk, ballast, visitor
        self._lock = threading.RLock()
        self._tally = Tally(work_dir)
        ballast.make_room()  # also to read: SQLite makes a file beside its log
        with _told_as_ours():
            at_least = self._tally.read()
            self._connection = self._opened(work_dir)
            try:
                self._prepare(at_least)
            except BaseException:
                self._connection.close()
                raise

    def _opened(self, work_dir: Path) -> sqlite3.Connection:
        """A journal with tables; made where there never was one."""
        path = work_dir / founding.NAME
        if not founding.is_to_be_made(work_dir):
            connection = _connect(path)
            try:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
            founding.refuse_lost(work_dir, founding.NO_TABLES)
        if self._visitor:
            raise SpoolAbsent(str(work_dir))
        founding.make(path, self._disk, _make_tables)
        return _connect(path)

    def _prepare(self, at_least: int) -> None:
        connection = self._connection
        found, owner = _identity(connection)
        if owner != _APPLICATION_ID or not 1 <= found <= _SCHEMA_VERSION:
            raise SpoolCorrupt(f"the journal has schema {found}, not {_SCHEMA_VERSION}")
        if found < _SCHEMA_VERSION and self._visitor:
            raise SpoolBusy(
                f"the journal has schema {found}, not {_SCHEMA_VERSION}",
                hint="Redémarrez la station : elle met son journal à jour.",
            )
        committed = _committed(connection, found)
        if committed < at_least:
            raise SpoolCorrupt(f"the journal holds {committed} of {at_least} transactions")
        if self._visitor:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # its owner's to do
        elif [tuple(row) for row in connection.execute("PRAGMA quick_check")] != [("ok",)]:
            raise SpoolCorrupt("the journal fails SQLite's quick_check")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if found < _SCHEMA_VERSION:
            with self.transaction() as t:
                _bring_up_to_date(t, found)
        if not self._visitor:
            self._tally.make(self._disk, _committed(connection, _SCHEMA_VERSION))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside lasts, or nothing does.

        Raises:
            SpoolFull: the disk is full; nothing was changed.
            SpoolLocked: another process writes; nothing was changed.
            SpoolFailed: the disk refuses; nothing was changed.
            SpoolCorrupt: the file is damaged.
        """
        self._ballast.make_room()
        with _told_as_ours():
            self._begin()
            try:
                before = self._connection.total_changes
                yield self._connection
                committed = 0
                if self._connection.total_changes != before:
                    row = self._connection.execute(_COUNT).fetchone()
                    committed = int(row[0])
                self._disk.commit(self._connection)
                if committed:
                    self._tally.count(committed)
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
                    self._ballast.give_up()
                raise
            finally:
                self._lock.release()

    def _begin(self) -> None:
        """Begin to write, and keep our other threads out until the end.

        While another process writes they still read: the wait is in short pieces.
        """
        until = time.monotonic() + _WAIT_S
        while True:
            self._lock.acquire()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
            except BaseException as error:
                self._lock.release()
                if _code(error) not in _BUSY or time.monotonic() > until:
                    raise
            else:
                return
            time.sleep(_PAUSE_S)

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
            self._tally.close()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    return connection


def _identity(connection: sqlite3.Connection) -> tuple[int, int]:
    """The schema's version and the program that made it."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    return int(version), int(connection.execute("PRAGMA application_id").fetchone()[0])


def _committed(connection: sqlite3.Connection, version: int) -> int:
    if version < _FIRST_COUNTED:
        return 0
    return int(connection.execute("SELECT committed FROM tally").fetchone()[0])


def _make_tables(path: Path) -> None:
    """Fill a file that nobody knows of yet."""
    connection = _connect(path)
    try:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("BEGIN")
        _run(connection, _SCHEMA)
        connection.execute(f"PRAGMA application_id={_APPLICATION_ID}")
        _bring_up_to_date(connection, 1)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _bring_up_to_date(t: sqlite3.Connection, found: int) -> None:
    for step in range(found, _SCHEMA_VERSION):
        _run(t, _MIGRATIONS[step])
    t.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")


def _run(t: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script inside the transaction (``executescript`` would end it)."""
    for statement in script.split(";\n"):
        t.execute(statement)


def _code(error: BaseException) -> int:
    """SQLite's primary code; 0 for errors of others."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


@contextmanager
def _told_as_ours() -> Iterator[None]:
    """Tell what SQLite meets on the disk as errors of the edge; a defect of ours stays itself."""
    try:
        yield
    except sqlite3.Error as error:
        kind = _code(error)
        for kinds, ours, what in _OURS:
            if kind in kinds:
                raise ours(f"{what}: {error}") from error
        raise
