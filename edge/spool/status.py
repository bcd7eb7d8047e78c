"""How the station and its lots are, for operators and for other processes.

Lots are shown in four words, a French sentence and counts. What the agent records of itself (link,
pace, parts that stand still, watched folders) is written only when it changes: an idle station
writes nothing.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence

import pydantic

from edge.errors import CountMismatch
from edge.spool import rescans
from edge.spool.disk import is_locked
from edge.spool.journal import Row
from edge.spool.rules import Count, SpoolState, Unit
from edge.spool.store import Store, set_aside_of_lot
from edge.spool.values import (
    AgentStatus,
    HiddenLots,
    LinkStatus,
    LotStatus,
    OperatorState,
    SourceStatus,
    StalledPart,
)
from vaguemestre.model.lot import SetAside

MAX_LOTS_SHOWN = 500  # in one overview beside those that need somebody

_SET_ASIDE: pydantic.TypeAdapter[tuple[SetAside, ...]] = pydantic.TypeAdapter(tuple[SetAside, ...])

# Names in the table ``standing``.
_LINK, _PAGES_PER_MINUTE, _PAGES_READ, _STALLED = "link", "pages_per_minute", "reading", "stalled"

# By ``need``: what somebody must act on, what is under way, what is done; each newest first.
_LOTS = """
SELECT * FROM lots WHERE need = ?1 AND (?2 = '' OR source = ?2) ORDER BY id DESC LIMIT ?3
"""
_LOT_COUNT = "SELECT count(*) AS number FROM lots WHERE need = ?1 AND (?2 = '' OR source = ?2)"
_NEEDS_SOMEBODY, _UNDER_WAY, _DONE = range(3)
_MAX_NEEDING = 1_000  # of their own: nothing that is done or under way takes their place
_UNDER_WAY_SHARE = 5  # one place in so many is kept for lots under way, whatever needs somebody
_USUAL_DETAIL = {
    SpoolState.SIGHTED: "Prise en charge en cours.",
    SpoolState.CLAIMED: "En attente de lecture ou en lecture.",
    SpoolState.READ: CountMismatch.reason,
}


class Status:
    """What is shown of a spool, and what the agent records of itself.

    Args:
        store: The spool.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._journal = store, store.journal

    # --- lots ---

    def lots_overview(self, source: str = "", limit: int = MAX_LOTS_SHOWN) -> list[LotStatus]:
        """Lots that have not left: those in the folder, what needs somebody, open ones, done.

        Lots that need somebody are never left out for others; ``lots_hidden`` counts what is left
        out.

        Args:
            source: The folder; of all when empty.
            limit: How many claimed lots at most, beyond those that need somebody.
        """
        seen = self._journal.all(
            "SELECT * FROM sightings WHERE ?1 = '' OR source = ?1 ORDER BY first_seen DESC, name",
            (source,),
        )
        claimed = self._journal.all(_LOTS, (_NEEDS_SOMEBODY, source, _MAX_NEEDING))
        for need, least in ((_UNDER_WAY, limit // _UNDER_WAY_SHARE), (_DONE, 0)):
            places = max(limit - len(claimed), least)
            if places > 0:
                claimed += self._journal.all(_LOTS, (need, source, places))
        return [_seen_lot(row) for row in seen] + self._claimed_lots(claimed)

    def lots_hidden(self, source: str = "", limit: int = MAX_LOTS_SHOWN) -> HiddenLots:
        """How many lots ``lots_overview`` of this source and limit leaves out."""
        counts = [
            row["number"] if (row := self._journal.one(_LOT_COUNT, (need, source))) else 0
            for need in (_NEEDS_SOMEBODY, _UNDER_WAY, _DONE)
        ]
        needing = min(counts[_NEEDS_SOMEBODY], _MAX_NEEDING)
        under_way = min(counts[_UNDER_WAY], max(limit - needing, limit // _UNDER_WAY_SHARE))
        done = min(counts[_DONE], max(0, limit - needing - under_way))
        return HiddenLots(
            needing=counts[_NEEDS_SOMEBODY] - needing,
            others=counts[_UNDER_WAY] + counts[_DONE] - under_way - done,
        )

    def lots_named(self, name_or_id: str, source: str = "") -> list[LotStatus]:
        """The lots of a name or an id, in the folder and in the spool, however many others."""
        parameters = (name_or_id, source)
        seen = self._journal.all(
            "SELECT * FROM sightings WHERE name = ?1 AND (?2 = '' OR source = ?2)", parameters
        )
        claimed = self._journal.all(
            "SELECT * FROM lots WHERE (id = ?1 OR name = ?1) AND (?2 = '' OR source = ?2)"
            " ORDER BY id",
            parameters,
        )
        return [_seen_lot(row) for row in seen] + self._claimed_lots(claimed)

    def change_mark(self) -> tuple[int, int]:
        """A value that stays the same as long as an overview would show the same."""
        return self._journal.mark()

    # --- the agent ---

    def agent_status(self) -> AgentStatus:
        """What the agent last recorded of itself, and whether it runs."""
        is_running = is_locked(self._store.work_dir)
        return AgentStatus(
            is_running,
            self._link(),
            float(self._recorded(_PAGES_PER_MINUTE) or 0.0),
            self._stalled() if is_running else (),
        )

    def sources_overview(self) -> list[SourceStatus]:
        """How each watched folder is."""
        return [
            SourceStatus(row["name"], row["reason"], dt.datetime.fromisoformat(row["since"]))
            for row in self._journal.all("SELECT * FROM sources ORDER BY name")
        ]

    def record_source(self, source: str, reason: str) -> None:
        """How a watched folder is; ``reason`` is French, and empty when all is well."""
        known = self._journal.one("SELECT reason FROM sources WHERE name = ?", (source,))
        if known is None or known["reason"] != reason:
            with self._journal.transaction() as t:
                t.execute(
                    "INSERT OR REPLACE INTO sources VALUES (?, ?, ?)",
                    (source, reason, self._store.now()),
                )

    def record_link(self, centre: str, code: str) -> None:
        """How the link to a centre is; ``code`` is that of the error, empty when all is well.

        A link that stays down, for whatever reason and to whichever centre, is down since it broke.
        """
        before = self._link()
        value = json.dumps([centre, code])
        if before is not None and before.code and code:
            self._record(_LINK, value, before.since.isoformat())
        else:
            self._record(_LINK, value)

    def record_progress(self, pages_per_minute: int, pages_read: Mapping[str, int]) -> None:
        """How fast the station reads, and pages read so far of each lot under way, by its id."""
        self._record(_PAGES_PER_MINUTE, str(pages_per_minute))
        self._record(_PAGES_READ, json.dumps(dict(pages_read)))

    def record_stalled(self, parts: Sequence[StalledPart]) -> None:
        """Which parts of the agent stand still now."""
        value = [[part.part, part.doing, part.since.isoformat()] for part in parts]
        self._record(_STALLED, json.dumps(value))

    def _link(self) -> LinkStatus | None:
        """How it was when that last changed; None before the first attempt."""
        row = self._journal.one("SELECT * FROM standing WHERE name = ?", (_LINK,))
        if row is None:
            return None
        centre, code = json.loads(row["value"])
        return LinkStatus(centre, code, dt.datetime.fromisoformat(row["since"]))

    def _stalled(self) -> tuple[StalledPart, ...]:
        return tuple(
            StalledPart(part, doing, dt.datetime.fromisoformat(since))
            for part, doing, since in json.loads(self._recorded(_STALLED) or "[]")
        )

    def _recorded(self, name: str) -> str:
        row = self._journal.one("SELECT value FROM standing WHERE name = ?", (name,))
        return row["value"] if row else ""

    def _record(self, name: str, value: str, since: str = "") -> None:
        if self._recorded(name) != value:
            with self._journal.transaction() as t:
                t.execute(
                    "INSERT OR REPLACE INTO standing VALUES (?, ?, ?)",
                    (name, value, since or self._store.now()),
                )

    # --- rows to values ---

    def _claimed_lots(self, rows: Sequence[Row]) -> list[LotStatus]:
        pages_read: dict[str, int] = json.loads(self._recorded(_PAGES_READ) or "{}")
        return [self._claimed_lot(row, pages_read.get(row["id"], 0)) for row in rows]

    def _claimed_lot(self, row: Row, pages_read: int) -> LotStatus:
        state = SpoolState(row["state"])
        note, detail = _texts(row, state)
        set_aside = self._refused_documents(row)
        if row["asides"]:
            files = set_aside_of_lot(self._journal, row["id"], include_discarded=False)
            set_aside = files + set_aside
        reasons = rescans.reasons_of_lot(self._journal, row["id"]) if row["wanted"] else ()
        return LotStatus(
            id=row["id"],
            source=row["source"],
            name=row["name"],
            label=row["label"],
            shown=_operator_state(state, needs_somebody=row["need"] == _NEEDS_SOMEBODY),
            detail=detail,
            note=note,
            received_at=dt.datetime.fromisoformat(row["received_at"]),
            count=_count(row),
            counted_pages=row["counted_pages"],
            documents=row["documents"],
            acknowledged=row["answered"],
            refused=row["refused"],
            closed=bool(row["closed"]),
            set_aside=set_aside,
            rescans=reasons,
            files=row["files"],
            read_pages=pages_read if state is SpoolState.CLAIMED else 0,
            sent=row["sent"],
            answers_rescan=bool(row["rescan_id"] or row["answers"]),
        )

    def _refused_documents(self, row: Row) -> tuple[SetAside, ...]:
        """Documents that the centre refused, as operators find them: by number in the lot."""
        if not row["refused"]:
            return ()
        return tuple(
            SetAside(
                f"document {document['position'] + 1}", None, document["code"], document["reason"]
            )
            for document in self._journal.all(
                "SELECT position, code, reason FROM documents WHERE lot_id = ? AND state = ?"
                " ORDER BY position",
                (row["id"], SpoolState.SET_ASIDE),
            )
        )


def _texts(row: Row, state: SpoolState) -> tuple[str, str]:
    """A lot's note, and the sentence that is shown with it; both French."""
    usual = _USUAL_DETAIL.get(state, "Le lot est lu et conservé en sécurité.")
    reason = row["reason"] or ""
    if state is SpoolState.SET_ASIDE:
        note, usual = row["note"].strip(), reason or usual
    else:
        note = f"{row['note']} {reason}".strip()
    return note, f"{note} {usual}".strip()


def _count(row: Row) -> Count | None:
    if row["found"] is None:
        return None
    return Count(row["found"], row["expected"], Unit(row["unit"]))


def _seen_lot(row: Row) -> LotStatus:
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


def _operator_state(state: SpoolState, *, needs_somebody: bool) -> OperatorState:
    if state in (SpoolState.SIGHTED, SpoolState.CLAIMED):
        return OperatorState.RUNNING
    if state is SpoolState.READ:
        return OperatorState.INCOMPLETE
    if needs_somebody or state is SpoolState.SET_ASIDE:
        return OperatorState.ERROR
    return OperatorState.DONE
