"""What all parts of the spool work on: the journal, the disk door, the paths and the clock."""

import datetime as dt
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uuid6

from edge.spool import states
from edge.spool.files import Disk
from edge.spool.identifiers import following
from edge.spool.journal import Journal, Row
from edge.spool.states import State, Step
from vaguemestre.model.document import Channel
from vaguemestre.model.lot import Lot

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
        """Where something goes that is ours but fits nowhere; see ``keeping.clear_aside``."""
        return self.work_dir / "aside" / name

    def now(self) -> str:
        """The time as the journal writes it."""
        return self.clock().astimezone(dt.UTC).isoformat()

    def new_id(self, t: Transaction) -> str:
        """Give the next id, durable with the transaction."""
        previous = t.execute("SELECT id FROM last_id").fetchone()[0]
        fresh = str(following(previous, uuid6.uuid7()))
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


def step_lot(t: Transaction, lot_id: str, step: Step) -> State:
    """Take a step of the lot table and return the new state."""
    state = states.after(states.LOT, State(lot_row(t, lot_id)["state"]), step)
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
