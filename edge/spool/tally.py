"""How many transactions the journal has committed, told beside it.

A journal that is empty, replaced by an older copy or parted from its write-ahead log looks like
a sound one of fewer transactions. The tally is written after each commit, so it can only be
behind: a journal that holds fewer than it says has lost some. It is also what shows that a
spool has been in a work directory.
"""

import os
from contextlib import suppress
from pathlib import Path

from edge.spool.files import Disk

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
