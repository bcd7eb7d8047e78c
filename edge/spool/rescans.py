"""Requests of the centre to scan a document again, and what answers them.

``open`` until the centre says that the request is over; then it is shown no more, but its id
stays known for 400 days, so that a lot that answers it late is not taken for ordinary mail. An
operator answers with a lot that carries the request's id: on its header sheet, or in its name.
"""

import datetime as dt
import re

from edge.spool.journal import Journal, Row
from edge.spool.rules import SpoolState
from edge.spool.store import Store, Transaction
from edge.spool.values import Rescan
from vaguemestre.model.lot import AskedSheet, RescanRequest

_ANSWER_NAME = re.compile(r"rescan[-_ ]?([0-9a-f]{8})(?![0-9a-f])", re.IGNORECASE)
_KEEP_CLOSED = dt.timedelta(days=400)

_OPEN = """
SELECT rescans.*,
    gone + (SELECT count(*) FROM documents WHERE documents.rescan_id = rescans.rescan_id
        AND rescans.rescan_id <> '') AS scanned,
    gone + (SELECT count(*) FROM documents WHERE documents.rescan_id = rescans.rescan_id
        AND rescans.rescan_id <> '' AND state IN (?1, ?2)) AS sent
FROM rescans WHERE state <> 'closed' ORDER BY asked_at, key
"""


class Rescans:
    """The requests that a spool holds.

    Args:
        store: The spool.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._journal = store, store.journal

    def record_request(self, request: RescanRequest) -> None:
        """Keep the centre's request for the operator; the same request again changes nothing.

        One of before the centre told which sheet it means learns it. One that was over and is asked
        again is open again: the centre was restored from a backup.
        """
        with self._journal.transaction() as t:
            t.execute(
                "INSERT INTO rescans (key, rescan_id, document_id, lot_name, reason, received_on,"
                " fund, asked_at, number, type_title, page, pages, picture)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET lot_name = excluded.lot_name,"
                " state = CASE state WHEN 'closed' THEN 'open' ELSE state END,"
                " reason = excluded.reason, number = excluded.number, page = excluded.page,"
                " type_title = excluded.type_title, pages = excluded.pages,"
                " picture = excluded.picture"
                " WHERE (state = 'closed' OR number = 0 AND excluded.number > 0)"
                " AND rescan_id <> ''",
                (
                    *(request.rescan_id or request.document_id, request.rescan_id),
                    *(request.document_id, request.lot_name, request.reason),
                    request.received_on.isoformat() if request.received_on else "",
                    *(request.fund, self._store.now()),
                    *(request.sheet.number, request.sheet.type_title),
                    *(request.sheet.page, request.sheet.pages, request.sheet.picture),
                ),
            )

    def close(self, key: str) -> None:
        """The request is over; ``key`` is its id, or the document's if it has none.

        What a late answer needs stays; the lot's name and what people wrote of it do not.
        """
        with self._journal.transaction() as t:
            t.execute(
                "UPDATE rescans SET state = 'closed', lot_name = '', reason = '', impossible = '',"
                " number = 0, type_title = '', page = 0, pages = 0, picture = x''"
                " WHERE key = ?",
                (key,),
            )

    def open_requests(self) -> list[Rescan]:
        """Requests that are not over, oldest first."""
        rows = self._journal.all(_OPEN, (SpoolState.ACKNOWLEDGED, SpoolState.REAPED))
        return [_rescan(row) for row in rows]

    def open_ids(self, limit: int) -> tuple[str, ...]:
        """Ids of so many requests that are not over, oldest first."""
        rows = self._journal.all(
            "SELECT key FROM rescans WHERE state <> 'closed' AND rescan_id <> ''"
            " ORDER BY key LIMIT ?",
            (limit,),
        )
        return tuple(row["key"] for row in rows)

    def record_impossible(self, rescan_id: str, reason: str) -> bool:
        """The operator cannot meet a request; False when it is none, or no longer open.

        Args:
            rescan_id: Of the request.
            reason: The operator's, French.
        """
        with self._journal.transaction() as t:
            changed = t.execute(
                "UPDATE rescans SET state = 'impossible', impossible = ?"
                " WHERE key = ? AND rescan_id <> '' AND state = 'open'",
                (reason, rescan_id),
            ).rowcount
        self._store.to_send.set()
        return changed > 0

    def impossible_requests(self) -> list[tuple[str, str]]:
        """Ids of requests that the operator cannot meet, each with the reason, until closed."""
        rows = self._journal.all("SELECT * FROM rescans WHERE state = 'impossible' ORDER BY key")
        return [(row["rescan_id"], row["impossible"]) for row in rows]


def code_of(rescan_id: str) -> str:
    """What an operator types of an id: its end, which is drawn by chance.

    Its beginning is the time of the request, and alike for all of the same minute.
    """
    return rescan_id[-8:].upper()


def is_answer(lot_name: str) -> bool:
    """Whether a lot is named like the answer to some request."""
    return _ANSWER_NAME.match(lot_name.rpartition("/")[2]) is not None


def request_named_by(t: Transaction, lot_name: str) -> Row | None:
    """The request that a lot's name answers; None when it answers none, or might several."""
    match = _ANSWER_NAME.match(lot_name.rpartition("/")[2])
    if match is None:
        return None
    rows: list[Row] = t.execute(
        "SELECT * FROM rescans WHERE rescan_id LIKE ?", (f"%{match[1].lower()}",)
    ).fetchall()
    return rows[0] if len(rows) == 1 else None


def reasons_of_lot(journal: Journal, lot_id: str) -> tuple[str, ...]:
    """Why documents of a lot are to be scanned again; French."""
    rows = journal.all(
        "SELECT rescans.reason FROM rescans JOIN documents ON id = document_id"
        " WHERE lot_id = ? AND rescans.state = 'open' ORDER BY rescans.key",
        (lot_id,),
    )
    return tuple(row["reason"] for row in rows)


def count_leaving_answers(t: Transaction, lot_id: str) -> None:
    """A lot leaves; of documents in it that answer requests, their number is kept."""
    t.execute(
        "UPDATE rescans SET gone = gone + (SELECT count(*) FROM documents"
        " WHERE lot_id = ?1 AND documents.rescan_id = rescans.rescan_id) WHERE rescan_id IN"
        " (SELECT rescan_id FROM documents WHERE lot_id = ?1 AND rescan_id <> '')",
        (lot_id,),
    )


def erase_expired(t: Transaction, now: dt.datetime) -> None:
    """Erase requests that have long been over."""
    until = (now - _KEEP_CLOSED).astimezone(dt.UTC).isoformat()
    t.execute("DELETE FROM rescans WHERE state = 'closed' AND asked_at < ?", (until,))


def _rescan(row: Row) -> Rescan:
    day = row["received_on"]
    return Rescan(
        document_id=row["document_id"],
        lot_name=row["lot_name"],
        reason=row["reason"],
        asked_at=dt.datetime.fromisoformat(row["asked_at"]),
        rescan_id=row["rescan_id"],
        code=code_of(row["rescan_id"]),
        received_on=dt.date.fromisoformat(day) if day else None,
        fund=row["fund"],
        scanned=row["scanned"],
        sent=row["sent"],
        impossible=row["impossible"],
        sheet=AskedSheet(
            row["number"], row["type_title"], row["page"], row["pages"], bytes(row["picture"])
        ),
    )
