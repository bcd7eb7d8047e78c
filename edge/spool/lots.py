"""Claimed lots: what waits to be read, and what reading made of it.

A lot's documents get their ids in one transaction, here and nowhere else, and only while the lot is
``claimed`` or ``read``: a lot read twice (a crash came before the transaction, or after it) has one
set of ids. A lot short of its count keeps its result without ids until it is completed, and read
again as a whole, or closed by the operator.
"""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import replace

import pydantic

from edge.errors import LotWithoutDocument
from edge.results import LotResult
from edge.spool import rules
from edge.spool.documents import DOCUMENT, answer_if_complete, image_refs
from edge.spool.joining import PROBABLY_SPLIT
from edge.spool.journal import Row
from edge.spool.page_order import WrittenFile, arrange
from edge.spool.rules import CountResult, SpoolState, SpoolStep, composed, lot_key
from edge.spool.store import Store, Transaction, lot_from_row, lot_row, new_id, step_lot
from edge.spool.values import ClaimedFile, ClaimedLot, EarlierCopy, FileKind
from vaguemestre.model.document import Document, PageRole, RouteKind
from vaguemestre.model.lot import LotHeader

_RESULT: pydantic.TypeAdapter[LotResult] = pydantic.TypeAdapter(LotResult)

_DUPLICATE = "probable_duplicate"
_COUNT_SHORT = "count_short"
_RHYTHM_BROKEN = "rhythm_broken"


class Lots:
    """Lots that were claimed; what their reader needs of the spool, and who closes one.

    Args:
        store: The spool.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def lots_to_read(
        self, limit: int = 100, excluded: Collection[str] = (), max_bytes: int | None = None
    ) -> list[ClaimedLot]:
        """Claimed lots, urgent first, then oldest first.

        Args:
            limit: How many at most.
            excluded: Ids of lots that are left out.
            max_bytes: Of all files of one lot; larger lots are left out.
        """
        rows = self._store.journal.all(
            "SELECT * FROM lots WHERE state = ? AND id NOT IN (SELECT value FROM json_each(?))"
            " AND (? IS NULL OR ? >= (SELECT COALESCE(SUM(size), 0) FROM lot_files"
            " WHERE lot_id = lots.id)) ORDER BY priority DESC, id LIMIT ?",
            (SpoolState.CLAIMED, json.dumps(sorted(excluded)), max_bytes, max_bytes, limit),
        )
        return [
            ClaimedLot(
                lot_from_row(row),
                self._files(row["id"]),
                row["expected_pages"],
                bool(row["closed"]),
                row["edition"],
            )
            for row in rows
        ]

    def wait_for_lots(self, timeout_s: float) -> bool:
        """Block until a lot may be ready to be read, or the time has passed: False."""
        return self._store.to_read.wait(timeout_s)

    def record_result(
        self,
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
            lot_id: A claimed lot.
            result: What reading made of it.
            counted_pages: Pages found, separators and blanks included; the colour and the bitonal
                image of one side are one page.
            versions: What it was read with.
            edition: Of the lot's files, as they were read; any when None.

        Returns:
            The lot's state now.

        Raises:
            LookupError: no lot has this id.
            ValueError: a document has a page of a file that the lot does not hold.
        """
        with self._store.journal.transaction() as t:
            state = _record_result(t, lot_id, result, counted_pages, versions, edition)
        self._store.to_send.set()
        return state

    def set_lot_aside(
        self, lot_id: str, code: str, reason: str, edition: int | None = None
    ) -> None:
        """Set a whole lot aside; its files stay until a person replays or discards it.

        Nothing changes for a lot that was read already, or whose files changed meanwhile.

        Args:
            lot_id: A claimed lot.
            code: Of the error.
            reason: French.
            edition: Of the lot's files, as they were read; any when None.

        Raises:
            LookupError: no lot has this id.
        """
        with self._store.journal.transaction() as t:
            if _may_record(lot_row(t, lot_id), edition):
                _set_aside(t, lot_id, code, reason)

    def close_lots(self, name_or_id: str, source: str = "") -> int:
        """Close lots by id, name, label or key; return how many were open.

        A lot in the folder is claimed as it is, a lot under way is spooled as it will be read, and
        an incomplete one as it was read. Of several lots of a name the one that is shown under just
        this label is meant: yesterday's incomplete lot is closed without today's.

        Args:
            name_or_id: What the operator says.
            source: The folder; of any when empty.
        """
        name = composed(name_or_id)
        parameters = (name, lot_key(name), source)
        with self._store.journal.transaction() as t:
            count = _close(t, "label = ?1", parameters)
            count = count or _close(t, "name = ?1 OR key = ?2", parameters)
        self._store.to_send.set()
        return count

    def _files(self, lot_id: str) -> tuple[ClaimedFile, ...]:
        """The files of pages, in page order."""
        rows = self._store.journal.all(
            "SELECT * FROM lot_files WHERE lot_id = ? AND kind = ?"
            " ORDER BY ifnull(place, position), position",
            (lot_id, FileKind.PAGES),
        )
        written = [WrittenFile(tuple(row["name"].split("/")), row["mtime_ns"]) for row in rows]
        unsure = arrange(written).unsure
        return tuple(
            ClaimedFile(
                name=row["name"],
                sha256=row["sha256"] or "",
                path=self._store.blob(row["sha256"] or ""),
                size=row["size"],
                duplicate_of=row["duplicate_of"],
                twin_of=row["twin_of"],
                order=order,
                twin_certain=bool(row["twin_certain"]),
                code=row["code"],
                order_certain=order not in unsure,
                continues=EarlierCopy(row["continues"], self._store.blob(row["continues"]))
                if row["continues"]
                else None,
            )
            for order, row in enumerate(rows)
        )


