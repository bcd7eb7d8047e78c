"""The gRPC service: who may speak, how many at a time, and how errors end a stream."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import grpc

from central.config import Intake
from central.errors import (
    BlobStoreUnavailable,
    CentralError,
    DocumentInvalid,
    SiteForbidden,
    StoreUnavailable,
)
from central.events import Events
from central.intake.stream import Stores, Stream
from vaguemestre.v1 import intake_pb2, intake_pb2_grpc

HELLO_WITHIN_S = 15.0
SITE_URI = "urn:vaguemestre:site:"  # edge/uplink/channel.py

# How an error that ends a stream is told; the station's reading of it is in edge/uplink/sender.py.
STATUS_OF: Mapping[type[CentralError], grpc.StatusCode] = {
    SiteForbidden: grpc.StatusCode.PERMISSION_DENIED,
    DocumentInvalid: grpc.StatusCode.INVALID_ARGUMENT,
    StoreUnavailable: grpc.StatusCode.UNAVAILABLE,
    BlobStoreUnavailable: grpc.StatusCode.UNAVAILABLE,
}


class IntakeService(intake_pb2_grpc.IntakeServicer):
    """See the module.

    Args:
        stores: Where documents and images go.
        limits: From the settings.
        events: The process's voice.
    """

    def __init__(self, stores: Stores, limits: Intake, events: Events) -> None:
        self._stores, self._limits, self._events = stores, limits, events
        self._ending = threading.Event()
        self._busy = 0
        self._of_site: Counter[str] = Counter()
        self._idle = threading.Condition()

    def Deliver(  # noqa: N802 - protobuf's name
        self, request_iterator: Iterator[intake_pb2.Up], context: grpc.ServicerContext
    ) -> Iterator[intake_pb2.Down]:
        """Answer one station until it hangs up."""
        site = site_of(context)
        if not self._enter(site):
            self._events.stream_turned_away(site)
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too_many_streams")
        stream = Stream(site, self._stores, self._limits, self._events)
        code = ""
        # A stream that says nothing keeps a thread: it has so long for its first message.
        hello = threading.Timer(HELLO_WITHIN_S, context.cancel)
        hello.daemon = True
        hello.start()
        try:
            yield from self._answer(stream, request_iterator, hello.cancel)
        except CentralError as error:
            code = error.code
            self._events.failed(code, site=site)
            context.abort(STATUS_OF.get(type(error), grpc.StatusCode.INTERNAL), code)
        except grpc.RpcError:
            code = "cut"  # the station went away, or we end
        except Exception as error:
            code = "central"
            self._events.crashed("intake", error)
            raise
        finally:
            hello.cancel()
            self._leave(site)
            stream.close()
            if stream.station:
                self._events.stream_closed(site, stream.station, code)

    def _enter(self, site: str) -> bool:
        with self._idle:
            if self._of_site[site] >= self._limits.max_streams_per_site:
                return False
            if sum(self._of_site.values()) >= self._limits.max_streams:
                return False  # it would wait for a thread until another station leaves
            self._of_site[site] += 1
            return True

    def _leave(self, site: str) -> None:
        with self._idle:
            self._of_site[site] -= 1
            if self._of_site[site] <= 0:
                del self._of_site[site]

    def _answer(
        self,
        stream: Stream,
        ups: Iterator[intake_pb2.Up],
        spoke: Callable[[], None],
    ) -> Iterator[intake_pb2.Down]:
        first = next(ups, None)
        spoke()
        if first is None:
            return
        with self._working():
            welcome = stream.open(first)
        self._events.stream_opened(first.hello.site, stream.station)
        yield welcome
        with self._working():
            asked = list(stream.rescans())
        yield from asked
        for up in ups:
            with self._working():
                answers = list(stream.take(up))
            yield from answers
            if self._ending.is_set():
                return

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        with self._idle:
            self._busy += 1
        try:
            yield
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def end(self, within_s: float) -> None:
        """Let messages under way be answered, then take no more."""
        self._ending.set()
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, within_s)


def site_of(context: grpc.ServicerContext) -> str:
    """The site that the peer's certificate names; an empty one speaks for nobody."""
    names = context.auth_context().get("x509_subject_alternative_name", ())
    sites = [
        name.decode("ascii", "replace").removeprefix(SITE_URI)
        for name in names
        if name.startswith(SITE_URI.encode())
    ]
    return sites[0] if len(sites) == 1 else ""
