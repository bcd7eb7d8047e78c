"""What the shipped cell network makes of typed combs, and of cells that somebody spoilt."""

import datetime as dt
import random
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from edge.classification.registration import Registration
from edge.extraction import comb_reading, combs, ink
from edge.extraction.acceptance import AcceptanceContext
from edge.inference.readers import CellNetwork
from edge.ocr.engine import Alphabet, Gray, LineReading
from models.training.drawing import degrade, fill, forms, people
from tests.support.fake_readers import NoReaders
from vaguemestre import pack
from vaguemestre.model.document import BoxMm, Check
from vaguemestre.model.forms import bounding_box

DPI = 200
FORM = pack.load(pack.default_dir()).forms["S3704"]
SPEC = FORM.field("nir")
TERMS = AcceptanceContext(dt.date(2026, 3, 20), 0.001)
BLANK = forms.blank(FORM, DPI)
SCALE = BLANK.shape[1] / FORM.width_mm


class Cells(NoReaders):
    """The cell network alone."""

    def __init__(self) -> None:
        self.network = CellNetwork.load(pack.default_dir() / "onnx", 1)

    def read_cells(self, pieces: Sequence[Gray], alphabet: Alphabet) -> LineReading:
        return self.network.read(pieces, alphabet)


@pytest.fixture(scope="module")
def readers() -> Cells:
    return Cells()


def typed(nir: str, seed: int) -> tuple[Gray, random.Random]:
    rng = random.Random(seed)
    face = list(fill.typefaces().values())[seed % 8]
    return fill.fill(BLANK, FORM, {"nir": nir}, font=face, rng=rng), rng


def judged(gray: Gray, rng: random.Random, readers: Cells) -> comb_reading.CombReading | None:
    scanned = degrade.scan(gray, rng, most_skew=0.0)
    where = Registration(np.array([[SCALE, 0.0, 0.0], [0.0, SCALE, 0.0]]))
    zone = ink.cut_zone(scanned, where, bounding_box(SPEC.cells_mm), 0.7)
    found = combs.assign_ink(zone, SPEC.cells_mm)
    assert found is not None
    return comb_reading.read_by_cells(found, SPEC, readers, TERMS)


def test_typed_nirs_are_read_and_their_keys_hold(readers: Cells) -> None:
    rng = random.Random(8)
    right = accepted = 0
    for seed in range(16):
        nir = people.person(rng).nir
        told = judged(*typed(nir, seed), readers)
        assert told is not None
        right += told.value.value == nir
        accepted += told.accepted
        assert not (told.accepted and told.value.value != nir)
    assert right >= 15
    assert accepted >= 12


def cross(cell: BoxMm, gray: Gray) -> Gray:
    """Strike a cell's character out."""
    image = Image.fromarray(gray)
    draw = ImageDraw.Draw(image)
    x0, x1 = (cell.left + 0.7) * SCALE, (cell.left + cell.width - 0.7) * SCALE
    y0, y1 = (cell.top + 0.9) * SCALE, (cell.top + cell.height - 0.9) * SCALE
    for line in ((x0, y0, x1, y1), (x0, y1, x1, y0), (x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)):
        draw.line(line, fill=40, width=3)
    return np.asarray(image, np.uint8)


def overwritten(cell: BoxMm, gray: Gray, char: str) -> Gray:
    """Type another character over a cell's own."""
    image = Image.fromarray(gray)
    font = ImageFont.truetype(str(fill.typefaces()["sans_bold"]), round(3.6 * SCALE))
    middle = ((cell.left + cell.width / 2) * SCALE, (cell.top + cell.height / 2) * SCALE)
    ImageDraw.Draw(image).text(middle, char, fill=40, font=font, anchor="mm")
    return np.asarray(image, np.uint8)


@pytest.mark.parametrize("place", range(0, 15, 2))
def test_a_struck_out_digit_is_never_accepted(readers: Cells, place: int) -> None:
    nir = "255081416802538"
    gray, rng = typed(nir, place)
    told = judged(cross(SPEC.cells_mm[place], gray), rng, readers)
    assert told is None or not told.accepted


@pytest.mark.parametrize(("place", "char"), [(2, "4"), (5, "7"), (7, "2"), (10, "7"), (13, "4")])
def test_an_overwritten_digit_is_never_accepted(readers: Cells, place: int, char: str) -> None:
    gray, rng = typed("255081416802538", place)
    told = judged(overwritten(SPEC.cells_mm[place], gray, char), rng, readers)
    assert told is None or not told.accepted


def test_scribbles_in_every_cell_are_no_number(readers: Cells) -> None:
    gray, rng = typed("255081416802538", 3)
    for cell in SPEC.cells_mm:
        gray = cross(cell, gray)
    told = judged(gray, rng, readers)
    assert told is None or (told.is_spoilt and not told.accepted)
    assert told is None or told.value.check is not Check.OK
