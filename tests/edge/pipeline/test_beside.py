"""What lies on a scan beside the form that was recognised on it is never left unsaid."""

import datetime as dt
import random
from collections.abc import Callable

import numpy as np
import pytest

from edge.imaging.source_file import PageImage
from edge.inference.engine import StationEngine
from edge.ocr.engine import Gray
from edge.pipeline import page as pipeline_page
from edge.results import PageReading
from models.training.drawing import degrade, fill, mail
from models.training.drawing import forms as drawn_forms
from tests.support import paper
from vaguemestre import pack
from vaguemestre.model.document import ImageRef

DPI = 200
MM = DPI / 25.4
PACK = pack.load(pack.default_dir())
RECIPE = pipeline_page.ReadingContext(PACK.forms, accept_error_rate=0.001)
TODAY = dt.date(2026, 11, 10)
FACE = fill.typefaces()["typewriter"]


def claim(seed: int, kind: str = "S3110") -> Gray:
    """A filled form on a whole A4 sheet."""
    rng, form = random.Random(seed), PACK.forms[kind]
    values = fill.plausible_values(form, rng)
    drawn = fill.fill(drawn_forms.blank(form, DPI), form, values, font=FACE, rng=rng)
    return on(np.full((2339, 1656), 255, np.uint8), drawn, 0, 0)


def on(glass: Gray, sheet: Gray, left: int, top: int) -> Gray:
    made = glass.copy()
    room = made[top : top + sheet.shape[0], left : left + sheet.shape[1]]
    room[:] = sheet[: room.shape[0], : room.shape[1]]
    return made


def scanned(glass: Gray, seed: int = 1) -> Gray:
    return degrade.scan(glass, random.Random(seed), most_skew=0.6)


def read(page: Gray, readers: StationEngine) -> PageReading:
    image = PageImage(np.ascontiguousarray(page), DPI, dpi_known=True)
    return pipeline_page.read_page(image, ImageRef("1.tif", 0, ""), RECIPE, readers, TODAY)


def two_claims_on_a3() -> Gray:
    return np.hstack([claim(1), claim(2)])


def two_claims_on_one_long_scan() -> Gray:
    return np.vstack([claim(3), claim(4)])


def a_double_feed_that_sticks_out() -> Gray:
    under = on(np.full((2339 + round(45 * MM), 1656), 255, np.uint8), claim(5), 0, round(45 * MM))
    return on(under, claim(6), 0, 0)


def a_letter_beside_a_form() -> Gray:
    letter = mail.typed_letter(random.Random(7), DPI, FACE)
    return np.hstack([claim(8, "S3704"), on(np.full((2339, 1656), 255, np.uint8), letter, 0, 0)])


def a_few_words_beside_a_form() -> Gray:
    beside = paper.handwritten(np.full((2339, 700), 240, np.uint8), "voir facture", (8, 120))
    return np.hstack([claim(9), beside])


@pytest.mark.parametrize(
    "draw",
    [
        two_claims_on_a3,
        two_claims_on_one_long_scan,
        a_double_feed_that_sticks_out,
        a_letter_beside_a_form,
        a_few_words_beside_a_form,
    ],
)
def test_what_lies_beside_a_form_is_told(draw: Callable[[], Gray], readers: StationEngine) -> None:
    page = read(scanned(draw()), readers)

    assert page.guesses[0].type in ("S3110", "S3704")
    assert "outside_content" in page.marks


def black_lid_around(page: Gray) -> Gray:
    made = np.full((page.shape[0] + 220, page.shape[1] + 160), 18, np.uint8)
    return on(made, page, 60, 90)


def grey_lid_with_an_edge(page: Gray) -> Gray:
    made = np.random.default_rng(1).normal(196, 5, (page.shape[0] + 300, page.shape[1] + 240))
    made[:, page.shape[1] : page.shape[1] + 6] -= 90  # the sheet's own shadow
    made[page.shape[0] : page.shape[0] + 5] -= 90
    made[:, -40:-34] -= 120  # the lid's edge
    return on(np.clip(made, 0, 255).astype(np.uint8), page, 0, 0)


def holes_and_dust_on_a_wide_sheet(page: Gray) -> Gray:
    wide = paper.dust(np.full((page.shape[0], page.shape[1] + 300), 244, np.uint8), 3, 90)
    for y in (600, 1230, 1860):
        wide[y - 24 : y + 24, -110:-62] = 10
    return on(wide, page, 0, 0)


def a_page_number_and_a_fold(page: Gray) -> Gray:
    tall = np.full((page.shape[0] + 240, page.shape[1]), 246, np.uint8)
    tall[-60:-56] = 200
    return paper.handwritten(on(tall, page, 0, 0), "7", (100, 312))


@pytest.mark.parametrize(
    "around",
    [
        lambda page: page,
        black_lid_around,
        grey_lid_with_an_edge,
        holes_and_dust_on_a_wide_sheet,
        a_page_number_and_a_fold,
    ],
    ids=["nothing", "black lid", "grey lid", "holes and dust", "page number"],
)
def test_borders_shadows_holes_and_dust_are_nothing_beside_it(
    around: Callable[[Gray], Gray], readers: StationEngine
) -> None:
    page = read(scanned(around(claim(11))), readers)

    assert page.guesses[0].type == "S3110"
    assert "unregistered" not in page.marks
    assert "outside_content" not in page.marks
