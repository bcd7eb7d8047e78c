"""What lies over an empty cell or a form's print is seen: neither looks as it should."""

import random

import numpy as np
import pytest

from edge.classification.registration import Registration
from edge.extraction.foreign_content import hidden_print, is_covered, is_near_hidden_print
from edge.ocr.engine import Gray
from models.training.drawing import degrade
from models.training.drawing import forms as drawn_forms
from vaguemestre import pack
from vaguemestre.model.document import BoxMm

PX = 8
CELLS = tuple(BoxMm(10 + 5.0 * i, 10, 5.0, 6.0) for i in range(6))
WHERE = Registration(np.array([[PX, 0, 0], [0, PX, 0]], np.float64))
FILLED = (3, 4, 5)
FORMS = pack.load(pack.default_dir()).forms


def comb(tint: int = 205) -> Gray:
    """A tinted comb with white teeth, its last three cells holding a stroke each; noisy paper."""
    rng = np.random.default_rng(1)
    light = np.linspace(0, 8, 60 * PX)[None, :]
    page = (tint + light + rng.normal(0, 3, (30 * PX, 60 * PX))).clip(0, 255).astype(np.uint8)
    for cell in CELLS:
        left, bottom = round(cell.left * PX), round((cell.top + cell.height) * PX)
        page[bottom - 3 * PX : bottom, left - 1 : left + 2] = 250
    for i in FILLED:
        middle = round((CELLS[i].left + 2.5) * PX)
        page[round(11.5 * PX) : round(14.5 * PX), middle - 2 : middle + 3] = 40
    return page


def over(page: Gray, cell: int, grey: int, height_mm: float = 8.0) -> Gray:
    """The same with something over a cell."""
    made = page.copy()
    left, right = round(CELLS[cell].left * PX), round((CELLS[cell].left + 5) * PX)
    made[round(9 * PX) : round((9 + height_mm) * PX), left:right] = grey
    return made


def test_paper_is_paper_on_any_tint() -> None:
    for tint in (120, 205, 240):
        assert not is_covered(comb(tint), WHERE, CELLS, FILLED)


@pytest.mark.parametrize("cell", [0, 2])
@pytest.mark.parametrize(
    ("grey", "height_mm"),
    [(250, 8.0), (160, 8.0), (20, 8.0), (20, 3.0)],
    ids=["fluid", "shadow", "hole", "a stamp's line"],
)
def test_what_lies_over_an_empty_cell_is_seen(cell: int, grey: int, height_mm: float) -> None:
    assert is_covered(over(comb(), cell, grey, height_mm), WHERE, CELLS, FILLED)


def test_a_comb_that_is_full_or_empty_hides_nothing() -> None:
    assert not is_covered(over(comb(), 0, 250), WHERE, CELLS, range(6))
    assert not is_covered(over(comb(), 0, 250), WHERE, CELLS, ())


def sheet(name: str) -> tuple[Gray, Registration]:
    """A drawn blank and where it lies."""
    form = FORMS[name]
    page = drawn_forms.blank(form, 200)
    across, down = page.shape[1] / form.width_mm, page.shape[0] / form.height_mm
    return page, Registration(np.array([[across, 0, 0], [0, down, 0]], np.float64))


@pytest.mark.parametrize("name", ["S3110", "S3704"])
@pytest.mark.parametrize("bitonal", [False, True])
def test_all_print_of_a_whole_form_is_seen(name: str, bitonal: bool) -> None:
    page, where = sheet(name)
    rng = np.random.default_rng(3)
    grainy = (0.9 * page + rng.normal(0, 6, page.shape)).clip(0, 255).astype(np.uint8)

    assert not hidden_print(degrade.bitonal(grainy) if bitonal else grainy, where, FORMS[name])


@pytest.mark.parametrize("name", ["S3110", "S3704"])
@pytest.mark.parametrize("tone", [255, 225])
def test_paper_glued_over_print_is_seen_and_zones_around_it_are_near(name: str, tone: int) -> None:
    rng = random.Random(name)
    for anchor in rng.sample(list(FORMS[name].fronts_with_boxes), 5):
        page, where = sheet(name)
        assert anchor.box_mm is not None
        left, top, width, height = anchor.box_mm
        covered = where.to_px(BoxMm(left - 1, top - 1, width + 2, height + 2))
        page[covered.top : covered.top + covered.height, covered.left :][:, : covered.width] = tone

        hidden = hidden_print(page, where, FORMS[name])

        assert hidden
        assert is_near_hidden_print(BoxMm(left, top + height + 20, 10, 5), hidden)
        assert not is_near_hidden_print(BoxMm(left, top + height + 60, 10, 5), hidden)
