"""What goes on beyond its comb or its line is seen; what stands in a neighbouring field is none."""

import random

import cv2
import numpy as np
import pytest

from edge.classification.registration import Registration
from edge.extraction.foreign_content import find_extent, is_print_shifted, word_continues
from edge.ocr.engine import Gray
from models.training.drawing import degrade, fill, forms
from vaguemestre import pack

DPI = 200
PX = DPI / 25.4
FORM = pack.load(pack.default_dir()).forms["S3110"]
BLANK = forms.blank(FORM, DPI)
CELL_MM = 4.85  # of the comb of amounts
WRITTEN = {
    "amount": "19.20",
    "total": "1119.20",
    "excess": "DE",
    "beneficiary_name": "ROUSSEAU FRANÇOIS",
    "nir": "255081416802538",
    "address": "1199 RUE VICTOR HUGO 17300 ROCHEFORT",
}


def page(by_mm: float, down_mm: float = 0.0, *, bitonal: bool) -> Gray:
    """The form typed as usual, but all of it moved aside by so much, or down."""
    white = np.full_like(BLANK, 255)
    font = fill.typefaces()["sans"]
    typed = fill.fill(white, FORM, WRITTEN, font=font, rng=random.Random(1))
    shift = np.array([[1, 0, by_mm * PX], [0, 1, down_mm * PX]], np.float64)
    typed = np.asarray(cv2.warpAffine(typed, shift, typed.shape[::-1], borderValue=255), np.uint8)
    made = degrade.scan(np.minimum(BLANK, typed), random.Random(2), most_skew=0.0)
    return degrade.bitonal(made) if bitonal else made


def where_on(gray: Gray) -> Registration:
    scale = gray.shape[1] / FORM.width_mm
    return Registration(np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]]))


def is_beyond(gray: Gray, name: str) -> bool:
    return find_extent(gray, where_on(gray), FORM.field(name).cells_mm).goes_on


def is_word_beyond(gray: Gray, name: str) -> bool:
    line = FORM.field(name).box_mm
    assert line is not None
    return word_continues(gray, where_on(gray), line)


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize("name", ["amount", "total"])
def test_a_number_in_its_comb_ends_there_whatever_its_neighbour_holds(
    name: str, *, bitonal: bool
) -> None:
    assert not is_beyond(page(0.0, bitonal=bitonal), name)


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize("name", ["amount", "total"])
@pytest.mark.parametrize("by_cells", [0.8, 1.0, 1.2])
def test_the_last_digit_in_the_cell_that_is_not_there_is_seen(
    by_cells: float, name: str, *, bitonal: bool
) -> None:
    assert is_beyond(page(by_cells * CELL_MM, bitonal=bitonal), name)


def test_the_first_digit_before_its_comb_is_seen() -> None:
    assert is_beyond(page(-1.0 * CELL_MM, bitonal=False), "total")


def test_an_empty_comb_goes_nowhere() -> None:
    assert not is_beyond(page(0.0, bitonal=False), "amount_4")


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize("name", ["beneficiary_name", "address"])
def test_words_on_their_line_begin_there(name: str, *, bitonal: bool) -> None:
    assert not is_word_beyond(page(0.0, bitonal=bitonal), name)


def test_an_empty_line_goes_nowhere() -> None:
    assert not is_word_beyond(page(0.0, bitonal=False), "insured_name")


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize(
    ("name", "by_mm"),
    [
        ("beneficiary_name", -2.6),
        ("beneficiary_name", -4.0),
        ("address", -4.0),
        ("address", -5.5),
    ],
)
def test_the_first_letters_of_a_word_left_of_its_line_are_seen(
    by_mm: float, name: str, *, bitonal: bool
) -> None:
    assert is_word_beyond(page(by_mm, bitonal=bitonal), name)


@pytest.mark.parametrize("bitonal", [False, True])
@pytest.mark.parametrize(
    ("by_mm", "down_mm", "is_aside"),
    [(0.0, 0.0, False), (0.5, -0.5, False), (4.5, 0.0, True), (0.0, 2.7, True), (0.0, -2.5, True)],
)
def test_a_page_that_was_printed_aside_is_seen_in_its_combs(
    by_mm: float, down_mm: float, *, bitonal: bool, is_aside: bool
) -> None:
    gray = page(by_mm, down_mm, bitonal=bitonal)
    combs = [FORM.field(name).cells_mm for name in ("nir", "amount", "total")]

    assert (
        is_print_shifted([find_extent(gray, where_on(gray), cells) for cells in combs]) is is_aside
    )
