"""Keep the parts of the agent running, each in a thread of its own.

A part is a function that runs until the stop event is set. One that ends on an unforeseen
error is started again after a growing pause; one that ends on a permanent ``EdgeError``
(a damaged journal, an altered pack) ends the whole agent with that error, because going on
could lose or repeat a document.
"""

import threading
import time
from collections.abc import Callable, Mapping

from edge.errors import EdgeError, code_of, passes

Part = Callable[[threading.Event], None]

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_LONGEST_RETRY_S = 15.0


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


class Supervisor:
    """Runs parts until told to stop.

    Args:
        parts: By name; stopped in the order given, so sources stop before the uplink.
        crashed: Told the part's name and the error each time one ends by itself.
    """

    def __init__(
        self, parts: Mapping[str, Part], crashed: Callable[[str, BaseException], None]
    ) -> None:
        self._crashed = crashed
        self._fatal: EdgeError | None = None
        self._over = threading.Event()
        self._stops = {name: threading.Event() for name in parts}
        self._threads = {
            name: threading.Thread(target=self._keep, args=(name, part), name=name, daemon=True)
            for name, part in parts.items()
        }

    def run(self, stop: threading.Event) -> None:
        """Start all parts, wait for ``stop``, end them in order.

        Raises:
            EdgeError: the permanent error that ended a part.
        """
        for thread in self._threads.values():
            thread.start()
        while not stop.is_set() and not self._over.is_set():
            stop.wait(0.2)
        for name, thread in self._threads.items():
            self._stops[name].set()
            thread.join()
        if self._fatal is not None:
            raise self._fatal

    def _keep(self, name: str, part: Part) -> None:
        stop, pause = self._stops[name], _FIRST_PAUSE_S
        while not stop.is_set():
            began = time.monotonic()
            try:
                part(stop)
                return
            except EdgeError as error:
                if error.permanent:
                    self._fatal = error
                    self._over.set()
                    return
                self._crashed(name, error)
            except Exception as error:
                self._crashed(name, error)
            if time.monotonic() - began > _LONGEST_PAUSE_S:
                pause = _FIRST_PAUSE_S  # it had recovered: this is another trouble
            stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
