"""Whose page is read next: urgent lots first, else the lot that has had the least time so far.

Time is what a process spends, not pages: a file whose pages take two minutes each pays for them.
A lot that comes in starts level with the one that has had the least, so a sheet alone waits for
about one page of each process, whatever lies before it. Lots that are level take turns.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Job = TypeVar("Job")

_FIRST_GUESS_S = 0.5  # of a page, until one of the lot was read
_ANYBODYS_TURN = 8  # each so many turns goes to whoever waited longest: urgent lots starve nobody


@dataclass(frozen=True, slots=True)
class Taken(Generic[Job]):
    """A job that is under way, and what its lot was charged for it beforehand."""

    lot: int
    job: Job
    charged_s: float


@dataclass(slots=True)
class _Lot(Generic[Job]):
    priority: int
    had_s: float  # of processes' time, with what its pages under way are expected to take
    served_at: int  # the turn of its last page, or in which it came
    page_s: float = _FIRST_GUESS_S
    running: int = 0
    is_slowed: bool = False
    jobs: deque[Job] = field(default_factory=deque)


class Turns(Generic[Job]):
    """What waits, by lot. No clock and no lock: its owner has both.

    Args:
        processes: How many take jobs.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._lots: dict[int, _Lot[Job]] = {}
        self._level: dict[int, float] = {}  # by priority: what the lot with the least has had
        self._turn = 0
        self._names = 0

    def open(self, priority: int = 0) -> int:
        """A lot comes in; returns the name that the other calls want."""
        self._names += 1
        self._lots[self._names] = _Lot(priority, self._level.get(priority, 0.0), self._turn)
        return self._names

    def close(self, lot: int) -> list[Job]:
        """A lot is done, or given up; returns its jobs that still wait."""
        closed = self._lots.pop(lot, None)
        return list(closed.jobs) if closed is not None else []

    def put(self, lot: int, job: Job) -> None:
        """A job waits behind the others of its lot."""
        here = self._lots[lot]
        if not here.jobs and not here.running:  # it gave up its turns meanwhile
            here.had_s = max(here.had_s, self._level.get(here.priority, 0.0))
        here.jobs.append(job)

    def raise_to(self, lot: int, priority: int) -> None:
        """A lot turns out to be urgent; one that is more urgent stays so."""
        here = self._lots.get(lot)
        if here is not None and priority > here.priority:
            here.priority, here.had_s = priority, self._level.get(priority, 0.0)

    def slow(self, lot: int) -> None:
        """A lot lost a page: from now on it never holds every process at once."""
        if lot in self._lots:
            self._lots[lot].is_slowed = True

    def take(self) -> Taken[Job] | None:
        """The next job; None when none may be begun."""
        ready = {name: lot for name, lot in self._lots.items() if lot.jobs and self._may_run(lot)}
        if not ready:
            return None
        self._turn += 1
        if self._turn % _ANYBODYS_TURN == 0:
            name = min(ready, key=lambda name: ready[name].served_at)
        else:
            name = min(ready, key=lambda name: self._order(ready[name]))
        lot = ready[name]
        least = min(other.had_s for other in ready.values() if other.priority == lot.priority)
        self._level[lot.priority] = max(self._level.get(lot.priority, 0.0), least)
        lot.had_s += lot.page_s
        lot.served_at = self._turn
        lot.running += 1
        return Taken(name, lot.jobs.popleft(), lot.page_s)

    def done(self, taken: Taken[Job], seconds: float) -> None:
        """A job that was taken has ended after ``seconds``."""
        here = self._lots.get(taken.lot)
        if here is not None:
            here.running -= 1
            here.had_s += seconds - taken.charged_s
            here.page_s = (here.page_s + seconds) / 2

    def drain(self) -> list[Job]:
        """Everything that waits; nothing does afterwards."""
        jobs = [job for lot in self._lots.values() for job in lot.jobs]
        for lot in self._lots.values():
            lot.jobs.clear()
        return jobs

    def _may_run(self, lot: _Lot[Job]) -> bool:
        return not lot.is_slowed or lot.running < max(1, self._processes - 1)

    @staticmethod
    def _order(lot: _Lot[Job]) -> tuple[int, float, int]:
        return -lot.priority, lot.had_s, lot.served_at
