"""Decide where files about to be claimed belong: a new lot, or one that is here already; pure.

* A file that grew or changed after its copy was taken is read with its lot as long as that lot has
  no documents; later as a lot of its own, of which a person sees every document.
* Files under the name of a lot that is short of its count complete it, for a while: yesterday's
  incomplete lot is not today's, and a scanner that counts from the start again scans another lot.
* A lot that follows another under one name within minutes is probably the same one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from edge.spool.rules import SpoolState
from edge.spool.values import ArrivingFile, FileKind, Placement

CONTINUATION = "continuation"
PROBABLY_SPLIT = "probably_split"

_UNREAD = (SpoolState.CLAIMED, SpoolState.READ)


@dataclass(frozen=True, slots=True)
class JoinTimes:
    """For how long after its claim a lot's name means the same lot; seconds."""

    complete_within_s: float
    same_lot_within_s: float


@dataclass(frozen=True, slots=True)
class EarlierLot:
    """A lot of the same folder that files may belong to.

    ``page_names`` are the names of its pages below the lot; ``is_complete`` means that no part of
    it is missing: its announced count is met, or nothing came of it.
    """

    id: str
    label: str
    state: SpoolState
    doubt: str
    age_s: float
    is_complete: bool
    page_names: frozenset[str]


def place_continuation(lot: EarlierLot | None) -> Placement:
    """Place files that grew or changed after they were copied.

    Args:
        lot: The one that holds their earlier copies; None when it has left.
    """
    if lot is None:  # the centre has it
        return Placement(
            note="Suite d'un lot envoyé auparavant : une personne la vérifie.", doubt=CONTINUATION
        )
    if lot.state in _UNREAD:
        note = "Le scanner a encore écrit après la prise en charge : la suite est lue avec le lot."
        return Placement(joins=lot.id, note=note, doubt=lot.doubt)
    if lot.state is SpoolState.SIGHTED:
        return Placement(joins=lot.id, must_wait=True)
    return Placement(
        related=lot.id,
        note=f"Suite du lot « {lot.label} » : le scanner a encore écrit après la prise en "
        "charge. Seules les pages nouvelles sont lues ; une personne les vérifie.",
        related_note="Le scanner a encore écrit après la prise en charge : la suite est un autre "
        "lot du même nom, qu'une personne vérifie.",
        doubt=CONTINUATION,
    )


def place_beside_incomplete(
    lot: EarlierLot, files: Sequence[ArrivingFile], times: JoinTimes
) -> Placement:
    """Place files under the name of a lot that is short of its count.

    Args:
        lot: The incomplete one.
        files: All that is about to be claimed.
        times: From the settings.
    """
    if lot.age_s >= times.complete_within_s:
        obstacle = "il attend depuis trop longtemps"
    elif _names_in_a_directory(files) & lot.page_names:
        obstacle = "le scanner a recommencé sa numérotation"
    else:
        return Placement(joins=lot.id, must_wait=lot.state is not SpoolState.READ)
    return Placement(
        related=lot.id,
        note=f"N'a pas été joint au lot incomplet « {lot.label} » : {obstacle}."
        " Une personne vérifie.",
        related_note=f"Un autre lot du même nom est arrivé et n'y a pas été joint : {obstacle}.",
        doubt=PROBABLY_SPLIT,
    )


def place_after(lot: EarlierLot | None, times: JoinTimes) -> Placement:
    """Place files under the name of a lot that waits for nothing.

    Args:
        lot: The latest one of the name; None when there is none.
        times: From the settings.
    """
    if lot is None or lot.is_complete or lot.age_s >= times.same_lot_within_s:
        return Placement()
    return Placement(
        related=lot.id,
        note=f"Suit de peu le lot « {lot.label} » sous le même nom : c'est probablement le même"
        " lot. Une personne vérifie.",
        related_note="Suivi de peu par un lot du même nom : c'est probablement le même lot. "
        "Une personne vérifie.",
        doubt=PROBABLY_SPLIT,
    )


def _names_in_a_directory(files: Collection[ArrivingFile]) -> set[str]:
    """A lot that is one file is completed by a file of the same name; a page is not."""
    return {file.name for file in files if file.kind is FileKind.PAGES and b"/" in file.origin}
