"""Decide where files about to be claimed belong: a new lot, or one that is here already.

* A file that grew or changed after its copy was taken is read with its lot as long as that lot has
  no documents; later as a lot of its own, of which a person sees every document.
* Files under the name of a lot that is short of its count complete it, for a while: yesterday's
  incomplete lot is not today's, and a scanner that counts from the start again scans another lot.
* A lot that follows another under one name within minutes is probably the same one.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from edge.spool import rescans
from edge.spool.journal import Row
from edge.spool.rules import SpoolState
from edge.spool.store import Store
from edge.spool.values import ArrivingFile, Kind, Placement

CONTINUATION = "continuation"
PROBABLY_SPLIT = "probably_split"

_OPEN = (SpoolState.CLAIMED, SpoolState.READ)


@dataclass(frozen=True, slots=True)
class Patience:
    """For how long a lot's name means the same lot; seconds."""

    complete_within_s: float
    same_lot_within_s: float


def place(
    store: Store,
    age: Callable[[Row], float],
    source: str,
    name: str,
    key: str,
    files: Sequence[ArrivingFile],
    patience: Patience,
) -> Placement:
    """Decide.

    Args:
        store: The spool.
        age: Seconds since a lot was claimed.
        source: The folder.
        name: Of the lot as it lies there.
        key: Of its name.
        files: All that is about to be claimed.
        patience: From the settings.
    """
    if any(file.continues for file in files):
        return _continue(_lot_of_the_grown(store, source, files))
    incomplete = store.journal.one(
        "SELECT * FROM lots WHERE source = ? AND key = ? AND (state = 'read' OR"
        " (rejoined AND state IN ('sighted', 'claimed'))) ORDER BY id DESC LIMIT 1",
        (source, key),
    )
    if incomplete is not None:
        why_not = _why_not(store, incomplete, age(incomplete), files, patience)
        if not why_not:
            waits = incomplete["state"] != SpoolState.READ
            return Placement(joins=incomplete["id"], must_wait=waits)
        return _beside(incomplete, why_not)
    before = store.journal.one(
        "SELECT * FROM lots WHERE source = ? AND key = ? ORDER BY id DESC LIMIT 1", (source, key)
    )
    if before is None or _is_complete(before) or rescans.is_answer(name):
        return Placement()
    return _follow(before) if age(before) < patience.same_lot_within_s else Placement()


def _lot_of_the_grown(store: Store, source: str, files: Sequence[ArrivingFile]) -> Row | None:
    """The lot that holds the earlier copy of a file that grew; the latest of several."""
    found = [
        store.journal.one(
            "SELECT lots.* FROM copied JOIN lots ON lots.id = lot_id"
            " WHERE copied.source = ? AND origin = ?",
            (source, file.origin),
        )
        for file in files
        if file.continues
    ]
    return max((row for row in found if row is not None), key=lambda row: row["id"], default=None)


def _continue(lot: Row | None) -> Placement:
    if lot is None:  # the centre has it, and it has left
        return Placement(
            note="Suite d'un lot envoyé auparavant : une personne la vérifie.", doubt=CONTINUATION
        )
    if lot["state"] in _OPEN:
        note = "Le scanner a encore écrit après la prise en charge : la suite est lue avec le lot."
        return Placement(joins=lot["id"], note=note, doubt=lot["doubt"])
    if lot["state"] == SpoolState.SIGHTED:
        return Placement(joins=lot["id"], must_wait=True)
    return Placement(
        relates=lot["id"],
        note=f"Suite du lot « {lot['label']} » : le scanner a encore écrit après la prise en "
        "charge. Seules les pages nouvelles sont lues ; une personne les vérifie.",
        its_note="Le scanner a encore écrit après la prise en charge : la suite est un autre lot "
        "du même nom, qu'une personne vérifie.",
        doubt=CONTINUATION,
    )


def _why_not(
    store: Store,
    lot: Row,
    age_s: float,
    files: Sequence[ArrivingFile],
    patience: Patience,
) -> str:
    """Why files do not complete an incomplete lot; empty when they do."""
    if age_s >= patience.complete_within_s:
        return "il attend depuis trop longtemps"
    rows = store.journal.all("SELECT name, kind FROM lot_files WHERE lot_id = ?", (lot["id"],))
    there = {row["name"] for row in rows if row["kind"] == Kind.PAGES}
    if _names_in_a_directory(files) & there:
        return "le scanner a recommencé sa numérotation"
    return ""


def _names_in_a_directory(files: Collection[ArrivingFile]) -> set[str]:
    """A lot that is one file is completed by a file of the same name; a page is not."""
    return {file.name for file in files if file.kind is Kind.PAGES and b"/" in file.origin}


def _beside(lot: Row, why: str) -> Placement:
    label = lot["label"]
    return Placement(
        relates=lot["id"],
        note=f"N'a pas été joint au lot incomplet « {label} » : {why}. Une personne vérifie.",
        its_note=f"Un autre lot du même nom est arrivé et n'y a pas été joint : {why}.",
        doubt=PROBABLY_SPLIT,
    )


def _is_complete(lot: Row) -> bool:
    """Its announced count is met, or nothing came of it: no part of it is missing."""
    if lot["state"] == SpoolState.SET_ASIDE:
        return True
    if lot["expected"] is not None:
        return bool(lot["found"] == lot["expected"])
    return lot["expected_pages"] is not None and not lot["verify"]


def _follow(before: Row) -> Placement:
    label = before["label"]
    return Placement(
        relates=before["id"],
        note=f"Suit de peu le lot « {label} » sous le même nom : c'est probablement le même lot. "
        "Une personne vérifie.",
        its_note="Suivi de peu par un lot du même nom : c'est probablement le même lot. "
        "Une personne vérifie.",
        doubt=PROBABLY_SPLIT,
    )
