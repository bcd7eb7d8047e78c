"""The plan as it holds now: the pack's, with the changes that two people agreed on.

Every page asks it; the database is asked once a second. When the database is away, what
was known last is better than no page at all.
"""

import threading
import time

from central.errors import StoreUnavailable
from central.store import plan
from central.store.engine import Engine
from vaguemestre.model.catalogue import Catalogue

_REMEMBERED_S = 1.0


class Plan:
    """Gives the catalogue when called.

    Args:
        engine: The database, which holds the changes.
        shipped: The pack's plan.
    """

    def __init__(self, engine: Engine, shipped: Catalogue) -> None:
        self._engine, self.shipped = engine, shipped
        self._lock = threading.Lock()
        self._known: Catalogue | None = None
        self._at = 0.0

    def __call__(self) -> Catalogue:
        """The catalogue with every change that holds.

        Raises:
            StoreUnavailable: the database does not answer, and never did.
        """
        with self._lock:
            if self._known is None or time.monotonic() - self._at > _REMEMBERED_S:
                self._known = self._read()
                self._at = time.monotonic()
            return self._known

    def _read(self) -> Catalogue:
        try:
            return self.shipped.changed(plan.changes(self._engine))
        except StoreUnavailable:
            if self._known is None:
                raise
            return self._known
