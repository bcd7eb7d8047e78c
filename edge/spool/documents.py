"""Documents on their way to the centre.

What waits, what the centre's answers change, and what a person sends again. A document is offered
until it is acknowledged or refused. A lot that came in on a day that cannot be is put right when it
is sent again: the centre takes no mail of such days (docs/wire.md), and by then the station's clock
has been set. When it came in nobody knows: the day of that act counts, and delays are counted from
there.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Sequence

import pydantic

from edge.errors import SpoolCorrupt
from edge.spool import rules
from edge.spool.journal import Row
from edge.spool.rules import SpoolState, SpoolStep
from edge.spool.store import (
    Store,
    Transaction,
    lot_from_row,
    lot_row,
    set_aside_of_lot,
    step_lot,
)
from edge.spool.values import Blob, FileKind
from vaguemestre.model.calendar import (
    add_working_days,
    paris_day,
    public_holidays,
    start_of_day,
    working_days_between,
)
from vaguemestre.model.document import Document, ImageRef
from vaguemestre.model.limits import EARLIEST_RECEIPT, RECEIPT_AHEAD
from vaguemestre.model.lot import Backlog, LotReport, SpooledDocument

DOCUMENT: pydantic.TypeAdapter[Document] = pydantic.TypeAdapter(Document)

_MAX_REPLAYED_AT_ONCE = 100  # documents of one transaction, while which the station cannot write
_WAITING = "SELECT * FROM documents WHERE state = ? AND id > ? ORDER BY id LIMIT ?"


class Outbox:
    """What the uplink needs of the spool, and who sends something again.

    Args:
        store: The spool.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._journal = store, store.journal

    # --- what waits ---

    def documents_to_send(self, limit: int, after: str = "") -> Sequence[SpooledDocument]:
        """Unacknowledged, unrefused documents; one that cannot be read here is set aside.

        Args:
            limit: How many at most.
            after: Only documents of greater ids.

        Returns:
            By id, oldest first.
        """
        documents = []
        for row in self._journal.all(_WAITING, (SpoolState.SPOOLED, after, limit)):
            try:
                document = DOCUMENT.validate_json(row["json"])
            except pydantic.ValidationError:
                self.refuse_document(row["id"], SpoolCorrupt.code, SpoolCorrupt.reason)
                continue
            lot = self._journal.one("SELECT * FROM lots WHERE id = ?", (row["lot_id"],))
            if lot is not None:
                versions = json.loads(lot["versions"] or "{}")
                documents.append(
                    SpooledDocument(
                        row["id"], lot_from_row(lot), row["position"], document, versions
                    )
                )
        return documents

    def blobs_to_send(self, document_id: str) -> Sequence[Blob]:
        """The document's source files that the centre has not acknowledged, by digest."""
        rows = self._journal.all(
            "SELECT b.sha256, b.size FROM document_blobs AS d JOIN blobs AS b USING (sha256)"
            " WHERE d.document_id = ? AND NOT b.acknowledged ORDER BY b.sha256",
            (document_id,),
        )
        return [Blob(row["sha256"], self._store.blob(row["sha256"]), row["size"]) for row in rows]

    def lots_to_send(self, limit: int) -> Sequence[LotReport]:
        """Lots whose documents are all acknowledged or refused and whose report is not."""
        rows = self._journal.all(
            "SELECT * FROM lots WHERE state = ? ORDER BY id LIMIT ?", (SpoolState.SENT, limit)
        )
        return [self._report(row) for row in rows]

    def backlog(self) -> Backlog:
        """Count what waits for the centre, and the lots under way."""
        row = self._journal.one(
            "SELECT (SELECT count(*) FROM documents WHERE state = ?1),"
            " (SELECT ifnull(sum(size), 0) FROM blobs WHERE NOT acknowledged AND sha256 IN"
            "  (SELECT sha256 FROM document_blobs JOIN documents ON id = document_id"
            "   WHERE state = ?1)),"
            " (SELECT count(*) FROM lots WHERE state IN ('sighted', 'claimed', 'read', 'spooled')),"
            " (SELECT count(*) FROM lots WHERE state = 'read')"
            "  + (SELECT count(*) FROM sightings WHERE shown = 'INCOMPLET')",
            (SpoolState.SPOOLED,),
        )
        return Backlog(*(tuple(row) if row else (0, 0, 0, 0)))

    def wait_for_work(self, timeout_s: float) -> bool:
        """Block until something new may be sent, or the time has passed: False."""
        return self._store.to_send.wait(timeout_s)

    # --- the centre's answers ---

    def acknowledge_blob(self, sha256: str) -> None:
        """The centre holds these bytes durably."""
        with self._journal.transaction() as t:
            t.execute("UPDATE blobs SET acknowledged = 1 WHERE sha256 = ?", (sha256,))

    def resend_blobs(self, document_id: str) -> None:
        """The centre lacks a blob of this document: forget that its blobs were acknowledged."""
        with self._journal.transaction() as t:
            _resend_blobs(t, document_id)
        self._store.to_send.set()

    def acknowledge_document(self, document_id: str) -> None:
        """The centre committed this document; nothing changes for one that has left."""
        with self._journal.transaction() as t:
            is_complete = _step_document(t, document_id, SpoolStep.ACKNOWLEDGE, None, None)
        if is_complete:
            self._store.to_send.set()

    def refuse_document(self, document_id: str, code: str, reason: str) -> None:
        """Set a document aside for good, until a person replays or discards it.

        Args:
            document_id: Nothing changes for one that has left.
            code: The centre's, or the station's when its own copy is no longer whole.
            reason: French.
        """
        with self._journal.transaction() as t:
            is_complete = _step_document(t, document_id, SpoolStep.SET_ASIDE, code, reason)
        if is_complete:
            self._store.to_send.set()

    def acknowledge_lot(self, lot_id: str) -> None:
        """The centre committed this lot's report."""
        with self._journal.transaction() as t:
            row = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
            if row is not None and row["state"] == SpoolState.SENT:
                step_lot(t, lot_id, SpoolStep.ACKNOWLEDGE)
                now = self._store.now()
                t.execute("UPDATE lots SET acknowledged_at = ? WHERE id = ?", (now, lot_id))

    # --- people ---

    def replay(self, lot_or_document_id: str) -> None:
        """Send a document again, or a lot's refused ones; read a lot again that was set aside.

        If it came in on a day that cannot be, it came in today.

        Raises:
            LookupError: nothing of this id can be replayed.
        """
        now = self._store.clock()
        with self._journal.transaction() as t:
            _replay(t, lot_or_document_id, now)
        self._store.to_read.set()
        self._store.to_send.set()

    def replay_since(self, day: dt.date) -> int:
        """Send every acknowledged document of the lots received since a day again.

        In many short transactions: the station goes on between them, and what one of them did not
        reach is reached by asking again.

        Returns:
            How many documents.
        """
        rows = self._journal.all(
            "SELECT documents.id FROM documents JOIN lots ON lots.id = lot_id"
            " WHERE documents.state = ? AND lots.received_at >= ? ORDER BY documents.id",
            (SpoolState.ACKNOWLEDGED, start_of_day(day).isoformat()),
        )
        count = 0
        for start in range(0, len(rows), _MAX_REPLAYED_AT_ONCE):
            with self._journal.transaction() as t:
                for row in rows[start : start + _MAX_REPLAYED_AT_ONCE]:
                    count += _replay_acknowledged(t, row["id"])
        self._store.to_send.set()
        return count

    def _report(self, row: Row) -> LotReport:
        totals = self._journal.one(
            "SELECT count(*), ifnull(sum(pages), 0) FROM documents WHERE lot_id = ?", (row["id"],)
        )
        documents, pages = tuple(totals) if totals else (0, 0)
        if row["found"] is None or row["found"] == row["expected"]:
            state = "read"
        else:
            state = "closed_short" if row["found"] < row["expected"] else "closed_over"
        lot = lot_from_row(row)
        if lot.expected_pages is not None:
            # The scanner's index counts images, all else counts pages.
            lot = dataclasses.replace(lot, expected_pages=lot.expected_pages - row["twins"])
        return LotReport(
            lot=lot,
            counted_pages=row["counted_pages"],
            documents=documents,
            document_pages=pages,
            loose_pages=row["loose_pages"],
            set_aside=set_aside_of_lot(self._journal, row["id"], include_discarded=True),
            state=state,
        )


