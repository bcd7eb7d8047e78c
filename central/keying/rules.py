"""Which fields of a document people key, and how they are shown.

A station says which fields of a measured form it doubts; elsewhere all that was read is looked at,
and what a type requires is keyed. Fields of the mode ``double`` are keyed by two people who do not
see each other's values; where these differ, a third decides.

Beside that rule: pairs of characters that readers confuse, so that somebody who looks for one sees
similar readings side by side, and the box around all lines of a field, of which a station tells
the first one only. Pure functions on values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from central.documents.rules import KeyedValue, ReadField
from vaguemestre.model.forms import FieldKind, FieldSpec
from vaguemestre.model.plan import NOT_KEYED, DocumentType, KeyingMode

_FIELD = "field:"


@dataclass(frozen=True, slots=True)
class KeyingTask:
    """One field to key; when ``is_blind``, what others read or keyed is not shown."""

    field: ReadField
    spec: FieldSpec
    is_blind: bool
    others: tuple[KeyedValue, ...] = ()  # the two values that differ, for the arbiter


def keying_tasks(
    document_type: DocumentType,
    fields: Sequence[ReadField],
    *,
    layout: str | None,
    reasons: Sequence[str],
) -> tuple[KeyingTask, ...]:
    """List the fields of a document that a person must key, in the order of the form.

    Args:
        document_type: The document's type.
        fields: Of the document, as they stand.
        layout: ``verified`` where the station knew the form's measures.
        reasons: Why the station routed it to a person, as ``field:nir``.
    """
    doubted_names = {r.removeprefix(_FIELD) for r in reasons if r.startswith(_FIELD)}
    tasks = []
    for field in sorted(fields, key=lambda f: f.position):
        spec = find_field_spec(document_type, field.name)
        mode = document_type.mode_of(spec)
        if spec.kind in NOT_KEYED or mode is KeyingMode.READ_ONLY or is_settled(field):
            continue
        if layout == "verified":
            must_key = field.name in doubted_names or (spec.required and not field.accepted)
        else:
            must_key = spec.required or field.value is not None
        if must_key:
            tasks.append(KeyingTask(field, spec, mode is KeyingMode.DOUBLE))
    return tuple(tasks)


def missing_fields(
    document_type: DocumentType, fields: Sequence[ReadField]
) -> tuple[FieldSpec, ...]:
    """Required fields of a type for which a document has no row."""
    known = {field.name for field in fields}
    return tuple(s for s in document_type.keyed_fields if s.required and s.name not in known)


def find_field_spec(document_type: DocumentType, name: str) -> FieldSpec:
    """Return a field's definition; free text for one that the type no longer has."""
    return next(
        (s for s in document_type.fields if s.name == name), FieldSpec(name, FieldKind.TEXT)
    )


def is_settled(field: ReadField) -> bool:
    """Whether a person has decided the field's value."""
    return field.source == "person" and field.accepted


def next_key_pass(
    key_pass: int, first_values: Mapping[int, KeyedValue], second_values: Mapping[int, KeyedValue]
) -> int | None:
    """Return the pass that follows a finished one; None when no further one is needed.

    Args:
        key_pass: The pass that has just ended, from 1.
        first_values: By field, what the first person keyed of the fields that are keyed twice.
        second_values: What the second person did.
    """
    if key_pass == 1:
        return 2 if first_values else None
    if key_pass == 2:
        return (
            3
            if any(not keyed_alike(e, second_values[p]) for p, e in first_values.items())
            else None
        )
    return None


def keyed_alike(one: KeyedValue, other: KeyedValue) -> bool:
    """Whether two people keyed the same; case and spaces of a text are no difference."""
    if one.value is None or other.value is None:
        return one == other
    return _folded(one.value) == _folded(other.value)


def _folded(value: str) -> str:
    return " ".join(value.casefold().split())


LOOKALIKE_PAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
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
"""Characters that readers confuse, by name; the first five in numbers, the others in codes."""
LOOKALIKE_KINDS = frozenset(
    {FieldKind.NIR, FieldKind.DATE, FieldKind.DIGITS, FieldKind.AMOUNT, FieldKind.CODE}
)
"""Kinds of fields in which single characters are compared."""


def has_character(pair: str, reading: str) -> bool:
    """Whether a reading has either character of a pair.

    Raises:
        KeyError: there is no pair of that name.
    """
    return any(character in reading for character in LOOKALIKE_PAIRS[pair])


def order_by_likeness(readings: Mapping[int, str]) -> list[int]:
    """Order readings so that similar ones stand together: by length, then by character."""
    return sorted(readings, key=lambda key: (len(readings[key]), readings[key], key))


Box = tuple[float, float, float, float]
"""Left, top, width, height in millimetres of the upright page."""
_ADDRESS_MM = (95.0, 24.0)
"""Room for the four lines that an address has after the name."""
_HAS_LINES = frozenset({FieldKind.TEXT, FieldKind.ADDRESS})


def enclosing_box(spec: FieldSpec, first: Box, page_mm: tuple[float, float]) -> Box:
    """Return the box around all lines of a field.

    The other lines of a measured form lie below the first as on the blank. Where nobody measured,
    an address goes on below its first line, at the same left edge.

    Args:
        spec: The form's definition of the field.
        first: Box of its first line on this page: left, top, width, height in millimetres.
        page_mm: Width and height of the page; the box ends there.
    """
    left, top, width, height = first
    right, bottom = left + width, top + height
    blank = spec.first_line_mm
    if blank is not None and spec.further_lines_mm:
        across, down = left - blank.left, top - blank.top  # how this page lies
        boxes = [(x + across, y + down, w, h) for x, y, w, h in spec.further_lines_mm]
        left, top = min(left, *(b[0] for b in boxes)), min(top, *(b[1] for b in boxes))
        right = max(right, *(b[0] + b[2] for b in boxes))
        bottom = max(bottom, *(b[1] + b[3] for b in boxes))
    elif spec.kind is FieldKind.ADDRESS and blank is None:
        right, bottom = max(right, left + _ADDRESS_MM[0]), max(bottom, top + _ADDRESS_MM[1])
    return left, top, _within(left, right, page_mm[0]), _within(top, bottom, page_mm[1])


def is_multiline(spec: FieldSpec) -> bool:
    """Whether a field may have several lines."""
    return spec.kind in _HAS_LINES


def _within(start: float, end: float, page_side: float) -> float:
    """The length from start to end, or to the page's own end where that is known."""
    return (min(end, page_side) if page_side > start else end) - start
