"""The spool's journal: one SQLite file, one transaction for each transition.

WAL with ``synchronous=FULL``: a transaction that returned is on disk. One connection behind one
lock serves all threads; other processes (the command line) open their own.

A journal is made only where there has never been a spool, whole or not at all: one that is missing
or empty beside anything that a spool leaves is damage. One that was replaced by an older copy or
parted from its write-ahead log looks like a sound one of fewer transactions. So the file ``tally``
beside it says how many were committed. It is written after each commit and can only be behind: a
journal that holds fewer than it says has lost some.
"""

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
from edge.spool import schema
from edge.spool.disk import FILE_MODE, Ballast, Disk

_TITLE = b"vaguemestre spool 1\n"
_DIGITS = 20


class Tally:
    """The file ``tally`` of a work directory.

    Args:
        work_dir: The station's own directory.
    """

    def __init__(self, work_dir: Path) -> None:
        self._path = work_dir / "tally"
        self._fd: int | None = None

    def exists(self) -> bool:
        """Whether a spool has been made here, as far as the tally tells."""
        return os.path.lexists(self._path)

    def read(self) -> int:
        """Transactions committed at least; 0 when there is none, or none that can be read."""
        try:
            text = self._path.read_bytes()
        except OSError:
            return 0
        number = text[len(_TITLE) :].strip()
        return int(number) if text.startswith(_TITLE) and number.isdigit() else 0

    def make(self, disk: Disk, count: int) -> None:
        """Write the file, durably, if it is not there."""
        if not self.exists():
            disk.write(self._path, _text(count))

    def count(self, committed: int) -> None:
        """Tell of a commit. Not synced: a power cut leaves a smaller number, which is as true.

        Room for it was taken when the file was made. What fails here costs a check, no document.
        """
        with suppress(OSError):
            if self._fd is None:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            os.pwrite(self._fd, _text(committed), 0)

    def close(self) -> None:
        """Let go of the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _text(count: int) -> bytes:
    return _TITLE + b"%0*d\n" % (_DIGITS, count)


NAME = "journal.sqlite3"
_FOLDERS = ("blobs", "claims", "aside")
NO_TABLES = "has no tables"  # as a first start leaves it that was cut short


def is_to_be_made(work_dir: Path) -> bool:
    """Whether a work directory has no journal because it is new.

    Raises:
        SpoolCorrupt: there has been a spool, and its journal is missing, empty or no file.
    """
    journal = work_dir / NAME
    try:
        status = journal.lstat()
    except FileNotFoundError:
        refuse_lost(work_dir, "is missing")
        return True
    if not stat.S_ISREG(status.st_mode):
        raise SpoolCorrupt("the journal is no ordinary file")
    if status.st_size:
        return False
    refuse_lost(work_dir, "is empty")
    return True


def refuse_lost(work_dir: Path, what: str) -> None:
    """Tell damage to a journal from a first start.

    Raises:
        SpoolCorrupt: there has been a spool; ``what`` says how its journal is.
    """
    log = _beside(work_dir / NAME, "-wal")
    folders = [work_dir / name for name in _FOLDERS if (work_dir / name).is_dir()]
    if (
        Tally(work_dir).exists()
        or (what != NO_TABLES and log.exists() and log.stat().st_size)
        or any(any(folder.iterdir()) for folder in folders)
    ):
        raise SpoolCorrupt(f"the journal {what}, but there has been a spool")


def make(path: Path, disk: Disk, fill: Callable[[Path], None]) -> None:
    """Make a journal, whole or not at all.

    Args:
        path: Where it goes.
        disk: The disk door.
        fill: Gives an empty file its tables and closes it.
    """
    fresh = path.with_name(path.name + ".new")
    for left in (fresh, path, _beside(path, "-wal"), _beside(path, "-shm")):
        disk.unlink(left)  # of a start that was cut short
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    fill(fresh)
    disk.digest(fresh)  # syncs it
    disk.rename(fresh, path)
    disk.sync_dir(path.parent)


def _beside(journal: Path, ending: str) -> Path:
    return journal.with_name(journal.name + ending)


_BUSY_TIMEOUT_MS = 100  # of one try, while which no other thread gets at the journal
_WAIT_S, _PAUSE_S = 10.0, 0.02  # for another process to end its transaction

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",  # what a query sorts never goes to /tmp
)
_COUNT = "UPDATE tally SET committed = committed + 1 RETURNING committed"

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_EDGE_ERRORS: tuple[tuple[frozenset[int], type[EdgeError], str], ...] = (
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
        with _as_edge_errors():
            at_least = self._tally.read()
            self._connection = self._opened(work_dir)
            try:
                self._prepare(at_least)
            except BaseException:
                self._connection.close()
                raise

    def _opened(self, work_dir: Path) -> sqlite3.Connection:
        """A journal with tables; made where there never was one."""
        path = work_dir / NAME
        if not is_to_be_made(work_dir):
            connection = _connect(path)
            try:
                if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    return connection
            except BaseException:
                connection.close()
                raise
            connection.close()
            refuse_lost(work_dir, NO_TABLES)
        if self._visitor:
            raise SpoolAbsent(str(work_dir))
        make(path, self._disk, _fill)
        return _connect(path)

    def _prepare(self, at_least: int) -> None:
        connection = self._connection
        version, owner = schema.identity(connection)
        if owner != schema.APPLICATION_ID or not 1 <= version <= schema.VERSION:
            raise SpoolCorrupt(f"the journal has schema {version}, not {schema.VERSION}")
        if version < schema.VERSION and self._visitor:
            raise SpoolBusy(
                f"the journal has schema {version}, not {schema.VERSION}",
                hint="Redémarrez la station : elle met son journal à jour.",
            )
        committed = schema.committed(connection, version)
        if committed < at_least:
            raise SpoolCorrupt(f"the journal holds {committed} of {at_least} transactions")
        if self._visitor:
            connection.execute("PRAGMA wal_autocheckpoint=0")  # its owner's to do
        elif [tuple(row) for row in connection.execute("PRAGMA quick_check")] != [("ok",)]:
            raise SpoolCorrupt("the journal fails SQLite's quick_check")
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        if version < schema.VERSION:
            self._bring_up_to_date(version)
        if not self._visitor:
            self._tally.make(self._disk, schema.committed(connection, schema.VERSION))

    def _bring_up_to_date(self, version: int) -> None:
        with self.transaction() as t:
            schema.bring_up_to_date(t, version)
        if version < schema.FIRST_TALLIED:
            # What was deleted before is still in the file; without room it is overwritten later.
            with suppress(SpoolFull, SpoolFailed), _as_edge_errors():
                self._connection.execute("VACUUM")

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
        with _as_edge_errors():
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
        with self._lock, _as_edge_errors():
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

    def wipe(self) -> bool:
        """Leave nothing of what was deleted: in the file it is overwritten, the log is cut off.

        Returns:
            Whether that was done; not while somebody else reads.
        """
        with self._lock, _as_edge_errors():
            done = self._emptied_log()
            self._connection.execute("PRAGMA incremental_vacuum").fetchall()
            return self._emptied_log() and done

    def _emptied_log(self) -> bool:
        row = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not row[0]

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


def _fill(path: Path) -> None:
    """Give a file that nobody knows of yet its tables."""
    connection = _connect(path)
    try:
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("BEGIN")
        schema.make(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _code(error: BaseException) -> int:
    """SQLite's primary code; 0 for errors of others."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


@contextmanager
def _as_edge_errors() -> Iterator[None]:
    """Raise what SQLite meets on the disk as errors of the edge; a defect of ours stays itself."""
    try:
        yield
    except sqlite3.Error as error:
        code = _code(error)
        for codes, error_type, what in _EDGE_ERRORS:
            if code in codes:
                raise error_type(f"{what}: {error}") from error
        raise
