"""Keeps a stream to a centre open and sends what the spool holds.

The centres of the settings are tried in turn, with growing pauses. The spool is the only
memory: whatever was not acknowledged when a stream broke is sent again on the next one, and
the centre knows it by its id.
"""

import datetime as dt
import random
import shutil
import threading
import time
from collections.abc import Callable, Mapping

import grpc

from edge.config import EdgeConfig
from edge.errors import UplinkLost, UplinkRefused
from edge.spool.documents import Outbox
from edge.spool.rescans import Rescans
from edge.spool.status import Status
from edge.uplink.channel import certificate_valid_until, examine, open_channel, stub_of
from edge.uplink.session import Identity, RetryTimes, UplinkSession
from vaguemestre.model.lot import Heartbeat, StationCondition


def delay_s(attempts: int, first_s: float, longest_s: float, jitter: float) -> float:
    """Grow from ``first_s`` to ``longest_s``, half of it by chance.

    Args:
        attempts: Failures in a row, at least 1.
        first_s: Ceiling after the first failure.
        longest_s: Ceiling that is never passed.
        jitter: A number in [0, 1): stations that lost the same centre come back one by one.
    """
    ceiling = min(first_s * 2 ** min(attempts - 1, 32), longest_s)
    return float(ceiling * (0.5 + jitter / 2))


_LOOK_EVERY_S = 0.2
_SILENT_S = 120.0  # a centre that owes an answer for so long is taken for lost
_FAREWELL_S = 5.0  # for the last acknowledgements when the agent stops
_GOES_ON_S = 120.0  # a step of the uplink takes no longer, unless something hangs
_REFUSED_FOR_NOW_S = 5.0
_REFUSED_LOT_S = 300.0

# What a stream's end says; anything else is a centre that cannot be reached now.
_REFUSALS = frozenset(
    {
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
    }
)


class UplinkClient:
    """See the module; ``run`` is the agent's uplink part.

    Args:
        outbox: What waits for the centre.
        rescans: Requests of the centre.
        status: Told how the link is.
        config: The station's settings.
        versions: Of what the station reads with.
        report: Tells what happens.
        pages_per_minute: How fast the station reads, for heartbeats.
        beat: Told what the uplink does and how long that may take, as it goes on.
    """

    def __init__(
        self,
        outbox: Outbox,
        rescans: Rescans,
        status: Status,
        config: EdgeConfig,
        versions: Mapping[str, str],
        report: Callable[..., None],
        pages_per_minute: Callable[[], float] = lambda: 0.0,
        beat: Callable[[str, float], None] | None = None,
    ) -> None:
        self._outbox, self._rescans, self._status = outbox, rescans, status
        self._config, self._report = config, report
        self._versions, self._pages_per_minute = dict(versions), pages_per_minute
        self._random = random.SystemRandom()
        self._told = ""
        self._is_welcome = False
        self._beat_part = beat or (lambda _doing, _within_s: None)

    def run(self, stop: threading.Event) -> None:
        """Send until ``stop`` is set; then wait a moment for the last acknowledgements."""
        uplink = self._config.uplink
        attempts = 0
        while not stop.is_set():
            centre = uplink.centres[attempts % len(uplink.centres)]
            session = self._session()
            self._beat_part("appelle le centre", _GOES_ON_S)
            try:
                self._stream(centre, session, stop)
                self._status.record_link(centre, UplinkLost.code)
            except (UplinkRefused, UplinkLost) as error:
                known = self._explained(centre, error)
                self._status.record_link(centre, known.code)
                self._tell(known.code, f"{centre}: {known}")
            attempts = 1 if session.answers else attempts + 1
            if not stop.is_set():
                pause = delay_s(
                    attempts, uplink.first_delay_s, uplink.longest_delay_s, self._random.random()
                )
                self._beat_part("attend avant de rappeler le centre", pause + _GOES_ON_S)
                stop.wait(pause)

    def _explained(
        self, centre: str, error: UplinkRefused | UplinkLost
    ) -> UplinkRefused | UplinkLost:
        """Say what is wrong with a certificate, where gRPC only says that nobody answers."""
        if self._is_welcome or not isinstance(error, UplinkLost):
            return error
        found = examine(centre, self._config.uplink, dt.datetime.now(dt.UTC))
        return found if isinstance(found, UplinkRefused) else error

    def _session(self) -> UplinkSession:
        station, every = self._config.station, self._config.uplink.heartbeat_every_s
        return UplinkSession(
            self._outbox,
            self._rescans,
            Identity(station.site, station.name, self._versions),
            RetryTimes(every, _REFUSED_FOR_NOW_S, _REFUSED_LOT_S),
            self._beat,
            self._report,
        )

    def _stream(self, centre: str, session: UplinkSession, stop: threading.Event) -> None:
        self._is_welcome = False
        with open_channel(centre, self._config.uplink) as channel:
            call = stub_of(channel).Deliver(session.messages())
            receiving = _Receiving(call, session, lambda: self._welcomed(centre))
            receiving.start()
            farewell_at: float | None = None
            while receiving.is_alive():
                receiving.join(_LOOK_EVERY_S)
                now = time.monotonic()
                if stop.is_set() and farewell_at is None:
                    session.end()
                    farewell_at = now + _FAREWELL_S
                is_late = farewell_at is not None and now > farewell_at
                if is_late or session.silent_s() > _SILENT_S:
                    call.cancel()
                else:
                    self._beat_part("échange avec le centre", _GOES_ON_S)
            session.end()
        error = session.failure or receiving.error
        if error is not None and not stop.is_set():
            raise error

    def _welcomed(self, centre: str) -> None:
        self._told, self._is_welcome = "", True
        self._status.record_link(centre, "")
        self._report("uplink_connected", centre=centre)

    def _tell(self, code: str, detail: str) -> None:
        """Tell a trouble once, until it changes or the centre answers."""
        if detail != self._told:
            self._told = detail
            self._report("uplink_failed", code=code, detail=detail)

    def _beat(self) -> Heartbeat:
        station = self._config.station
        condition = StationCondition(
            free_disk_bytes=shutil.disk_usage(station.work_dir).free,
            pages_per_minute=self._pages_per_minute(),
            certificate_until=self._certificate_until(),
            rated_pages_per_minute=station.rated_pages_per_minute,
        )
        now = dt.datetime.now(dt.UTC)
        return Heartbeat(now, self._outbox.backlog(), condition, self._versions)

    def _certificate_until(self) -> dt.datetime | None:
        """Read anew each time: a renewed certificate is told before the next stream takes it up."""
        try:
            pem = self._config.uplink.certificate_file.read_bytes()
            return certificate_valid_until(pem)
        except (OSError, ValueError):
            return None


class _Receiving(threading.Thread):
    """Takes the centre's answers until the stream ends; ``error`` says why it did."""

    def __init__(
        self, call: grpc.Call, session: UplinkSession, welcomed: Callable[[], None]
    ) -> None:
        super().__init__(name="uplink-answers", daemon=True)
        self._call, self._session, self._welcomed = call, session, welcomed
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            for down in self._call:
                if down.HasField("welcome"):
                    self._welcomed()
                self._session.take(down)
        except grpc.RpcError as error:
            self.error = _reading_of(error)
        except Exception as error:  # the spool's, told to whoever supervises the uplink
            self.error = error
        finally:
            self._session.end()
            self._call.cancel()


def _reading_of(error: grpc.RpcError) -> UplinkRefused | UplinkLost:
    status = error.code()
    detail = f"{status.name}: {error.details() or ''}"
    return UplinkRefused(detail) if status in _REFUSALS else UplinkLost(detail)
