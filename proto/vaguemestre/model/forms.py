"""Form definitions: what a page of a type looks like, from ``models/forms/*.toml``.

A *verified* form was measured on a real blank: its fields have boxes in millimetres of the
blank's own sheet. An *unverified* one is known by what is printed on it only: its fields are
found beside their labels, and its documents never go straight through. A type without a
form (ordonnance, RIB, ...) has anchors, maybe labelled fields, and no layout.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import pydantic

from vaguemestre.model import blanks as model_blanks
from vaguemestre.model.document import BoxMm, Layout

_STRICT = pydantic.ConfigDict(extra="forbid")


class DefinitionInvalid(ValueError):
    """A form or plan does not follow its schema, or contradicts itself; the message says where."""


class FieldKind(StrEnum):
    """How a field is written, hence how it is read and normalised."""

    NIR = "nir"
    DATE = "date"
    DIGITS = "digits"
    AMOUNT = "amount"
    CODE = "code"  # capital letters and digits
    NAME = "name"
    TEXT = "text"
    ADDRESS = "address"
    IBAN = "iban"
    TICK = "tick"
    SIGNATURE = "signature"


class NumberCheck(StrEnum):
    """The key a number must satisfy."""

    NONE = ""
    RPPS = "rpps"
    AM = "am"
    RPPS_OR_AM = "rpps_or_am"
    FINESS = "finess"
    SIRET = "siret"
    STRUCTURE = "structure"  # AM, FINESS or SIRET by length
    LUHN = "luhn"


class Side(StrEnum):
    """Where a value stands from its label."""

    RIGHT = "right"
    BELOW = "below"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Anchor:
    """Printed text that speaks for a type; ``box_mm`` only where the blank was measured."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    text: str
    weight: float = 1.0
    box_mm: BoxMm | None = None
    back: bool = False  # printed on the back, the notice or a continuation sheet


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a form.

    ``cells_mm`` are the comb's boxes, left to right; ``boxes_mm`` more lines of the same field
    (an address on three lines). ``labels`` serve forms without a measured layout.
    A tick's boxes are what to look at: several where print stands in its middle; ``print_mm`` is
    what the blank itself has around it, ``blanks`` how that looks, once for each printing of the
    form (``edge.extraction.tick_blank``).
    ``may_lie_ahead`` is for dates that end something. ``accept_doubt`` is the doubt up to which a
    value goes without a person, where its kind's is too much
    (``models.training.calibration.fields``).
    """

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    name: str
    kind: FieldKind
    required: bool = False
    check: NumberCheck = NumberCheck.NONE
    box_mm: BoxMm | None = None
    boxes_mm: tuple[BoxMm, ...] = ()
    cells_mm: tuple[BoxMm, ...] = ()
    decimals: int = 0  # of a comb amount: how many of the last cells are cents
    labels: tuple[str, ...] = ()
    side: Side = Side.EITHER
    may_lie_ahead: bool = False
    print_mm: tuple[BoxMm, ...] = ()
    blanks: tuple[str, ...] = ()
    accept_doubt: float | None = None

    @property
    def first_line_mm(self) -> BoxMm | None:
        """The box of its first line, or around its comb; None where the form was not measured."""
        if self.box_mm is None and self.cells_mm:
            return bounding_box(self.cells_mm)
        return self.box_mm

    @property
    def further_lines_mm(self) -> tuple[BoxMm, ...]:
        """The lines of a text after its first; a tick's other boxes are no lines."""
        return () if self.kind in _MARKS else self.boxes_mm


_MARKS = frozenset({FieldKind.TICK, FieldKind.SIGNATURE})


def bounding_box(boxes: Sequence[BoxMm]) -> BoxMm:
    """The smallest box around some; there must be one."""
    left = min(box.left for box in boxes)
    top = min(box.top for box in boxes)
    right = max(box.left + box.width for box in boxes)
    bottom = max(box.top + box.height for box in boxes)
    return BoxMm(left, top, right - left, bottom - top)


class GroupRule(StrEnum):
    """How many ticks of a group may be set."""

    AT_MOST_ONE = "at_most_one"
    EXACTLY_ONE = "exactly_one"


@dataclass(frozen=True, slots=True)
class TickGroup:
    """Ticks that exclude each other: yes and no, one of several."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    fields: tuple[str, ...]
    rule: GroupRule = GroupRule.AT_MOST_ONE


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """All that is known of one type of page."""

    __pydantic_config__: ClassVar[pydantic.ConfigDict] = _STRICT

    type: str
    title: str
    layout: Layout | None = None
    cerfa: tuple[str, ...] = ()  # "12541*02", or "12504" when the version is not known
    s_numbers: tuple[str, ...] = ()  # "S3110"; matched without spaces and final letter
    width_mm: float = 210.0
    height_mm: float = 297.0
    anchors: tuple[Anchor, ...] = ()
    excludes: tuple[str, ...] = ()  # printed text that rules the type out
    fields: tuple[FieldSpec, ...] = ()
    groups: tuple[TickGroup, ...] = ()

    @property
    def fronts_with_boxes(self) -> tuple[Anchor, ...]:
        """The anchors of its first page whose place on the blank is known."""
        return tuple(a for a in self.anchors if a.box_mm is not None and not a.back)

    def field(self, name: str) -> FieldSpec:
        """Return one field by name; KeyError when the form has none of that name."""
        for spec in self.fields:
            if spec.name == name:
                return spec
        raise KeyError(name)


_ADAPTER = pydantic.TypeAdapter(FormDefinition)


def parse_form(name: str, text: str) -> FormDefinition:
    """Read one definition.

    Args:
        name: Of its file; it is named after its type.
        text: What it holds.

    Raises:
        DefinitionInvalid: the file does not follow the schema; the message names it.
    """
    try:
        form = _ADAPTER.validate_python(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, pydantic.ValidationError) as error:
        raise DefinitionInvalid(f"{name}: {error}") from error
    if form.layout is Layout.VERIFIED and any(
        spec.box_mm is None and not spec.cells_mm for spec in form.fields
    ):
        raise DefinitionInvalid(f"{name}: a verified form needs a box for every field")
    ticks = {spec.name for spec in form.fields if spec.kind is FieldKind.TICK}
    if any(not set(group.fields) <= ticks for group in form.groups):
        raise DefinitionInvalid(f"{name}: a group names what is no tick of the form")
    try:
        for spec in form.fields:
            model_blanks.check(spec.blanks)
        if len({len(spec.blanks) for spec in form.fields if spec.kind is FieldKind.TICK}) > 1:
            raise ValueError("its ticks have not all as many blanks: measure them anew")
    except ValueError as error:
        raise DefinitionInvalid(f"{name}: {error}") from error
    if form.type != name.removesuffix(".toml"):
        raise DefinitionInvalid(f"{name}: is named after another type than {form.type}")
    return form


def parse_forms(texts: Iterable[tuple[str, str]]) -> Mapping[str, FormDefinition]:
    """Read all definitions, by type.

    Raises:
        DefinitionInvalid: as ``parse_form``.
    """
    return {form.type: form for form in (parse_form(name, text) for name, text in texts)}
