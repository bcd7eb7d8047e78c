"""What waits for the centre, and what its answers change."""

import dataclasses
import json
from collections.abc import Sequence

import pydantic

from edge.errors import SpoolCorrupt
from edge.spool import states
from edge.spool.journal import Row
from edge.spool.results import DOCUMENT, answer_if_complete
from edge.spool.states import State, Step
from edge.spool.store import Store, Transaction, lot_from, lot_row, step_lot
from edge.spool.values import Blob
from vaguemestre.model.lot import Backlog, LotReport, SetAside, SpooledDocument

_WAITING = "SELECT * FROM documents WHERE state = ? AND id > ? ORDER BY id LIMIT ?"


def documents_to_send(store: Store, limit: int, after: str) -> Sequence[SpooledDocument]:
    """Unacknowledged, unrefused documents by id; a row that cannot be read is set aside."""
    found = []
    for row in store.journal.all(_WAITING, (State.SPOOLED, after, limit)):
        try:
            document = DOCUMENT.validate_json(row["json"])
        except pydantic.ValidationError:
            document_refused(store, row["id"], SpoolCorrupt.code, SpoolCorrupt.reason)
            continue
        lot = store.journal.one("SELECT * FROM lots WHERE id = ?", (row["lot_id"],))
        if lot is not None:
            versions = json.loads(lot["versions"] or "{}")
            found.append(
                SpooledDocument(row["id"], lot_from(lot), row["position"], document, versions)
            )
    return found


def blobs_to_send(store: Store, document_id: str) -> Sequence[Blob]:
    """The document's source files that the centre has not acknowledged."""
    rows = store.journal.all(
        "SELECT b.sha256, b.size FROM document_blobs AS d JOIN blobs AS b USING (sha256)"
        " WHERE d.document_id = ? AND NOT b.acknowledged ORDER BY b.sha256",
        (document_id,),
    )
    return [Blob(row["sha256"], store.blob(row["sha256"]), row["size"]) for row in rows]


def lots_to_send(store: Store, limit: int) -> Sequence[LotReport]:
    """Lots whose documents are all answered and whose report is not."""
    rows = store.journal.all(
        "SELECT * FROM lots WHERE state = ? ORDER BY id LIMIT ?", (State.SENT, limit)
    )
    return [_report(store, row) for row in rows]


def blob_acknowledged(store: Store, sha256: str) -> None:
    """The centre holds these bytes."""
    with store.journal.transaction() as t:
        t.execute("UPDATE blobs SET acknowledged = 1 WHERE sha256 = ?", (sha256,))


def blob_wanted_again(store: Store, document_id: str) -> None:
    """Forget that the centre acknowledged this document's blobs."""
    with store.journal.transaction() as t:
        _forget_blobs(t, document_id)


def document_acknowledged(store: Store, document_id: str) -> bool:
    """The centre committed this document; True when its lot's report may be sent now."""
    with store.journal.transaction() as t:
        return _step_document(t, document_id, Step.ACKNOWLEDGE, None, None)


def document_refused(store: Store, document_id: str, code: str, reason: str) -> bool:
    """Set a document aside that the centre refused for good; True as above."""
    with store.journal.transaction() as t:
        return _step_document(t, document_id, Step.SET_ASIDE, code, reason)


def lot_acknowledged(store: Store, lot_id: str) -> None:
    """The centre committed this lot's report."""
    with store.journal.transaction() as t:
        row = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
        if row is not None and row["state"] == State.SENT:
            step_lot(t, lot_id, Step.ACKNOWLEDGE)
            t.execute("UPDATE lots SET acknowledged_at = ? WHERE id = ?", (store.now(), lot_id))


