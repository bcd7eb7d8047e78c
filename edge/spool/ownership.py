"""One process owns a work directory; the kernel gives it back when the process ends."""

import fcntl
import os
from pathlib import Path

from edge.errors import SpoolBusy


def own(work_dir: Path) -> int:
    """Lock a work directory and return the descriptor that holds the lock.

    Raises:
        SpoolBusy: another process holds it.
    """
    fd = os.open(work_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise SpoolBusy(f"{work_dir} belongs to another process") from error
    return fd
