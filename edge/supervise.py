"""Keep the parts of the agent running, each in its own thread, and notice one that stands still.

A part is a function that runs until the stop event is set. One that ends on an unforeseen
error is started again after a growing pause; one that ends on a permanent ``EdgeError``
(a damaged journal, an altered pack) ends the whole agent with that error, because going on
could lose or repeat a document.

A part that waits for ever (a share that died answers no call) cannot be ended from outside. Each
says what it does as it goes on, in ``Pulses``; whoever looks there sees what has not gone on for
longer than it should. At the stop such a part is left behind after a while: its thread ends with
the process, and whatever it was doing is as safe as after a power cut.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from edge.errors import EdgeError, code_of, passes

Part = Callable[[threading.Event], None]

USUAL_S = 120.0  # without progress, after which a part stands still
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LONGEST_RETRY_S = 15.0
_STEADY_S = 120.0  # a part that ran for so long is well again
_FAILING_S = 30.0  # of one crash after another, after which that is told
_END_WITHIN_S = 20.0  # a part's own time to end
_STILL_END_WITHIN_S = 1.0  # of one that stands still already


def lasting(
    act: Callable[[], object], stop: threading.Event, failed: Callable[[str], None]
) -> bool:
    """Do something to the spool; what the machine refuses for a while is tried again.

    Args:
        act: What to do; may be repeated.
        stop: Ends the trying.
        failed: Told the code of each try that failed.

    Returns:
        Whether it was done; only a stop leaves it undone.
    """
    pause = _FIRST_PAUSE_S
    while True:
        try:
            act()
        except Exception as error:
            if not passes(error):
                raise
            failed(code_of(error))
        else:
            return True
        if stop.wait(pause):
            return False
        pause = min(pause * 2, _LONGEST_RETRY_S)


class Beat(Protocol):
    """A part tells that it goes on."""

    def __call__(self, doing: str, within_s: float = USUAL_S) -> None:
        """Say what it does next, in French, and how long that may take at most."""
        ...


@dataclass(frozen=True, slots=True)
class Still:
    """A part that does not go on.

    ``doing`` is what it said last, in French; ``for_s`` seconds have passed since then.
    """

    part: str
    doing: str
    for_s: float


@dataclass(frozen=True, slots=True)
class _Last:
    doing: str
    at: float
    within_s: float


class Pulses:
    """What each part did last, and when; from any thread.

    Args:
        clock: Gives seconds by a clock that goes forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, _Last] = {}
        self._crashes: dict[str, tuple[float, float]] = {}  # the first and the last of a row

    def of(self, part: str) -> Beat:
        """What a part calls as it goes on."""

        def beat(doing: str, within_s: float = USUAL_S) -> None:
            self._last[part] = _Last(doing, self._clock(), within_s)

        return beat

    def crashed(self, part: str) -> None:
        """A part ended on an error and is started again."""
        now = self._clock()
        first, last = self._crashes.get(part, (now, now))
        self._crashes[part] = (first if now - last <= _LONGEST_PAUSE_S + _STEADY_S else now, now)

    def age_s(self, part: str) -> float:
        """Seconds since a part last went on; 0 before it has begun."""
        last = self._last.get(part)
        return self._clock() - last.at if last else 0.0

    def still(self) -> tuple[Still, ...]:
        """Parts that have not gone on for longer than they said, or end again and again."""
        now = self._clock()
        found = {
            part: Still(part, last.doing, now - last.at)
            for part, last in list(self._last.items())
            if now - last.at > last.within_s
        }
        for part, (first, last_crash) in list(self._crashes.items()):
            is_over = now - last_crash > _LONGEST_PAUSE_S + _STEADY_S
            if not is_over and last_crash - first > _FAILING_S:
                found.setdefault(part, Still(part, "s'arrête sans cesse", now - first))
        return tuple(found[part] for part in sorted(found))


class Supervisor:
    """Runs parts until told to stop.

    Args:
        parts: By name; stopped in the order given, so sources stop before the uplink.
        crashed: Told the part's name and the error each time one ends by itself.
        pulses: What the parts say of themselves.
    """

    def __init__(
        self,
        parts: Mapping[str, Part],
        crashed: Callable[[str, BaseException], None],
        pulses: Pulses | None = None,
    ) -> None:
        self._crashed = crashed
        self._pulses = pulses or Pulses()
        self.fatal: EdgeError | None = None
        self._over = threading.Event()
        self._stops = {name: threading.Event() for name in parts}
        self._threads = {
            name: threading.Thread(target=self._keep, args=(name, part), name=name, daemon=True)
            for name, part in parts.items()
        }

    @property
    def left_behind(self) -> tuple[str, ...]:
        """Parts that were told to end and have not."""
        return tuple(
            name
            for name, thread in self._threads.items()
            if self._stops[name].is_set() and thread.is_alive()
        )

    def run(self, stop: threading.Event) -> None:
        """Start all parts, wait for ``stop``, end them in order; leave behind what does not end.

        Raises:
            EdgeError: the permanent error that ended a part.
        """
        for thread in self._threads.values():
            thread.start()
        while not stop.is_set() and not self._over.is_set():
            stop.wait(0.2)
        still = {one.part for one in self._pulses.still()}
        for name, thread in self._threads.items():
            self._stops[name].set()
            thread.join(_STILL_END_WITHIN_S if name in still else _END_WITHIN_S)
        if self.fatal is not None:
            raise self.fatal

    def _keep(self, name: str, part: Part) -> None:
        stop, pause, beat = self._stops[name], _FIRST_PAUSE_S, self._pulses.of(name)
        while not stop.is_set():
            began = time.monotonic()
            beat("démarre")
            try:
                part(stop)
                return
            except EdgeError as error:
                if error.permanent:
                    self.fatal = error
                    self._over.set()
                    return
                self._crashed(name, error)
            except Exception as error:
                self._crashed(name, error)
            self._pulses.crashed(name)
            beat("attend de redémarrer", pause + USUAL_S)
            if time.monotonic() - began > _LONGEST_PAUSE_S:
                pause = _FIRST_PAUSE_S  # it had recovered: this is another trouble
            stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
