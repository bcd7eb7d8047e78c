"""A page whose paper is dark and whose ink is light is found, and nothing else is."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.imaging import cleaning
from edge.imaging.cleaning import Polarity
from edge.imaging.decode import open_source
from edge.imaging.source_file import Limits
from tests.support import paper, pictures
from tests.support.paper import DPI, Gray

WRITTEN = {
    "letter": paper.text(paper.sheet()),
    "few words": paper.handwritten(paper.sheet(), "merci de rappeler", (60, 150)),
    "bitonal": paper.bitonal(paper.text(paper.sheet())),
    "grey paper": paper.text(paper.sheet(tone=190, noise=8)),
    "holes and dust": paper.holes(paper.dust(paper.text(paper.sheet()))),
}


def in_a_frame(page: Gray, ground: int, margin_px: int) -> Gray:
    made = np.full((page.shape[0] + 2 * margin_px, page.shape[1] + 2 * margin_px), ground, np.uint8)
    made[margin_px:-margin_px, margin_px:-margin_px] = page
    return made


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_page_is_positive_and_its_negative_is_found(kind: str) -> None:
    page = WRITTEN[kind]
    assert cleaning.find_negative(page, DPI) is Polarity.POSITIVE
    assert cleaning.find_negative(255 - page, DPI) is Polarity.NEGATIVE


@pytest.mark.parametrize("margin_mm", [5, 30, 60])
@pytest.mark.parametrize("kind", ["letter", "bitonal"])
def test_a_sheet_on_a_black_lid_is_no_negative(kind: str, margin_mm: int) -> None:
    assert (
        cleaning.find_negative(in_a_frame(WRITTEN[kind], 8, margin_mm * 8), DPI)
        is Polarity.POSITIVE
    )


@pytest.mark.parametrize("margin_mm", [5, 30, 60])
def test_the_negative_of_a_sheet_on_a_black_lid_is_not_believed(margin_mm: int) -> None:
    page = 255 - in_a_frame(WRITTEN["letter"], 8, margin_mm * 8)
    assert cleaning.find_negative(page, DPI) is not Polarity.POSITIVE


def test_dark_pages_without_light_writing_are_no_negatives() -> None:
    rng = np.random.default_rng(3)
    clouds = np.asarray(
        Image.fromarray(rng.integers(0, 120, (24, 17), np.uint8)).resize((1654, 2339))
    )
    for page in (np.zeros((2339, 1654), np.uint8), 255 - paper.sheet(), clouds):
        assert cleaning.find_negative(page, DPI) is Polarity.POSITIVE


def test_ink_on_dark_coloured_paper_is_no_negative() -> None:
    page = paper.text(paper.sheet(tone=110, noise=3), ink=20)
    assert cleaning.find_negative(page, DPI) is Polarity.POSITIVE


@pytest.mark.parametrize("told", [0, 1])
@pytest.mark.parametrize("compression", ["group4", "raw"])
def test_a_wrong_photometric_tag_is_seen_whichever_value_it_has(
    told: int, compression: str
) -> None:
    """White is zero (0) and black is zero (1): the same pixels, the tag right and wrong."""
    page = paper.bitonal(WRITTEN["letter"])
    right = pictures.tiff(pictures.bitonal(page), compression=compression, dpi=(DPI, DPI))
    at = right.rindex(b"\x06\x01\x03\x00\x01\x00\x00\x00") + 8
    stored = right[at]
    wrong = right[:at] + bytes([1 - stored]) + right[at + 1 :]
    for data, expected in ((right, Polarity.POSITIVE), (wrong, Polarity.NEGATIVE)):
        if data[at] != told:
            continue
        with open_source(data, Limits()) as source:
            found = source.page(0)
            assert cleaning.find_negative(found.gray, found.dpi) is expected


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (40, 40)])
def test_slips_of_next_to_no_pixels_are_looked_at(shape: tuple[int, int]) -> None:
    assert cleaning.find_negative(np.zeros(shape, np.uint8), DPI) is Polarity.POSITIVE


@pytest.mark.samples
def test_a_form_with_the_wrong_tag_is_a_negative(samples: Path) -> None:
    with open_source((samples / "cases" / "04-negative.tif").read_bytes(), Limits()) as source:
        page = source.page(0)
    assert cleaning.find_negative(page.gray, page.dpi) is Polarity.NEGATIVE
