"""Claims that are being handed over stay ours for as long as that takes, up to a limit.

Without it, a hand-over longer than its lease would be made again by another worker, or to another
application when the plan changed meanwhile. A process that dies renews nothing.
"""

import contextlib
import threading
import time
from collections.abc import Iterator

from central.domain.document import Claim
from central.errors import CentralError
from central.events import Events
from central.store import deliveries
from central.store.engine import Engine

_TIMES_A_LEASE = 4


class Renewal:
    """See the module; safe to use from many threads.

    Args:
        engine: The database.
        lease_s: Of each claim, from each renewal on.
        longest_s: A hand-over that takes longer is believed to hang and renewed no more.
        events: The process's voice.
    """

    def __init__(self, engine: Engine, lease_s: float, longest_s: float, events: Events) -> None:
        self._engine, self._lease_s, self._longest_s = engine, lease_s, longest_s
        self._events = events
        self._since: dict[Claim, float] = {}
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def of(self, claim: Claim) -> Iterator[None]:
        """Keep a claim alive inside the ``with``."""
        with self._lock:
            self._since[claim] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._since[claim]

    def run(self, stop: threading.Event) -> None:
        """Renew what is held until ``stop`` is set and nothing is held any more."""
        while not (stop.wait(self._lease_s / _TIMES_A_LEASE) and not self._held()):
            try:
                self.renew()
            except CentralError as error:
                self._events.failed(error.code, part="renewal")
            except Exception as error:
                self._events.crashed("renewal", error)
            if stop.is_set():  # a hand-over under way at the stop is finished
                time.sleep(min(1.0, self._lease_s / _TIMES_A_LEASE))

    def renew(self) -> None:
        """Renew what is held, once.

        Raises:
            StoreUnavailable: nothing was renewed; it is tried again before the leases pass.
        """
        if held := self._held():
            deliveries.renew(self._engine, held, self._lease_s)

    def _held(self) -> list[Claim]:
        oldest = time.monotonic() - self._longest_s
        with self._lock:
            return [claim for claim, since in self._since.items() if since > oldest]
