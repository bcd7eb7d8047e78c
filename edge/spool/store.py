"""How long ago a lot was claimed, whatever the wall clock did since.

Of lots claimed by this process the monotonic clock knows. Of older ones the journal holds the wall
clock's time alone: their age at the start of the process is taken from it, and grows monotonically
from there. So no step of the wall clock under way changes an age.

Tell a waiting thread that something changed, here or in another process.

What all parts of the spool work on: the journal, the disk door, the paths and the clock.
"""

import datetime as dt
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uuid6

from edge.spool import rules as spool_rules
from edge.spool.disk import Disk
from edge.spool.journal import Journal, Row
from edge.spool.rules import SpoolState, SpoolStep, next_id
from vaguemestre.model.document import Channel
from vaguemestre.model.lot import Lot

_REMEMBERED = 10_000  # lots; more than a day of any station


class Ages:
    """Ages of lots, in seconds.

    Args:
        clock: The wall clock, aware.
        monotonic: Seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], dt.datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._opened_at, self._opened = clock(), monotonic()
        self._began: dict[str, float] = {}

    def begin(self, lot_id: str) -> None:
        """This lot is claimed now."""
        self._began.setdefault(lot_id, self._monotonic())
        if len(self._began) > _REMEMBERED:
            del self._began[next(iter(self._began))]

    def of(self, lot_id: str, received_at: dt.datetime) -> float:
        """Seconds since a lot was claimed; ``received_at`` is what the wall clock said then."""
        began = self._began.get(lot_id)
        if began is not None:
            return self._monotonic() - began
        before = (self._opened_at - received_at).total_seconds()
        return max(0.0, before) + self._monotonic() - self._opened


_LOOK_ELSEWHERE_EVERY_S = 0.5  # how soon the command line's changes are noticed


class ChangeSignal:
    """Wakes one waiting thread when something changed, here or in another process."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._event = threading.Event()
        self._event.set()  # whatever waited before the start is news
        self._elsewhere = journal.changes_elsewhere()

    def tell(self) -> None:
        """Something changed."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Block until something changed since the last call; False when the time has passed."""
        deadline = time.monotonic() + timeout_s
        while True:
            left = deadline - time.monotonic()
            told = self._event.wait(max(0.0, min(left, _LOOK_ELSEWHERE_EVERY_S)))
            elsewhere = self._journal.changes_elsewhere()
            if told or elsewhere != self._elsewhere:
                self._event.clear()
                self._elsewhere = elsewhere
                return True
            if left <= 0:
                return False


Transaction = sqlite3.Connection
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True)
class Store:
    """One station's spool on its disk."""

    work_dir: Path
    journal: Journal
    disk: Disk
    clock: Clock

    def blob(self, sha256: str) -> Path:
        """Where the bytes of a digest lie."""
        return self.work_dir / "blobs" / sha256[:2] / sha256

    def staging(self, lot_id: str) -> Path:
        """Where a lot's files lie between the scanner's folder and ``blobs``."""
        return self.work_dir / "claims" / lot_id

    def aside(self, name: str) -> Path:
        """Where something goes that is ours but fits nowhere; see ``lots.clear_aside``."""
        return self.work_dir / "aside" / name

    def now(self) -> str:
        """The time as the journal writes it."""
        return self.clock().astimezone(dt.UTC).isoformat()

    def new_id(self, t: Transaction) -> str:
        """Give the next id, durable with the transaction."""
        previous = t.execute("SELECT id FROM last_id").fetchone()[0]
        fresh = str(next_id(previous, uuid6.uuid7()))
        t.execute("UPDATE last_id SET id = ?", (fresh,))
        return fresh


def lot_row(t: Transaction, lot_id: str) -> Row:
    """Find a lot.

    Raises:
        LookupError: no lot has this id.
    """
    row: Row | None = t.execute("SELECT * FROM lots WHERE id = ?", (lot_id,)).fetchone()
    if row is None:
        raise LookupError(f"no lot {lot_id}")
    return row


def step_lot(t: Transaction, lot_id: str, step: SpoolStep) -> SpoolState:
    """Take a step of the lot table and return the new state."""
    state = spool_rules.next_state(spool_rules.LOT, SpoolState(lot_row(t, lot_id)["state"]), step)
    t.execute("UPDATE lots SET state = ? WHERE id = ?", (state, lot_id))
    return state


def lot_from(row: Row) -> Lot:
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
