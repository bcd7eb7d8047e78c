"""The agent: everything wired in one place.

Sources claim lots into the spool, the reader turns claimed lots into spooled documents, the
uplink sends them, housekeeping lets go of what the centre holds. They meet only in the spool.
"""

import datetime as dt
import threading
import time
from collections.abc import Callable, Collection, Mapping
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
from edge.lot import LotContext, read_lot
from edge.pace import Pace
from edge.page.server import Server
from edge.page.site import Site
from edge.sources.folder import FolderSource
from edge.spool.spool import Spool
from edge.spool.values import ClaimedLot
from edge.supervise import Part, Supervisor, lasting
from edge.uplink.sender import Sender
from edge.workers import Checker, Progress, Workers
from edge.workers import settings as worker_settings

_HOUSEKEEPING_EVERY_S = 5.0
_STANDING_EVERY_S = 2.0
_READER_PAUSE_S = 15.0
_OPEN_LOTS = 6  # read in turns
_SMALL_LOTS = 18  # more, of few bytes: a sheet alone waits for no large lot to end
_SMALL_BYTES = 8_000_000


def now() -> dt.datetime:
    """The clock of the agent."""
    return dt.datetime.now(dt.UTC)


def public_holidays(day: dt.date) -> frozenset[dt.date]:
    """French public holidays of this year and the next."""
    return frozenset(country_holidays("FR", years=(day.year, day.year + 1)))


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
    settings = worker_settings.of_station(config)
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
    checker = Checker(worker_settings.for_looking(settings), config.reading.check_timeout_s)
    try:
        versions = {"program": metadata.version("vaguemestre"), **workers.versions()}
        events.confined(workers.held())
        _serve_metrics(events, config.metrics.listen)
        reader = LotReader(config, spool, workers, recognition, versions, events, progress)
        sender = Sender(
            spool, config, versions, events.report, lambda: pace.per_minute(time.monotonic())
        )
        parts: dict[str, Part] = {
            f"source {source.name}": _source(config, index, spool, events, checker)
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
        checker.close()
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


def _source(config: EdgeConfig, index: int, spool: Spool, events: Events, checker: Checker) -> Part:
    source = config.sources[index]

    def part(stop: threading.Event) -> None:
        FolderSource(
            source,
            spool,
            checker.is_whole,
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
    """Reads claimed lots, several at once: they take turns with the reading processes."""

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
        reading: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(_OPEN_LOTS + _SMALL_LOTS, thread_name_prefix="lot") as threads:
            while not stop.is_set():
                for lot_id in [key for key, future in reading.items() if future.done()]:
                    reading.pop(lot_id).result()
                for lot in self._next_lots(reading.keys()):
                    reading[lot.lot.id] = threads.submit(self._read_counting, lot, stop)
                self._spool.wait_for_lots(0.5)
            self._workers.close()  # else a lot of 1,000 pages would hold the stop up

    def _next_lots(self, reading: Collection[str]) -> list[ClaimedLot]:
        """Lots to begin with: a few at once, so that they take turns, and small ones besides.

        All that waits is not begun at once: each of a hundred lots would end with the last.
        """
        places = _OPEN_LOTS - len(reading)
        if places > 0:
            return self._spool.lots_to_read(places, reading)
        places += _SMALL_LOTS
        return self._spool.lots_to_read(places, reading, _SMALL_BYTES) if places > 0 else []

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
