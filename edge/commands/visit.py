"""Open a station's spool beside the agent that owns it."""

import contextlib
from collections.abc import Iterator

from edge import agent
from edge.config import EdgeConfig
from edge.spool.spool import Spool


@contextlib.contextmanager
def visited(config: EdgeConfig) -> Iterator[Spool]:
    """The spool, for as long as the context lasts.

    Raises:
        SpoolAbsent: the agent has never started there.
    """
    spool = Spool.open(config.station.work_dir, config.spool, agent.now, visitor=True)
    try:
        yield spool
    finally:
        spool.close()
