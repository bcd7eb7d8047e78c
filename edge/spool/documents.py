"""What reading made of a lot becomes documents with ids, in one transaction.

Ids are given here and nowhere else, and only to a lot in state ``claimed`` or ``read``: a lot
read twice (a crash came before the transaction, or after it) has one set of ids. A lot short
of its count keeps its result without ids until it is completed, and read again as a whole, or
closed by the operator.

What waits for the centre, and what its answers change.
"""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pydantic

from edge.errors import LotWithoutDocument, SpoolCorrupt
from edge.results import LotResult
from edge.spool import rules as spool_rules
from edge.spool.joining import PROBABLY_SPLIT
from edge.spool.journal import Row
from edge.spool.rules import CountResult, SpoolState, SpoolStep
from edge.spool.store import Store, Transaction, lot_from, lot_row, step_lot
from edge.spool.values import Blob
from vaguemestre.model.document import Document, ImageRef, PageRole, RouteKind
from vaguemestre.model.lot import Backlog, LotHeader, LotReport, SetAside, SpooledDocument

DOCUMENT: pydantic.TypeAdapter[Document] = pydantic.TypeAdapter(Document)
_RESULT: pydantic.TypeAdapter[LotResult] = pydantic.TypeAdapter(LotResult)

DUPLICATE = "probable_duplicate"
COUNT_SHORT = "count_short"
_RHYTHM_BROKEN = "rhythm_broken"


def read_done(
    store: Store,
    lot_id: str,
    result: LotResult,
    counted_pages: int,
    versions: Mapping[str, str],
    edition: int | None = None,
) -> SpoolState:
    """Spool a lot's documents, or hold them when its count is not met.

    A lot of nothing but separator and header sheets is set aside: somebody scanned something.
    Nothing changes for a lot that was read already, or whose files changed meanwhile.

    Args:
        store: The spool.
        lot_id: A claimed lot.
        result: What reading made of it.
        counted_pages: Pages found, separators and blanks included; the colour and the bitonal
            image of one side are one page.
        versions: What it was read with.
        edition: Of the lot's files, as they were read.

    Returns:
        The lot's state now.

    Raises:
        LookupError: no lot has this id.
        ValueError: a document has a page of a file that the lot does not hold.
    """
    with store.journal.transaction() as t:
        row = lot_row(t, lot_id)
        if row["state"] != SpoolState.CLAIMED or edition not in (None, row["edition"]):
            return SpoolState(row["state"])
        _check_files(t, lot_id, result)
        _apply_header(t, row, result.header)
        _note(t, lot_id, result, counted_pages, versions)
        count = spool_rules.compare_counts(
            result.header,
            to_verify=row["expected_pages"] if row["verify"] else None,
            known=row["expected_pages"],
            images=counted_pages + _twins(result),
            documents=len(result.documents),
        )
        if count is not None:
            t.execute(
                "UPDATE lots SET found = ?, expected = ?, unit = ? WHERE id = ?",
                (count.found, count.expected, count.unit, lot_id),
            )
            if count.verdict is not CountResult.MET and not row["closed"]:
                t.execute(
                    "UPDATE lots SET result = ? WHERE id = ?",
                    (_RESULT.dump_json(result).decode(), lot_id),
                )
                return step_lot(t, lot_id, SpoolStep.HOLD)
        if result.loose_pages and not (result.documents or result.set_aside):
            return _set_aside(t, lot_id, LotWithoutDocument.code, LotWithoutDocument.reason)
        return _spool(store, t, lot_row(t, lot_id), result)


def release(store: Store, t: Transaction, row: Row) -> SpoolState:
    """Spool what a held lot was read as: the operator closed it."""
    return _spool(store, t, row, _RESULT.validate_json(row["result"]))


def read_failed(
    store: Store, lot_id: str, code: str, reason: str, edition: int | None = None
) -> None:
    """Set a whole lot aside; its files stay until a person replays or discards it."""
    with store.journal.transaction() as t:
        row = lot_row(t, lot_id)
        if row["state"] != SpoolState.CLAIMED or edition not in (None, row["edition"]):
            return
        _set_aside(t, lot_id, code, reason)


def _set_aside(t: Transaction, lot_id: str, code: str, reason: str) -> SpoolState:
    t.execute("UPDATE lots SET code = ?, reason = ? WHERE id = ?", (code, reason, lot_id))
    return step_lot(t, lot_id, SpoolStep.SET_ASIDE)


