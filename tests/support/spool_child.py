"""A station as a process of its own, to be killed at any moment.

``python -m tests.support.spool_child ROOT`` watches ROOT/scan, spools in ROOT/work and delivers
each document's bytes to ROOT/centre under its id. It writes one byte to standard output before
each step of the disk door, so that a test can choose when to kill it.
"""

import datetime as dt
import os
import sys
import threading
from pathlib import Path

from edge import config
from edge.sources.folder import FolderSource
from edge.sources.whole_file import whole_check
from edge.spool.files import Disk
from edge.spool.spool import Spool
from tests.support.station import result_of


class _Telling(Disk):
    def step(self, name: str) -> None:
        os.write(1, b".")


def _deliver(spool: Spool, centre: Path) -> None:
    for document in spool.documents_to_send(20):
        for blob in spool.blobs_to_send(document.id):
            partial = centre / f".{document.id}"
            partial.write_bytes(blob.path.read_bytes())
            partial.replace(centre / document.id)
            spool.blob_acknowledged(blob.sha256)
        spool.document_acknowledged(document.id)
    for report in spool.lots_to_send(20):
        spool.lot_acknowledged(report.lot.id)


def main(root: Path) -> None:
    """Run until standard input closes."""

    def clock() -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    spool = Spool.open(root / "work", config.Spool(min_free_bytes=0), clock, disk=_Telling())
    source = FolderSource(
        config.Source(name="scan", folder=root / "scan", quiet_for_s=0.1, rescan_every_s=0.5),
        spool,
        whole_check(lambda _: True),
        clock,
        lambda event, **fields: None,
        fund="17",
    )
    stop = threading.Event()
    watching = threading.Thread(target=source.run, args=(stop,))
    watching.start()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    while not stop.is_set():
        spool.wait_for_lots(0.1)
        for lot in spool.lots_to_read():
            spool.read_done(lot.lot.id, result_of(lot), len(lot.files), {})
        _deliver(spool, root / "centre")
    watching.join()
    spool.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