def image_refs(document: Document) -> list[ImageRef]:
    """The images of a document's pages and of their twins."""
    return [page.ref for page in document.pages] + [
        page.twin for page in document.pages if page.twin is not None
    ]


def answer_if_complete(t: Transaction, lot_id: str) -> SpoolState:
    """A lot is ``sent`` once the centre has answered for each of its documents."""
    state = SpoolState(lot_row(t, lot_id)["state"])
    waiting = t.execute(
        "SELECT 1 FROM documents WHERE lot_id = ? AND state = ?", (lot_id, SpoolState.SPOOLED)
    ).fetchone()
    if waiting is None and (state, SpoolStep.ANSWER) in rules.LOT:
        return step_lot(t, lot_id, SpoolStep.ANSWER)
    return state


def _resend_blobs(t: Transaction, document_id: str) -> None:
    t.execute(
        "UPDATE blobs SET acknowledged = 0 WHERE sha256 IN"
        " (SELECT sha256 FROM document_blobs WHERE document_id = ?)",
        (document_id,),
    )


def _step_document(
    t: Transaction, document_id: str, step: SpoolStep, code: str | None, reason: str | None
) -> bool:
    """Take a step of the document table; whether its lot's report may be sent since then."""
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or (SpoolState(row["state"]), step) not in rules.DOCUMENT:
        return False  # an answer that came twice, or for a document that has left
    state = rules.next_state(rules.DOCUMENT, SpoolState(row["state"]), step)
    t.execute(
        "UPDATE documents SET state = ?, code = ?, reason = ? WHERE id = ?",
        (state, code, reason, document_id),
    )
    return answer_if_complete(t, row["lot_id"]) is SpoolState.SENT


