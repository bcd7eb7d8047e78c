"""What is to become of one lot in the folder, decided from what was found out about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.errors import FileDenied, ReadingError
from edge.sources import index
from edge.sources.index import Announced, Record
from edge.sources.layouts import Candidate, Entry
from edge.sources.stability import Verdict
from edge.spool.keys import key_of
from edge.spool.values import Shown, Sighted
from vaguemestre.model.lot import SetAside

_NO_INDEX_YET = Announced(None, met=False)


@dataclass(frozen=True, slots=True)
class Outlook:
    """A lot, what its operator is told, and whether it may be claimed.

    ``is_ready`` says that its files may be taken; ``is_met`` that its announced count, if any,
    is there too, so that it is taken without a word from the operator.
    """

    lot: Candidate
    told: Sighted
    is_ready: bool = False
    announced: Announced = _NO_INDEX_YET
    files: tuple[Entry, ...] = ()
    refused: tuple[tuple[Entry, type[ReadingError]], ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def is_met(self) -> bool:
        """Its announced count is there, or nothing is announced."""
        return self.announced.met


def decide(
    lot: Candidate,
    verdict: Verdict,
    *,
    denied: Sequence[Entry] = (),
    unfinished: Sequence[Entry] = (),
    indexes: Mapping[tuple[str, ...], Sequence[Record] | None] | None = None,
) -> Outlook:
    """Decide.

    Args:
        lot: As it lies in the folder.
        verdict: Of ``stability.judge``.
        denied: Files that the station may not read.
        unfinished: Files that lack their end.
        indexes: The records of the lot's index files.
    """
    if verdict is Verdict.WRITING:
        return _outlook(lot, Shown.RUNNING, "Le scanner écrit encore.")
    if verdict is Verdict.BROKEN:
        waiting = [*unfinished, *denied][:1]
        name = f" ({lot.name_of(waiting[0])})" if waiting else ""
        return _outlook(lot, Shown.RUNNING, f"Un fichier n'est pas encore complet{name}.")
    refused = lot.refused + tuple((entry, FileDenied) for entry in denied)
    set_aside = tuple(
        SetAside(lot.name_of(entry), None, error.code, error.reason) for entry, error in refused
    )
    files = tuple(entry for entry in lot.files if entry not in denied)
    if not files:
        reason = set_aside[0].reason if set_aside else "Le lot ne contient aucun fichier à lire."
        return _outlook(lot, Shown.ERROR, reason, set_aside=set_aside)
    announced = index.compare(lot, indexes or {})
    shown = Shown.RUNNING if announced.met else Shown.INCOMPLETE
    detail = "Prise en charge imminente." if announced.met else announced.why
    told = Sighted(lot.name, key_of(lot.name), shown, detail, announced.count, set_aside)
    return Outlook(lot, told, True, announced, files, refused, set_aside)


def waiting(outlook: Outlook, detail: str, shown: Shown = Shown.RUNNING) -> Outlook:
    """The same lot, left where it is for the reason given."""
    return _outlook(outlook.lot, shown, detail, set_aside=outlook.set_aside)


def _outlook(
    lot: Candidate, shown: Shown, detail: str, *, set_aside: tuple[SetAside, ...] = ()
) -> Outlook:
    return Outlook(lot, Sighted(lot.name, key_of(lot.name), shown, detail, None, set_aside))
