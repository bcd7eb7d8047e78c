"""Which fields of a document a person must key, and what follows from what was keyed.

Characters that readers take for each other; who looks for one sees its neighbours at once.

Where all of a field stands on its page: a station tells where its first line was read.

The other lines of a measured form lie below it as on the blank. Where nobody measured, an address
goes on below its first line, at the same left edge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from central.documents.rules import KeyedValue, ReadField
from vaguemestre.model.catalogue import FieldSpec, KeyingMode, TypeEntry

_FIELD = "field:"


"""By ``documents.key_pass``, from 1."""


@dataclass(frozen=True, slots=True)
class KeyingTask:
    """One field to key; ``is_blind``: what others read or keyed is not shown."""

    field: ReadField
    spec: FieldSpec
    is_blind: bool
    others: tuple[KeyedValue, ...] = ()  # of the two that differ, for who arbitrates


def spec_of(entry: TypeEntry, name: str) -> FieldSpec:
    """A field's definition; free text for one that the type no longer has."""
    return next((s for s in entry.fields if s.name == name), FieldSpec(name, "text"))


def keying_tasks(
    entry: TypeEntry,
    fields: Sequence[ReadField],
    *,
    layout: str | None,
    reasons: Sequence[str],
) -> tuple[KeyingTask, ...]:
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
            found.append(KeyingTask(one, spec, spec.mode is KeyingMode.DOUBLE))
    return tuple(found)


def is_settled(field: ReadField) -> bool:
    """Whether people have said what a field holds."""
    return field.source == "person" and field.accepted


def missing_fields(entry: TypeEntry, fields: Sequence[ReadField]) -> tuple[FieldSpec, ...]:
    """What a document of a type must have, and has no field for."""
    known = {field.name for field in fields}
    return tuple(s for s in entry.keyed_fields if s.required and s.name not in known)


def keyed_alike(one: KeyedValue, other: KeyedValue) -> bool:
    """Whether two people keyed the same; case and spaces of a text are no difference."""
    if one.value is None or other.value is None:
        return one == other
    return _folded(one.value) == _folded(other.value)


def _folded(value: str) -> str:
    return " ".join(value.casefold().split())


def next_pass(
    key_pass: int, firsts: Mapping[int, KeyedValue], seconds: Mapping[int, KeyedValue]
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
        return 3 if any(not keyed_alike(e, seconds[p]) for p, e in firsts.items()) else None
    return None


PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "17": ("1", "7"),
        "38": ("3", "8"),
        "56": ("5", "6"),
        "49": ("4", "9"),
        "06": ("0", "6"),
        "0O": ("0", "O"),
        "1I": ("1", "I"),
        "2Z": ("2", "Z"),
        "5S": ("5", "S"),
        "8B": ("8", "B"),
    }
)
"""By name; the first five hide in numbers, the others in codes."""

KINDS = frozenset({"nir", "date", "digits", "amount", "code"})
"""How fields are written in which one character is worth looking for."""


def has_character(pair: str, reading: str) -> bool:
    """Whether a reading has either character of a pair.

    Raises:
        KeyError: there is no pair of that name.
    """
    return any(character in reading for character in PAIRS[pair])


def order_by_likeness(readings: Mapping[int, str]) -> list[int]:
    """Readings that look alike side by side: by length, then character by character."""
    return sorted(readings, key=lambda key: (len(readings[key]), readings[key], key))


Box = tuple[float, float, float, float]
"""Left, top, width, height in millimetres of the upright page."""

_ADDRESS_MM = (95.0, 24.0)
"""Room for the four lines that an address has after the name."""
_HAS_LINES = frozenset({"text", "address"})


def whole_box(spec: FieldSpec, first: Box, page_mm: tuple[float, float]) -> Box:
    """Give the box around all lines of a field.

    Args:
        spec: What the form says of it.
        first: The box of its first line, on this page.
        page_mm: Width and height of the page; the box ends there.
    """
    left, top, width, height = first
    right, bottom = left + width, top + height
    if spec.box_mm is not None and spec.more_boxes_mm:
        across, down = left - spec.box_mm[0], top - spec.box_mm[1]  # how this page lies
        boxes = [(x + across, y + down, w, h) for x, y, w, h in spec.more_boxes_mm]
        left, top = min(left, *(b[0] for b in boxes)), min(top, *(b[1] for b in boxes))
        right = max(right, *(b[0] + b[2] for b in boxes))
        bottom = max(bottom, *(b[1] + b[3] for b in boxes))
    elif spec.kind == "address" and spec.box_mm is None:
        right, bottom = max(right, left + _ADDRESS_MM[0]), max(bottom, top + _ADDRESS_MM[1])
    return left, top, _within(left, right, page_mm[0]), _within(top, bottom, page_mm[1])


def has_lines(spec: FieldSpec) -> bool:
    """Whether a field may hold more than fits on one line."""
    return spec.kind in _HAS_LINES


def _within(start: float, end: float, side: float) -> float:
    """The length from start to end, or to the page's own end where that is known."""
    return (min(end, side) if side > start else end) - start
