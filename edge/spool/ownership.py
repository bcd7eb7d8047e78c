"""One process owns a work directory; the kernel gives it back when the process ends."""

import fcntl
import os
import time
from pathlib import Path

from edge.errors import SpoolBusy
from edge.spool.files import FILE_MODE

_LOOKS = 5  # somebody who only looks holds the lock for less than a moment
_PAUSE_S = 0.02


def own(work_dir: Path) -> int:
    """Lock a work directory and return the descriptor that holds the lock.

    Raises:
        SpoolBusy: another process holds it.
    """
    fd = os.open(work_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
    for look in range(_LOOKS):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if look == _LOOKS - 1:
                os.close(fd)
                raise SpoolBusy(f"{work_dir} belongs to another process") from error
            time.sleep(_PAUSE_S)
        else:
            break
    return fd


def is_owned(work_dir: Path) -> bool:
    """Whether some process owns a work directory now."""
    try:
        fd = os.open(work_dir / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
