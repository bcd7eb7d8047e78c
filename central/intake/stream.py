"""One station's stream: its messages in order, each answered once it is durable.

At its hello a station says which requests to scan again it knows, so that whatever happened while
it was away is put right at once: new ones are sent, ended ones are closed. Nothing here knows gRPC:
messages come in, answers go out, and a ``CentralError`` ends the stream (central/intake/server.py
says with which status).
"""

import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from central import version
from central.blobs import BlobStore, BlobUpload
from central.config import Intake
from central.db.engine import Engine
from central.errors import (
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    CentralError,
    DocumentInvalid,
    SiteForbidden,
)
from central.intake import messages
from central.intake import store as intake_store
from central.quality.rules import SamplingPolicy
from central.rescans import store as rescans_store
from central.telemetry import Telemetry
from vaguemestre.model.lot import RescanImpossible
from vaguemestre.v1 import document_pb2 as wire
from vaguemestre.v1 import fleet_pb2, intake_pb2


class RescanNotices:
    """See the module.

    Args:
        engine: The database.
        site: Of the station.
        station: Its name.
        held: Ids of the requests that it says it holds.
        events: The process's voice.
    """

    def __init__(
        self,
        engine: Engine,
        site: str,
        station: str,
        held: Collection[str],
        events: Telemetry,
    ) -> None:
        self._engine, self._site, self._station = engine, site, station
        self._events = events
        self._held = set(held)
        self._told: set[str] = set()

    def news(self) -> Iterator[intake_pb2.Down]:
        """Requests that it was not told in this stream, then those that it holds and are over.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        wanted = {
            one.rescan_id: one
            for one in rescans_store.open_for(self._engine, self._site, self._station)
        }
        over = self._held - wanted.keys()
        fresh = wanted.keys() - self._told
        if fresh:
            rescans_store.mark_sent(self._engine, fresh)
        for rescan_id in sorted(fresh):
            yield intake_pb2.Down(rescan=messages.rescan(wanted[rescan_id]))
            self._events.rescan_told(self._site, rescan_id)
        self._told |= fresh
        self._held |= fresh
        for rescan_id in sorted(over):
            yield self._closed(rescan_id)

    def impossible(self, told: RescanImpossible) -> intake_pb2.Down:
        """Take an operator's word that it cannot be done; a request that is over stays so.

        Raises:
            StoreUnavailable: nothing was written.
        """
        if rescans_store.mark_impossible(self._engine, self._site, self._station, told):
            self._events.rescan_impossible(self._site, told.rescan_id)
        return self._closed(told.rescan_id)

    def _closed(self, rescan_id: str) -> intake_pb2.Down:
        self._held.discard(rescan_id)
        closed = fleet_pb2.RescanClosed(rescan_id=rescan_id)
        return intake_pb2.Down(rescan_closed=closed)


# Those tell about one thing and leave the stream open; any other error ends it.
_ABOUT_ONE_THING = (BlobCorrupt, BlobMissing, BlobTooLarge, DocumentInvalid, SiteForbidden)


@dataclass(frozen=True, slots=True)
class IntakeStores:
    """Where documents and images go; ``drawing`` says how many are drawn for the blind control."""

    engine: Engine
    blobs: BlobStore
    drawing: SamplingPolicy | None = None


@dataclass(slots=True)
class _Receiving:
    """A blob between its first chunk and its last; ``into`` is None when it is passed over."""

    sha256: bytes
    size: int
    into: BlobUpload | None
    held: contextlib.ExitStack
    refusal: CentralError | None = None
    offset: int = 0


class StationStream:
    """See the module.

    Args:
        site: That the station's certificate names.
        stores: Where documents and images go.
        limits: From the settings.
        events: The process's voice.
    """

    def __init__(self, site: str, stores: IntakeStores, limits: Intake, events: Telemetry) -> None:
        self._site, self._stores, self._limits, self._events = site, stores, limits, events
        self._receiving: _Receiving | None = None
        self._rescans: RescanNotices | None = None
        self.station = ""

    def open(self, up: intake_pb2.Up) -> intake_pb2.Down:
        """Take the first message, which must be a hello.

        Raises:
            DocumentInvalid: it is none, or breaks the contract.
            SiteForbidden: the certificate names another site.
            StoreUnavailable: the database does not answer.
        """
        if up.WhichOneof("kind") != "hello":
            raise DocumentInvalid("hello")
        hello = up.hello
        station = messages.station(hello)
        if hello.site != self._site:
            raise SiteForbidden("the certificate names another site")
        intake_store.record_connection(
            self._stores.engine, self._site, station, messages.versions(hello.versions)
        )
        self.station = station
        held = messages.rescans(hello)
        self._rescans = RescanNotices(self._stores.engine, self._site, station, held, self._events)
        return intake_pb2.Down(
            welcome=intake_pb2.Welcome(
                window=self._limits.window,
                max_chunk_bytes=self._limits.max_chunk_bytes,
                max_blob_bytes=self._limits.max_blob_bytes,
                max_document_bytes=self._limits.max_document_bytes,
                versions={"program": version()},
            )
        )

    def take(self, up: intake_pb2.Up) -> Iterator[intake_pb2.Down]:
        """Take one further message; what it is answered, if anything.

        Raises:
            StoreUnavailable, BlobStoreUnavailable: nothing was answered; it is sent again.
            DocumentInvalid: a message of no known kind.
        """
        match up.WhichOneof("kind"):
            case "chunk":
                subject = up.chunk.sha256.hex()
                yield from self._answered(subject, lambda: self._chunk(up.chunk))
            case "document":
                yield from self._answered(up.document.id, lambda: self._document(up.document))
            case "lot":
                yield from self._answered(up.lot.id, lambda: self._lot(up.lot))
            case "heartbeat":
                self._heartbeat(up.heartbeat)
                yield from self.rescans()
            case "rescan_impossible":
                told = up.rescan_impossible
                yield from self._answered(told.rescan_id, lambda: self._impossible(told))
            case _:
                raise DocumentInvalid("kind")

    def rescans(self) -> Iterator[intake_pb2.Down]:
        """What has changed among the requests to scan again since the station was last told.

        Raises:
            StoreUnavailable: nothing is said; it is at the next heartbeat.
        """
        if self._rescans is not None:
            yield from self._rescans.news()

    def close(self) -> None:
        """Throw away a blob that was not ended."""
        if self._receiving is not None:
            self._receiving.held.close()
            self._receiving = None

    def _answered(
        self, subject: str, act: Callable[[], intake_pb2.Down | None]
    ) -> Iterator[intake_pb2.Down]:
        try:
            answer = act()
        except Exception as error:
            if isinstance(error, CentralError) and not isinstance(error, _ABOUT_ONE_THING):
                raise
            answer = self._refusal(subject, error)
        if answer is not None:
            yield answer

    def _refusal(self, subject: str, error: Exception) -> intake_pb2.Down:
        """An error nobody foresaw is about one thing too: the station goes on with the others."""
        if not isinstance(error, CentralError):
            self._events.crashed("intake", error)
            error = CentralError()
        self._events.refused(self._site, subject[:64], error.code, permanent=error.permanent)
        return intake_pb2.Down(
            refusal=intake_pb2.Refusal(
                subject=subject, code=error.code, permanent=error.permanent, reason=error.reason
            )
        )

    # --- blobs ---

    def _chunk(self, chunk: intake_pb2.BlobChunk) -> intake_pb2.Down | None:
        if chunk.offset == 0:
            self._begin(chunk)
        now = self._receiving
        if now is None or chunk.sha256 != now.sha256:
            return None  # the rest of a blob that was refused
        if chunk.offset != now.offset or len(chunk.data) > self._limits.max_chunk_bytes:
            self.close()
            raise BlobCorrupt("chunks out of order")
        now.offset += len(chunk.data)
        if now.into is not None:
            self._closing_on_error(lambda into: into.write(chunk.data), now.into)
        return self._end(now) if chunk.last else None

    def _begin(self, chunk: intake_pb2.BlobChunk) -> None:
        self.close()
        if len(chunk.sha256) != 32:
            raise DocumentInvalid("chunk.sha256")
        if chunk.size > self._limits.max_blob_bytes:
            raise BlobTooLarge(f"{chunk.size} bytes")
        held = contextlib.ExitStack()
        into = None
        if not self._is_here(chunk.sha256):
            into = held.enter_context(self._stores.blobs.receive(chunk.sha256, chunk.size))
        self._receiving = _Receiving(chunk.sha256, chunk.size, into, held)

    def _is_here(self, sha256: bytes) -> bool:
        """Sent by this site and there: one whose file was lost is taken in again."""
        known = intake_store.has_blob(self._stores.engine, sha256, self._site)
        return known and self._stores.blobs.has(sha256)

    def _end(self, now: _Receiving) -> intake_pb2.Down:
        if now.into is not None:
            self._closing_on_error(lambda into: into.commit(), now.into)
            intake_store.blob_stored(self._stores.engine, now.sha256, now.size, self._site)
            self._events.blob_stored(self._site, now.size)
        self.close()
        return intake_pb2.Down(blob_stored=intake_pb2.BlobStored(sha256=now.sha256))

    def _closing_on_error(self, act: Callable[[BlobUpload], None], into: BlobUpload) -> None:
        try:
            act(into)
        except BaseException:
            self.close()
            raise

    # --- documents, lots, heartbeats ---

    def _document(self, message: wire.Document) -> intake_pb2.Down:
        self._demand_own(message.site, message.station)
        record = messages.document(message, dt.datetime.now(dt.UTC))
        again = intake_store.store_document(self._stores.engine, record, self._stores.drawing)
        kind = record.document.route.kind
        self._events.document_stored(self._site, message.id, kind, again=again)
        stored = intake_pb2.DocumentStored(id=message.id, already=again)
        return intake_pb2.Down(document_stored=stored)

    def _lot(self, message: wire.Lot) -> intake_pb2.Down:
        self._demand_own(message.site, message.station)
        report = messages.lot(message, dt.datetime.now(dt.UTC))
        intake_store.store_report(self._stores.engine, report)
        self._events.lot_stored(self._site, message.id, report.state)
        return intake_pb2.Down(lot_stored=intake_pb2.LotStored(id=message.id))

    def _heartbeat(self, message: fleet_pb2.Heartbeat) -> None:
        try:
            beat = messages.heartbeat(message)
        except DocumentInvalid as error:
            self._events.refused(self._site, "heartbeat", error.code, permanent=True)
            return
        intake_store.record_heartbeat(self._stores.engine, self._site, self.station, beat)

    def _impossible(self, message: fleet_pb2.RescanImpossible) -> intake_pb2.Down | None:
        told = messages.impossible(message)
        return self._rescans.impossible(told) if self._rescans is not None else None

    def _demand_own(self, site: str, station: str) -> None:
        if (site, station) != (self._site, self.station):
            raise SiteForbidden("a station speaks for itself alone")
