"""How often browsers may ask, counted in this process; what is forgotten first is the oldest.

Several processes each count by themselves: the limits then are as many times as high.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.exceptions import HTTPException

from central.accounts.rules import RateLimit, TokenBucket, take_token
from central.addresses import limited_address
from central.config import Console
from central.telemetry import Telemetry

_MOST_REMEMBERED = 20_000
_BURST_S = 15.0


class RequestLimiter:
    """See the module.

    Args:
        settings: How often.
        events: Told of each request that was turned away.
        clock: Seconds that never go back.
    """

    def __init__(
        self, settings: Console, events: Telemetry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._events, self._clock = events, clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        per_minute = settings.requests_per_minute
        self._asking = RateLimit(per_minute, max(1.0, per_minute * _BURST_S / 60))
        self._by_address = RateLimit(settings.sign_ins_per_minute, settings.sign_ins_per_minute)
        self._by_login = RateLimit(settings.tries_per_minute, settings.tries_per_minute)

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
        self._draw("address", limited_address(address), self._by_address)
        self._draw("login", f"{login.lower()} {limited_address(address)}", self._by_login)

    def begin(self, address: str) -> None:
        """One begun sign-in at the provider.

        Raises:
            HTTPException: 429; the answer says when to come again.
        """
        self._draw("address", limited_address(address), self._by_address)

    def _draw(self, what: str, key: str, rate: RateLimit) -> None:
        name = f"{what} {key}"
        with self._lock:
            bucket, wait = take_token(rate, self._buckets.pop(name, None), self._clock())
            self._buckets[name] = bucket  # as the newest
            if len(self._buckets) > _MOST_REMEMBERED:
                self._buckets.popitem(last=False)
        if wait > 0:
            self._events.throttled(what)
            raise HTTPException(429, headers={"Retry-After": str(math.ceil(wait))})
