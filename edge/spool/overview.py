"""Lots as operators see them: four words, a French sentence, and the counts."""

import datetime as dt
import json
from collections.abc import Mapping

import pydantic

from edge.document import SetAside
from edge.errors import CountMismatch
from edge.spool import rescans, standing
from edge.spool.counts import Count, Unit
from edge.spool.journal import Row
from edge.spool.sending import set_aside_of
from edge.spool.states import State
from edge.spool.store import Store
from edge.spool.values import LotView, Shown, SourceView

_SET_ASIDE: pydantic.TypeAdapter[tuple[SetAside, ...]] = pydantic.TypeAdapter(tuple[SetAside, ...])

_LOTS = """
SELECT lots.*,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id) AS documents,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'acknowledged') AS answered,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND state = 'set_aside') AS refused,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND (state = 'acknowledged' OR (
        state = 'spooled' AND NOT EXISTS (SELECT 1 FROM document_blobs JOIN blobs USING (sha256)
            WHERE document_id = documents.id AND NOT acknowledged)))) AS sent,
    (SELECT count(*) FROM documents WHERE lot_id = lots.id AND rescan_id <> '') AS answers,
    (SELECT count(*) FROM lot_files WHERE lot_id = lots.id AND kind = 'pages') AS files
FROM lots WHERE state <> 'reaped' AND (?1 = '' OR source = ?1)
ORDER BY state IN ('sighted', 'claimed', 'read', 'set_aside') DESC, id DESC LIMIT ?2
"""
_DETAIL = {
    State.SIGHTED: "Prise en charge en cours.",
    State.CLAIMED: "En attente de lecture ou en lecture.",
    State.READ: CountMismatch.reason,
}


def lots(store: Store, source: str, limit: int) -> list[LotView]:
    """Lots that have not left the spool, those in the folder first, then open ones, then newest."""
    sighted = store.journal.all(
        "SELECT * FROM sightings WHERE ?1 = '' OR source = ?1 ORDER BY first_seen DESC, name",
        (source,),
    )
    claimed = store.journal.all(_LOTS, (source, limit))
    read = standing.pages_read(store)
    return [_sighted(row) for row in sighted] + [_claimed(store, row, read) for row in claimed]


def sources(store: Store) -> list[SourceView]:
    """How each watched folder is."""
    return [
        SourceView(row["name"], row["reason"], dt.datetime.fromisoformat(row["since"]))
        for row in store.journal.all("SELECT * FROM sources ORDER BY name")
    ]


def _count(row: Row) -> Count | None:
    if row["found"] is None:
        return None
    return Count(row["found"], row["expected"], Unit(row["unit"]))


def _sighted(row: Row) -> LotView:
    return LotView(
        id="",
        source=row["source"],
        name=row["name"],
        label=row["label"],
        shown=Shown(row["shown"]),
        detail=row["detail"],
        received_at=dt.datetime.fromisoformat(row["first_seen"]),
        count=_count(row),
        closed=bool(row["closed"]),
        set_aside=_SET_ASIDE.validate_python(json.loads(row["set_aside"])),
    )


def _claimed(store: Store, row: Row, read: Mapping[str, int]) -> LotView:
    state = State(row["state"])
    set_aside = set_aside_of(store, row["id"]) + _refused(store, row)
    wanted = rescans.reasons_of_lot(store, row["id"])
    trouble = bool(set_aside or wanted or row["refused"])
    note = (row["reason"] or "") if state is not State.SET_ASIDE else ""
    usual = _DETAIL.get(state, "Le lot est lu et conservé en sécurité.")
    return LotView(
        id=row["id"],
        source=row["source"],
        name=row["name"],
        label=row["label"],
        shown=_shown(state, trouble=trouble),
        detail=f"{note} {usual}" if note else row["reason"] or usual,
        note=note,
        received_at=dt.datetime.fromisoformat(row["received_at"]),
        count=_count(row),
        counted_pages=row["counted_pages"],
        documents=row["documents"],
        acknowledged=row["answered"],
        refused=row["refused"],
        closed=bool(row["closed"]),
        set_aside=set_aside,
        rescans=wanted,
        files=row["files"],
        read_pages=read.get(row["id"], 0) if state is State.CLAIMED else 0,
        sent=row["sent"],
        answers_rescan=bool(row["rescan_id"] or row["answers"]),
    )


def _refused(store: Store, row: Row) -> tuple[SetAside, ...]:
    """Documents that the centre refused, as their operator finds them: by number in the lot."""
    if not row["refused"]:
        return ()
    return tuple(
        SetAside(f"document {document['position'] + 1}", None, document["code"], document["reason"])
        for document in store.journal.all(
            "SELECT position, code, reason FROM documents WHERE lot_id = ? AND state = ?"
            " ORDER BY position",
            (row["id"], State.SET_ASIDE),
        )
    )


def _shown(state: State, *, trouble: bool) -> Shown:
    if state in (State.SIGHTED, State.CLAIMED):
        return Shown.RUNNING
    if state is State.READ:
        return Shown.INCOMPLETE
    return Shown.ERROR if trouble or state is State.SET_ASIDE else Shown.DONE
