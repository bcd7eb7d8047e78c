"""What the spool takes of its disk beside what it may: whether one more lot may be claimed."""

from edge import config
from edge.spool import rules
from edge.spool.disk import Ballast
from edge.spool.rules import HasRoom, NoRoom, Usage
from edge.spool.store import Store


class Room:
    """The room of one spool.

    Args:
        store: The spool.
        limits: From the settings.
        ballast: Bytes that are given up when the disk is full.
    """

    def __init__(self, store: Store, limits: config.Spool, ballast: Ballast) -> None:
        self._store, self._limits, self._ballast = store, limits, ballast
        self._lacking = (0, False)

    def check(self, incoming_bytes: int = 0, *, copied: bool = False) -> HasRoom | NoRoom:
        """Compare the spool's size and the free space with the limits.

        Args:
            incoming_bytes: Size of a lot that is about to be claimed.
            copied: It comes from another file system, so that its bytes use free space.
        """
        result = rules.decide_room(self.usage(), incoming_bytes=incoming_bytes, copied=copied)
        if isinstance(result, NoRoom) and not result.forever:
            self._lacking = (incoming_bytes, copied)
        return result

    def take_lacking(self) -> tuple[int, bool]:
        """What the last lot that found no room asked ``check`` for; (0, False) when there was none.

        It is told once: a lot that still waits is checked again.
        """
        lacking, self._lacking = self._lacking, (0, False)
        return lacking

    def usage(self) -> Usage:
        """The spool's size and the free space beside their limits."""
        row = self._store.journal.one(
            "SELECT (SELECT ifnull(sum(size), 0) FROM blobs) + (SELECT ifnull(sum(size), 0)"
            " FROM lot_files JOIN lots ON id = lot_id WHERE state = 'sighted' AND sha256 IS NULL)"
        )
        free = self._store.disk.free_bytes(self._store.work_dir)
        return Usage(
            used=int(row[0]) if row else 0,
            max_bytes=self._limits.max_bytes,
            free=max(0, free - max(0, self._ballast.missing)),
            min_free_bytes=self._limits.min_free_bytes,
        )

    def take_back_ballast(self) -> None:
        """Hold the ballast again where the disk has more than enough room for it."""
        spare = max(self._limits.min_free_bytes, self._limits.ballast_bytes)
        self._ballast.take_back(spare)
