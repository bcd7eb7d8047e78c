"""A station as a process of its own that decodes real pages and recognises nothing.

``python -m tests.support.decoding_child ROOT WORK MODE`` watches ROOT/scan, spools in WORK, reads
what ROOT/go allows (it waits until that file is there) and writes each document as JSON into
ROOT/centre, until standard input closes.
"""

import datetime as dt
import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from edge import config
from edge.errors import ReadingError
from edge.imaging.decode import is_complete, open_source
from edge.imaging.source_file import ImageFile, Limits
from edge.pipeline.lot import LotContext, read_lot
from edge.pipeline.workers import Workers
from edge.pipeline.workers.messages import Failure, FilePages
from edge.results import PageReading, TypeGuess
from edge.sources.folder.source import FolderSource, SpoolParts
from edge.spool.spool import Spool
from vaguemestre import pack
from vaguemestre.model.document import ImageRef


class Decoding:
    """Stands where reading processes do: pages are decoded, and each is of an unknown type."""

    count = 1

    @contextmanager
    def lot(self, _: int) -> "Iterator[Decoding]":
        yield self

    def admit(self, _: int) -> bool:
        return True

    def pages_of(self, path: Path, ref: ImageRef) -> FilePages | Failure:
        try:
            with _open(path) as source:
                return FilePages(tuple(source.indices))
        except ReadingError as error:
            return Failure.of(error)

    def read(self, path: Path, ref: ImageRef) -> "Future[PageReading | Failure]":
        answer: Future[PageReading | Failure] = Future()
        try:
            with _open(path) as source:
                pixels = source.page(ref.index).digest()
            guesses = (TypeGuess("unknown", 0.9),)
            answer.set_result(PageReading(ref, guesses=guesses, pixels=pixels))
        except ReadingError as error:
            answer.set_result(Failure.of(error))
        return answer


def _open(path: Path) -> ImageFile:
    return open_source(path.read_bytes(), Limits())


def _clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _read(spool: Spool, recognition: pack.Pack) -> None:
    for lot in spool.lots.lots_to_read():
        context = LotContext(lot.lot.fund, lot.lot.received_on)
        read = read_lot(lot.files, cast(Workers, Decoding()), recognition, context)
        spool.lots.record_result(lot.lot.id, read.result, read.counted_pages, {}, lot.edition)


def _deliver(spool: Spool, centre: Path) -> None:
    for document in spool.outbox.documents_to_send(100):
        told: dict[str, Any] = {
            "lot": document.lot.id,
            "route": document.document.route.kind,
            "marks": document.document.marks,
            "pages": [[page.ref.sha256, page.ref.index] for page in document.document.pages],
        }
        for blob in spool.outbox.blobs_to_send(document.id):
            (centre / f"{blob.sha256}.bytes").write_bytes(blob.path.read_bytes())
            spool.outbox.acknowledge_blob(blob.sha256)
        partial = centre / f".{document.id}"
        partial.write_text(json.dumps(told))
        partial.replace(centre / f"{document.id}.json")
        spool.outbox.acknowledge_document(document.id)
    for report in spool.outbox.lots_to_send(100):
        spool.outbox.acknowledge_lot(report.lot.id)


def main(root: Path, work: Path, mode: str) -> None:
    """Run until standard input closes."""
    recognition = pack.load(pack.default_dir())
    limits = config.Spool(min_free_bytes=0, ballast_bytes=0)
    spool = Spool.open(work, limits, _clock)
    settings = config.Source.model_validate(
        {
            "name": "scan",
            "folder": root / "scan",
            "mode": mode,
            "rescan_every_s": 0.2,
            "quiet_for_s": 0.4,
            "let_go_after_s": 0.4,
            "let_go_unseen_after_s": 20.0,
        }
    )
    source = FolderSource(
        *(
            settings,
            SpoolParts(spool.claims, spool.lots, spool.status),
            lambda path: is_complete(path.read_bytes()),
            time.monotonic,
            lambda *_, **__: None,
        ),
        fund="17",
    )
    stop = threading.Event()
    watching = threading.Thread(target=source.run, args=(stop,))
    watching.start()

    def end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=end, daemon=True).start()
    try:
        while not stop.is_set():
            spool.lots.wait_for_lots(0.1)
            if (root / "go").exists():
                _read(spool, recognition)
            _deliver(spool, root / "centre")
    finally:
        stop.set()
        watching.join()
        spool.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