def _replay(t: Transaction, lot_or_document_id: str, now: dt.datetime) -> None:
    lot = t.execute("SELECT * FROM lots WHERE id = ?", (lot_or_document_id,)).fetchone()
    if lot is None:
        lot_id = _replay_document(t, lot_or_document_id)
        _correct_received_day(t, lot_id, now)
        return
    was_corrected = _correct_received_day(t, lot["id"], now)
    if lot["state"] == SpoolState.SET_ASIDE:
        _read_again(t, lot["id"])
        return
    refused = t.execute(
        "SELECT id FROM documents WHERE lot_id = ? AND state = ?",
        (lot["id"], SpoolState.SET_ASIDE),
    ).fetchall()
    if not refused and not was_corrected:
        raise LookupError(f"lot {lot['id']} holds nothing that was set aside")
    for row in refused:
        _replay_document(t, row["id"])


def _read_again(t: Transaction, lot_id: str) -> None:
    usable = t.execute(
        "SELECT 1 FROM lot_files WHERE lot_id = ? AND kind = ? AND code IS NULL",
        (lot_id, FileKind.PAGES),
    ).fetchone()
    if usable is None:
        raise LookupError(f"lot {lot_id} holds no file to read")
    step_lot(t, lot_id, SpoolStep.REPLAY)
    t.execute("UPDATE lots SET code = NULL, reason = NULL WHERE id = ?", (lot_id,))


def _replay_document(t: Transaction, document_id: str) -> str:
    """Send a document again, with its blobs; return its lot's id."""
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or row["state"] == SpoolState.REAPED:
        raise LookupError(f"no document {document_id}")
    lot_id = str(row["lot_id"])
    if row["state"] == SpoolState.SPOOLED:
        return lot_id
    state = rules.next_state(rules.DOCUMENT, SpoolState(row["state"]), SpoolStep.REPLAY)
    t.execute(
        "UPDATE documents SET state = ?, code = NULL, reason = NULL WHERE id = ?",
        (state, document_id),
    )
    _resend_blobs(t, document_id)
    if (SpoolState(lot_row(t, lot_id)["state"]), SpoolStep.REPLAY) in rules.LOT:
        step_lot(t, lot_id, SpoolStep.REPLAY)
    return lot_id


def _replay_acknowledged(t: Transaction, document_id: str) -> bool:
    """Send a document again unless it has left, or waits already."""
    row = t.execute("SELECT state FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or row["state"] != SpoolState.ACKNOWLEDGED:
        return False
    _replay_document(t, document_id)
    return True


def _correct_received_day(t: Transaction, lot_id: str, now: dt.datetime) -> bool:
    """Give a lot that came in on a day that cannot be today's; False when nothing was wrong."""
    row = lot_row(t, lot_id)
    received_at = dt.datetime.fromisoformat(row["received_at"])
    received_on = dt.date.fromisoformat(row["received_on"])
    is_moment = received_at.date() >= EARLIEST_RECEIPT and received_at <= now + RECEIPT_AHEAD
    is_day = EARLIEST_RECEIPT <= received_on <= paris_day(now + RECEIPT_AHEAD)
    if is_moment and is_day:
        return False
    was_on_header = received_on != paris_day(received_at)
    corrected_at = received_at if is_moment else now
    corrected_on = received_on if is_day and was_on_header else paris_day(corrected_at)
    t.execute(
        "UPDATE lots SET received_at = ?, received_on = ? WHERE id = ?",
        (corrected_at.isoformat(), corrected_on.isoformat(), lot_id),
    )
    _move_delays(t, lot_id, received_on, corrected_on)
    return True


def _move_delays(t: Transaction, lot_id: str, before: dt.date, after: dt.date) -> None:
    """As many working days as before, for what the centre does not have."""
    rows = t.execute(
        "SELECT id, json FROM documents WHERE lot_id = ? AND state IN (?, ?)",
        (lot_id, SpoolState.SPOOLED, SpoolState.SET_ASIDE),
    ).fetchall()
    holidays_before, holidays_after = public_holidays([before]), public_holidays([after])
    for row in rows:
        document = DOCUMENT.validate_json(row["json"])
        if document.route.due_on is None:
            continue
        days = working_days_between(before, document.route.due_on, holidays_before)
        route = dataclasses.replace(
            document.route, due_on=add_working_days(after, days, holidays_after)
        )
        moved = DOCUMENT.dump_json(dataclasses.replace(document, route=route)).decode()
        t.execute("UPDATE documents SET json = ? WHERE id = ?", (moved, row["id"]))
