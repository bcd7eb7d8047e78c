"""The monitoring page's content as JSON-ready values; the page and ``/api/board`` share it."""

import datetime as dt
import uuid
from typing import Any

import sqlalchemy as sa

from central.store import board

_LOTS, _WAITING, _DEAD, _DOCUMENTS = 50, 100, 100, 500
_PERIOD = dt.timedelta(days=30)

REASONS = {
    "unknown": "type inconnu",
    "misdirected": "autre organisme",
    "type_doubtful": "type douteux",
    "type_unexpected": "type inattendu dans ce lot",
    "probable_duplicate": "doublon probable",
    "front_missing": "recto manquant",
    "page_missing": "page manquante",
    "blurred": "image floue",
    "unregistered": "formulaire non recalé",
    "layout_unverified": "formulaire non vérifié",
    "type_for_a_person": "à traiter par une personne",
}
_FIELD = "field:"


def content(engine: sa.Engine, now: dt.datetime) -> dict[str, Any]:
    """Everything that the page shows, over the last 30 days."""
    since = now - _PERIOD
    return {
        "at": now,
        "totals": board.totals(engine, since),
        "lots": [_lot(row) for row in board.lots_with_counts(engine, _LOTS)],
        "poles": board.documents_by_pole(engine, since),
        "waiting": [_waiting(row) for row in board.waiting_for_a_person(engine, _WAITING)],
        "queue": board.delivery_queue(engine),
        "dead": board.dead_letters(engine, _DEAD),
        "stations": board.station_states(engine),
        "returns": board.returned_by_cause(engine),
    }


def documents(engine: sa.Engine, limit: int, lot: str) -> list[dict[str, Any]]:
    """The newest documents and where each went."""
    return board.recent_documents(engine, min(limit, _DOCUMENTS), lot)


def _lot(row: dict[str, Any]) -> dict[str, Any]:
    """A lot with the places where its counts disagree."""
    doubts = []
    counted, expected = row["counted_pages"], row["expected_pages"]
    if expected is not None and counted is not None and expected != counted:
        doubts.append(f"le scanner annonce {expected} pages, la station en compte {counted}")
    if row["documents"] is not None and row["documents"] != (row["stored"] or 0):
        doubts.append(f"{row['documents']} documents envoyés, {row['stored'] or 0} au centre")
    return {
        **row,
        "doubts": doubts,
        "set_aside_count": len(row["set_aside"] or []),
    }


def _waiting(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "reasons": [reason(code) for code in row["route_reasons"]]}


def reason(code: str) -> str:
    """A routing reason in French."""
    if code.startswith(_FIELD):
        return f"champ {code.removeprefix(_FIELD)}"
    return REASONS.get(code, code)


def plain(value: object) -> object:
    """What JSON cannot hold as it is: ids and times become text."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(type(value).__name__)
