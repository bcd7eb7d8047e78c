"""What the agent tells of itself in the journal, so that other processes can show it.

Written only when it changes: an idle station writes nothing.

Lots as operators see them: four words, a French sentence, and the counts.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

import pydantic

from edge.errors import CountMismatch
from edge.spool import rescans
from edge.spool.documents import set_aside_of
from edge.spool.journal import Row
from edge.spool.rules import Count, SpoolState, Unit
from edge.spool.store import Store
from edge.spool.values import Hidden, LinkStatus, LotStatus, OperatorState, SourceStatus, Stalled
from vaguemestre.model.lot import SetAside

_LINK, _PACE, _READING, _STALLED = "link", "pages_per_minute", "reading", "stalled"


def record_link(store: Store, centre: str, code: str) -> None:
    """How the link to a centre is; an empty code means well.

    A link that stays down, for whatever reason and to whichever centre, is down since it broke.
    """
    before = link_status(store)
    value = json.dumps([centre, code])
    if before is not None and before.code and code:
        _tell(store, _LINK, value, before.since.isoformat())
    else:
        _tell(store, _LINK, value)


def link_status(store: Store) -> LinkStatus | None:
    """How it was when that last changed; None before the first attempt."""
    row = store.journal.one("SELECT * FROM standing WHERE name = ?", (_LINK,))
    if row is None:
        return None
    centre, code = json.loads(row["value"])
    return LinkStatus(centre, code, dt.datetime.fromisoformat(row["since"]))


def record_progress(store: Store, pages_per_minute: int, pages_read: Mapping[str, int]) -> None:
    """How fast the station reads, and how far it is with each lot under way, by the lot's id."""
    _tell(store, _PACE, str(pages_per_minute))
    _tell(store, _READING, json.dumps(dict(pages_read)))


def pages_per_minute(store: Store) -> float:
    """How fast the station reads."""
    return float(_told(store, _PACE) or 0.0)


def pages_read(store: Store) -> dict[str, int]:
    """Pages read so far of each lot under way."""
    read: dict[str, int] = json.loads(_told(store, _READING) or "{}")
    return read


def stalled_are(store: Store, parts: Sequence[Stalled]) -> None:
    """Which parts of the agent stand still now."""
    told = [[one.part, one.doing, one.since.isoformat()] for one in parts]
    _tell(store, _STALLED, json.dumps(told))


def stalled(store: Store) -> tuple[Stalled, ...]:
    """Which parts of the agent stood still when it last looked."""
    told = json.loads(_told(store, _STALLED) or "[]")
    return tuple(Stalled(part, doing, dt.datetime.fromisoformat(at)) for part, doing, at in told)


def _told(store: Store, name: str) -> str:
    row = store.journal.one("SELECT value FROM standing WHERE name = ?", (name,))
    return row["value"] if row else ""


def _tell(store: Store, name: str, value: str, since: str = "") -> None:
    if _told(store, name) != value:
        with store.journal.transaction() as t:
            t.execute(
                "INSERT OR REPLACE INTO standing VALUES (?, ?, ?)",
                (name, value, since or store.now()),
            )


_SET_ASIDE: pydantic.TypeAdapter[tuple[SetAside, ...]] = pydantic.TypeAdapter(tuple[SetAside, ...])

# By ``need``: what somebody must act on, what is under way, what is done; each newest first.
_LOTS = """
SELECT * FROM lots WHERE need = ?1 AND (?2 = '' OR source = ?2) ORDER BY id DESC LIMIT ?3
"""
_COUNTED = "SELECT count(*) AS number FROM lots WHERE need = ?1 AND (?2 = '' OR source = ?2)"
_NEEDS_SOMEBODY, _UNDER_WAY, _DONE = range(3)
_MOST_NEEDING = 1_000  # of their own: nothing that is done or under way takes their place
_UNDER_WAY_SHARE = 5  # one place in so many is kept for lots under way, whatever needs somebody
_DETAIL = {
    SpoolState.SIGHTED: "Prise en charge en cours.",
    SpoolState.CLAIMED: "En attente de lecture ou en lecture.",
    SpoolState.READ: CountMismatch.reason,
}


