"""From what was read in a zone to a field: normalised, checked, maybe repaired, accepted or not."""

import datetime as dt
import re
from dataclasses import dataclass

from edge.extraction import comb_reading, combs, foreign_content, ink, keys, ticks
from edge.extraction.acceptance import AcceptanceContext, is_accepted
from edge.ocr.engine import Alphabet, Gray, LineReading, OcrEngine, Patch, TickChances
from vaguemestre.model import values
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

TEXT_KINDS = (FieldKind.ADDRESS, FieldKind.NAME, FieldKind.TEXT)
# "L EGLISE", "D ARTAGNAN": a faint apostrophe reads as a space, and sounds just as sure. Rests of a
# frame read as marks, mostly at either end.
_HARMED = re.compile(
    r"\b[DL] (?=[AEIOUYHÀÂÉÈÊËÎÏÔÛ])|^[^\w(]|[=<>]$|[\"|_~]| [^\W\d]$|[^\W\d]\d{5}\b|\w- ",
    re.IGNORECASE,
)
# Of the chance of handwriting. What was measured of names and addresses is typed: of words written
# by hand one in ten that sounded sure was wrong.
PRINTED_BELOW = 0.4
_FEWEST = 2  # characters of a name: one by itself is a rest of a tint
_ALPHABETS = {
    FieldKind.NIR: Alphabet.NIR,
    FieldKind.DATE: Alphabet.DATE,
    FieldKind.DIGITS: Alphabet.DIGITS,
    FieldKind.AMOUNT: Alphabet.AMOUNT,
    FieldKind.CODE: Alphabet.CODE,
}


@dataclass(frozen=True, slots=True)
class FieldCrop:
    """A field's zone, ready to be read.

    ``images`` are its lines, none when it is empty; ``written`` the ink of a comb, ``cells`` what
    its cells say; ``tick`` is a tick's box with what is around it, ``marks`` the parts of a
    signature's. ``is_whole`` is False when letters may have been taken for a line's frame,
    ``by_hand`` the chance that words were written by hand; ``place`` tells where a comb's
    characters stand.
    """

    spec: FieldSpec
    box: BoxMm
    images: tuple[Gray, ...] = ()
    written: combs.CombInk | None = None
    cells: comb_reading.CombReading | None = None
    tick: Patch | None = None
    chances: TickChances | None = None  # of the tick
    marks: tuple[ink.Zone, ...] = ()
    is_whole: bool = True
    by_hand: float = 0.0
    place: foreign_content.CharacterExtent | None = None

    @property
    def is_for_a_person(self) -> bool:
        """Whether no reading of it may be accepted, however sure, whoever confirms it."""
        return not self.is_whole or self.by_hand >= PRINTED_BELOW

    @property
    def is_settled(self) -> bool:
        """Whether its cells are sure enough, so that no line need be read."""
        return self.cells is not None and self.cells.accepted


def field_alphabet(spec: FieldSpec, *, in_cells: bool = False) -> Alphabet:
    """The characters that a field of this kind may hold.

    Whoever types a date over its cells types slashes too, which read as digits are ones and
    sevens; where each cell holds its own digit a slash can only be a misread one.
    """
    if in_cells and spec.kind is FieldKind.DATE:
        return Alphabet.DIGITS
    return _ALPHABETS.get(spec.kind, Alphabet.TEXT)


def judge_field(
    cut: FieldCrop,
    readings: tuple[LineReading, ...],
    where_mm: BoxMm,
    readers: OcrEngine,
    terms: AcceptanceContext,
) -> Field:
    """Judge one field by itself.

    Args:
        cut: The zone.
        readings: One an image of the cut; none for a settled one.
        where_mm: Its box on the page.
        readers: For the second attempt at a comb.
        terms: What decides beside the page.
    """
    if cut.marks or cut.chances is not None:
        return _marked(cut, where_mm, terms)
    spec = cut.spec
    if cut.cells is not None and cut.written is not None:
        judged = _by_cells(cut, cut.cells, cut.written, readings, readers, terms)
        if judged is not None:
            return Field(
                spec.name,
                judged.value.value,
                judged.raw,
                round(judged.confidence, 4),
                judged.accepted,
                judged.value.check,
                0,
                where_mm,
            )
    if cut.written is not None:
        readings = (_comb_reading(cut.written, readings[0], spec, readers, terms.today),)
    raw = " ".join(reading.text for reading in readings if reading.text.strip())
    confidence = min((_least_sure(r, spec) for r in readings), default=0.0)
    found = values.check_read(spec, raw, terms.today)
    if cut.images and found == values.CheckedValue(None, Check.NONE):
        found = values.CheckedValue(None, Check.FAILED)  # written, and nothing of it was read
    if found.check is Check.FAILED and len(readings) == 1:
        found = _repaired(spec, readings[0], terms.today) or found
    if cut.written is not None and not _fills_as_it_should(cut.written, spec, raw, found.check):
        found = values.CheckedValue(None, Check.FAILED)
    accepted = (
        not cut.is_for_a_person
        and found.value is not None
        and is_accepted(spec, found.check, confidence, terms.wanted_error_rate)
    )
    if spec.kind in TEXT_KINDS and (
        _HARMED.search(found.value or "") or len(found.value or "") < _FEWEST
    ):
        accepted = False
    if spec.kind is FieldKind.CODE and not values.is_usual_code(found.value or ""):
        accepted = False
    return Field(
        spec.name, found.value, raw, round(confidence, 4), accepted, found.check, 0, where_mm
    )


