"""What shines through from the other side of a sheet is blank; carbon copies and notes are not."""

import random

import numpy as np
import pytest

from edge.imaging import quality
from edge.imaging.cleaning import quarter_turn
from edge.imaging.source_file import PageImage
from edge.inference.engine import StationEngine
from edge.ocr.engine import Gray
from edge.pipeline import page as pipeline_page
from edge.results import PageReading
from models.training.drawing import degrade, synthesise
from tests.bench import backs
from tests.bench.forms import DPI, TODAY
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

RECIPE = pipeline_page.ReadingContext(pack.load(pack.default_dir()).forms, accept_error_rate=0.001)


def read(page: Gray, readers: StationEngine) -> PageReading:
    image = PageImage(np.ascontiguousarray(page), DPI, dpi_known=True)
    return pipeline_page.read_page(image, ImageRef("1.tif", 0, ""), RECIPE, readers, TODAY)


def back(seed: int) -> Gray:
    return synthesise.draw("back", seed, DPI)[0]


@pytest.mark.parametrize(("seed", "rotation"), [(3, 0), (5, 90), (10, 180)])
def test_what_shines_through_is_blank_whichever_way_the_sheet_lies(
    seed: int, rotation: int, readers: StationEngine
) -> None:
    page = quarter_turn(back(seed), rotation)

    assert quality.content(page, DPI) is quality.Content.FAINT
    assert read(page, readers).is_blank


@pytest.mark.parametrize(("seed", "rotation"), [(3, 0), (5, 90), (10, 180)])
def test_the_same_print_as_it_lies_is_faint_and_seen_by_a_person(
    seed: int, rotation: int, readers: StationEngine
) -> None:
    page = quarter_turn(np.ascontiguousarray(back(seed)[:, ::-1]), rotation)

    found = read(page, readers)

    assert not found.is_blank
    assert "faint" in found.marks


def test_in_black_and_white_too(readers: StationEngine) -> None:
    page = degrade.bitonal(back(7))

    assert quality.content(page, DPI) is quality.Content.WRITTEN
    assert read(page, readers).is_blank
    assert not read(page[:, ::-1], readers).is_blank


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_a_note_in_pencil_on_a_back_that_shines_through_is_seen_by_a_person(
    seed: int, readers: StationEngine
) -> None:
    page = backs.noted(back(3), random.Random(seed), backs.PENCIL)

    assert not read(page, readers).is_blank


@pytest.mark.parametrize("seed", [0, 3])
def test_a_note_in_ink_on_such_a_back_is_seen_by_a_person(
    seed: int, readers: StationEngine
) -> None:
    page = backs.noted(back(7), random.Random(seed), backs.PEN)

    assert not read(page, readers).is_blank
    assert not read(degrade.bitonal(page), readers).is_blank
