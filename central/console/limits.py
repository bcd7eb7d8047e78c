"""How often browsers may ask, counted in this process; what is forgotten first is the oldest.

Several processes each count by themselves: the limits then are as many times as high.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.exceptions import HTTPException

from central.config import Console
from central.domain.addresses import counted
from central.domain.rates import Bucket, Rate, draw
from central.events import Events

_MOST_REMEMBERED = 20_000
_BURST_S = 15.0


class Limits:
    """See the module.

    Args:
        settings: How often.
        events: Told of each request that was turned away.
        clock: Seconds that never go back.
    """

    def __init__(
        self, settings: Console, events: Events, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._events, self._clock = events, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        per_minute = settings.requests_per_minute
        self._asking = Rate(per_minute, max(1.0, per_minute * _BURST_S / 60))
        self._by_address = Rate(settings.sign_ins_per_minute, settings.sign_ins_per_minute)
        self._by_login = Rate(settings.tries_per_minute, settings.tries_per_minute)

    def request(self, key: str) -> None:
        """One request of a browser, or of an address.

        Raises:
            HTTPException: 429; the answer says when to come again.
        """
        self._draw("requests", key, self._asking)

    def sign_in(self, address: str, login: str) -> None:
        """One try to sign in.

        Raises:
            HTTPException: 429; the answer says when to come again.
        """
        self._draw("address", counted(address), self._by_address)
        self._draw("login", f"{login.lower()} {counted(address)}", self._by_login)

    def begin(self, address: str) -> None:
        """One begun sign-in at the provider.

        Raises:
            HTTPException: 429; the answer says when to come again.
        """
        self._draw("address", counted(address), self._by_address)

    def _draw(self, what: str, key: str, rate: Rate) -> None:
        name = f"{what} {key}"
        with self._lock:
            bucket, wait = draw(rate, self._buckets.pop(name, None), self._clock())
            self._buckets[name] = bucket  # as the newest
            if len(self._buckets) > _MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        if wait > 0:
            self._events.throttled(what)
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(wait))})
