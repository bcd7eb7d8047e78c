"""Read the fields of a registered form.

All zones are cut first and read in few calls, because networks like batches; then each
reading is normalised, checked, maybe repaired, and accepted or left to a person.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np

from edge.document import BoxMm, Check, Field
from edge.reading import checks, comb, ink, repair, ticks
from edge.reading.calibrate import accepts
from edge.reading.forms import FieldKind, FieldSpec, FormDefinition, NumberCheck
from edge.reading.lines import crop
from edge.reading.readers import Alphabet, Gray, LineReading, Readers
from edge.reading.registration import Registration

_LINE_MARGIN_MM = 0.7
_BLOCK_FROM_MM = 9.0  # taller zones hold several lines
_LEAST_INK_MM2 = 0.3

_ALPHABETS: Mapping[FieldKind, Alphabet] = {
    FieldKind.NIR: Alphabet.NIR,
    FieldKind.DATE: Alphabet.DIGITS,
    FieldKind.DIGITS: Alphabet.DIGITS,
    FieldKind.AMOUNT: Alphabet.AMOUNT,
    FieldKind.CODE: Alphabet.CODE,
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Cut:
    """A field's zone, ready to be read: one or more line images, none when it is empty."""

    spec: FieldSpec
    box: BoxMm
    images: tuple[Gray, ...] = ()
    written: comb.CombInk | None = None
    marks: tuple[ink.Zone, ...] = ()


def unread(form: FormDefinition) -> tuple[Field, ...]:
    """Every field of a form that could not be registered."""
    return tuple(
        Field(spec.name, None, "", 0.0, False, Check.NONE, 0, None) for spec in form.fields
    )


def read_fields(
    gray: Gray,
    dpi: float,
    form: FormDefinition,
    where: Registration,
    readers: Readers,
    today: dt.date,
    wanted_error_rate: float,
) -> tuple[Field, ...]:
    """Read every field that the form defines.

    Args:
        gray: The upright page.
        dpi: Its resolution.
        form: A verified form.
        where: Where it lies on the page.
        readers: The recognition networks.
        today: No date lies after it.
        wanted_error_rate: Of the accepted values.
    """
    cuts = [_cut(gray, where, spec, readers) for spec in form.fields]
    readings = _read_all(cuts, readers)
    fields = []
    for cut, reading in zip(cuts, readings, strict=True):
        box = where.to_px(cut.box).to_mm(dpi)
        fields.append(_field(cut, reading, box, readers, today, wanted_error_rate))
    return _with_evidence(fields, form)


def _cut(gray: Gray, where: Registration, spec: FieldSpec, readers: Readers) -> _Cut:
    box = spec.box_mm if spec.box_mm is not None else comb.bounds(spec.cells_mm)
    if spec.kind in (FieldKind.TICK, FieldKind.SIGNATURE):
        parts = (ink.take(gray, where, ticks.inside(part)) for part in (box, *spec.boxes_mm))
        return _Cut(spec, box, marks=tuple(parts))
    if spec.cells_mm:
        sorted_ink = comb.sort_ink(ink.take(gray, where, box, _LINE_MARGIN_MM), spec.cells_mm)
        if sorted_ink is None:
            return _Cut(spec, box)
        image = sorted_ink.strip if sorted_ink.in_cells else sorted_ink.whole
        return _Cut(spec, box, (image,), sorted_ink)
    images = []
    for line in (box, *spec.boxes_mm):
        images += _line_images(gray, where, line, readers)
    return _Cut(spec, box, tuple(images))


def _line_images(gray: Gray, where: Registration, box: BoxMm, readers: Readers) -> list[Gray]:
    zone = ink.take(gray, where, box, _LINE_MARGIN_MM)
    if zone.ink_mm2 < _LEAST_INK_MM2:
        return []
    if box.height >= _BLOCK_FROM_MM:
        return [crop(zone.image, quad) for quad in readers.find_lines(zone.image)]
    mask = ink.within(zone, box)
    if not mask.any():
        return []
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    margin = round(_LINE_MARGIN_MM * ink.PX_PER_MM)
    top, bottom = max(0, rows[0] - margin), rows[-1] + margin
    left, right = max(0, columns[0] - margin), columns[-1] + margin
    return [ink.clean(zone, mask)[top:bottom, left:right]]


def _read_all(cuts: Sequence[_Cut], readers: Readers) -> list[tuple[LineReading, ...]]:
    """Read the cuts' images in one call an alphabet, answers in the order of the cuts."""
    answers: dict[tuple[int, int], LineReading] = {}
    for alphabet in Alphabet:
        keys = [
            (i, j)
            for i, cut in enumerate(cuts)
            for j in range(len(cut.images))
            if _ALPHABETS.get(cut.spec.kind, Alphabet.TEXT) is alphabet
        ]
        if keys:
            read = readers.read_lines([cuts[i].images[j] for i, j in keys], alphabet)
            answers.update(zip(keys, read, strict=True))
    return [tuple(answers[i, j] for j in range(len(cut.images))) for i, cut in enumerate(cuts)]


