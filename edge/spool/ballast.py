"""Room on the disk that is given up when nothing else is left, so that the spool can empty itself.

Bytes leave only after what the centre said, and that they leave, are in the journal; on a full
disk the journal could write neither. The ballast goes in pieces, each just before it is needed:
whoever filled the disk takes what he finds.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from edge.spool.files import Disk

_PIECES = 8
_LOW_BYTES = 4 << 20  # SQLite's log between two checkpoints


class Ballast:
    """The file ``ballast`` of a work directory.

    Args:
        work_dir: The station's own directory.
        disk: The disk door.
        wanted: Its size in bytes when there is room.
    """

    def __init__(self, work_dir: Path, disk: Disk, wanted: int) -> None:
        self._path, self._disk, self._wanted = work_dir / "ballast", disk, wanted

    @property
    def missing(self) -> int:
        """Bytes of it that were given up: free on the disk, and not for lots."""
        return self._wanted - self._size()

    def make_room(self) -> None:
        """Give up a piece when the journal might not find room for its next transaction."""
        low = min(_LOW_BYTES, self._wanted // _PIECES)
        if self._disk.free_bytes(self._path.parent) < low:
            self.give_up()

    def give_up(self) -> None:
        """Give up a piece now; nothing once all are gone."""
        left = max(0, self._size() - -(-self._wanted // _PIECES))
        with suppress(OSError):
            os.truncate(self._path, left)

    def take_back(self, spare: int) -> None:
        """Have the whole again if at least ``spare`` bytes stay free beside it."""
        missing = self.missing
        if missing < 0:  # by a setting that has changed
            os.truncate(self._path, self._wanted)
        if missing <= 0 or self._disk.free_bytes(self._path.parent) - missing < spare:
            return
        try:
            self._disk.reserve(self._path, self._wanted)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0
