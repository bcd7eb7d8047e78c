"""Decide when a scanner has finished writing a lot.

A lot has settled once its listing (which files, their sizes and modification times) has stayed
the same for ``quiet_for`` seconds and every file is whole to its end. A file that stays broken
must not wait for ever: after ``broken_after`` seconds of silence the lot is taken as it is, and
reading says what is wrong. Nothing here touches the disk or the clock.

What is to become of one lot in the folder, decided from what was found out about it.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from edge.errors import FileDenied, ReadingError
from edge.sources.folder import kodak_index
from edge.sources.folder.grouping import FolderEntry, Listing, LotCandidate
from edge.sources.folder.kodak_index import IndexCount, IndexRecord
from edge.spool.rules import lot_key
from edge.spool.values import OperatorState, SeenLot
from vaguemestre.model.lot import SetAside

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ListingHistory:
    """A lot's listing and since when it has been the same, in seconds."""

    listing: Listing
    changed_at: float


class Readiness(Enum):
    """Whether a lot may be taken."""

    WRITING = "writing"  # something changed a moment ago
    BROKEN = "broken"  # quiet, but a file lacks its end: it may still come
    GIVEN_UP = "given_up"  # its end has not come for long: take it and say so
    SETTLED = "settled"


def update_history(
    watched: Mapping[Name, ListingHistory], seen: Mapping[Name, Listing], now: float
) -> dict[Name, ListingHistory]:
    """Fold one look at a folder into what is already known.

    Lots that have gone are forgotten; those that changed start waiting again, and so does
    everything when ``now`` went back: durations need a clock that does not.
    """
    return {
        name: previous
        if (previous := watched.get(name))
        and previous.listing == listing
        and previous.changed_at <= now
        else ListingHistory(listing, now)
        for name, listing in seen.items()
    }


def is_quiet(watched: ListingHistory, now: float, quiet_for: float) -> bool:
    """Nothing has changed for the quiet time: only now is it worth looking into the files."""
    return now - watched.changed_at >= quiet_for


def judge_readiness(
    watched: ListingHistory, *, whole: bool, now: float, quiet_for: float, broken_after: float
) -> Readiness:
    """Decide whether a lot may be taken.

    Args:
        watched: The lot as last observed.
        whole: Every file is whole to its end.
        now: Seconds on the clock of ``watched``.
        quiet_for: Seconds without a change after which a whole lot has settled.
        broken_after: Seconds without a change after which a broken one is given up.
    """
    if not is_quiet(watched, now, quiet_for):
        return Readiness.WRITING
    if whole:
        return Readiness.SETTLED
    return Readiness.GIVEN_UP if is_quiet(watched, now, broken_after) else Readiness.BROKEN


_NO_INDEX_YET = IndexCount(None, met=False)


@dataclass(frozen=True, slots=True)
class LotDecision:
    """A lot, what its operator is told, and whether it may be claimed.

    ``is_ready`` says that its files may be taken; ``is_met`` that its announced count, if any,
    is there too, so that it is taken without a word from the operator.
    """

    lot: LotCandidate
    told: SeenLot
    is_ready: bool = False
    announced: IndexCount = _NO_INDEX_YET
    files: tuple[FolderEntry, ...] = ()
    refused: tuple[tuple[FolderEntry, type[ReadingError]], ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def is_met(self) -> bool:
        """Its announced count is there, or nothing is announced."""
        return self.announced.met


def decide_lot(
    lot: LotCandidate,
    verdict: Readiness,
    *,
    denied: Sequence[FolderEntry] = (),
    unfinished: Sequence[FolderEntry] = (),
    indexes: Mapping[tuple[str, ...], Sequence[IndexRecord] | None] | None = None,
) -> LotDecision:
    """Decide.

    Args:
        lot: As it lies in the folder.
        verdict: Of ``readiness.judge_readiness``.
        denied: Files that the station may not read.
        unfinished: Files that lack their end.
        indexes: The records of the lot's index files.
    """
    if verdict is Readiness.WRITING:
        return _outlook(lot, OperatorState.RUNNING, "Le scanner écrit encore.")
    if verdict is Readiness.BROKEN:
        waiting = [*unfinished, *denied][:1]
        name = f" ({lot.name_of(waiting[0])})" if waiting else ""
        return _outlook(lot, OperatorState.RUNNING, f"Un fichier n'est pas encore complet{name}.")
    refused = lot.refused + tuple((entry, FileDenied) for entry in denied)
    set_aside = tuple(
        SetAside(lot.name_of(entry), None, error.code, error.reason) for entry, error in refused
    )
    files = tuple(entry for entry in lot.files if entry not in denied)
    if not files:
        reason = set_aside[0].reason if set_aside else "Le lot ne contient aucun fichier à lire."
        return _outlook(lot, OperatorState.ERROR, reason, set_aside=set_aside)
    announced = kodak_index.compare_with_index(lot, indexes or {})
    shown = OperatorState.RUNNING if announced.met else OperatorState.INCOMPLETE
    detail = "Prise en charge imminente." if announced.met else announced.why
    told = SeenLot(lot.name, lot_key(lot.name), shown, detail, announced.count, set_aside)
    return LotDecision(lot, told, True, announced, files, refused, set_aside)


def keep_waiting(
    outlook: LotDecision, detail: str, shown: OperatorState = OperatorState.RUNNING
) -> LotDecision:
    """The same lot, left where it is for the reason given."""
    return _outlook(outlook.lot, shown, detail, set_aside=outlook.set_aside)


def _outlook(
    lot: LotCandidate, shown: OperatorState, detail: str, *, set_aside: tuple[SetAside, ...] = ()
) -> LotDecision:
    return LotDecision(lot, SeenLot(lot.name, lot_key(lot.name), shown, detail, None, set_aside))
