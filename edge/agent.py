"""The agent: everything wired in one place.

Sources claim lots into the spool, the reader turns claimed lots into spooled documents, the
uplink sends them, housekeeping lets go of what the centre holds. They meet only in the spool.
"""

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata

from edge.config import EdgeConfig
from edge.errors import (
    ConfigInvalid,
    ConfinementMissing,
    EdgeError,
    PackInvalid,
    SpoolCorrupt,
    code_of,
    passes,
)
from edge.pack import load_pack
from edge.pipeline.lot import LotContext, read_lot
from edge.pipeline.workers import Checker, Progress, Workers
from edge.pipeline.workers.progress import ReadingRate
from edge.pipeline.workers.settings import station_settings, without_networks
from edge.results import PageReading
from edge.sources.folder.source import FolderSource, SpoolParts
from edge.spool.documents import Outbox
from edge.spool.lots import Lots
from edge.spool.retention import Retention
from edge.spool.spool import Spool
from edge.spool.status import Status
from edge.spool.values import ClaimedLot, StalledPart
from edge.supervise import Beat, Part, Pulses, Supervisor, lasting
from edge.telemetry import Telemetry
from edge.uplink.sender import UplinkClient
from edge.web.routes import Routes
from edge.web.server import Server
from vaguemestre import pack
from vaguemestre.model.lot import LotHeader

_HOUSEKEEPING_EVERY_S = 5.0
_REAP_WITHIN_S = 600.0  # a backlog of a month that leaves at once
_CLEAR_ASIDE_EVERY_S = 86_400.0
_STANDING_EVERY_S = 2.0
_READER_PAUSE_S = 15.0
_OPEN_LOTS = 6  # read in turns
_SMALL_LOTS = 18  # more, of few bytes: a sheet alone waits for no large lot to end
_SMALL_BYTES = 8_000_000
_WATCH_EVERY_S = 1.0
_CLOSE_WITHIN_S = 10.0
_END_WITHIN_S = 5.0
_READ_WITHIN_PAGES = 3  # page time-outs without a page read, and a minute: reading stands still


def now() -> dt.datetime:
    """The clock of the agent."""
    return dt.datetime.now(dt.UTC)


def _read_within_s(config: EdgeConfig) -> float:
    return _READ_WITHIN_PAGES * config.reading.page_timeout_s + 60.0


def _end_at_last(exit_code: int) -> None:
    """End the process soon, though threads hang that Python would wait for."""

    def end() -> None:
        time.sleep(_END_WITHIN_S)
        os._exit(exit_code)

    threading.Thread(target=end, name="end", daemon=True).start()


def run(
    config: EdgeConfig,
    events: Telemetry,
    stop: threading.Event,
    ready: Callable[[str], None],
    end_at_last: Callable[[int], None] = _end_at_last,
) -> None:
    """Run a station until ``stop`` is set.

    Args:
        config: Its settings.
        events: Its voice.
        stop: Ends it in order: sources, reading, uplink.
        ready: Called once everything has started, with the address of the operators' page.
        end_at_last: Called with the exit code when a part could not be ended: see that the process
            ends all the same.

    Raises:
        EdgeError: what the agent cannot go on with.
    """
    settings = station_settings(config)
    recognition = load_pack(settings.pack_dir)
    try:
        config.station.work_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigInvalid(f"station.work_dir {error.filename}: {error.strerror}") from error
    spool = Spool.open(config.station.work_dir, config.spool, now)
    pace, progress, pulses = ReadingRate(), Progress(), Pulses()
    read_beat, read_within_s = pulses.of("reading"), _read_within_s(config)

    def page_read(reading: PageReading, seconds: float) -> None:
        read_beat("lit", read_within_s)
        pace.page(time.monotonic())
        progress.page(reading.ref.sha256)
        events.page_read(reading, seconds)

    workers = Workers(settings, config.reading.workers, page_read)
    checker = Checker(without_networks(settings), config.reading.check_timeout_s)
    supervisor: Supervisor | None = None
    try:
        versions = {"program": metadata.version("vaguemestre"), **workers.versions()}
        events.confined(workers.held())
        _serve_metrics(events, config.metrics.listen)
        reader = LotReader(
            config, spool.lots, workers, recognition, versions, events, progress, read_beat
        )
        sender = UplinkClient(
            *(spool.outbox, spool.rescans, spool.status, config, versions, events.report),
            lambda: pace.per_minute(time.monotonic()),
            pulses.of("uplink"),
        )
        parts: dict[str, Part] = {
            f"source {source.name}": _source(
                config, index, spool, events, checker, pulses.of(f"source {source.name}")
            )
            for index, source in enumerate(config.sources)
        }
        parts["reading"] = reader.run
        parts["uplink"] = sender.run
        page = _page(config, spool, recognition, events, pulses.of("page"))
        if page is not None:
            parts["page"] = page.run
        standing = Standing(spool.status, pace, progress, events)
        parts["standing"] = lambda ended: standing.run(pulses.of("standing"), ended)
        house_beat = pulses.of("housekeeping")
        parts["housekeeping"] = lambda ended: _keep_house(
            spool.retention, spool.outbox, events, house_beat, ended
        )
        parts["watchdog"] = lambda ended: _watch_over(pulses, spool.status, events, ended)
        events.watch_parts(parts, pulses.age_s)
        supervisor = Supervisor(parts, events.crashed, pulses)
        ready(f"http://127.0.0.1:{page.port}/" if page is not None else "")
        supervisor.run(stop)
    finally:
        workers.close()
        checker.close()
        is_closed = _within(_CLOSE_WITHIN_S, spool.close)
        left = supervisor.left_behind if supervisor is not None else ()
        if supervisor is not None and (left or not is_closed):
            events.report("left_behind", parts=list(left), journal_closed=is_closed)
            end_at_last(supervisor.fatal.exit_code if supervisor.fatal else 0)


