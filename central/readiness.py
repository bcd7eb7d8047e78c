"""Whether a process is ready: its database writes, its store of images takes and answers.

Alive is another question: a process is alive as long as it answers at all. One that is alive and
not ready is left alone, it goes on by itself; starting it again would help nobody.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from central.blobs import BlobStore
from central.db import engine as db_engine
from central.db.engine import Engine
from central.errors import CentralError
from central.telemetry import Telemetry

_LOOK_EVERY_S = 5.0
_FIRST_LOOK_WITHIN_S = 10.0
_STALE_AFTER_S = 60.0
"""A look that takes longer hangs: what it saw before no longer counts."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What one look showed: the error's code of each thing that failed, empty when it works."""

    database: str = ""
    images: str = ""

    def __bool__(self) -> bool:
        return not (self.database or self.images)

    @property
    def text(self) -> str:
        """A French line for each thing, for whoever asks."""
        told = {"base de données": self.database, "images": self.images}
        return "\n".join(f"{name} : {code or 'bien'}" for name, code in told.items())


_NOT_LOOKED = Ready("starting", "starting")


def look(engine: Engine, images: BlobStore) -> Ready:
    """Ask both now; takes as long as they do."""
    return Ready(_code(lambda: db_engine.ping(engine)), _code(images.check))


def _code(ask: Callable[[], None]) -> str:
    try:
        ask()
    except CentralError as error:
        return error.code
    return ""


class Watch:
    """Looks every few seconds in a thread of its own; who asks is told at once.

    Args:
        engine: For this alone: the process's own connections may all be busy.
        images: The store of images.
        events: Told what is ready, as a metric.
        stale_after_s: A look that ended longer ago no longer counts.
    """

    def __init__(
        self,
        engine: Engine,
        images: BlobStore,
        events: Telemetry,
        *,
        stale_after_s: float = _STALE_AFTER_S,
    ) -> None:
        self._engine, self._images, self._events = engine, images, events
        self._stale_after_s = stale_after_s
        self._seen, self._at = _NOT_LOOKED, time.monotonic()
        self._has_looked = threading.Event()

    def start(self, stop: threading.Event) -> None:
        """Look until ``stop`` is set; returns after the first look, or soon if that hangs."""
        threading.Thread(target=self._run, args=(stop,), name="readiness", daemon=True).start()
        self._has_looked.wait(_FIRST_LOOK_WITHIN_S)

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._seen, self._at = look(self._engine, self._images), time.monotonic()
            except Exception as error:
                self._events.crashed("readiness", error)
            self._has_looked.set()
            self._events.ready(database=not self._seen.database, images=not self._seen.images)
            stop.wait(_LOOK_EVERY_S)

    def now(self) -> Ready:
        """What the last look showed; nothing is ready while one hangs."""
        if time.monotonic() - self._at > self._stale_after_s:
            return Ready("stale", "stale")
        return self._seen