def _field(
    cut: _Cut,
    readings: tuple[LineReading, ...],
    box: BoxMm,
    readers: Readers,
    today: dt.date,
    wanted_error_rate: float,
) -> Field:
    spec = cut.spec
    if cut.marks:
        look = ticks.ticked if spec.kind is FieldKind.TICK else ticks.signed
        answer, confidence = look(cut.marks)
        value = None if answer is None else str(answer).lower()
        accepted = answer is not None and accepts(
            spec.kind, Check.NONE, confidence, wanted_error_rate
        )
        return Field(spec.name, value, "", round(confidence, 4), accepted, Check.NONE, 0, box)
    if cut.written is not None:
        readings = (_comb_reading(cut.written, readings[0], spec, readers, today),)
    raw = " ".join(reading.text for reading in readings if reading.text.strip())
    confidence = min((min(r.confidences, default=0.0) for r in readings), default=0.0)
    found = checks.normalise(spec, raw, today)
    if cut.written is not None and not _fills_as_it_should(cut.written, spec, raw):
        found = checks.Normalised(None, Check.FAILED)
    if found.check is Check.FAILED and len(readings) == 1:
        found = _repaired(spec, readings[0], today) or found
    accepted = found.value is not None and accepts(
        spec.kind, found.check, confidence, wanted_error_rate
    )
    return Field(spec.name, found.value, raw, round(confidence, 4), accepted, found.check, 0, box)


def _comb_reading(
    filled: comb.CombInk, reading: LineReading, spec: FieldSpec, readers: Readers, today: dt.date
) -> LineReading:
    """The strip's reading, or the comb's as it stands when the strip's cannot be right."""
    if filled.in_cells and len(reading.text) == len(filled.filled):
        found = checks.normalise(spec, reading.text, today)
        if found.check is not Check.FAILED:
            return reading
    alphabet = _ALPHABETS.get(spec.kind, Alphabet.TEXT)
    other_image = filled.whole if filled.in_cells else filled.strip
    (other,) = readers.read_lines([other_image], alphabet)
    found = checks.normalise(spec, other.text, today)
    is_better = found.check is Check.OK or (
        len(reading.text) != len(filled.filled) and len(other.text) == len(filled.filled)
    )
    return other if is_better else reading


def _fills_as_it_should(filled: comb.CombInk, spec: FieldSpec, raw: str) -> bool:
    """Whether an unchecked comb was read whole: one character for each filled cell.

    An amount without a printed comma must reach the comb's cents, or euros would be read as
    cents.
    """
    if not filled.in_cells:
        return spec.kind is not FieldKind.AMOUNT or "," in raw or "." in raw
    if len(raw) != len(filled.filled):
        return False
    if spec.kind is FieldKind.AMOUNT and not ("," in raw or "." in raw):
        return filled.filled[-1] == len(spec.cells_mm) - 1
    return True


def _repaired(spec: FieldSpec, reading: LineReading, today: dt.date) -> checks.Normalised | None:
    has_key = spec.kind is FieldKind.NIR or spec.check is not NumberCheck.NONE
    if not has_key or not reading.alternatives:
        return None
    text = repair.choose(
        reading.alternatives, lambda text: checks.normalise(spec, text, today).check is Check.OK
    )
    return None if text is None else checks.Normalised(text, Check.REPAIRED)


def _with_evidence(fields: Sequence[Field], form: FormDefinition) -> tuple[Field, ...]:
    """Use what fields say of each other.

    A repaired NIR is accepted when a birth date that stands by itself agrees with it. A total
    that is not the sum of the amounts is for a person, and so are the amounts.
    """
    by_name = {field.name: field for field in fields}
    born = by_name.get("birth_date")
    total = by_name.get("total")
    lines = [f for f in fields if f.name.split("_")[0] == "amount" and f.value is not None]
    adds_up = (
        total is None
        or total.value is None
        or not lines
        or abs(_sum_of_charges(fields) - float(total.value)) < 0.005
    )
    changed = []
    for field in fields:
        accepted = field.accepted
        if field.name == "nir" and field.check is Check.REPAIRED and field.value:
            accepted = (
                born is not None
                and born.accepted
                and born.value is not None
                and checks.birth_agrees(field.value, dt.date.fromisoformat(born.value))
            )
        if not adds_up and form.field(field.name).kind is FieldKind.AMOUNT:
            accepted = False
        changed.append(dataclasses.replace(field, accepted=accepted))
    return tuple(changed)


def _sum_of_charges(fields: Sequence[Field]) -> float:
    charged = ("amount", "travel_allowance", "travel_amount")
    return sum(
        float(field.value)
        for field in fields
        if field.value is not None and field.name.rstrip("_234") in charged
    )