def _within(seconds: float, act: Callable[[], None]) -> bool:
    """Do something that a dead disk may hold up for ever; whether it ended in time."""
    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def _serve_metrics(events: Telemetry, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    try:
        events.serve_metrics(host, int(port))
    except OSError as error:
        raise ConfigInvalid(f"metrics.listen {listen}: {error.strerror}") from error


def _page(
    config: EdgeConfig, spool: Spool, recognition: pack.Pack, events: Telemetry, beat: Beat
) -> Server | None:
    if not config.page.listen:
        return None
    site = Routes(config, spool, sorted(recognition.plan.types), now)
    return Server(config.page, site, events.crashed, lambda: beat("répond"))


def _source(
    config: EdgeConfig, index: int, spool: Spool, events: Telemetry, checker: Checker, beat: Beat
) -> Part:
    source = config.sources[index]

    def part(stop: threading.Event) -> None:
        FolderSource(
            source,
            SpoolParts(spool.claims, spool.lots, spool.status),
            checker.is_whole,
            time.monotonic,
            events.report,
            fund=config.station.fund,
            beat=beat,
        ).run(stop)

    return part


def _keep_house(
    retention: Retention, outbox: Outbox, events: Telemetry, beat: Beat, stop: threading.Event
) -> None:
    clear_at = time.monotonic()
    while not stop.wait(_HOUSEKEEPING_EVERY_S):
        beat("laisse partir ce que le centre a reçu", _REAP_WITHIN_S)
        retention.purge(now())
        events.backlog(outbox.backlog())
        if time.monotonic() >= clear_at:
            if kept := retention.clear_aside(now()):
                events.report("files_aside", files=kept)
            clear_at = time.monotonic() + _CLEAR_ASIDE_EVERY_S


class Standing:
    """Tells other processes, and Prometheus, how the station is."""

    def __init__(
        self, status: Status, pace: ReadingRate, progress: Progress, events: Telemetry
    ) -> None:
        self._status, self._pace, self._progress, self._events = status, pace, progress, events

    def run(self, beat: Beat, stop: threading.Event) -> None:
        """Tell it until ``stop`` is set."""
        while not stop.wait(_STANDING_EVERY_S):
            beat("note où elle en est")
            pages_per_minute = round(self._pace.per_minute(time.monotonic()))
            self._status.record_progress(pages_per_minute, self._progress.read())
            link = self._status.agent_status().link
            sources = {one.name: not one.reason for one in self._status.sources_overview()}
            self._events.standing(link.code if link else "", sources)
        self._status.record_progress(0, {})


def _watch_over(pulses: Pulses, status: Status, events: Telemetry, stop: threading.Event) -> None:
    """Tell which parts stand still: log and metrics first, for the disk may be what hangs."""
    known: dict[str, StalledPart] = {}
    beat = pulses.of("watchdog")
    while not stop.wait(_WATCH_EVERY_S):
        beat("veille")
        still = {one.part: one for one in pulses.still()}
        for part, one in still.items():
            if part not in known:
                events.stalled(part, one.doing, one.for_s)
                since = now() - dt.timedelta(seconds=one.for_s)
                known[part] = StalledPart(part, one.doing, since)
        for part in known.keys() - still.keys():
            events.goes_on(part)
            del known[part]
        # On a disk without room, say: others tell that; what stands still is told when it passes.
        with suppress(EdgeError, OSError):
            status.record_stalled([known[part] for part in sorted(known)])


class LotReader:
    """Reads claimed lots, several at once: they take turns with the reading processes."""

    def __init__(
        self,
        config: EdgeConfig,
        lots: Lots,
        workers: Workers,
        recognition: pack.Pack,
        versions: Mapping[str, str],
        events: Telemetry,
        progress: Progress,
        beat: Beat | None = None,
    ) -> None:
        self._progress = progress
        self._beat = beat or Pulses().of("reading")
        self._lots = lots
        self._workers = workers
        self._pack = recognition
        self._versions = versions
        self._events = events
        self._read_within_s = _read_within_s(config)
        self._duplex = {source.name for source in config.sources if source.duplex}

    def run(self, stop: threading.Event) -> None:
        """Read until ``stop`` is set; lots under way are finished or read again at next start."""
        reading: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(_OPEN_LOTS + _SMALL_LOTS, thread_name_prefix="lot") as threads:
            while not stop.is_set():
                if not reading:
                    self._beat("attend un lot")
                for lot_id in [key for key, future in reading.items() if future.done()]:
                    reading.pop(lot_id).result()
                for lot in self._next_lots(reading.keys()):
                    reading[lot.lot.id] = threads.submit(self._read_counting, lot, stop)
                self._lots.wait_for_lots(0.5)
            self._workers.close()  # else a lot of 1,000 pages would hold the stop up

    def _next_lots(self, reading: Collection[str]) -> list[ClaimedLot]:
        """Lots to begin with: a few at once, so that they take turns, and small ones besides.

        All that waits is not begun at once: each of a hundred lots would end with the last.
        """
        places = _OPEN_LOTS - len(reading)
        if places > 0:
            return self._lots.lots_to_read(places, reading)
        places += _SMALL_LOTS
        return self._lots.lots_to_read(places, reading, _SMALL_BYTES) if places > 0 else []

    def _read_counting(self, claimed: ClaimedLot, stop: threading.Event) -> None:
        self._progress.begin(claimed.lot.id, (file.sha256 for file in claimed.files))
        self._beat("lit", self._read_within_s)
        try:
            self._read(claimed, stop)
        finally:
            self._progress.end(claimed.lot.id)
            self._beat("lit", self._read_within_s)

    def _read(self, claimed: ClaimedLot, stop: threading.Event) -> None:
        lot, started = claimed.lot, time.monotonic()
        header = LotHeader(
            process=lot.process, fund=lot.fund, priority=lot.priority, rescan_id=lot.rescan_id
        )
        context = LotContext(
            lot.fund,
            lot.received_on,
            header,
            duplex=lot.source in self._duplex,
        )
        try:
            read = read_lot(claimed.files, self._workers, self._pack, context)
        except (PackInvalid, ConfinementMissing):
            raise  # nothing is wrong with the lot, and no other could be read
        except Exception as error:
            if passes(error):
                self._events.failed(code_of(error), lot=lot.id)
                stop.wait(_READER_PAUSE_S)  # the lot stays claimed and is read then
            elif not stop.is_set():
                self._set_aside(claimed, error, stop)
            return
        if stop.is_set():
            return  # workers were ended under this lot: it is read again at the next start
        try:
            kept = lasting(
                lambda: self._lots.record_result(
                    lot.id, read.result, read.counted_pages, self._versions, claimed.edition
                ),
                stop,
                lambda code: self._events.failed(code, lot=lot.id),
            )
        except SpoolCorrupt:
            raise
        except Exception as error:
            self._set_aside(claimed, error, stop)
            return
        if kept:
            seconds = time.monotonic() - started
            self._events.lot_read(lot.id, read.result, read.counted_pages, seconds)

    def _set_aside(self, claimed: ClaimedLot, error: Exception, stop: threading.Event) -> None:
        """One lot that makes trouble stops only itself; ``replay`` reads it again."""
        if not isinstance(error, EdgeError):
            self._events.crashed("reading", error)
            error = EdgeError()
        code, reason = error.code, error.reason
        lot_id, edition = claimed.lot.id, claimed.edition
        self._events.failed(code, lot=lot_id)
        lasting(
            lambda: self._lots.set_lot_aside(lot_id, code, reason, edition),
            stop,
            lambda failed: self._events.failed(failed, lot=lot_id),
        )
