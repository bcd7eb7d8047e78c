"""A station on a small disk of its own that somebody else fills, in the middle of its work.

``python -m tests.support.full_disk ROOT [greedy]`` is run where ROOT is a file system of a few
megabytes. Somebody fills it to the last byte, at once or, greedy, again after every act of the
station. Prints what was seen as JSON, one object; the test judges it.
"""

import errno
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from edge.errors import EdgeError, passes
from edge.supervise import lasting
from tests.support.station import Station

_MEGABYTE = 1 << 20
_BALLAST = 4 * _MEGABYTE


class Filler:
    """Somebody who takes what is free."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self) -> None:
        """Leave not a byte."""
        for size in (_MEGABYTE, 4_096, 1):
            block = os.urandom(size)
            try:
                with self._path.open("ab", buffering=0) as file:
                    while file.write(block) == size:
                        pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def stop(self) -> None:
        """Give it all back."""
        self._path.unlink()


def main(root: Path, *, greedy: bool) -> None:
    """Go through it."""
    station = Station(root, ballast_bytes=_BALLAST, min_free_bytes=_MEGABYTE)
    filler = Filler(root / "others")
    failures: list[str] = []

    def lives_through(act: Callable[[], object]) -> None:
        """As the agent's parts do: what passes is tried again, a few times here."""
        tries = iter(range(8))
        stop = threading.Event()

        def told(code: str) -> None:
            failures.append(code)
            if next(tries, None) is None:
                stop.set()
            if greedy:
                filler.fill()

        lasting(act, stop, told)
        if greedy:
            filler.fill()

    station.drop("DONE.tif", b"d" * 3 * _MEGABYTE)
    station.drain()
    ballast = station.work / "ballast"
    at_first = ballast.stat().st_size
    station.drop("READ.tif", b"r" * _MEGABYTE)
    station.settle()
    station.read()
    station.drop("CLAIMED.tif", b"c" * _MEGABYTE)
    station.settle()
    station.drop("WAITS.tif", b"w" * _MEGABYTE)
    filler.fill()
    free = os.statvfs(root).f_bavail
    _reopened(station)
    lives_through(station.read)
    lives_through(station.send)
    sent = len(station.delivered())
    station.clock.forward(60)
    lives_through(lambda: station.spool.retention.purge(station.clock()))
    blobs = [path for path in (station.work / "blobs").rglob("*") if path.is_file()]
    held = sum(path.stat().st_size for path in blobs)
    left = ballast.stat().st_size if ballast.exists() else 0
    filler.stop()
    station.drain()
    station.spool.retention.purge(station.clock())
    sys.stdout.write(
        json.dumps(
            {
                "free": free,
                "ballast": [at_first, left, ballast.stat().st_size],
                "sent": sent,
                "held": held,
                "failures": failures,
                "delivered": sorted(data[:1].decode() for data in station.delivered()),
                "states": sorted(lot.shown.value for lot in station.spool.status.lots_overview()),
            }
        )
    )
    station.spool.close()


def _reopened(station: Station) -> None:
    """A restart, on the full disk."""
    for _ in range(8):
        try:
            station.reopen()
        except EdgeError as error:
            if not passes(error):
                raise
        else:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), greedy="greedy" in sys.argv)