def _close(t: Transaction, which: str, parameters: tuple[str, str, str]) -> int:
    match = f"(?3 = '' OR source = ?3) AND ({which}"
    count = t.execute(
        f"UPDATE sightings SET closed = 1 WHERE {match})",  # noqa: S608
        parameters,
    ).rowcount
    rows: list[Row] = t.execute(
        f"SELECT * FROM lots WHERE {match} OR id = ?1)"  # noqa: S608
        " AND state IN ('sighted', 'claimed', 'read')",
        parameters,
    ).fetchall()
    for row in rows:
        t.execute("UPDATE lots SET closed = 1 WHERE id = ?", (row["id"],))
        if row["state"] == SpoolState.READ:
            _spool(t, row, _RESULT.validate_json(row["result"]))
    return count + len(rows)


def _may_record(lot: Row, edition: int | None) -> bool:
    """Whether it waits to be read and its files are those that were read."""
    return lot["state"] == SpoolState.CLAIMED and edition in (None, lot["edition"])


def _record_result(
    t: Transaction,
    lot_id: str,
    result: LotResult,
    counted_pages: int,
    versions: Mapping[str, str],
    edition: int | None,
) -> SpoolState:
    lot = lot_row(t, lot_id)
    if not _may_record(lot, edition):
        return SpoolState(lot["state"])
    _check_files(t, lot_id, result)
    _apply_header(t, lot, result.header)
    _record_counts(t, lot_id, result, counted_pages, versions)
    count = rules.compare_counts(
        result.header,
        to_verify=lot["expected_pages"] if lot["verify"] else None,
        known=lot["expected_pages"],
        images=counted_pages + _count_twins(result),
        documents=len(result.documents),
    )
    if count is not None:
        t.execute(
            "UPDATE lots SET found = ?, expected = ?, unit = ? WHERE id = ?",
            (count.found, count.expected, count.unit, lot_id),
        )
        if count.result is not CountResult.MET and not lot["closed"]:
            t.execute(
                "UPDATE lots SET result = ? WHERE id = ?",
                (_RESULT.dump_json(result).decode(), lot_id),
            )
            return step_lot(t, lot_id, SpoolStep.HOLD)
    if result.loose_pages and not (result.documents or result.set_aside):
        return _set_aside(t, lot_id, LotWithoutDocument.code, LotWithoutDocument.reason)
    return _spool(t, lot_row(t, lot_id), result)


def _set_aside(t: Transaction, lot_id: str, code: str, reason: str) -> SpoolState:
    t.execute("UPDATE lots SET code = ?, reason = ? WHERE id = ?", (code, reason, lot_id))
    return step_lot(t, lot_id, SpoolStep.SET_ASIDE)


def _check_files(t: Transaction, lot_id: str, result: LotResult) -> None:
    files = {
        (row["name"], row["sha256"])
        for row in t.execute("SELECT name, sha256 FROM lot_files WHERE lot_id = ?", (lot_id,))
    }
    for document in result.documents:
        for ref in image_refs(document):
            if (ref.file, ref.sha256) not in files:
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


def _record_counts(
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
            *(counted_pages, len(result.loose_pages), _count_twins(result)),
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


def _count_twins(result: LotResult) -> int:
    """Second images of sides: an index counts them, a page is one with its twin."""
    pages = [page for document in result.documents for page in document.pages]
    return sum(page.twin is not None for page in (*pages, *result.loose_pages))


def _spool(t: Transaction, lot: Row, result: LotResult) -> SpoolState:
    """Give each document its id and its marks; they wait for the centre from here on."""
    lot_id = lot["id"]
    doubt = lot["doubt"]
    if doubt == PROBABLY_SPLIT and lot["expected"] is not None and lot["found"] == lot["expected"]:
        t.execute("UPDATE lots SET note = '', doubt = '' WHERE id = ?", (lot_id,))
        doubt = ""  # all that was announced is there: it is no part of another
    duplicates = {
        file["name"]
        for file in t.execute(
            "SELECT name FROM lot_files WHERE lot_id = ? AND duplicate_of IS NOT NULL", (lot_id,)
        )
    }
    short = lot["found"] is not None and lot["found"] < lot["expected"]
    for position, document in enumerate(result.documents):
        marked = _marked(document, duplicates, short=short, doubt=doubt)
        document_id = new_id(t)
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
            [(document_id, sha256) for sha256 in {ref.sha256 for ref in image_refs(marked)}],
        )
    t.execute("UPDATE lots SET result = NULL WHERE id = ?", (lot_id,))
    step_lot(t, lot_id, SpoolStep.SPOOL)
    return answer_if_complete(t, lot_id)


def _marked(document: Document, duplicates: set[str], *, short: bool, doubt: str) -> Document:
    """Add the marks that only the spool can give.

    A blank or separator sheet has the same bytes in every lot and proves nothing. A document
    with other pages seen before never goes straight through, nor one of a lot that may be a part
    of another (``doubt``): a person decides.
    """
    marks = document.marks
    if short and _COUNT_SHORT not in marks:
        marks += (_COUNT_SHORT,)
    route = document.route
    if any(
        page.ref.file in duplicates and page.role not in (PageRole.BLANK, PageRole.SEPARATOR)
        for page in document.pages
    ):
        marks += () if _DUPLICATE in marks else (_DUPLICATE,)
        if route.kind is RouteKind.STRAIGHT:
            route = replace(route, kind=RouteKind.NAME, reasons=(*route.reasons, _DUPLICATE))
    if doubt:
        marks += () if doubt in marks else (doubt,)
        if doubt not in route.reasons:
            route = replace(route, kind=RouteKind.NAME, reasons=(*route.reasons, doubt))
    return replace(document, marks=marks, route=route)
