"""Real reading processes for tests, and lots made of plain files."""

import contextlib
import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from edge import config
from edge.pipeline.lot import LotContext, read_lot
from edge.pipeline.workers import Workers, WorkerSettings
from edge.pipeline.workers.settings import default_settings
from edge.results import LotResult
from edge.spool.values import ClaimedFile
from vaguemestre import pack

TODAY = dt.date(2026, 3, 2)
_USUAL = config.Reading()


def settings(
    *,
    timeout_s: float = _USUAL.page_timeout_s,
    memory_bytes: int = _USUAL.worker_memory_bytes,
    barcodes: Sequence[str] = (),
    pack_dir: Path | None = None,
) -> WorkerSettings:
    """What workers are told, as a station's defaults say."""
    return dataclasses.replace(
        default_settings(config.user_cache_dir(), barcodes),
        pack_dir=pack_dir or pack.default_dir(),
        memory_bytes=memory_bytes,
        page_timeout_s=timeout_s,
    )


@contextlib.contextmanager
def running(told: WorkerSettings, count: int = 2) -> Iterator[Workers]:
    """Workers that end with the test."""
    workers = Workers(told, count)
    try:
        yield workers
    finally:
        workers.close()


def claimed(*paths: Path) -> list[ClaimedFile]:
    """Files as the spool hands them over."""
    return [
        ClaimedFile(
            path.name,
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "0" * 64,
            path,
            path.stat().st_size if path.is_file() else 0,
            None,
            None,
            order,
        )
        for order, path in enumerate(paths)
    ]


def read(workers: Workers, *paths: Path, duplex: bool = False) -> LotResult:
    """Read files as one lot."""
    recognition = pack.load(pack.default_dir())
    context = LotContext("17", TODAY, duplex=duplex)
    return read_lot(claimed(*paths), workers, recognition, context).result


def living(workers: Workers) -> list[psutil.Process]:
    """The reading processes that live."""
    found = []
    for pid in workers.pids():
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def answered(result: LotResult) -> set[str]:
    """Names of all files that a result speaks of."""
    pages = [*result.loose_pages, *(page for d in result.documents for page in d.pages)]
    return {page.ref.file for page in pages} | {aside.file for aside in result.set_aside}
