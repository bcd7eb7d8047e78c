"""Which fields of a document a person must key, and what follows from what was keyed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vaguemestre.model.catalogue import FieldSpec, KeyingMode, TypeEntry

_FIELD = "field:"


class KeyReason(StrEnum):
    """Why a person keys no value."""

    ILLEGIBLE = "illegible"
    ABSENT = "absent"
    WRONG_ON_PAPER = "wrong_on_paper"  # written so, and it cannot be: its key or calendar fails


class KeyPass(StrEnum):
    """Which look at a field an entry was."""

    FIRST = "first"
    SECOND = "second"
    ARBITRATION = "arbitration"
    CONTROL = "control"
    CONTROL_ARBITRATION = "control_arbitration"


PASSES = (KeyPass.FIRST, KeyPass.SECOND, KeyPass.ARBITRATION)
"""By ``documents.key_pass``, from 1."""


@dataclass(frozen=True, slots=True)
class ReadField:
    """A field as it stands in the database."""

    position: int
    name: str
    value: str | None
    raw: str
    confidence: float
    accepted: bool
    check: str
    page: int
    box_mm: tuple[float, float, float, float] | None
    source: str = "machine"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What one person said of one field."""

    value: str | None
    reason: KeyReason | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One field to key; ``is_blind``: what others read or keyed is not shown."""

    field: ReadField
    spec: FieldSpec
    is_blind: bool
    others: tuple[Entry, ...] = ()  # of the two that differ, for who arbitrates


def spec_of(entry: TypeEntry, name: str) -> FieldSpec:
    """A field's definition; free text for one that the type no longer has."""
    return next((s for s in entry.fields if s.name == name), FieldSpec(name, "text"))


def tasks(
    entry: TypeEntry,
    fields: Sequence[ReadField],
    *,
    layout: str | None,
    reasons: Sequence[str],
) -> tuple[Task, ...]:
    """Tell what is to key of a document, in the order of the form.

    Where the layout was measured the station has said which fields it doubts. Elsewhere whatever
    was read is looked at, and what must not be missing is keyed.

    Args:
        entry: The document's type.
        fields: Of the document, as they stand.
        layout: ``verified`` where the station knew the form's measures.
        reasons: Why the station routed it to a person, as ``field:nir``.
    """
    doubted = {r.removeprefix(_FIELD) for r in reasons if r.startswith(_FIELD)}
    found = []
    for one in sorted(fields, key=lambda f: f.position):
        spec = spec_of(entry, one.name)
        if spec.kind == "signature" or spec.mode is KeyingMode.READ_ONLY or is_settled(one):
            continue
        if layout == "verified":
            is_wanted = one.name in doubted or (spec.required and not one.accepted)
        else:
            is_wanted = spec.required or one.value is not None
        if is_wanted:
            found.append(Task(one, spec, spec.mode is KeyingMode.DOUBLE))
    return tuple(found)


def is_settled(field: ReadField) -> bool:
    """Whether people have said what a field holds."""
    return field.source == "person" and field.accepted


def missing(entry: TypeEntry, fields: Sequence[ReadField]) -> tuple[FieldSpec, ...]:
    """What a document of a type must have, and has no field for."""
    known = {field.name for field in fields}
    return tuple(s for s in entry.keyed_fields if s.required and s.name not in known)


def agree(one: Entry, other: Entry) -> bool:
    """Whether two people keyed the same; case and spaces of a text are no difference."""
    if one.value is None or other.value is None:
        return one == other
    return _folded(one.value) == _folded(other.value)


def _folded(value: str) -> str:
    return " ".join(value.casefold().split())


def next_pass(
    key_pass: int, firsts: Mapping[int, Entry], seconds: Mapping[int, Entry]
) -> int | None:
    """Tell which look is next at fields that are keyed twice; None: no further one.

    Args:
        key_pass: The look that has just ended.
        firsts: By field, what the first person keyed of the fields that are keyed twice.
        seconds: What the second person did.
    """
    if key_pass == 1:
        return 2 if firsts else None
    if key_pass == 2:
        return 3 if any(not agree(e, seconds[p]) for p, e in firsts.items()) else None
    return None
