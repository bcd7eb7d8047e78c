"""A station as a process of its own, which dies by SIGKILL before a step of its choosing.

``python -m tests.support.spool_child ROOT [STEP]`` watches ROOT/scan, spools in ROOT/work and
delivers each document's bytes to ROOT/centre under its id, until standard input closes. It kills
itself before the disk door's step of that number, counted from 1 since its start: a test that
killed it from outside could only tell afterwards, and roughly, where it was.
"""

import datetime as dt
import itertools
import os
import signal
import sys
import threading
import time
from pathlib import Path

from edge import config
from edge.sources.folder.source import FolderSource, SpoolParts
from edge.spool.disk import Disk
from edge.spool.spool import Spool
from tests.support.station import result_of


class _Mortal(Disk):
    def __init__(self, last: int) -> None:
        self._steps = itertools.count(1)
        self._last = last

    def step(self, name: str) -> None:
        if next(self._steps) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def _deliver(spool: Spool, centre: Path) -> None:
    for document in spool.outbox.documents_to_send(20):
        for blob in spool.outbox.blobs_to_send(document.id):
            partial = centre / f".{document.id}"
            partial.write_bytes(blob.path.read_bytes())
            partial.replace(centre / document.id)
            spool.outbox.acknowledge_blob(blob.sha256)
        spool.outbox.acknowledge_document(document.id)
    for report in spool.outbox.lots_to_send(20):
        spool.outbox.acknowledge_lot(report.lot.id)


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _stop_at_end_of_input(stop: threading.Event) -> None:
    sys.stdin.read()
    stop.set()


def main(root: Path, last: int) -> None:
    """Run until standard input closes, or up to the last step (0 for none)."""
    spool = Spool.open(
        root / "work", config.Spool(min_free_bytes=0, ballast_bytes=0), _clock, disk=_Mortal(last)
    )
    source = FolderSource(
        config.Source(
            name="scan",
            folder=root / "scan",
            quiet_for_s=0.1,
            let_go_after_s=0.1,
            rescan_every_s=0.5,
        ),
        SpoolParts(spool.claims, spool.lots, spool.status),
        lambda _: True,
        time.monotonic,
        lambda *_, **__: None,
        fund="17",
    )
    stop = threading.Event()
    watching = threading.Thread(target=source.run, args=(stop,))
    watching.start()
    threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True).start()
    try:
        while not stop.is_set():
            spool.lots.wait_for_lots(0.1)
            for lot in spool.lots.lots_to_read():
                spool.lots.record_result(lot.lot.id, result_of(lot), len(lot.files), {})
            _deliver(spool, root / "centre")
    finally:
        stop.set()
        watching.join()
        spool.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