def _by_cells(
    cut: FieldCrop,
    told: comb_reading.CombReading,
    written: combs.CombInk,
    readings: tuple[LineReading, ...],
    readers: OcrEngine,
    terms: AcceptanceContext,
) -> comb_reading.CombReading | None:
    """The cells' answer, with the careful reader's when they are not sure.

    None when only the careful reader makes anything of the comb.
    """
    if told.accepted:
        return told
    reading = _comb_reading(written, readings[0], cut.spec, readers, terms.today)
    both = comb_reading.combine_with_line(told, reading, written, cut.spec, terms)
    if both is not None and (both.value.value is not None or told.is_spoilt):
        return both
    if told.is_spoilt or told.value.value is not None:
        return told
    return None


def _least_sure(reading: LineReading, spec: FieldSpec) -> float:
    """The confidence of the least sure character.

    Where the place says whether a round stroke is a zero or an O, it need not be told apart.
    """
    confidences = list(reading.confidences)
    if len(reading.alternatives) == len(reading.text) == len(confidences):
        for i in _ambiguous_by_position(reading.text, spec.kind):
            round_ones = sum(chance for char, chance in reading.alternatives[i] if char in "0O")
            confidences[i] = max(confidences[i], min(1.0, round_ones))
    return min(confidences, default=0.0)


def _ambiguous_by_position(text: str, kind: FieldKind) -> list[int]:
    """Indexes of zeros and Os in a CCAM code or a postcode."""
    spans: list[tuple[int, int]] = []
    if kind is FieldKind.CODE and values.is_ccam(text):
        spans = [(0, len(text))]
    elif kind is FieldKind.ADDRESS:
        spans = [found.span() for found in re.finditer(values.POSTCODE, text)]
    return [i for start, stop in spans for i in range(start, stop) if text[i] in "0O"]


def _marked(cut: FieldCrop, where_mm: BoxMm, terms: AcceptanceContext) -> Field:
    if cut.tick is not None and cut.chances is not None:
        answer, confidence = ticks.is_ticked(cut.chances, cut.tick)
    else:
        answer, confidence = ticks.is_signed(cut.marks)
    value = None if answer is None else str(answer).lower()
    accepted = answer is not None and is_accepted(
        cut.spec, Check.NONE, confidence, terms.wanted_error_rate
    )
    return Field(cut.spec.name, value, "", round(confidence, 4), accepted, Check.NONE, 0, where_mm)


def _comb_reading(
    written: combs.CombInk,
    reading: LineReading,
    spec: FieldSpec,
    readers: OcrEngine,
    today: dt.date,
) -> LineReading:
    """The first reading, or that of the other picture of the comb when the first cannot be right.

    The first is the strip of a comb whose cells were respected, else the comb as it stands.
    """
    count = len(written.filled)
    fits = not written.in_cells or len(reading.text) == count
    if fits and values.check_read(spec, reading.text, today).check is not Check.FAILED:
        return reading
    other_image = written.whole if written.in_cells else written.strip
    (other,) = readers.read_lines(
        [other_image], field_alphabet(spec, in_cells=not written.in_cells)
    )
    is_better = values.check_read(spec, other.text, today).check is Check.OK or (
        not fits and len(other.text) == count
    )
    return other if is_better else reading


def _fills_as_it_should(written: combs.CombInk, spec: FieldSpec, raw: str, check: Check) -> bool:
    """Whether a comb was read whole: one character for each filled cell.

    A key that holds says so by itself, a calendar does not. An amount without a printed comma
    must reach the comb's cents, or euros would be read as cents.
    """
    is_proved = check is Check.OK and spec.kind is not FieldKind.DATE
    if is_proved:
        return True
    if not written.is_whole:
        return False
    has_comma = "," in raw or "." in raw
    if not written.in_cells:
        return spec.kind is not FieldKind.AMOUNT or has_comma
    if len(raw) != len(written.filled):
        return False
    if spec.kind is FieldKind.AMOUNT and not has_comma:
        return written.filled[-1] == len(spec.cells_mm) - 1
    return True


def _repaired(spec: FieldSpec, reading: LineReading, today: dt.date) -> values.CheckedValue | None:
    has_key = spec.kind is FieldKind.NIR or spec.check is not NumberCheck.NONE
    if not has_key or not reading.alternatives:
        return None
    text = keys.repair_text(
        reading.alternatives, lambda text: values.check_read(spec, text, today).check is Check.OK
    )
    return None if text is None else values.CheckedValue(text, Check.REPAIRED)
