"""Where a journal may be made: only where there has never been a spool.

A journal that is missing or empty beside anything that a spool leaves is damage, and nothing is
made over it. A new one gets its tables under another name: whatever lies under the journal's
name has been whole once.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from edge.errors import SpoolCorrupt
from edge.spool.files import FILE_MODE, Disk
from edge.spool.tally import Tally

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
        found = journal.lstat()
    except FileNotFoundError:
        refuse_lost(work_dir, "is missing")
        return True
    if not stat.S_ISREG(found.st_mode):
        raise SpoolCorrupt("the journal is no ordinary file")
    if found.st_size:
        return False
    refuse_lost(work_dir, "is empty")
    return True


def refuse_lost(work_dir: Path, what: str) -> None:
    """Tell damage to a journal from a first start.

    Raises:
        SpoolCorrupt: there has been a spool; ``what`` says how its journal is.
    """
    log = _beside(work_dir / NAME, "-wal")
    held = [work_dir / name for name in _FOLDERS if (work_dir / name).is_dir()]
    if (
        Tally(work_dir).exists()
        or (what != NO_TABLES and log.exists() and log.stat().st_size)
        or any(any(folder.iterdir()) for folder in held)
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
