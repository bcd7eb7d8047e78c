"""What all parts of the spool share: the journal, the disk door, paths, clocks, locks and signals.

A part is a class that is given the one ``Store`` of its spool and holds the SQL of what it does.
Functions that take a ``Transaction`` join the one of their caller; methods of the parts open their
own.
"""

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import uuid6

from edge.spool import rules
from edge.spool.disk import Disk
from edge.spool.journal import Journal, Row
from edge.spool.rules import SpoolState, SpoolStep, next_id
from vaguemestre.model.document import Channel
from vaguemestre.model.lot import Lot, SetAside

_MAX_REMEMBERED_LOTS = 10_000  # more than a day of any station
_CHECK_OTHER_PROCESSES_EVERY_S = 0.5  # how soon the command line's changes are noticed

Transaction = sqlite3.Connection
Clock = Callable[[], dt.datetime]


class LotAges:
    """How long ago lots were claimed, in seconds, whatever the wall clock did since.

    Of lots claimed by this process the monotonic clock knows. Of older ones the journal holds the
    wall clock's time alone: their age at the start of the process is taken from it, and grows
    monotonically from there.

    Args:
        clock: The wall clock, aware.
        monotonic: Seconds that only go forward.
    """

    def __init__(self, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._opened_at, self._opened_s = clock(), monotonic()
        self._claimed_s: dict[str, float] = {}

    def start(self, lot_id: str) -> None:
        """Count a lot's age from now."""
        self._claimed_s.setdefault(lot_id, self._monotonic())
        if len(self._claimed_s) > _MAX_REMEMBERED_LOTS:
            del self._claimed_s[next(iter(self._claimed_s))]

    def age_s(self, lot_id: str, received_at: dt.datetime) -> float:
        """Seconds since a lot was claimed; ``received_at`` is what the wall clock said then."""
        claimed_s = self._claimed_s.get(lot_id)
        if claimed_s is not None:
            return self._monotonic() - claimed_s
        age_at_opening_s = (self._opened_at - received_at).total_seconds()
        return max(0.0, age_at_opening_s) + self._monotonic() - self._opened_s


class ChangeSignal:
    """Wakes one waiting thread when something changed, in this process or in another one.

    Args:
        journal: Shows what other processes have committed.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._event = threading.Event()
        self._event.set()  # whatever waited before the start counts as a change
        self._seen_elsewhere = journal.changes_elsewhere()

    def set(self) -> None:
        """Something changed."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Block until something changed since the last call; False when the time has passed."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            left_s = deadline_s - time.monotonic()
            is_set = self._event.wait(max(0.0, min(left_s, _CHECK_OTHER_PROCESSES_EVERY_S)))
            elsewhere = self._journal.changes_elsewhere()
            if is_set or elsewhere != self._seen_elsewhere:
                self._event.clear()
                self._seen_elsewhere = elsewhere
                return True
            if left_s <= 0:
                return False


class Store:
    """One station's spool on its disk.

    Attributes:
        work_dir: The station's own directory.
        journal: The SQLite journal.
        disk: The disk door.
        clock: The wall clock, aware.
        ages: Of lots, by a clock that only goes forward.
        blob_lock: Held while bytes arrive in ``blobs`` or leave it: never both at the same time
            under one digest. It is taken before the journal's transactions, never inside one.
        to_read: Set when a lot may be ready to be read.
        to_send: Set when something may be ready for the centre.

    Args:
        work_dir: See above.
        journal: See above.
        disk: See above.
        clock: See above.
        monotonic: Seconds that only go forward, for ``ages``.
    """

    def __init__(
        self,
        work_dir: Path,
        journal: Journal,
        disk: Disk,
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self.work_dir, self.journal, self.disk, self.clock = work_dir, journal, disk, clock
        self.ages = LotAges(clock, monotonic)
        self.blob_lock = threading.Lock()
        self.to_read, self.to_send = ChangeSignal(journal), ChangeSignal(journal)

    def blob(self, sha256: str) -> Path:
        """Where the bytes of a digest lie."""
        return self.work_dir / "blobs" / sha256[:2] / sha256

    def staging(self, lot_id: str) -> Path:
        """Where a lot's files lie between the scanner's folder and ``blobs``."""
        return self.work_dir / "claims" / lot_id

    def aside(self, name: str) -> Path:
        """Where a file of ours goes that no lot needs; see ``Retention.clear_aside``."""
        return self.work_dir / "aside" / name

    def now(self) -> str:
        """The time as the journal writes it: ISO 8601 in UTC."""
        return self.clock().astimezone(dt.UTC).isoformat()


def new_id(t: Transaction) -> str:
    """Give the next id of a lot or a document, durable with the transaction."""
    previous = t.execute("SELECT id FROM last_id").fetchone()[0]
    new = str(next_id(previous, uuid6.uuid7()))
    t.execute("UPDATE last_id SET id = ?", (new,))
    return new


def lot_row(t: Transaction, lot_id: str) -> Row:
    """Read a lot's row.

    Raises:
        LookupError: no lot has this id.
    """
    row: Row | None = t.execute("SELECT * FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if row is None:
        raise LookupError(f"no lot {lot_id}")
    return row


def step_lot(t: Transaction, lot_id: str, step: SpoolStep) -> SpoolState:
    """Take a step of the lot table and return the new state.

    Raises:
        LookupError: no lot has this id.
        IllegalStep: the table holds no such step from the lot's state.
    """
    state = rules.next_state(rules.LOT, SpoolState(lot_row(t, lot_id)["state"]), step)
    t.execute("UPDATE lots SET state = ? WHERE id = ?", (state, lot_id))
    return state


def lot_from_row(row: Row) -> Lot:
    """Read a lot's identity from its row."""
    return Lot(
        id=row["id"],
        name=row["name"],
        source=row["source"],
        channel=Channel(row["channel"]),
        received_at=dt.datetime.fromisoformat(row["received_at"]),
        received_on=dt.date.fromisoformat(row["received_on"]),
        fund=row["fund"],
        process=row["process"],
        priority=row["priority"],
        expected_pages=row["expected_pages"],
        rescan_id=row["rescan_id"],
    )


def set_aside_of_lot(
    journal: Journal, lot_id: str, *, include_discarded: bool
) -> tuple[SetAside, ...]:
    """What could not be claimed or read of a lot, with or without what a person has given up."""
    return tuple(
        SetAside(row["file"], row["page"], row["code"], row["reason"])
        for row in journal.all(
            "SELECT * FROM set_aside WHERE lot_id = ? AND discarded <= ? ORDER BY rowid",
            (lot_id, int(include_discarded)),
        )
    )
