"""The agent: everything wired in one place.

Sources claim lots into the spool, the reader turns claimed lots into spooled documents, the
uplink sends them, housekeeping lets go of what the centre holds. They meet only in the spool.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import metadata

from holidays import country_holidays

from edge import pack
from edge.config import EdgeConfig
from edge.document import LotHeader, PageReading
from edge.errors import (
    ConfigInvalid,
    EdgeError,
    PackInvalid,
    SpoolCorrupt,
    code_of,
    passes,
)
from edge.events import Events
from edge.imaging.decode import Limits
from edge.imaging.whole import is_whole
from edge.lot import LotContext, read_lot
from edge.pace import Pace
from edge.page.server import Server
from edge.page.site import Site
from edge.sources.folder import FolderSource
from edge.sources.whole_file import whole_check
from edge.spool.spool import Spool
from edge.spool.values import ClaimedLot
from edge.supervise import Part, Supervisor, lasting
from edge.uplink.sender import Sender
from edge.workers import Progress, Workers, WorkerSettings

_HOUSEKEEPING_EVERY_S = 5.0
_STANDING_EVERY_S = 2.0
_READER_PAUSE_S = 15.0


def now() -> dt.datetime:
    """The clock of the agent."""
    return dt.datetime.now(dt.UTC)


def public_holidays(day: dt.date) -> frozenset[dt.date]:
    """French public holidays of this year and the next."""
    return frozenset(country_holidays("FR", years=(day.year, day.year + 1)))


def worker_settings(config: EdgeConfig) -> WorkerSettings:
    """What the reading processes are told."""
    reading = config.reading
    barcodes = {text for source in config.sources for text in source.separator_barcodes}
    return WorkerSettings(
        pack_dir=reading.pack_dir or pack.default_dir(),
        cache_dir=reading.cache_dir or config.station.work_dir / "cache",
        limits=Limits(
            max_page_pixels=reading.max_page_pixels,
            max_pages=reading.max_pages_per_file,
            max_file_bytes=reading.max_file_bytes,
        ),
        memory_bytes=reading.worker_memory_bytes,
        page_timeout_s=reading.page_timeout_s,
        accept_error_rate=reading.accept_error_rate,
        separator_barcodes=tuple(sorted(barcodes)),
    )


def run(
    config: EdgeConfig, events: Events, stop: threading.Event, ready: Callable[[str], None]
) -> None:
    """Run a station until ``stop`` is set.

    Args:
        config: Its settings.
        events: Its voice.
        stop: Ends it in order: sources, reading, uplink.
        ready: Called once everything has started, with the address of the operators' page.

    Raises:
        EdgeError: what the agent cannot go on with.
    """
    settings = worker_settings(config)
    recognition = pack.load(settings.pack_dir)
    try:
        config.station.work_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigInvalid(f"station.work_dir {error.filename}: {error.strerror}") from error
    spool = Spool.open(config.station.work_dir, config.spool, now)
    pace, progress = Pace(), Progress()

    def page_read(reading: PageReading, seconds: float) -> None:
        pace.page(time.monotonic())
        progress.page(reading.ref.sha256)
        events.page_read(reading, seconds)

    workers = Workers(settings, config.reading.workers, page_read)
    try:
        versions = {"program": metadata.version("vaguemestre"), **workers.versions()}
        _serve_metrics(events, config.metrics.listen)
        reader = LotReader(config, spool, workers, recognition, versions, events, progress)
        sender = Sender(
            spool, config, versions, events.report, lambda: pace.per_minute(time.monotonic())
        )
        parts: dict[str, Part] = {
            f"source {source.name}": _source(config, index, spool, events)
            for index, source in enumerate(config.sources)
        }
        parts["reading"] = reader.run
        parts["uplink"] = sender.run
        page = _page(config, spool, recognition, events)
        if page is not None:
            parts["page"] = page.run
        parts["standing"] = lambda ended: _tell_standing(spool, pace, progress, ended)
        parts["housekeeping"] = lambda ended: _keep_house(spool, events, ended)
        ready(f"http://127.0.0.1:{page.port}/" if page is not None else "")
        Supervisor(parts, events.crashed).run(stop)
    finally:
        workers.close()
        spool.close()


def _serve_metrics(events: Events, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    try:
        events.serve_metrics(host, int(port))
    except OSError as error:
        raise ConfigInvalid(f"metrics.listen {listen}: {error.strerror}") from error


def _page(
    config: EdgeConfig, spool: Spool, recognition: pack.Pack, events: Events
) -> Server | None:
    if not config.page.listen:
        return None
    site = Site(config, spool, sorted(recognition.plan.types), now)
    return Server(config.page, site, events.crashed)


def _source(config: EdgeConfig, index: int, spool: Spool, events: Events) -> Part:
    source = config.sources[index]

    def part(stop: threading.Event) -> None:
        FolderSource(
            source,
            spool,
            whole_check(is_whole),
            time.monotonic,
            events.report,
            fund=config.station.fund,
        ).run(stop)

    return part


def _keep_house(spool: Spool, events: Events, stop: threading.Event) -> None:
    while not stop.wait(_HOUSEKEEPING_EVERY_S):
        spool.reap(now())
        events.backlog(spool.backlog())


def _tell_standing(spool: Spool, pace: Pace, progress: Progress, stop: threading.Event) -> None:
    while not stop.wait(_STANDING_EVERY_S):
        spool.pace_is(round(pace.per_minute(time.monotonic())), progress.read())
    spool.pace_is(0, {})


class LotReader:
    """Reads claimed lots, as many at once as there are workers, so that none idles."""

    def __init__(
        self,
        config: EdgeConfig,
        spool: Spool,
        workers: Workers,
        recognition: pack.Pack,
        versions: Mapping[str, str],
        events: Events,
        progress: Progress,
    ) -> None:
        self._progress = progress
        self._config = config
        self._spool = spool
        self._workers = workers
        self._pack = recognition
        self._versions = versions
        self._events = events
        self._duplex = {source.name for source in config.sources if source.duplex}

    def run(self, stop: threading.Event) -> None:
        """Read until ``stop`` is set; lots under way are finished or read again at next start."""
        count = self._config.reading.workers
        reading: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(count, thread_name_prefix="lot") as threads:
            while not stop.is_set():
                for lot_id in [key for key, future in reading.items() if future.done()]:
                    reading.pop(lot_id).result()
                waiting = self._spool.lots_to_read(2 * count) if len(reading) < count else []
                for lot in waiting:
                    if lot.lot.id not in reading and len(reading) < count:
                        reading[lot.lot.id] = threads.submit(self._read_counting, lot, stop)
                if len(reading) < count:
                    self._spool.wait_for_lots(0.5)
                else:
                    stop.wait(0.1)
            self._workers.close()  # else a lot of 1,000 pages would hold the stop up

    def _read_counting(self, claimed: ClaimedLot, stop: threading.Event) -> None:
        self._progress.begin(claimed.lot.id, (file.sha256 for file in claimed.files))
        try:
            self._read(claimed, stop)
        finally:
            self._progress.end(claimed.lot.id)

    def _read(self, claimed: ClaimedLot, stop: threading.Event) -> None:
        lot, started = claimed.lot, time.monotonic()
        header = LotHeader(
            process=lot.process, fund=lot.fund, priority=lot.priority, rescan_id=lot.rescan_id
        )
        context = LotContext(
            lot.fund,
            lot.received_on,
            header,
            public_holidays(lot.received_on),
            duplex=lot.source in self._duplex,
        )
        try:
            read = read_lot(claimed.files, self._workers, self._pack, context)
        except PackInvalid:
            raise  # nothing is wrong with the lot, and no other could be read
        except Exception as error:
            if passes(error):
                self._events.failed(code_of(error), lot=lot.id)
                stop.wait(_READER_PAUSE_S)  # the lot stays claimed and is read then
            elif not stop.is_set():
                self._set_aside(lot.id, error, stop)
            return
        if stop.is_set():
            return  # workers were ended under this lot: it is read again at the next start
        try:
            kept = lasting(
                lambda: self._spool.read_done(
                    lot.id, read.result, read.counted_pages, self._versions
                ),
                stop,
                lambda code: self._events.failed(code, lot=lot.id),
            )
        except SpoolCorrupt:
            raise
        except Exception as error:
            self._set_aside(lot.id, error, stop)
            return
        if kept:
            seconds = time.monotonic() - started
            self._events.lot_read(lot.id, read.result, read.counted_pages, seconds)

    def _set_aside(self, lot_id: str, error: Exception, stop: threading.Event) -> None:
        """One lot that makes trouble stops only itself; ``replay`` reads it again."""
        if not isinstance(error, EdgeError):
            self._events.crashed("reading", error)
            error = EdgeError()
        code, reason = error.code, error.reason
        self._events.failed(code, lot=lot_id)
        lasting(
            lambda: self._spool.read_failed(lot_id, code, reason),
            stop,
            lambda failed: self._events.failed(failed, lot=lot_id),
        )
