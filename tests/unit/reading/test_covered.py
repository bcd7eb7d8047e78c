"""An empty cell that something lies over does not look like the paper of the others."""

import numpy as np
import pytest

from edge.document import BoxMm
from edge.reading.covered import is_covered
from edge.reading.readers import Gray
from edge.reading.registration import Registration

PX = 8
CELLS = tuple(BoxMm(10 + 5.0 * i, 10, 5.0, 6.0) for i in range(6))
WHERE = Registration(np.array([[PX, 0, 0], [0, PX, 0]], np.float64), 0.0, 9)
FILLED = (3, 4, 5)


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