def lots(store: Store, source: str, limit: int) -> list[LotStatus]:
    """Lots that have not left the spool: those in the folder, what needs somebody, open ones, done.

    Lots that need somebody are never left out for others; ``hidden`` counts what is left out.
    """
    sighted = store.journal.all(
        "SELECT * FROM sightings WHERE ?1 = '' OR source = ?1 ORDER BY first_seen DESC, name",
        (source,),
    )
    found = store.journal.all(_LOTS, (_NEEDS_SOMEBODY, source, _MOST_NEEDING))
    for need, least in ((_UNDER_WAY, limit // _UNDER_WAY_SHARE), (_DONE, 0)):
        room = max(limit - len(found), least)
        if room > 0:
            found += store.journal.all(_LOTS, (need, source, room))
    return [_sighted(row) for row in sighted] + _claimed_all(store, found)


def hidden(store: Store, source: str, limit: int) -> Hidden:
    """How many lots ``lots`` leaves out."""
    counts = [
        row["number"] if (row := store.journal.one(_COUNTED, (need, source))) else 0
        for need in (_NEEDS_SOMEBODY, _UNDER_WAY, _DONE)
    ]
    needing = min(counts[_NEEDS_SOMEBODY], _MOST_NEEDING)
    under_way = min(counts[_UNDER_WAY], max(limit - needing, limit // _UNDER_WAY_SHARE))
    done = min(counts[_DONE], max(0, limit - needing - under_way))
    return Hidden(
        needing=counts[_NEEDS_SOMEBODY] - needing,
        others=counts[_UNDER_WAY] + counts[_DONE] - under_way - done,
    )


def named(store: Store, name_or_id: str, source: str) -> list[LotStatus]:
    """The lots of a name or an id, in the folder and in the spool."""
    asked = (name_or_id, source)
    sighted = store.journal.all(
        "SELECT * FROM sightings WHERE name = ?1 AND (?2 = '' OR source = ?2)", asked
    )
    claimed = store.journal.all(
        "SELECT * FROM lots WHERE (id = ?1 OR name = ?1) AND (?2 = '' OR source = ?2) ORDER BY id",
        asked,
    )
    return [_sighted(row) for row in sighted] + _claimed_all(store, claimed)


def _claimed_all(store: Store, rows: Sequence[Row]) -> list[LotStatus]:
    read = pages_read(store)
    return [_claimed(store, row, read) for row in rows]


def sources(store: Store) -> list[SourceStatus]:
    """How each watched folder is."""
    return [
        SourceStatus(row["name"], row["reason"], dt.datetime.fromisoformat(row["since"]))
        for row in store.journal.all("SELECT * FROM sources ORDER BY name")
    ]


def _count(row: Row) -> Count | None:
    if row["found"] is None:
        return None
    return Count(row["found"], row["expected"], Unit(row["unit"]))


def _sighted(row: Row) -> LotStatus:
    return LotStatus(
        id="",
        source=row["source"],
        name=row["name"],
        label=row["label"],
        shown=OperatorState(row["shown"]),
        detail=row["detail"],
        received_at=dt.datetime.fromisoformat(row["first_seen"]),
        count=_count(row),
        closed=bool(row["closed"]),
        set_aside=_SET_ASIDE.validate_python(json.loads(row["set_aside"])),
    )


def _claimed(store: Store, row: Row, read: Mapping[str, int]) -> LotStatus:
    state = SpoolState(row["state"])
    set_aside = set_aside_of(store, row["id"], given_up=False) if row["asides"] else ()
    set_aside += _refused(store, row)
    wanted = rescans.reasons_of_lot(store, row["id"]) if row["wanted"] else ()
    trouble = row["need"] == _NEEDS_SOMEBODY
    found = (row["reason"] or "") if state is not SpoolState.SET_ASIDE else ""
    note = f"{row['note']} {found}".strip()
    usual = _DETAIL.get(state, "Le lot est lu et conservé en sécurité.")
    if state is SpoolState.SET_ASIDE:
        usual = row["reason"] or usual
    return LotStatus(
        id=row["id"],
        source=row["source"],
        name=row["name"],
        label=row["label"],
        shown=_shown(state, trouble=trouble),
        detail=f"{note} {usual}".strip(),
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
        read_pages=read.get(row["id"], 0) if state is SpoolState.CLAIMED else 0,
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
            (row["id"], SpoolState.SET_ASIDE),
        )
    )


def _shown(state: SpoolState, *, trouble: bool) -> OperatorState:
    if state in (SpoolState.SIGHTED, SpoolState.CLAIMED):
        return OperatorState.RUNNING
    if state is SpoolState.READ:
        return OperatorState.INCOMPLETE
    return OperatorState.ERROR if trouble or state is SpoolState.SET_ASIDE else OperatorState.DONE
