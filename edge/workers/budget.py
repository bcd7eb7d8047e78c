"""How much of the reading processes one file and one lot may take, all pages together.

A limit of time for a page does not end a file of 5,000 pages that each take all of it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a lot and each of its files may ask for.

    ``file_s`` and ``lot_s`` are seconds of one process; ``lost_pages`` of one file are those that
    took too long or ended their process.
    """

    file_s: float
    lot_s: float
    lost_pages: int
    lot_pages: int


class Budget:
    """What one lot has used; its owner calls it from one thread at a time."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._lot_s = 0.0
        self._lot_pages = 0
        self._file_s: dict[str, float] = {}
        self._lost: dict[str, int] = {}

    def admit(self, pages: int) -> bool:
        """Whether a file of so many pages may still be read; if so they are counted."""
        if self._lot_pages + pages > self._allowance.lot_pages:
            return False
        self._lot_pages += pages
        return True

    def spend(self, file: str, seconds: float, *, lost: bool) -> None:
        """A page of a file took so long, and was lost or not."""
        self._lot_s += seconds
        self._file_s[file] = self._file_s.get(file, 0.0) + seconds
        self._lost[file] = self._lost.get(file, 0) + lost

    def is_spent(self, file: str) -> bool:
        """No page more of this file is read."""
        return (
            self._lot_s >= self._allowance.lot_s
            or self._file_s.get(file, 0.0) >= self._allowance.file_s
            or self._lost.get(file, 0) >= self._allowance.lost_pages
        )
