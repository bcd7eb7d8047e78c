"""The cells' answer, its key, the careful reader as a witness, and what is never accepted."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from edge.extraction import acceptance, comb_reading
from edge.extraction.acceptance import AcceptanceContext
from edge.extraction.combs import CombInk
from edge.extraction.fields import FieldCrop, judge_field
from edge.ocr.engine import Alphabet, Gray, LineReading, ReadMode
from tests.support.fake_readers import NoReaders
from vaguemestre.model.document import BoxMm, Check, Field
from vaguemestre.model.forms import FieldKind, FieldSpec, NumberCheck

TERMS = AcceptanceContext(dt.date(2026, 3, 20), 0.001)
NIR = "255081416802538"
BOX = BoxMm(0, 0, 60, 5)
BLANK = np.full((50, 30), 255, np.uint8)

Chances = Sequence[Mapping[str, float]]


def reading(chances: Chances) -> LineReading:
    ranked = tuple(tuple(sorted(c.items(), key=lambda one: -one[1])) for c in chances)
    text = "".join(best[0][0] for best in ranked)
    return LineReading(text, 0.9, tuple(best[0][1] for best in ranked), ranked)


def sure(text: str, chance: float = 0.9995) -> list[dict[str, float]]:
    return [{char: chance} for char in text]


class Told(NoReaders):
    """Cells and lines as told; a line that nobody expects fails the test."""

    def __init__(self, cells: Chances, line: LineReading | None = None) -> None:
        self.cells, self.line = reading(cells), line

    def read_lines(
        self,
        crops: Sequence[Gray],
        alphabet: Alphabet = Alphabet.TEXT,
        care: ReadMode = ReadMode.VALUE,
        skimmed: Sequence[LineReading] | None = None,
    ) -> list[LineReading]:
        assert self.line is not None
        return [self.line for _ in crops]

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        return self.cells


def spec_of(kind: FieldKind, cells: int, check: NumberCheck = NumberCheck.NONE) -> FieldSpec:
    boxes = tuple(BoxMm(4.0 * i, 0, 4, 5) for i in range(cells))
    decimals = 2 if kind is FieldKind.AMOUNT else 0
    return FieldSpec(kind.value, kind, check=check, cells_mm=boxes, decimals=decimals)


def judged(
    spec: FieldSpec,
    cells: Chances,
    line: LineReading | None = None,
    *,
    is_whole: bool = True,
    filled: Sequence[int] = (),
) -> Field:
    """The field, asking the careful reader only where the cells are not sure."""
    count = len(cells)
    written = CombInk(
        BLANK, BLANK, tuple(filled or range(count)), True, is_whole, tuple([BLANK] * count)
    )
    readers = Told(cells, line)
    told = comb_reading.read_by_cells(written, spec, readers, TERMS)
    cut = FieldCrop(spec, BOX, (BLANK,), written, told)
    lines = () if cut.is_settled else tuple(readers.read_lines([BLANK]))
    return judge_field(cut, lines, BOX, readers, TERMS)


NIR_SPEC = spec_of(FieldKind.NIR, 15)


def doubted(text: str, place: int, chances: Mapping[str, float]) -> list[dict[str, float]]:
    cells = sure(text)
    cells[place] = dict(chances)
    return cells


def test_sure_cells_whose_key_holds_need_no_other_reader() -> None:
    found = judged(NIR_SPEC, sure(NIR))
    assert (found.value, found.check, found.accepted) == (NIR, Check.OK, True)


def test_the_key_chooses_among_a_cells_best_few_and_does_not_confirm_it() -> None:
    wrong = NIR[:6] + "9" + NIR[7:]
    cells = doubted(NIR, 6, {"9": 0.6, NIR[6]: 0.39})
    found = judged(NIR_SPEC, cells, LineReading("", 0.0))
    assert (found.value, found.raw, found.check) == (NIR, wrong, Check.REPAIRED)
    assert not found.accepted


def test_the_careful_reader_is_a_witness_for_what_the_key_chose() -> None:
    cells = doubted(NIR, 6, {"9": 0.6, NIR[6]: 0.39})
    found = judged(NIR_SPEC, cells, reading(sure(NIR, 0.98)))
    assert (found.value, found.check, found.accepted) == (NIR, Check.OK, True)


def test_a_careful_reader_that_reads_otherwise_is_none() -> None:
    cells = doubted(NIR, 6, {"9": 0.6, NIR[6]: 0.39})
    other = reading(sure(NIR[:6] + "9" + NIR[7:], 0.98))
    found = judged(NIR_SPEC, cells, other)
    assert found.check is not Check.OK
    assert not found.accepted


def test_a_birth_date_is_a_witness_for_the_nirs_month() -> None:
    place = 4
    cells = doubted(NIR, place, {"3": 0.6, NIR[place]: 0.39})
    repaired = judged(NIR_SPEC, cells, LineReading("", 0.0))
    assert repaired.check is Check.REPAIRED
    for day, is_accepted in (("1955-08-03", True), ("1955-03-08", False)):
        born = Field("birth_date", day, day, 0.99, True, Check.OK, 0, None)
        nir, _ = acceptance.cross_check([repaired, born], 0.001)
        assert nir.accepted is is_accepted


@pytest.mark.parametrize("place", [0, 7, 14])
def test_a_spoilt_cell_is_never_accepted_even_when_all_agree(place: int) -> None:
    cells = doubted(NIR, place, {NIR[place]: 0.3})
    found = judged(NIR_SPEC, cells, reading(sure(NIR, 0.999)))
    assert not found.accepted
    born = Field("birth_date", "1955-08-03", "", 0.99, True, Check.OK, 0, None)
    assert not acceptance.cross_check([found, born], 0.001)[0].accepted


def test_what_the_key_puts_for_a_spoilt_cell_is_no_value() -> None:
    cells = doubted(NIR, 4, {"3": 0.3, NIR[4]: 0.2})
    found = judged(NIR_SPEC, cells, LineReading("", 0.0))
    assert (found.value, found.check, found.confidence) == (None, Check.FAILED, 0.0)


def test_a_spoilt_amount_is_not_accepted_because_the_sum_holds() -> None:
    spec = spec_of(FieldKind.AMOUNT, 4)
    spoilt = judged(spec, doubted("2650", 1, {"6": 0.4}), LineReading("", 0.0))
    total = Field("total", "26.50", "2650", 0.999, True, Check.NONE, 0, None)
    amount, _ = acceptance.cross_check([spoilt, total], 0.001)
    assert not amount.accepted


def test_a_number_without_a_key_is_accepted_only_when_every_cell_is_sure() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    assert judged(spec, sure("123456789", 0.9999)).accepted
    cells = doubted("123456789", 3, {"4": 0.9, "9": 0.1})
    found = judged(spec, cells, LineReading("", 0.0))
    assert (found.value, found.accepted) == ("123456789", False)


def test_two_readers_that_agree_are_surer_than_one() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    cells = doubted("123456789", 3, {"4": 0.98, "9": 0.02})
    alone = judged(spec, cells, LineReading("", 0.0))
    both = judged(spec, cells, reading(sure("123456789", 0.99)))
    assert alone.confidence < both.confidence
    assert both.accepted


def test_agreeing_on_an_unsure_number_without_a_key_proves_nothing() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    cells = doubted("123456789", 3, {"4": 0.8, "9": 0.2})
    assert not judged(spec, cells, reading(sure("123456789", 0.999))).accepted


def test_a_number_that_lost_its_first_cell_is_for_a_person() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    found = judged(spec, sure("23456789"), LineReading("", 0.0), filled=range(1, 9))
    assert not found.accepted


def test_a_day_in_no_calendar_is_repaired_for_a_person() -> None:
    spec = spec_of(FieldKind.DATE, 8)
    cells = doubted("30022025", 3, {"2": 0.7, "3": 0.29})
    found = judged(spec, cells, LineReading("", 0.0))
    assert (found.value, found.check, found.accepted) == ("2025-03-30", Check.REPAIRED, False)


def test_an_amount_that_does_not_reach_the_cents_is_not_read() -> None:
    spec = spec_of(FieldKind.AMOUNT, 6)
    found = judged(spec, sure("2650"), LineReading("", 0.0), filled=(1, 2, 3, 4))
    assert (found.value, found.accepted) == (None, False)
    assert judged(spec, sure("2650"), filled=(2, 3, 4, 5)).value == "26.50"


def test_a_gap_in_a_number_is_for_a_person() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    found = judged(spec, sure("1234"), LineReading("", 0.0), filled=(0, 1, 3, 4))
    assert not found.accepted


def test_a_comb_that_lost_a_stroke_is_trusted_only_to_its_key() -> None:
    spec = spec_of(FieldKind.DIGITS, 9)
    assert not judged(spec, sure("12345678"), LineReading("", 0.0), is_whole=False).accepted
    assert judged(NIR_SPEC, sure(NIR), is_whole=False).accepted


def test_text_over_the_cells_is_not_read_by_cells() -> None:
    written = CombInk(BLANK, BLANK, (0, 1), in_cells=False, pieces=(BLANK, BLANK))
    assert comb_reading.read_by_cells(written, NIR_SPEC, Told(sure(NIR)), TERMS) is None


def test_specks_in_a_few_cells_are_an_empty_comb() -> None:
    specks: Chances = [{"7": 0.3}, {"1": 0.4}]
    written = CombInk(BLANK, BLANK, (2, 4), True, True, (BLANK, BLANK))
    told = comb_reading.read_by_cells(written, spec_of(FieldKind.DATE, 8), Told(specks), TERMS)
    assert told is not None
    assert told.is_dust(8)
    assert not told.is_dust(3)
    written = CombInk(BLANK, BLANK, (2, 4), True, True, (BLANK, BLANK))
    told = comb_reading.read_by_cells(written, spec_of(FieldKind.DATE, 8), Told(sure("71")), TERMS)
    assert told is not None
    assert not told.is_dust(8)