def _check_files(t: Transaction, lot_id: str, result: LotResult) -> None:
    held = {
        (row["name"], row["sha256"])
        for row in t.execute("SELECT name, sha256 FROM lot_files WHERE lot_id = ?", (lot_id,))
    }
    for document in result.documents:
        for ref in _refs(document):
            if (ref.file, ref.sha256) not in held:
                raise ValueError(f"lot {lot_id} holds no file {ref.sha256[:12]} of that name")


def _apply_header(t: Transaction, row: Row, header: LotHeader | None) -> None:
    if header is None:
        return
    received_on = header.received_on or dt.date.fromisoformat(row["received_on"])
    t.execute(
        "UPDATE lots SET process = ?, fund = ?, received_on = ?, priority = ?,"
        " expected_pages = ifnull(expected_pages, ?) WHERE id = ?",
        (
            header.process or row["process"],
            header.fund or row["fund"],
            received_on.isoformat(),
            header.priority,
            header.expected_pages,
            row["id"],
        ),
    )


def _note(
    t: Transaction, lot_id: str, result: LotResult, counted_pages: int, versions: Mapping[str, str]
) -> None:
    t.execute("DELETE FROM set_aside WHERE lot_id = ? AND by_reading = 1", (lot_id,))
    t.executemany(
        "INSERT INTO set_aside (lot_id, file, page, code, reason, by_reading)"
        " VALUES (?, ?, ?, ?, ?, 1)",
        [(lot_id, a.file, a.page, a.code, a.reason) for a in result.set_aside],
    )
    t.execute(
        "UPDATE lots SET counted_pages = ?, loose_pages = ?, twins = ?, versions = ?, code = NULL,"
        " reason = ? WHERE id = ?",
        (
            *(counted_pages, len(result.loose_pages), _twins(result)),
            *(json.dumps(dict(versions)), _what_to_check(result), lot_id),
        ),
    )


def _what_to_check(result: LotResult) -> str | None:
    """What the operator, who still holds the paper, should look at; None when there is nothing."""
    broken = sum(_RHYTHM_BROKEN in document.marks for document in result.documents)
    if not broken:
        return None
    whose = "1 document est vu" if broken == 1 else f"{broken} documents sont vus"
    return f"Rythme recto verso rompu : {whose} par une personne. Contrôlez le paquet."


def _twins(result: LotResult) -> int:
    """Second images of sides: an index counts them, a page is one with its twin."""
    pages = [page for document in result.documents for page in document.pages]
    return sum(page.twin is not None for page in (*pages, *result.loose_pages))


def _spool(store: Store, t: Transaction, row: Row, result: LotResult) -> SpoolState:
    lot_id = row["id"]
    doubt = row["doubt"]
    if doubt == PROBABLY_SPLIT and row["expected"] is not None and row["found"] == row["expected"]:
        t.execute("UPDATE lots SET note = '', doubt = '' WHERE id = ?", (lot_id,))
        doubt = ""  # all that was announced is there: it is no part of another
    duplicates = {
        file["name"]
        for file in t.execute(
            "SELECT name FROM lot_files WHERE lot_id = ? AND duplicate_of IS NOT NULL", (lot_id,)
        )
    }
    short = row["found"] is not None and row["found"] < row["expected"]
    for position, document in enumerate(result.documents):
        marked = _marked(document, duplicates, short=short, doubt=doubt)
        document_id = store.new_id(t)
        t.execute(
            "INSERT INTO documents (id, lot_id, position, state, pages, json, rescan_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(document_id, lot_id, position, SpoolState.SPOOLED, len(marked.pages)),
                *(DOCUMENT.dump_json(marked).decode(), marked.rescan_id),
            ),
        )
        t.executemany(
            "INSERT INTO document_blobs VALUES (?, ?)",
            [(document_id, sha256) for sha256 in {ref.sha256 for ref in _refs(marked)}],
        )
    t.execute("UPDATE lots SET result = NULL WHERE id = ?", (lot_id,))
    step_lot(t, lot_id, SpoolStep.SPOOL)
    return answer_if_complete(t, lot_id)


def answer_if_complete(t: Transaction, lot_id: str) -> SpoolState:
    """A lot is ``sent`` once the centre has answered for each of its documents."""
    state = SpoolState(lot_row(t, lot_id)["state"])
    waiting = t.execute(
        "SELECT 1 FROM documents WHERE lot_id = ? AND state = ?", (lot_id, SpoolState.SPOOLED)
    ).fetchone()
    if waiting is None and (state, SpoolStep.ANSWER) in spool_rules.LOT:
        return step_lot(t, lot_id, SpoolStep.ANSWER)
    return state