def replay_document(t: Transaction, document_id: str) -> None:
    """Send a document again, with its blobs.

    Raises:
        LookupError: the spool does not hold it any more.
    """
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or row["state"] == State.REAPED:
        raise LookupError(f"no document {document_id}")
    if row["state"] == State.SPOOLED:
        return
    state = states.after(states.DOCUMENT, State(row["state"]), Step.REPLAY)
    t.execute(
        "UPDATE documents SET state = ?, code = NULL, reason = NULL WHERE id = ?",
        (state, document_id),
    )
    _forget_blobs(t, document_id)
    lot_state = State(lot_row(t, row["lot_id"])["state"])
    if (lot_state, Step.REPLAY) in states.LOT:
        step_lot(t, row["lot_id"], Step.REPLAY)


def lot_of(t: Transaction, document_id: str) -> str:
    """The id of the lot of a document that the spool holds."""
    row = t.execute("SELECT lot_id FROM documents WHERE id = ?", (document_id,)).fetchone()
    return str(row["lot_id"])


def backlog(store: Store) -> Backlog:
    """Count what waits for the centre, and the lots under way."""
    row = store.journal.one(
        "SELECT (SELECT count(*) FROM documents WHERE state = ?1),"
        " (SELECT ifnull(sum(size), 0) FROM blobs WHERE NOT acknowledged AND sha256 IN"
        "  (SELECT sha256 FROM document_blobs JOIN documents ON id = document_id"
        "   WHERE state = ?1)),"
        " (SELECT count(*) FROM lots WHERE state IN ('sighted', 'claimed', 'read', 'spooled')),"
        " (SELECT count(*) FROM lots WHERE state = 'read')"
        "  + (SELECT count(*) FROM sightings WHERE shown = 'INCOMPLET')",
        (State.SPOOLED,),
    )
    return Backlog(*(tuple(row) if row else (0, 0, 0, 0)))


def _forget_blobs(t: Transaction, document_id: str) -> None:
    t.execute(
        "UPDATE blobs SET acknowledged = 0 WHERE sha256 IN"
        " (SELECT sha256 FROM document_blobs WHERE document_id = ?)",
        (document_id,),
    )


def _step_document(
    t: Transaction, document_id: str, step: Step, code: str | None, reason: str | None
) -> bool:
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or (State(row["state"]), step) not in states.DOCUMENT:
        return False  # an answer that came twice, or for a document that has left
    state = states.after(states.DOCUMENT, State(row["state"]), step)
    t.execute(
        "UPDATE documents SET state = ?, code = ?, reason = ? WHERE id = ?",
        (state, code, reason, document_id),
    )
    return answer_if_complete(t, row["lot_id"]) is State.SENT


def _report(store: Store, row: Row) -> LotReport:
    totals = store.journal.one(
        "SELECT count(*), ifnull(sum(pages), 0) FROM documents WHERE lot_id = ?", (row["id"],)
    )
    documents, pages = tuple(totals) if totals else (0, 0)
    if row["found"] is None or row["found"] == row["expected"]:
        state = "read"
    else:
        state = "closed_short" if row["found"] < row["expected"] else "closed_over"
    lot = lot_from(row)
    if lot.expected_pages is not None:
        # The scanner's index counts images, all else counts pages.
        lot = dataclasses.replace(lot, expected_pages=lot.expected_pages - row["twins"])
    return LotReport(
        lot=lot,
        counted_pages=row["counted_pages"],
        documents=documents,
        document_pages=pages,
        loose_pages=row["loose_pages"],
        set_aside=set_aside_of(store, row["id"]),
        state=state,
    )


def set_aside_of(store: Store, lot_id: str, *, given_up: bool = True) -> tuple[SetAside, ...]:
    """What could not be claimed or read of a lot; with what a person has given up, or without."""
    return tuple(
        SetAside(row["file"], row["page"], row["code"], row["reason"])
        for row in store.journal.all(
            "SELECT * FROM set_aside WHERE lot_id = ? AND discarded <= ? ORDER BY rowid",
            (lot_id, int(given_up)),
        )
    )
