"""A comb whose cells were respected, read cell by cell.

The cell network says what each cell may hold; the field's key chooses the likeliest string that
satisfies it. When that is not sure enough, the careful reader reads the comb as one line, and
the two opinions are put together: it never saw the cells one by one, so where it agrees it is a
witness. A cell that is struck out or written over makes the whole comb a person's.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from edge.extraction import keys
from edge.extraction.acceptance import AcceptanceContext, accepts_cells
from edge.extraction.combs import CombInk
from edge.ocr.engine import Alphabet, LineReading, OcrEngine
from vaguemestre.model import values
from vaguemestre.model.document import Check
from vaguemestre.model.forms import FieldKind, FieldSpec

_ALPHABETS = {
    FieldKind.NIR: Alphabet.NIR,
    FieldKind.DATE: Alphabet.DIGITS,
    FieldKind.DIGITS: Alphabet.DIGITS,
    FieldKind.AMOUNT: Alphabet.DIGITS,
}
_SPOILT = 0.5  # a cell that is junk with this chance is no character
_DUST = 0.5  # in the mean of the few cells that hold anything
# Both readers take a badly written 4 for the same 9: without a key, agreeing tells little.
_NEARLY_SURE = 0.97
_TRUST = 0.9  # of the careful reader's probabilities; the rest it may have misread
_DIGITS = 10
_LONG = 4  # cells; shorter numbers are written at either end


@dataclass(frozen=True, slots=True)
class CombReading:
    """What a comb's cells say.

    ``raw`` is the likeliest string, ``value`` what it or its repair comes to; ``confidence`` the
    probability of the string chosen, among all that satisfy the key.
    """

    reading: LineReading
    raw: str
    value: values.CheckedValue
    confidence: float
    accepted: bool
    is_spoilt: bool

    def is_dust(self, cells: int) -> bool:
        """Whether a comb of so many cells holds specks of its own thresholded print only."""
        junk = [_junk(ranked) for ranked in self.reading.alternatives]
        return 2 * len(junk) <= cells and sum(junk) >= _DUST * len(junk)


def read_by_cells(
    written: CombInk, spec: FieldSpec, readers: OcrEngine, terms: AcceptanceContext
) -> CombReading | None:
    """Read a comb's cells; None where cells are not what to read."""
    alphabet = _ALPHABETS.get(spec.kind)
    if alphabet is None or not written.in_cells:
        return None
    return _judged(readers.read_cells(written.pieces, alphabet), (), written, spec, terms)


def combine_with_line(
    told: CombReading,
    careful: LineReading,
    written: CombInk,
    spec: FieldSpec,
    terms: AcceptanceContext,
) -> CombReading | None:
    """Put the careful reader's opinion to the cells'; None when it counts other characters."""
    both = _together(told.reading, careful)
    if both is None:
        return None
    heard = (told.raw, careful.text)
    judged = _judged(both, heard, written, spec, terms, was_spoilt=told.is_spoilt)
    key = keys.find_key(spec, len(told.raw), terms.today)
    if not isinstance(key, keys.NoKey) or (
        told.confidence >= _NEARLY_SURE and told.raw == careful.text
    ):
        return judged
    return dataclasses.replace(judged, accepted=False)


def _judged(
    reading: LineReading,
    heard: Sequence[str],
    written: CombInk,
    spec: FieldSpec,
    terms: AcceptanceContext,
    *,
    was_spoilt: bool = False,
) -> CombReading:
    junk = [_junk(ranked) for ranked in reading.alternatives]
    is_spoilt = was_spoilt or max(junk, default=1.0) >= _SPOILT
    key = keys.find_key(spec, len(reading.text), terms.today)
    found = None if key is None else keys.best_valid_text(reading.alternatives, key)
    if key is None or found is None:
        failed = values.CheckedValue(None, Check.FAILED)
        return CombReading(reading, reading.text, failed, 0.0, False, is_spoilt)
    confidence = 0.0 if is_spoilt else found.share
    for ranked in reading.alternatives:  # what the search did not look at is doubt too
        confidence *= min(1.0, sum(chance for _, chance in keys.likely_alternatives(ranked)))
    value = values.check_read(spec, found.text, terms.today)
    if value.value is not None and not found.is_best and found.text not in heard:
        # What the key puts in the place of a spoilt cell is nobody's writing.
        repaired = values.CheckedValue(value.value, Check.REPAIRED)
        value = values.CheckedValue(None, Check.FAILED) if is_spoilt else repaired
    has_key = not isinstance(key, keys.NoKey)
    if not _is_filled(written, spec, is_proved=has_key and spec.kind is not FieldKind.DATE):
        value = values.CheckedValue(None, Check.FAILED)
    accepted = (
        not is_spoilt
        and value.value is not None
        and accepts_cells(spec, value.check, confidence, terms.wanted_error_rate, has_key=has_key)
    )
    return CombReading(reading, reading.text, value, confidence, accepted, is_spoilt)


def _junk(ranked: Sequence[tuple[str, float]]) -> float:
    return min(1.0, max(0.0, 1.0 - sum(chance for _, chance in ranked)))


def _is_filled(written: CombInk, spec: FieldSpec, *, is_proved: bool) -> bool:
    """Whether each character seems to have come through.

    A key that holds says so by itself, a calendar does not. A number begins in the first cell and
    has no empty cell in its middle; an amount reaches the comb's cents, or euros would be cents.
    """
    if is_proved:
        return True
    filled = written.filled
    is_closed = filled[-1] - filled[0] == len(filled) - 1
    if spec.kind is FieldKind.DIGITS and filled[0] != 0 and len(spec.cells_mm) >= _LONG:
        return False
    reaches_end = spec.kind is not FieldKind.AMOUNT or filled[-1] == len(spec.cells_mm) - 1
    return written.is_whole and is_closed and reaches_end


def _together(cells: LineReading, careful: LineReading) -> LineReading | None:
    """Two independent opinions of the same characters, multiplied."""
    if len(careful.alternatives) != len(cells.alternatives) or len(careful.text) != len(cells.text):
        return None
    ranked = tuple(
        _product(ours, dict(theirs))
        for ours, theirs in zip(cells.alternatives, careful.alternatives, strict=True)
    )
    text = "".join(best[0][0] for best in ranked)
    confidences = tuple(best[0][1] for best in ranked)
    return LineReading(text, sum(confidences) / len(confidences), confidences, ranked)


def _product(
    ours: Sequence[tuple[str, float]], theirs: dict[str, float]
) -> tuple[tuple[str, float], ...]:
    floor = (1.0 - _TRUST) / _DIGITS
    weighed = [(char, chance * (_TRUST * theirs.get(char, 0.0) + floor)) for char, chance in ours]
    # What is no character reads as any of them.
    total = sum(chance for _, chance in weighed) + _junk(ours) / _DIGITS
    ranked = sorted(((char, chance / total) for char, chance in weighed), key=lambda one: -one[1])
    return tuple(ranked)