def _marked(document: Document, duplicates: set[str], *, short: bool, doubt: str) -> Document:
    """Add the marks that only the spool can give.

    A blank or separator sheet has the same bytes in every lot and proves nothing. A document
    with other pages seen before never goes straight through, nor one of a lot that may be a part
    of another (``doubt``): a person decides.
    """
    marks = document.marks
    if short and COUNT_SHORT not in marks:
        marks += (COUNT_SHORT,)
    route = document.route
    if any(
        page.ref.file in duplicates and page.role not in (PageRole.BLANK, PageRole.SEPARATOR)
        for page in document.pages
    ):
        marks += () if DUPLICATE in marks else (DUPLICATE,)
        if route.kind is RouteKind.STRAIGHT:
            route = replace(route, kind=RouteKind.NAME, reasons=(*route.reasons, DUPLICATE))
    if doubt:
        marks += () if doubt in marks else (doubt,)
        if doubt not in route.reasons:
            route = replace(route, kind=RouteKind.NAME, reasons=(*route.reasons, doubt))
    return replace(document, marks=marks, route=route)


def _refs(document: Document) -> list[ImageRef]:
    return [page.ref for page in document.pages] + [
        page.twin for page in document.pages if page.twin is not None
    ]


_WAITING = "SELECT * FROM documents WHERE state = ? AND id > ? ORDER BY id LIMIT ?"


def documents_to_send(store: Store, limit: int, after: str) -> Sequence[SpooledDocument]:
    """Unacknowledged, unrefused documents by id; a row that cannot be read is set aside."""
    found = []
    for row in store.journal.all(_WAITING, (SpoolState.SPOOLED, after, limit)):
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
        "SELECT * FROM lots WHERE state = ? ORDER BY id LIMIT ?", (SpoolState.SENT, limit)
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
        return _step_document(t, document_id, SpoolStep.ACKNOWLEDGE, None, None)


def document_refused(store: Store, document_id: str, code: str, reason: str) -> bool:
    """Set a document aside that the centre refused for good; True as above."""
    with store.journal.transaction() as t:
        return _step_document(t, document_id, SpoolStep.SET_ASIDE, code, reason)


def lot_acknowledged(store: Store, lot_id: str) -> None:
    """The centre committed this lot's report."""
    with store.journal.transaction() as t:
        row = t.execute("SELECT state FROM lots WHERE id = ?", (lot_id,)).fetchone()
        if row is not None and row["state"] == SpoolState.SENT:
            step_lot(t, lot_id, SpoolStep.ACKNOWLEDGE)
            t.execute("UPDATE lots SET acknowledged_at = ? WHERE id = ?", (store.now(), lot_id))


def replay_document(t: Transaction, document_id: str) -> None:
    """Send a document again, with its blobs.

    Raises:
        LookupError: the spool does not hold it any more.
    """
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or row["state"] == SpoolState.REAPED:
        raise LookupError(f"no document {document_id}")
    if row["state"] == SpoolState.SPOOLED:
        return
    state = spool_rules.next_state(spool_rules.DOCUMENT, SpoolState(row["state"]), SpoolStep.REPLAY)
    t.execute(
        "UPDATE documents SET state = ?, code = NULL, reason = NULL WHERE id = ?",
        (state, document_id),
    )
    _forget_blobs(t, document_id)
    lot_state = SpoolState(lot_row(t, row["lot_id"])["state"])
    if (lot_state, SpoolStep.REPLAY) in spool_rules.LOT:
        step_lot(t, row["lot_id"], SpoolStep.REPLAY)


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
        (SpoolState.SPOOLED,),
    )
    return Backlog(*(tuple(row) if row else (0, 0, 0, 0)))


def _forget_blobs(t: Transaction, document_id: str) -> None:
    t.execute(
        "UPDATE blobs SET acknowledged = 0 WHERE sha256 IN"
        " (SELECT sha256 FROM document_blobs WHERE document_id = ?)",
        (document_id,),
    )


def _step_document(
    t: Transaction, document_id: str, step: SpoolStep, code: str | None, reason: str | None
) -> bool:
    row = t.execute("SELECT * FROM documents WHERE id = ?", (document_id,)).fetchone()
    if row is None or (SpoolState(row["state"]), step) not in spool_rules.DOCUMENT:
        return False  # an answer that came twice, or for a document that has left
    state = spool_rules.next_state(spool_rules.DOCUMENT, SpoolState(row["state"]), step)
    t.execute(
        "UPDATE documents SET state = ?, code = ?, reason = ? WHERE id = ?",
        (state, code, reason, document_id),
    )
    return answer_if_complete(t, row["lot_id"]) is SpoolState.SENT


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
