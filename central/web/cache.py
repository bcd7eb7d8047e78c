"""Values that are made again only after a while, however many pages ask for them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class TimedCache(Generic[Key, Value]):
    """Keeps values by key, each for a while; for many threads.

    A value is made once, however many ask for it at the same moment; who asks for another one does
    not wait for it. What fails is not kept.

    Args:
        fresh_s: For how long a value is given again.
        most: Keys that are kept; beyond them the one made longest ago goes.
    """

    def __init__(self, fresh_s: float, most: int = 200) -> None:
        self._fresh_s, self._most = fresh_s, most
        self._lock = threading.Lock()
        self._entries: OrderedDict[Key, _Entry[Value]] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there or too old; raises what ``make`` raises."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.value is None or time.monotonic() - entry.made_at > self._fresh_s:
                entry.value = (make(),)
                entry.made_at = time.monotonic()
                with self._lock:
                    if self._entries.get(key) is entry:
                        self._entries.move_to_end(key)
            return entry.value[0]

    def clear(self) -> None:
        """Have everything made anew, also what is being made at this moment."""
        with self._lock:
            self._entries.clear()


class _Entry(Generic[Value]):
    """One value, in a tuple once it is made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: tuple[Value] | None = None
        self.made_at = 0.0
