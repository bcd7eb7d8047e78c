"""One stream to one centre: what to say next, and what the centre's answers change.

gRPC asks ``messages`` for the next message in a thread of its own; answers come to ``take`` in
another. Both work on the state here, under one condition:

- at most ``window`` blobs, documents and lots are unanswered at a time;
- a document is sent once all its blobs are acknowledged, a lot once its documents are;
- nothing is forgotten before the spool has recorded the centre's answer.
"""

import hashlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.errors import FileTooLarge, SpoolCorrupt, UplinkRefused, code_of, passes
from edge.spool.documents import Outbox
from edge.spool.rescans import Rescans
from edge.spool.values import Blob
from edge.uplink import messages as uplink_messages
from vaguemestre.model.limits import MAX_RESCANS
from vaguemestre.model.lot import (
    DocumentRecord,
    Heartbeat,
    RescanImpossible,
    RescanRequest,
    SpooledDocument,
)
from vaguemestre.v1 import intake_pb2

_WAIT_S = 0.2  # how soon a stop, or work that came while answers are awaited, is noticed
_IDLE_S = 0.5
_UNREAD_TRIES = 20  # in one stream, of a file of ours that the disk does not give
_BLOB_MISSING, _BLOB_CORRUPT = "blob_missing", "blob_corrupt"


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the station speaks for, and with what it reads."""

    site: str
    station: str
    versions: Mapping[str, str]


def record_of(spooled: SpooledDocument, identity: Identity) -> DocumentRecord:
    """Say whose a document is."""
    return DocumentRecord(
        id=uuid.UUID(spooled.id),
        lot=spooled.lot,
        position=spooled.position,
        site=identity.site,
        station=identity.station,
        versions=spooled.versions,
        document=spooled.document,
    )


@dataclass(frozen=True, slots=True)
class RetryTimes:
    """Seconds: between heartbeats, and until a thing that was refused for now is sent again."""

    heartbeat_every_s: float
    refused_for_now_s: float
    refused_lot_s: float


@dataclass(slots=True)
class _Open:
    """A document under way; ``missing`` are its blobs without an answer."""

    spooled: SpooledDocument
    missing: set[str]
    is_sent: bool = False


@dataclass(slots=True)
class _State:
    welcome: intake_pb2.Welcome | None = None
    open: dict[str, _Open] = field(default_factory=dict)
    blobs: deque[Blob] = field(default_factory=deque)
    unanswered: set[str] = field(default_factory=set)
    sent_from: dict[str, Path] = field(default_factory=dict)
    fetched: deque[SpooledDocument] = field(default_factory=deque)
    postponed: dict[str, float] = field(default_factory=dict)
    rescans: set[str] = field(default_factory=set)  # asked in this stream
    answered_at: float = 0.0
    answers: int = 0


class UplinkSession:
    """See the module.

    Args:
        outbox: What waits for the centre.
        rescans: Requests of the centre.
        identity: Told at the hello.
        pauses: See ``RetryTimes``.
        beat: Makes a heartbeat.
        report: Tells what happens.
    """

    def __init__(
        self,
        outbox: Outbox,
        rescans: Rescans,
        identity: Identity,
        pauses: RetryTimes,
        beat: Callable[[], Heartbeat],
        report: Callable[..., None],
    ) -> None:
        self._outbox, self._rescans = outbox, rescans
        self._identity, self._pauses = identity, pauses
        self._beat, self._report = beat, report
        self._changed = threading.Condition()
        self._over = threading.Event()
        self.failure: Exception | None = None
        self._state = _State(answered_at=time.monotonic())
        self._unread: dict[str, int] = {}

    @property
    def answers(self) -> int:
        """How many blobs, documents and lots the centre has acknowledged."""
        return self._state.answers

    def silent_s(self) -> float:
        """Since when the centre owes an answer; 0 when it owes none."""
        with self._changed:
            owes = self._state.unanswered or self._state.welcome is None
            return time.monotonic() - self._state.answered_at if owes else 0.0

    def end(self) -> None:
        """Say nothing more."""
        self._over.set()
        with self._changed:
            self._changed.notify_all()

    # --- up ---

    def messages(self) -> Iterator[intake_pb2.Up]:
        """Everything there is to say, until ``end``; what goes wrong here is in ``failure``."""
        try:
            yield from self._say()
        except Exception as error:  # gRPC would only say that its request iterator broke
            self.failure = error
            raise

    def _say(self) -> Iterator[intake_pb2.Up]:
        me = self._identity
        held = self._rescans.open_ids(MAX_RESCANS)
        hello = intake_pb2.Hello(
            site=me.site, station=me.station, versions=me.versions, rescans=held
        )
        yield intake_pb2.Up(hello=hello)
        self._await_welcome()
        beat_at = time.monotonic()
        for step in self._steps():
            if time.monotonic() >= beat_at:
                yield intake_pb2.Up(heartbeat=uplink_messages.heartbeat(self._beat()))
                beat_at = time.monotonic() + self._pauses.heartbeat_every_s
            if step is not None:
                yield step
            else:
                yield from self._impossible()

    def _impossible(self) -> Iterator[intake_pb2.Up]:
        """What operators cannot scan again, once in a stream and only to who asked in it.

        A centre of an earlier version would end the stream at a message that it does not know.
        """
        for rescan_id, reason in self._rescans.impossible_requests():
            with self._changed:
                is_due = rescan_id in self._state.rescans
                self._state.rescans.discard(rescan_id)
            if is_due:
                told = uplink_messages.rescan_impossible(RescanImpossible(rescan_id, reason))
                yield intake_pb2.Up(rescan_impossible=told)

    def _steps(self) -> Iterator[intake_pb2.Up | None]:
        """What to send, piece by piece; None each time that there was nothing for a moment."""
        yield None
        while not self._over.is_set():
            step = self._next()
            if isinstance(step, Blob):
                yield from self._chunks(step)
            elif step is not None:
                yield step
            else:
                self._rest()
                yield None

    def _await_welcome(self) -> None:
        with self._changed:
            while self._state.welcome is None and not self._over.is_set():
                self._changed.wait(_WAIT_S)

    def _rest(self) -> None:
        """Nothing may be sent now: wait for an answer, or for new work when none is due."""
        with self._changed:
            if self._state.unanswered:
                self._changed.wait(_WAIT_S)
                return
        self._outbox.wait_for_work(_IDLE_S)

    def _next(self) -> intake_pb2.Up | Blob | None:
        """Choose what to send, oldest first; None when the window is full or nothing waits."""
        with self._changed:
            state = self._state
            while len(state.unanswered) < self._window:
                if (ready := self._ready_document()) is not None:
                    return ready
                if state.blobs:
                    blob = state.blobs.popleft()
                    state.sent_from[blob.sha256] = blob.path
                    self._asked(blob.sha256)
                    return blob
                if len(state.open) < self._window and self._open_next():
                    continue
                return self._next_lot()
            return None

    @property
    def _window(self) -> int:
        return max(1, self._state.welcome.window if self._state.welcome else 1)

    def _asked(self, subject: str) -> None:
        if not self._state.unanswered:
            self._state.answered_at = time.monotonic()
        self._state.unanswered.add(subject)

    def _moved(self) -> None:
        with self._changed:
            self._state.answered_at = time.monotonic()

    def _ready_document(self) -> intake_pb2.Up | None:
        for one in self._state.open.values():
            if not one.missing and not one.is_sent:
                one.is_sent = True
                self._asked(one.spooled.id)
                welcome = self._state.welcome
                most = welcome.max_document_bytes if welcome else 0
                record = record_of(one.spooled, self._identity)
                return intake_pb2.Up(document=uplink_messages.document(record, most))
        return None

    def _open_next(self) -> bool:
        """Take the next document up and queue what the centre lacks of it; False: none waits."""
        state = self._state
        if not state.fetched:
            self._fetch()
        if not state.fetched:
            return False
        spooled = state.fetched.popleft()
        blobs = self._outbox.blobs_to_send(spooled.id)
        most = state.welcome.max_blob_bytes if state.welcome else 0
        if most and any(blob.size > most for blob in blobs):
            self._report("too_large_for_centre", code=FileTooLarge.code, document=spooled.id)
            self._outbox.refuse_document(spooled.id, FileTooLarge.code, FileTooLarge.reason)
            return True
        state.open[spooled.id] = _Open(spooled, {blob.sha256 for blob in blobs})
        queued = {blob.sha256 for blob in state.blobs} | state.unanswered
        state.blobs.extend(blob for blob in blobs if blob.sha256 not in queued)
        return True

    def _fetch(self) -> None:
        state, now = self._state, time.monotonic()
        state.postponed = {key: until for key, until in state.postponed.items() if until > now}
        passed_over = len(state.open) + len(state.postponed)
        waiting = self._outbox.documents_to_send(self._window + passed_over)
        state.fetched.extend(
            one for one in waiting if one.id not in state.open and one.id not in state.postponed
        )

    def _next_lot(self) -> intake_pb2.Up | None:
        me = self._identity
        for report in self._outbox.lots_to_send(self._window + len(self._state.postponed)):
            lot_id = report.lot.id
            if lot_id not in self._state.unanswered and lot_id not in self._state.postponed:
                self._asked(lot_id)
                signed = replace(report, site=me.site, station=me.station)
                return intake_pb2.Up(lot=uplink_messages.lot(signed))
        return None

    def _chunks(self, blob: Blob) -> Iterator[intake_pb2.Up]:
        piece = max(4_096, self._state.welcome.max_chunk_bytes if self._state.welcome else 0)
        try:
            with blob.path.open("rb") as file:
                offset = 0
                while not self._over.is_set():
                    data = file.read(piece)
                    if not data and offset:
                        if offset != blob.size:
                            raise OSError("shorter than it was")
                        return
                    yield uplink_messages.chunk(blob.sha256, offset, blob.size, data)
                    self._moved()  # a long file on a slow line is no silence of the centre's
                    offset += len(data)
                    if not data:
                        return
        except OSError as error:
            if passes(error) and self._may_try_again(blob.sha256):
                self._report("blob_unread", code=code_of(error), blob=blob.sha256[:16])
                self._postpone_needing(blob.sha256)
            else:
                self._blob_lost(blob.sha256)

    def _may_try_again(self, sha256: str) -> bool:
        """A disk that is short of something recovers; a place on it that is worn out does not."""
        self._unread[sha256] = self._unread.get(sha256, 0) + 1
        return self._unread[sha256] <= _UNREAD_TRIES

    def _postpone_needing(self, sha256: str) -> None:
        with self._changed:
            needing = [k for k, one in self._state.open.items() if sha256 in one.missing]
        self._postpone(sha256, [sha256, *needing], self._pauses.refused_for_now_s)

    def _blob_lost(self, sha256: str) -> None:
        """Our own copy cannot be read: its documents are for a person at the station."""
        self._report("blob_lost", code=SpoolCorrupt.code, blob=sha256[:16])
        self._refuse_all(sha256, SpoolCorrupt.code, SpoolCorrupt.reason)

    # --- down ---

    def take(self, down: intake_pb2.Down) -> None:
        """Record one answer.

        Raises:
            UplinkRefused: the centre refuses this station.
        """
        match down.WhichOneof("kind"):
            case "welcome":
                with self._changed:
                    self._state.welcome = down.welcome
                    self._changed.notify_all()
            case "blob_stored":
                sha256 = down.blob_stored.sha256.hex()
                self._outbox.acknowledge_blob(sha256)
                self._answered(sha256)
            case "document_stored":
                self._outbox.acknowledge_document(down.document_stored.id)
                self._answered(down.document_stored.id)
            case "lot_stored":
                self._outbox.acknowledge_lot(down.lot_stored.id)
                self._answered(down.lot_stored.id)
            case "refusal":
                self._refused(down.refusal)
            case "rescan":
                self._rescan_asked(uplink_messages.rescan(down.rescan))
            case "rescan_closed":
                self._rescans.close(down.rescan_closed.rescan_id)
            case _:
                pass  # a newer centre says more than we understand

    def _rescan_asked(self, asked: RescanRequest) -> None:
        self._rescans.record_request(asked)
        with self._changed:
            self._state.rescans.add(asked.rescan_id)

    def _answered(self, subject: str) -> None:
        with self._changed:
            state = self._state
            state.answers += 1
            state.answered_at = time.monotonic()
            state.unanswered.discard(subject)
            state.open.pop(subject, None)
            state.sent_from.pop(subject, None)
            for one in state.open.values():
                one.missing.discard(subject)
            self._changed.notify_all()

    def _refused(self, refusal: intake_pb2.Refusal) -> None:
        subject, code = refusal.subject, refusal.code
        if subject == "stream":
            raise UplinkRefused(f"{code}: {refusal.reason}")
        self._report(
            "refused_by_centre", code=code, subject=subject[:36], permanent=refusal.permanent
        )
        with self._changed:
            is_document = subject in self._state.open
            needing = [k for k, one in self._state.open.items() if subject in one.missing]
        if code == _BLOB_CORRUPT and not self._is_intact(subject):
            self._blob_lost(subject)
        elif refusal.permanent and (is_document or needing):
            self._refuse_all(subject, code, refusal.reason)
        elif is_document or needing:
            if is_document and code == _BLOB_MISSING:
                self._outbox.resend_blobs(subject)
            self._postpone(subject, [subject, *needing], self._pauses.refused_for_now_s)
        else:
            self._postpone(subject, [subject], self._pauses.refused_lot_s)

    def _is_intact(self, sha256: str) -> bool:
        """Whether it was the way that harmed a file, or whether our own copy is no longer whole."""
        path = self._state.sent_from.get(sha256)
        if path is None:
            return True
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError as error:
            return passes(error)  # it could not be looked at: it is sent again

    def _refuse_all(self, subject: str, code: str, reason: str) -> None:
        """A document, or every document that needs a blob, is refused for good."""
        with self._changed:
            concerned = [
                key
                for key, one in self._state.open.items()
                if key == subject or subject in one.missing
            ]
        for document_id in concerned:
            self._outbox.refuse_document(document_id, code, reason)
        self._forget(subject, concerned)

    def _postpone(self, subject: str, keys: list[str], seconds: float) -> None:
        until = time.monotonic() + seconds
        with self._changed:
            self._state.postponed.update(dict.fromkeys(keys, until))
        self._forget(subject, keys)

    def _forget(self, subject: str, keys: list[str]) -> None:
        with self._changed:
            state = self._state
            state.answered_at = time.monotonic()
            state.unanswered.discard(subject)
            for key in keys:
                state.open.pop(key, None)
                state.unanswered.discard(key)
            state.blobs = deque(
                blob
                for blob in state.blobs
                if any(blob.sha256 in one.missing for one in state.open.values())
            )
            self._changed.notify_all()
