"""A comb's ink comes out as one piece a character, or says that cells were ignored."""

import random

import cv2
import numpy as np
import pytest

from edge.classification.registration import Registration
from edge.extraction import combs, ink
from edge.ocr.engine import Gray
from edge.ocr.network_io import SIDE_PX, normalise_cell
from models.training.drawing import degrade, fill, forms
from vaguemestre import pack
from vaguemestre.model.document import BoxMm
from vaguemestre.model.forms import FieldSpec, bounding_box

DPI = 200
PX = DPI / 25.4
FORM = pack.load(pack.default_dir()).forms["S3704"]
NIR = "255081416802538"


def page(value: str, *, across: bool = False, bitonal: bool = False) -> Gray:
    """The drawn form with its NIR typed."""
    blank = forms.blank(FORM, DPI)
    font = fill.typefaces()["sans"]
    rng = random.Random(1)
    made = fill.fill(blank, FORM, {"nir": value}, font=font, rng=rng, across=across)
    made = degrade.scan(made, rng, most_skew=0.0)
    return degrade.bitonal(made) if bitonal else made


def cut(gray: Gray, spec: FieldSpec) -> combs.CombInk | None:
    scale = gray.shape[1] / FORM.width_mm
    where = Registration(np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]]))
    return combs.assign_ink(
        ink.cut_zone(gray, where, bounding_box(spec.cells_mm), 0.7), spec.cells_mm
    )


@pytest.mark.parametrize("bitonal", [False, True])
def test_each_filled_cell_gives_one_piece(bitonal: bool) -> None:
    found = cut(page(NIR, bitonal=bitonal), FORM.field("nir"))
    assert found is not None
    assert found.in_cells
    assert found.filled == tuple(range(15))
    assert len(found.pieces) == 15
    assert all((piece < 128).any() for piece in found.pieces)


@pytest.mark.parametrize("bitonal", [False, True])
def test_a_comb_filled_across_its_boxes_says_so(bitonal: bool) -> None:
    found = cut(page(NIR, across=True, bitonal=bitonal), FORM.field("nir"))
    assert found is not None
    assert not found.in_cells


def test_an_empty_comb_holds_nothing() -> None:
    assert cut(page(""), FORM.field("nir")) is None


def strokes(*boxes: tuple[float, float, float, float], cells: tuple[BoxMm, ...]) -> Gray:
    """A white page with filled rectangles (left, top, right, bottom in mm)."""
    width, height = cells[-1].left + cells[-1].width + 5, cells[0].top + cells[0].height + 5
    made = np.full((round(height * PX), round(width * PX)), 250, np.uint8)
    for left, top, right, bottom in boxes:
        corners = [round(mm * PX) for mm in (left, top, right, bottom)]
        cv2.rectangle(made, (corners[0], corners[1]), (corners[2], corners[3]), [30], -1)
    return made


CELLS = tuple(BoxMm(5 + 4.5 * i, 5, 4.3, 5.4) for i in range(5))


def pieces(*boxes: tuple[float, float, float, float]) -> combs.CombInk | None:
    gray = strokes(*boxes, cells=CELLS)
    where = Registration(np.array([[PX, 0.0, 0.0], [0.0, PX, 0.0]]))
    return combs.assign_ink(ink.cut_zone(gray, where, bounding_box(CELLS), 0.7), CELLS)


def upright(cell: int, aside: float = 0.0) -> tuple[float, float, float, float]:
    """A stroke like a one, so far from its cell's middle (mm)."""
    middle = CELLS[cell].left + CELLS[cell].width / 2 + aside
    return (middle - 0.25, 6.2, middle + 0.25, 9.2)


def test_characters_that_touch_across_a_border_are_parted() -> None:
    joining = (CELLS[1].left + 2.1, 7.6, CELLS[2].left + 2.2, 7.9)
    found = pieces(*(upright(i) for i in range(5)), joining)
    assert found is not None
    assert found.in_cells
    assert found.filled == (0, 1, 2, 3, 4)


def test_a_line_drawn_through_the_whole_comb_is_no_row_of_characters() -> None:
    through = (CELLS[0].left + 1, 7.6, CELLS[4].left + 3, 8.1)
    found = pieces(*(upright(i) for i in range(5)), through)
    # The line is taken for the comb's own rule or its strokes for one; pieces never swallow it.
    assert found is None or not found.in_cells or len(found.pieces) == 5


@pytest.mark.parametrize("cell", [1, 3])
def test_a_character_that_is_struck_out_makes_the_comb_doubtful(cell: int) -> None:
    strike = (CELLS[cell].left - 0.5, 7.6, CELLS[cell].left + 4.8, 8.0)
    inside = (CELLS[cell].left + 0.4, 7.6, CELLS[cell].left + 3.9, 8.0)
    rest = [upright(i) for i in range(5)]

    struck, crossed = pieces(*rest, strike), pieces(*rest, inside)

    assert struck is not None
    assert not struck.is_whole
    assert crossed is not None
    assert crossed.is_whole


def test_a_character_that_reaches_its_cells_corner_is_no_rest_of_the_frame() -> None:
    wide = (CELLS[0].left + 0.1, 5.1, CELLS[0].left + 3.4, 5.6)
    stem = (CELLS[0].left + 2.0, 5.1, CELLS[0].left + 2.6, 9.5)
    found = pieces(wide, stem, *(upright(i) for i in range(1, 5)))
    assert found is not None
    assert found.filled == (0, 1, 2, 3, 4)


def test_two_characters_in_one_cell_are_not_in_cells() -> None:
    found = pieces(upright(0), upright(1, -0.8), upright(1, 0.8), upright(2), upright(3))
    assert found is not None
    assert not found.in_cells


def test_a_piece_is_brought_to_one_size_and_contrast() -> None:
    pale = np.full((60, 50), 255, np.uint8)
    pale[10:50, 20:30] = 160
    made = normalise_cell(pale)
    assert made.shape == (SIDE_PX, SIDE_PX)
    assert made.max() == pytest.approx(1.0)
    rows = np.flatnonzero(made.any(axis=1))
    assert 20 <= rows[-1] - rows[0] <= 24


def test_dirt_stays_small_beside_characters() -> None:
    speck = np.full((60, 50), 255, np.uint8)
    speck[25:33, 20:28] = 20
    assert (normalise_cell(speck) > 0.5).sum() < 120


def test_an_empty_piece_is_paper() -> None:
    assert normalise_cell(np.full((30, 20), 255, np.uint8)).max() == 0.0
    assert normalise_cell(np.zeros((0, 4), np.uint8)).max() == 0.0
